"""What a score costs: parameters, and time to train."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from fathom.report import palette
from fathom.report.facts import (
    Series,
    all_series,
    chosen_row,
    leading_row,
    metric_axis,
)
from fathom.report.figures.canvas import empty_figure, log_axis, new_figure
from fathom.report.figures.marks import error_bars, ring_choice
from fathom.report.figures.panels import arrange, axes_of
from fathom.report.numbers import count_text
from fathom.studies import DepthRow, StudyResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

TITLE = "What a score costs"
PANELS: dict[str, tuple[Callable[[DepthRow], float], Callable[[float], str]]] = {
    "Parameters of one network (log)": (
        lambda row: row.parameters,
        lambda tick: count_text(round(tick)),
    ),
    "Seconds to train one network (log)": (
        lambda row: row.train_seconds,
        lambda tick: f"{tick:g}",
    ),
}


def cost(result: StudyResult) -> go.Figure:
    """Draw validation score against parameters and against training time, depths labelled.

    Both costs are on log axes; bars are the standard error over seeds.
    """
    series = all_series(result)
    if not series:
        return empty_figure(TITLE)
    figure = new_figure(TITLE)
    arrange(
        figure,
        list(PANELS),
        columns=2,
        panel_height=340,
        x_axis={"title": {"text": ""}},
        y_axis={"title": {"text": f"validation {metric_axis(result)}"}},
        linked="y",
    )
    for panel, (cost_of, written) in enumerate(PANELS.values()):
        costs = [cost_of(row) for row in result.rows() if cost_of(row) > 0]
        axis = {f"xaxis{panel + 1 if panel else ''}": log_axis(costs, written=written)}
        figure.update_layout(axis)
        for at, one in enumerate(series):
            _draw_series(figure, panel, one, cost_of, palette.category(at))
        _ring_choice(figure, panel, result, cost_of)
    return figure


def _draw_series(
    figure: go.Figure,
    panel: int,
    series: Series,
    cost_of: Callable[[DepthRow], float],
    colour: str,
) -> None:
    rows = [row for row in series.rows if cost_of(row) > 0]  # a log axis knows no zero
    figure.add_scatter(
        x=[cost_of(row) for row in rows],
        y=[row.validation.mean for row in rows],
        error_y=error_bars(rows),
        mode="lines+markers+text",
        text=[str(row.depth) for row in rows],
        textposition=_text_positions(rows),
        textfont={"size": 12, "color": palette.INK},
        name=series.name or "depth",
        legendgroup=series.name,
        showlegend=bool(series.name) and panel == 0,
        line={"color": colour, "width": 1.2, "dash": "dot"},
        marker={"size": 9, "color": colour},
        customdata=[[row.depth, row.width] for row in rows],
        hovertemplate=(
            "<b>depth %{customdata[0]} × width %{customdata[1]}</b><br>%{x:,.3~g}: %{y:.4f}"
            "<extra></extra>"
        ),
        **axes_of(panel),
    )


def _text_positions(rows: Sequence[DepthRow]) -> list[str]:
    """Return where labels are clear of the line: outside its rise, and outside its fall."""
    best = leading_row(rows)
    peak = rows.index(best) if best is not None else 0
    return ["top left" if place <= peak else "top right" for place in range(len(rows))]


def _ring_choice(
    figure: go.Figure, panel: int, result: StudyResult, cost_of: Callable[[DepthRow], float]
) -> None:
    row = chosen_row(result)
    if row is None or cost_of(row) <= 0:
        return
    ring_choice(figure, cost_of(row), row.validation.mean, showlegend=panel == 0, **axes_of(panel))
