"""What studies of every kind show in a notebook."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from fathom.measure import RateCurve
from fathom.report.anatomy_table import content_cells, cost_cells, structure_cells
from fathom.report.cells.frame import framed, table, told
from fathom.report.cells.line_chart import Line, line_chart
from fathom.report.facts import METRICS, Series, all_series, chosen_row, metric_name
from fathom.report.feature_table import feature_cells
from fathom.report.markup import Markup, element, plain
from fathom.report.numbers import count_text, rate_text, score_text
from fathom.report.separation_table import separation_cells
from fathom.report.table import html_table
from fathom.report.transfer_table import transfer_score_cells
from fathom.report.words import headline, progress_text

if TYPE_CHECKING:
    from fathom.studies import StudyResult
    from fathom.studies.anatomy import AnatomyResult
    from fathom.studies.depth_separation import FunctionResult, SeparationResult
    from fathom.studies.features import FeaturesResult
    from fathom.studies.pruning import Pruning
    from fathom.studies.transfer import TransferResult
    from fathom.studies.trim import Trimming

_KINDS = ("validation", "test", "chosen", "train")
MOST_LINES = len(_KINDS)
# Losses far above the first one say no more than that training failed.
HIGHEST_LOSS = 1.5


def study_cell(result: StudyResult) -> str:
    """Return a study's name, answer, figure, table and verdict."""
    progress = progress_text(result)
    return framed(
        element("p", "Fathom study · ", plain(result.header.name, limit=120), class_="quiet"),
        element("p", element("strong", headline(result)), class_="head"),
        element("p", progress) if progress else None,
        _depth_curve(result),
        element("div", Markup(html_table(result)), class_="scroll"),
        _details("The verdict in full", result.verdict.text) if result.verdict else None,
    )


def anatomy_cell(result: AnatomyResult) -> str:
    """Return what was found about each layer's worth, in words and tables."""
    return framed(
        [told(text) for text in result.findings.values()],
        table(cost_cells(result)),
        table(content_cells(result)),
        table(structure_cells(result)),
    )


def features_cell(result: FeaturesResult) -> str:
    """Return what layers have learned, in words and a table."""
    return framed([told(text) for text in result.findings.values()], table(feature_cells(result)))


def transfer_cell(result: TransferResult, *, text: str) -> str:
    """Return how many layers carry over, in words and a table."""
    first, *rest = told(text)
    return framed(element("div", first, class_="head"), rest, table(transfer_score_cells(result)))


def separation_cell(result: SeparationResult) -> str:
    """Return shallow against deep, function by function."""
    return framed(
        [told(text) for text in result.findings.values()],
        element("div", [_errors(found) for found in result.functions], class_="charts"),
        [_separation_table(found) for found in result.functions],
    )


def trimming_cell(trimming: Trimming) -> str:
    """Return what a network lost, in words and numbers."""
    before, after = trimming.before, trimming.after
    rows = [
        {
            "network": name,
            "layers": count_text(size.layers),
            "parameters": count_text(size.parameters),
            f"test {METRICS.get(trimming.metric, trimming.metric)}": score_text(score),
        }
        for name, size, score in (
            ("whole", before, trimming.test_before),
            ("trimmed", after, trimming.test),
        )
    ]
    return framed(told(trimming.text), table(rows, chosen=(1,)))


def pruning_cell(pruning: Pruning) -> str:
    """Return what was removed, and the score at every share."""
    line = Line(
        name="score on test rows",
        kind="validation",
        points=[(100 * one.share, one.score) for one in pruning.curve],
        bars=[(100 * one.share, one.low, one.high) for one in pruning.curve],
        has_dots=True,
    )
    what = "units of each layer" if pruning.spec.units else "weights"
    chart = line_chart(
        [line],
        title=f"{METRICS.get(pruning.metric, pruning.metric)} on test rows",
        x_title=f"percent of {what} removed",
        is_log_y=False,
        marks=[(100 * pruning.spec.share, "handed out", "chosen")],
    )
    return framed(told(pruning.text), element("div", chart, class_="charts"))


def rate_search_cell(curve: RateCurve) -> str:
    """Return the loss that each rate reached, and the rate to try."""
    top = HIGHEST_LOSS * curve.initial_loss
    points = [
        (float(rate), min(float(loss), top) if math.isfinite(loss) else math.nan)
        for rate, loss in zip(curve.rates, curve.losses)
    ]
    marks = [
        (rate, f"{name}: {rate_text(rate)}", kind)
        for rate, name, kind in (
            (curve.suggestion, "suggested", "chosen"),
            (curve.largest_stable, "largest stable", "test"),
        )
        if rate is not None
    ]
    chart = line_chart(
        [Line(name="loss after the steps", points=points, kind="validation", has_dots=True)],
        title=f"loss after {curve.steps} steps",
        x_title="learning rate",
        is_log_x=True,
        is_log_y=False,
        marks=marks,
    )
    key = [
        element("span", element("i", class_="swatch"), words, class_=kind)
        for _, words, kind in marks
    ]
    return framed(
        told(curve.text),
        element("div", chart, class_="charts"),
        element("p", key, class_="key quiet"),
    )


def _depth_curve(result: StudyResult) -> Markup | None:
    lines = [
        _depth_line(series, kind) for series, kind in zip(all_series(result), _KINDS, strict=False)
    ]
    if len({place for line in lines for place, _ in line.points}) < 2:
        return None
    chosen = chosen_row(result)
    chart = line_chart(
        lines,
        title=f"validation {metric_name(result)}, ± standard error",
        x_title="depth",
        is_log_y=False,
        marks=[(chosen.depth, f"chosen: depth {chosen.depth}", "chosen")] if chosen else (),
    )
    return element("div", chart, class_="charts")


def _depth_line(series: Series, kind: str) -> Line:
    scores = [(row.depth, row.validation) for row in series.rows]
    return Line(
        name=series.name or "validation score",
        kind=kind,
        points=[(depth, score.mean) for depth, score in scores],
        bars=[
            (depth, score.mean - score.se, score.mean + score.se)
            for depth, score in scores
            if score.se
        ],
        has_dots=True,
    )


def _errors(found: FunctionResult) -> Markup:
    budget = max(found.budgets)
    within = sorted(found.within(budget), key=lambda one: one.depth)
    points = [(one.depth, math.nan if one.median is None else one.median) for one in within]
    return line_chart(
        [Line(name="median error", points=points, kind="validation", has_dots=True)],
        title=f"{found.target.name}: error at {count_text(budget)} parameters",
        x_title="hidden layers",
    )


def _separation_table(found: FunctionResult) -> Markup:
    name = plain(found.target.name)
    return element("details", element("summary", name), table(separation_cells(found)))


def _details(summary: str, text: str) -> Markup:
    return element("details", element("summary", summary), told(text))
