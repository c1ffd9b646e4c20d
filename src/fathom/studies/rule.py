"""The one-standard-error rule, and what it calls the best and its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from fathom.studies.halving import is_raced
from fathom.studies.result import DepthRow, StudyResult


def best_row(rows: Sequence[DepthRow]) -> DepthRow:
    """Return the row with the best mean validation score; of equals the shallowest.

    Where members were let go, only rows with the most seeds can be the best: the
    highest of many means over two seeds is mostly luck. The linear model, which keeps all,
    does not count among those of which some were let go.
    """
    raced = [row for row in rows if is_raced(row.depth)] or rows
    seeds = max(row.validation.n for row in raced)
    known = [row for row in rows if row.validation.n >= seeds]
    return min(known, key=lambda row: (-row.validation.mean, row.depth, row.parameters))


def choose(rows: Sequence[DepthRow], result: StudyResult) -> DepthRow:
    """Return the shallowest row within one standard error of the best; of equals the smallest."""
    best = best_row(rows)
    floor = best.validation.mean - standard_error(best, result)
    enough = [row for row in rows if row.validation.mean >= floor]
    return min(enough, key=lambda row: (row.depth, row.parameters))


def standard_error(row: DepthRow, result: StudyResult) -> float:
    """Return the standard error of a row's score, over seeds and over validation rows.

    Both count: seeds that agree on a hundred rows say little about the next
    hundred. Where some of the seeds were let go, the error over seeds is at least
    what so many seeds usually have.
    """
    usual = usual_error(row, result) if row.validation.n < result.spec.seeds else 0.0
    over_seeds = max(row.validation.se or 0.0, usual)
    return math.hypot(over_seeds, _error_over_rows(row.validation.mean, result))


def _error_over_rows(score: float, result: StudyResult) -> float:
    """Return the standard error of a score on so many rows.

    Of an accuracy it is binomial, and at least one row; of R² it is that of the mean
    square of normal errors.
    """
    rows = result.header.dataset["rows"]["validation"]
    if result.header.metric == "accuracy":
        return math.sqrt(max(score * (1 - score), 1 / rows) / rows)
    return max(1 - score, 0.0) * math.sqrt(2 / rows)


def usual_error(row: DepthRow, result: StudyResult) -> float:
    """Return the standard error of as many seeds as a row has, by the median depth's spread.

    Two seeds may agree by chance.
    """
    spreads = [
        other.validation.se * math.sqrt(other.validation.n)
        for other in result.rows()
        if other.validation.se is not None
    ]
    return median(spreads) / math.sqrt(row.validation.n) if spreads else 0.0
