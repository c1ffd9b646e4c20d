"""How much of the score axis is shown, so that what matters can be seen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fathom.report import palette
from fathom.report.facts import kept_score, leading_row
from fathom.studies import DepthRow, StudyResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

REACH = 0.6  # a baseline may stretch the range of the networks by this share
SMALLEST_REACH = 0.03
BUTTONS = 48  # pixels below the figure


def offer_closer_look(figure: go.Figure, result: StudyResult, whole: tuple[float, float]) -> None:
    """Add buttons that leave out depths that failed, where they squeeze the others together."""
    learned = _learned(result)
    if not 1 < len(learned) < len(result.rows()):
        return
    add_views(figure, {"all depths": whole, "depths that learned": score_range(result, learned)})


def add_views(figure: go.Figure, views: Mapping[str, Sequence[float]]) -> None:
    """Add a button for each range of the score axis, in a line below the figure."""
    layout: Any = figure.layout
    figure.update_layout(
        height=layout.height + BUTTONS,
        margin_b=56 + BUTTONS,
        updatemenus=[
            {
                "type": "buttons",
                "direction": "left",
                "buttons": [
                    {"label": label, "method": "relayout", "args": [{"yaxis.range": list(view)}]}
                    for label, view in views.items()
                ],
                "x": 1,
                "xanchor": "right",
                "y": -0.18,
                "yanchor": "top",
                "showactive": False,
                "bgcolor": palette.BAND,
                "bordercolor": palette.AXIS,
                "font": {"size": 12, "color": palette.INK},
                "pad": {"t": 4},
            }
        ],
    )


def _learned(result: StudyResult) -> list[DepthRow]:
    """Return the rows that are nearer the best than guessing."""
    best = leading_row(result.rows())
    least = result.guess if best is None else (result.guess + best.validation.mean) / 2
    return [row for row in result.rows() if row.validation.mean > least]


def score_range(result: StudyResult, rows: Iterable[DepthRow]) -> tuple[float, float]:
    """Return a range that holds every mean and interval, and the baselines that are near."""
    marks: list[float] = []
    for row in rows:
        spread = row.validation.se or 0.0
        marks += [row.validation.mean - spread, row.validation.mean + spread]
        marks += [kept_score(result, run) for run in result.runs_at_best(row)]
        if row.test is not None:
            marks += [
                end for end in (row.test.mean, row.test.low, row.test.high) if end is not None
            ]
    low, high = min(marks), max(marks)
    reach = max(REACH * (high - low), SMALLEST_REACH)
    near = [
        baseline.test
        for baseline in result.baselines
        if low - reach <= baseline.test <= high + reach
    ]
    low, high = min([low, *near]), max([high, *near])
    pad = 0.08 * max(high - low, 1e-3)
    return low - pad, high + pad
