"""Score by learning rate and depth: whether each depth had a fair chance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fathom.report import palette
from fathom.report.facts import (
    architecture_label,
    depth_words,
    has_several_widths,
    is_diverged,
    metric_name,
    score_digits,
)
from fathom.report.figures.canvas import COLOUR_BAR, empty_figure, new_figure
from fathom.report.numbers import rate_text, score_text
from fathom.specs import RunRecord
from fathom.studies import DepthRow, StudyResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

TITLE = "Validation score by learning rate and depth"
MOST_WRITTEN = 20  # columns beyond which cells are too narrow for numbers


def learning_rates(result: StudyResult) -> go.Figure:
    """Draw the mean validation score of every learning rate at every depth.

    The best rate of each depth is outlined; members that diverged are counted
    in their cell.
    """
    rows = result.rows()
    if not rows:
        return empty_figure(TITLE)
    rates = sorted({run.learning_rate for run in result.runs})
    scores = [[_mean_at(row, rate) for row in rows] for rate in rates]
    diverged = [[_diverged_at(result, row, rate) for row in rows] for rate in rates]
    digits = score_digits(result)
    figure = new_figure(TITLE, height=240 + 64 * len(rates))
    figure.add_heatmap(
        x=list(range(len(rows))),
        y=list(range(len(rates))),
        z=scores,
        text=[
            [_cell_text(*cell, digits=digits) for cell in zip(*pair)]
            for pair in zip(scores, diverged)
        ],
        texttemplate="%{text}" if len(rows) <= MOST_WRITTEN else None,
        textfont={"size": 12, "color": palette.INK},
        showscale=len(rows) > MOST_WRITTEN,
        colorscale=palette.heat_scale(),
        zmin=_lowest_colour(scores),
        zmax=max(score for line in scores for score in line if score is not None),
        xgap=3,
        ygap=3,
        colorbar={"title": {"text": metric_name(result), "side": "right"}, **COLOUR_BAR},
        customdata=[
            [[architecture_label(result, row), rate_text(rate)] for row in rows] for rate in rates
        ],
        hovertemplate=(
            "depth %{customdata[0]}, learning rate %{customdata[1]}<br>%{text}<extra></extra>"
        ),
        name="mean validation score",
    )
    figure.update_layout(meta={"min_width": 150 + 52 * min(len(rows), MOST_WRITTEN)})
    _outline_best(figure, rows, rates)
    _mark_let_go(figure, result, rows, rates)
    _label_axes(figure, result, rows, rates)
    return figure


def _mean_at(row: DepthRow, rate: float) -> float | None:
    score = dict(row.rates).get(rate)
    return None if score is None else score.mean


def _diverged_at(result: StudyResult, row: DepthRow, rate: float) -> tuple[int, int]:
    runs: Sequence[RunRecord] = [
        run
        for run in result.runs_by_architecture()[row.depth, row.width]
        if run.learning_rate == rate
    ]
    return sum(map(is_diverged, runs)), len(runs)


def _cell_text(score: float | None, diverged: tuple[int, int], *, digits: int) -> str:
    if score is None:
        return ""
    number, members = diverged
    written = score_text(score, digits=digits)
    return f"{written}<br>{number} of {members}<br>diverged" if number else written


def _lowest_colour(scores: list[list[float | None]]) -> float:
    """Return where the colour scale starts: one bad cell should not drown all other differences."""
    known = sorted(score for line in scores for score in line if score is not None)
    middle, high = known[len(known) // 2], known[-1]
    return max(known[0], middle - 4 * max(high - middle, 0.005))


def _outline_best(figure: go.Figure, rows: Sequence[DepthRow], rates: list[float]) -> None:
    for place, row in enumerate(rows):
        rate = rates.index(row.learning_rate)
        figure.add_shape(
            type="rect",
            x0=place - 0.5,
            x1=place + 0.5,
            y0=rate - 0.5,
            y1=rate + 0.5,
            line={"color": palette.TEST, "width": 2.5},
            name="best rate of its depth",
            showlegend=place == 0,
        )


def _mark_let_go(
    figure: go.Figure, result: StudyResult, rows: Sequence[DepthRow], rates: list[float]
) -> None:
    """Say after which epoch the last member of a rate was let go that has no mean."""
    for place, row in enumerate(rows):
        for line, rate in enumerate(rates):
            epochs = _last_epoch(result, row, rate)
            if _mean_at(row, rate) is None and epochs is not None and len(rows) <= MOST_WRITTEN:
                figure.add_annotation(
                    x=place,
                    y=line,
                    text=f"let go<br>at {epochs}" if epochs else "no time",
                    showarrow=False,
                    font={"size": 11, "color": palette.INK},
                )


def _last_epoch(result: StudyResult, row: DepthRow, rate: float) -> int | None:
    runs = result.runs_by_architecture()[row.depth, row.width]
    return max((run.epochs for run in runs if run.learning_rate == rate), default=None)


def _label_axes(
    figure: go.Figure, result: StudyResult, rows: Sequence[DepthRow], rates: list[float]
) -> None:
    title = "depth × width" if has_several_widths(result) else depth_words(result)
    plain = {"showgrid": False, "showline": False, "ticks": "", "tickmode": "array"}
    figure.update_xaxes(
        title_text=title,
        tickvals=list(range(len(rows))),
        ticktext=[architecture_label(result, row) for row in rows],
        range=[-0.52, len(rows) - 0.48],
        **plain,
    )
    figure.update_yaxes(
        title_text="learning rate",
        tickvals=list(range(len(rates))),
        ticktext=[rate_text(rate) for rate in rates],
        range=[-0.55, len(rates) - 0.45],
        **plain,
    )
