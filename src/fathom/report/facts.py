"""What every view of a study asks of it: its rows, its words for things, how far it got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fathom.specs import BOOSTING, DIVERGED, LAST_VALUE, RunRecord
from fathom.studies import DepthRow, StudyResult, best_row, standard_error

METRICS = {"accuracy": "accuracy", "r2": "R²"}
METRIC_AXES = {
    "accuracy": "accuracy (share of rows correct)",
    "r2": "R² (share of variance explained)",
}
BASELINES = {
    "linear": "linear model",
    BOOSTING: "gradient boosting",
    "majority-class": "majority class",
    "mean": "always the mean",
    LAST_VALUE: "the last value",
}


@dataclass(frozen=True)
class Series:
    """Architectures that are drawn as one line.

    Args:
        name: What they have in common, such as "width 64"; empty if the study has one line.
        rows: In order of depth.
    """

    name: str
    rows: tuple[DepthRow, ...]


def metric_name(result: StudyResult) -> str:
    """Return the score's name in words."""
    return METRICS.get(result.header.metric, result.header.metric)


def metric_axis(result: StudyResult) -> str:
    """Return the score's name with its unit."""
    return METRIC_AXES.get(result.header.metric, result.header.metric)


def baseline_name(name: str) -> str:
    """Return a baseline's name in words."""
    return BASELINES.get(name, name)


def has_several_widths(result: StudyResult) -> bool:
    """Return whether the width must be named to tell architectures apart.

    The linear model has no hidden units, so its width says nothing.
    """
    return len({one.width for one in result.architectures if one.depth > 0}) > 1


def architecture_label(result: StudyResult, row: DepthRow) -> str:
    """Return "3", or "3 × 64" where widths differ."""
    return f"{row.depth} × {row.width}" if is_width_named(result, row) else str(row.depth)


def architecture_name(result: StudyResult, row: DepthRow) -> str:
    """Return "depth 3", or "depth 3 × width 64" where widths differ."""
    width = f" × width {row.width}" if is_width_named(result, row) else ""
    return f"depth {row.depth}{width}"


def is_width_named(result: StudyResult, row: DepthRow) -> bool:
    """Return whether a row's width tells it from another."""
    return row.depth > 0 and has_several_widths(result)


def chosen_row(result: StudyResult) -> DepthRow | None:
    """Return the row the verdict chose; None before there is one, or if nothing learned."""
    if result.verdict is None:
        return None
    key = (result.verdict.depth, result.verdict.width)
    return next((row for row in result.rows() if (row.depth, row.width) == key), None)


def leading_row(rows: Sequence[DepthRow]) -> DepthRow | None:
    """Return the row with the best mean validation score, as the verdict sees it."""
    return best_row(rows) if rows else None


def least_equal(result: StudyResult) -> float | None:
    """Return the lowest validation mean within one standard error of the best."""
    best = leading_row(result.rows())
    return None if best is None else best.validation.mean - standard_error(best, result)


def all_series(result: StudyResult) -> list[Series]:
    """Return the rows as lines over depth.

    One line per width, each beginning with the linear model; or a single line
    if there is one width or the widths follow from the depths.
    """
    rows = sorted(result.rows(), key=lambda row: (row.depth, row.width))
    widths = sorted({row.width for row in rows if row.depth > 0})
    if result.spec.match_parameters or len(widths) < 2:
        return [Series("", tuple(rows))] if rows else []
    return [
        Series(f"width {width}", tuple(row for row in rows if row.depth == 0 or row.width == width))
        for width in widths
    ]


def depths_of(result: StudyResult) -> list[int]:
    """Return the depths with trained members, ascending."""
    return sorted({row.depth for row in result.rows()})


def kept_score(result: StudyResult, run: RunRecord) -> float:
    """Return what a run counts for: its validation score, or that of guessing."""
    return result.guess if run.validation_score is None else run.validation_score


def is_diverged(run: RunRecord) -> bool:
    """Return whether a run diverged."""
    return run.status == DIVERGED


def is_finished(result: StudyResult) -> bool:
    """Return whether the study came to a verdict."""
    return result.verdict is not None


def score_digits(result: StudyResult) -> int:
    """Return the decimals that scores deserve: four where standard errors need them, else three."""
    errors = [row.validation.se for row in result.rows() if row.validation.se]
    return 4 if errors and min(errors) < 5e-4 else 3


def depth_words(result: StudyResult) -> str:
    """Return what the axis of depths counts."""
    return f"depth ({result.spec.model.block_words[0]}s)"
