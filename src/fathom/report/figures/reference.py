"""What the depths are held against: the band of the best, and the baselines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fathom.report import palette
from fathom.report.facts import baseline_name, leading_row, least_equal, score_digits
from fathom.report.figures.canvas import note
from fathom.report.markup import figure_text
from fathom.report.numbers import score_text
from fathom.specs import BaselineRecord
from fathom.studies import StudyResult

if TYPE_CHECKING:
    import plotly.graph_objects as go


def draw_band(figure: go.Figure, result: StudyResult) -> None:
    """Shade the validation scores within one standard error of the best."""
    best, least = leading_row(result.rows()), least_equal(result)
    if best is None or least is None:
        return
    figure.add_shape(
        type="rect",
        xref="paper",
        x0=0,
        x1=1,
        y0=least,
        y1=best.validation.mean,
        fillcolor=palette.SHADE,
        line_width=0,
        layer="below",
        name="within one standard error of the best validation",
        showlegend=True,
    )


def draw_baselines(figure: go.Figure, result: StudyResult, low: float, high: float) -> None:
    """Draw each baseline's test score as a labelled line; note those outside [low, high]."""
    shown = sorted(
        (one for one in result.baselines if low <= one.test <= high), key=lambda one: -one.test
    )
    for place, baseline in enumerate(shown):
        above = shown[place - 1].test if place else high
        _draw_line(figure, baseline.test)
        note(
            figure,
            _label(result, baseline, gap="<br>"),
            x=1,
            xref="paper",
            xanchor="left",
            xshift=6,
            y=baseline.test,
            yanchor="top" if place and above - baseline.test < 0.12 * (high - low) else "middle",
            align="left",
        )
    _note_outside(figure, result, [one for one in result.baselines if one.test < low], "below")
    _note_outside(figure, result, [one for one in result.baselines if one.test > high], "above")


def _label(result: StudyResult, baseline: BaselineRecord, *, gap: str) -> str:
    name = figure_text(baseline_name(baseline.name))
    if gap == "<br>":
        name = name.replace(" ", gap, 1)
    return f"{name}{gap}test {score_text(baseline.test, digits=score_digits(result))}"


def _draw_line(figure: go.Figure, score: float) -> None:
    figure.add_shape(
        type="line",
        xref="paper",
        x0=0,
        x1=1,
        y0=score,
        y1=score,
        line={"color": palette.MUTED, "width": 1.4, "dash": "dash"},
        layer="below",
    )


def _note_outside(
    figure: go.Figure, result: StudyResult, baselines: list[BaselineRecord], where: str
) -> None:
    if not baselines:
        return
    arrow, edge = ("↓", 0) if where == "below" else ("↑", 1)
    labels = [_label(result, baseline, gap=", ") for baseline in baselines]
    note(
        figure,
        "<br>".join([f"{arrow} {where} this range:", *labels]),
        align="right",
        x=1,
        xref="paper",
        xanchor="right",
        y=edge,
        yref="paper",
        yanchor="bottom" if edge == 0 else "top",
    )
