"""What a score costs: parameters, operations, and time to train and to predict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
from fathom.report.numbers import count_text, power_text
from fathom.studies import COSTS, DepthRow, StudyResult, pareto_front

if TYPE_CHECKING:
    import plotly.graph_objects as go

TITLE = "What a score costs"


@dataclass(frozen=True)
class Panel:
    """What a score is drawn against.

    Args:
        title: Of the panel.
        cost: Name of the cost among those of a study.
        written: How a tick is written.
    """

    title: str
    cost: str
    written: Callable[[float], str]

    def of(self, row: DepthRow) -> float:
        """Return what a network costs; 0 where it is not known."""
        return COSTS[self.cost](row) or 0.0


PANELS = (
    Panel("Parameters of one network (log)", "parameters", lambda tick: count_text(round(tick))),
    Panel("Operations to predict a row (log)", "flops", lambda tick: _operations(tick)),
    Panel("Seconds to train one network (log)", "train_seconds", lambda tick: f"{tick:g}"),
    Panel("Milliseconds to predict one row (log)", "latency_ms", lambda tick: f"{tick:g}"),
    Panel("Milliseconds for a row in batches (log)", "batch_ms", power_text),
)
MOST_PANELS = 4


def _operations(tick: float) -> str:
    return count_text(round(tick)) if tick < 1e6 else power_text(tick)


def _panels(result: StudyResult) -> list[Panel]:
    """Return the panels whose cost is known, one for prediction time at most."""
    rows = result.rows()
    known = [panel for panel in PANELS if any(panel.of(row) > 0 for row in rows)]
    return known[:MOST_PANELS]


def cost(result: StudyResult) -> go.Figure:
    """Draw validation score against what networks cost, depths labelled.

    Costs are on log axes; bars are the standard error over seeds. A line of steps joins
    the networks that score more than every cheaper one.
    """
    series = all_series(result)
    if not series:
        return empty_figure(TITLE)
    figure = new_figure(TITLE)
    panels = _panels(result)
    arrange(
        figure,
        [panel.title for panel in panels],
        columns=2,
        panel_height=340,
        x_axis={"title": {"text": ""}},
        y_axis={"title": {"text": f"validation {metric_axis(result)}"}},
        linked="y",
    )
    for place, panel in enumerate(panels):
        costs = [panel.of(row) for row in result.rows() if panel.of(row) > 0]
        axis = {f"xaxis{place + 1 if place else ''}": log_axis(costs, written=panel.written)}
        figure.update_layout(axis)
        _draw_front(figure, place, result, panel)
        for at, one in enumerate(series):
            _draw_series(figure, place, one, panel.of, palette.category(at))
        _ring_choice(figure, place, result, panel.of)
    return figure


def _draw_front(figure: go.Figure, place: int, result: StudyResult, panel: Panel) -> None:
    """Draw the best score that can be had for a cost, as steps."""
    front = [row for row in pareto_front(result.rows(), panel.cost) if panel.of(row) > 0]
    if len(front) < 2:
        return
    figure.add_scatter(
        x=[panel.of(row) for row in front],
        y=[row.validation.mean for row in front],
        mode="lines",
        line={"shape": "hv", "width": 6, "color": palette.SHADE},
        name="best for its cost",
        legendgroup="front",
        showlegend=place == 0,
        hoverinfo="skip",
        **axes_of(place),
    )


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
