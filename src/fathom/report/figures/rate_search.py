"""Loss by learning rate after a few hundred steps: where training works, and where it breaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fathom.report import palette
from fathom.report.figures.canvas import log_axis, new_figure, note
from fathom.report.numbers import rate_text

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from fathom.measure import RateCurve

# Losses far above the first one say no more than that training failed.
HIGHEST = 1.5


def rate_search(curve: RateCurve) -> go.Figure:
    """Draw the loss that each learning rate reached, and what it suggests."""
    figure = new_figure(f"Loss after {curve.steps} steps by learning rate")
    finite = np.isfinite(curve.losses)
    top = HIGHEST * curve.initial_loss
    figure.add_scatter(
        x=curve.rates[finite],
        y=np.minimum(curve.losses[finite], top),
        customdata=curve.losses[finite],
        mode="lines+markers",
        line={"color": palette.VALIDATION, "width": 2},
        name="loss after the steps",
        hovertemplate="learning rate %{x:.2e}<br>loss %{customdata:.4g}<extra></extra>",
    )
    figure.add_scatter(
        x=curve.rates[~finite],
        y=np.full((~finite).sum(), top),
        mode="markers",
        marker={"color": palette.TEST, "symbol": "x", "size": 9},
        name="diverged",
        hovertemplate="learning rate %{x:.2e}<br>diverged<extra></extra>",
    )
    _add_marks(figure, curve)
    figure.update_xaxes(
        title_text="learning rate", **log_axis(curve.rates.tolist(), written=rate_text)
    )
    figure.update_yaxes(title_text="training loss")
    return figure


def _add_marks(figure: go.Figure, curve: RateCurve) -> None:
    figure.add_hline(curve.initial_loss, line={"color": palette.AXIS, "dash": "dot"})
    note(
        figure,
        "loss before training",
        x=0,
        xref="paper",
        xanchor="left",
        y=curve.initial_loss,
        yanchor="bottom",
    )
    marks = {"suggested": curve.suggestion, "largest stable": curve.largest_stable}
    colours = {"suggested": palette.CHOSEN, "largest stable": palette.TEST}
    for height, (name, rate) in enumerate(marks.items()):
        if rate is not None:
            figure.add_vline(rate, line={"color": colours[name], "dash": "dash"})
            note(
                figure,
                f"{name}: {rate_text(rate)}",
                x=float(np.log10(rate)),
                y=1.0 - 0.06 * height,
                yref="paper",
                xanchor="left",
            )
