"""Figures of an anatomy: what layers cost, how alike they are, what a probe reads from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fathom.report import palette
from fathom.report.figures.canvas import COLOUR_BAR, new_figure, note
from fathom.report.figures.marks import interval_bars
from fathom.report.figures.panels import arrange, axes_of
from fathom.report.layer_lines import draw_layer_line, layer_axis
from fathom.report.markup import figure_text
from fathom.report.numbers import score_text
from fathom.studies.anatomy import AnatomyResult, Estimate, LayerRow
from fathom.studies.features import FeaturesResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

COSTS = {
    "reinit": "Back to its initial weights",
    "rerandom": "Fresh weights",
    "bypass": "Passed by",
    "zero": "Replaced by zeros",
    "mean": "Replaced by its mean",
}
METRICS = {"accuracy": "accuracy", "r2": "R²"}
ROW_HEIGHT = 24
MOST_WRITTEN = 14  # layers beyond which cells are too small for numbers
LEAST_CELL, MOST_CELL = 22, 46


def layer_costs(result: AnatomyResult) -> go.Figure:
    """Draw the fall of the score for every change of every layer, with its interval."""
    drawn = [name for name in COSTS if any(getattr(row, name) for row in result.layers)]
    rows = list(result.layers)
    figure = new_figure(f"What is lost without each layer ({METRICS[result.metric]})")
    arrange(
        figure,
        [COSTS[name] for name in drawn],
        columns=len(drawn),
        panel_height=max(110, ROW_HEIGHT * len(rows)),
        x_axis={
            "title": {"text": ""},
            "nticks": 4,
            "zeroline": True,
            "zerolinecolor": palette.AXIS,
        },
        y_axis={
            "tickmode": "array",
            "tickvals": list(range(len(rows))),
            "ticktext": [figure_text(_label(row), limit=24) for row in rows],
            "range": [len(rows) - 0.5, -0.5],
            "showgrid": False,
            "ticks": "",
            "showline": False,
        },
    )
    for panel, name in enumerate(drawn):
        _draw_costs(figure, panel, name, rows)
    figure.update_layout(showlegend=False, bargap=0.35)
    return figure


def layer_similarity(result: AnatomyResult) -> go.Figure:
    """Draw linear CKA between the outputs of every two layers as a matrix."""
    names = [figure_text(name, limit=24) for name in result.similarity_names]
    written = [[score_text(value, digits=2) for value in row] for row in result.similarity]
    cell = min(max(560 // len(names), LEAST_CELL), MOST_CELL)
    figure = new_figure(
        "How alike the layers' outputs are (linear CKA)", height=cell * len(names) + 200
    )
    axis = {
        "tickmode": "array",
        "tickvals": list(range(len(names))),
        "ticktext": names,
        "showgrid": False,
        "showline": False,
        "ticks": "",
        "constrain": "domain",
    }
    figure.add_heatmap(
        z=[list(row) for row in result.similarity],
        zmin=0,
        zmax=1,
        text=written,
        texttemplate="%{text}" if len(names) <= MOST_WRITTEN else None,
        textfont={"size": 11, "color": palette.INK},
        customdata=[[[row, column] for column in names] for row in names],
        hovertemplate="%{customdata[0]} and %{customdata[1]}: %{text}<extra></extra>",
        hoverongaps=False,
        colorscale=palette.heat_scale(),
        showscale=len(names) > MOST_WRITTEN,
        colorbar=COLOUR_BAR,
        xgap=1,
        ygap=1,
    )
    figure.update_xaxes({**axis, "side": "bottom", "tickangle": -40})
    figure.update_yaxes({**axis, "autorange": "reversed", "scaleanchor": "x"})
    figure.update_layout(margin={"t": 64, "b": 110})
    return figure


def layer_probes(result: AnatomyResult | FeaturesResult) -> go.Figure:
    """Draw the score of linear probes by layer, beside their three controls."""
    rows = [row for row in result.layers if not row.is_block]
    names = [row.name for row in rows]
    metric = METRICS[result.metric]
    figure = new_figure(f"What a linear model reads from each layer ({metric})", height=420)
    kinds = {
        "probe": ("trained network", palette.VALIDATION),
        "probe_untrained": ("untrained network", palette.TEST),
        "probe_shuffled": ("shuffled labels", palette.MUTED),
    }
    for name, (words, colour) in kinds.items():
        points = [(place, getattr(row, name)) for place, row in enumerate(rows, start=1)]
        known = [(place, estimate) for place, estimate in points if estimate is not None]
        if name == "probe" and result.probe_input is not None:
            known.insert(0, (0, result.probe_input))
        draw_layer_line(figure, known, words, colour, layers=names, told=_interval)
    figure.add_hline(y=result.score.mean, line={"color": palette.AXIS, "dash": "dot", "width": 1.5})
    note(
        figure,
        "the network itself",
        x=0.01,
        xref="paper",
        xanchor="left",
        y=result.score.mean,
        yanchor="top",
    )
    figure.update_xaxes(layer_axis(names))
    figure.update_yaxes(title_text=f"{metric} on test rows")
    return figure


def _draw_costs(figure: go.Figure, panel: int, name: str, rows: Sequence[LayerRow]) -> None:
    estimates: list[Estimate | None] = [getattr(row, name) for row in rows]
    figure.add_bar(
        x=[None if one is None else one.mean for one in estimates],
        y=list(range(len(rows))),
        orientation="h",
        marker={"color": [palette.CHOSEN if row.is_block else palette.VALIDATION for row in rows]},
        error_x=interval_bars(estimates, thickness=1.2, width=3, color=palette.INK),
        customdata=[
            [figure_text(_label(row)), _interval(one)] for row, one in zip(rows, estimates)
        ],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        name=COSTS[name],
        **axes_of(panel),
    )


def _label(row: LayerRow) -> str:
    return f"block {row.name}" if row.is_block else row.name


def _interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return "not possible"
    low, high = score_text(estimate.low), score_text(estimate.high)
    return f"{score_text(estimate.mean)} [{low}, {high}]"
