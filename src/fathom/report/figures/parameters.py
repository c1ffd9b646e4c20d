"""Shallow against deep: what depth is worth when the parameters are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fathom.report import palette
from fathom.report.facts import depths_of, has_several_widths, metric_axis
from fathom.report.figures.canvas import log_axis, new_figure, ordinal_axis
from fathom.report.figures.marks import error_bars
from fathom.report.numbers import count_text
from fathom.studies import DepthRow, StudyResult

if TYPE_CHECKING:
    import plotly.graph_objects as go


def shallow_against_deep(result: StudyResult) -> go.Figure | None:
    """Draw score against parameters by depth, or against depth at matched parameters.

    Returns:
        None if every network has the same width: then depth and parameters
        cannot be told apart.
    """
    rows = sorted(result.rows(), key=lambda row: (row.depth, row.width))
    if not has_several_widths(result) or not rows:
        return None
    if result.spec.match_parameters:
        return _matched(result, rows)
    return _by_width(result, rows)


def _matched(result: StudyResult, rows: Sequence[DepthRow]) -> go.Figure:
    figure = new_figure("Shallow against deep, at about the same number of parameters")
    _draw(figure, rows, list(range(len(rows))), name="validation", colour=palette.VALIDATION)
    labels = [
        f"<b>{row.depth}</b><br>width {row.width}<br>{count_text(row.parameters)}" for row in rows
    ]
    figure.update_xaxes(ordinal_axis(labels, title="depth, its width, and its parameters"))
    figure.update_yaxes(title_text=f"validation {metric_axis(result)}")
    figure.update_layout(showlegend=False)
    return figure


def _by_width(result: StudyResult, rows: Sequence[DepthRow]) -> go.Figure:
    figure = new_figure("Shallow against deep, by number of parameters")
    depths = depths_of(result)
    for depth, colour in zip(depths, palette.depth_colours(len(depths))):
        line = sorted((row for row in rows if row.depth == depth), key=lambda row: row.parameters)
        places = [row.parameters for row in line]
        _draw(figure, line, places, name=f"depth {depth}", colour=colour)
    figure.update_xaxes(
        title_text="parameters of one network (log)",
        **log_axis((row.parameters for row in rows), written=lambda tick: count_text(round(tick))),
    )
    figure.update_yaxes(title_text=f"validation {metric_axis(result)}")
    return figure


def _draw(
    figure: go.Figure, rows: Sequence[DepthRow], places: Sequence[float], *, name: str, colour: str
) -> None:
    figure.add_scatter(
        x=places,
        y=[row.validation.mean for row in rows],
        error_y=error_bars(rows),
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2},
        marker={"size": 8},
        customdata=[[row.depth, row.width, row.parameters] for row in rows],
        hovertemplate=(
            "<b>depth %{customdata[0]} × width %{customdata[1]}</b><br>"
            "%{customdata[2]:,} parameters: %{y:.4f}<extra></extra>"
        ),
    )
