"""The figure of a pruning: the score against the share that is removed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.report import palette
from fathom.report.figures.canvas import new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from fathom.studies.pruning import Pruning

METRICS = {"accuracy": "accuracy", "r2": "R²"}


def pruning_curve(pruning: Pruning) -> go.Figure:
    """Draw the score on test rows against the share removed, with its interval."""
    what = "units of each layer" if pruning.spec.units else "weights"
    figure = new_figure(f"What is left without the {what} that count least", height=420)
    shares = [point.share for point in pruning.curve]
    band = [point.high for point in pruning.curve] + [p.low for p in reversed(pruning.curve)]
    figure.add_scatter(
        x=shares + shares[::-1],
        y=band,
        fill="toself",
        fillcolor=palette.BAND,
        line={"width": 0},
        hoverinfo="skip",
        showlegend=False,
    )
    figure.add_scatter(
        x=shares,
        y=[point.score for point in pruning.curve],
        mode="lines+markers",
        line={"color": palette.VALIDATION, "width": 2},
        marker={"size": 7},
        name=f"by {pruning.spec.by}",
        customdata=[[point.low, point.high] for point in pruning.curve],
        hovertemplate="%{x:.0%}: %{y:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]"
        "<extra></extra>",
    )
    chosen = pruning.at(pruning.spec.share)
    figure.add_scatter(
        x=[chosen.share],
        y=[chosen.score],
        mode="markers",
        name="handed out",
        marker={
            "symbol": "circle-open",
            "size": 18,
            "line": {"width": 3, "color": palette.CHOSEN},
        },
        hoverinfo="skip",
    )
    figure.update_xaxes(title_text=f"share of {what} removed", tickformat=".0%")
    figure.update_yaxes(title_text=f"{METRICS[pruning.metric]} on test rows")
    return figure
