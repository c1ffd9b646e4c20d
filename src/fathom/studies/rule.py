"""The one-standard-error rule, and what it calls the best and its error."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from fathom.studies.result import DepthRow, StudyResult


def best_row(rows: Sequence[DepthRow]) -> DepthRow:
    """Return the row with the best mean validation score; of equals the shallowest.

    Where members were let go, only rows with the most seeds can be the best: the
    highest of many means over two seeds is mostly luck.
    """
    seeds = max(row.validation.n for row in rows)
    known = [row for row in rows if row.validation.n == seeds]
    return min(known, key=lambda row: (-row.validation.mean, row.depth, row.parameters))


def choose(rows: Sequence[DepthRow], result: StudyResult) -> DepthRow:
    """Return the shallowest row within one standard error of the best; of equals the smallest."""
    best = best_row(rows)
    floor = best.validation.mean - standard_error(best, result)
    enough = [row for row in rows if row.validation.mean >= floor]
    return min(enough, key=lambda row: (row.depth, row.parameters))


def standard_error(row: DepthRow, result: StudyResult) -> float:
    """Return the standard error that the rule uses.

    Over seeds where there are several, but at least half a validation row's
    worth of score: what is smaller cannot be told apart. Where some of the seeds
    were let go, at least what so many seeds usually err. With one seed, the
    binomial error of an accuracy.
    """
    rows = result.header.dataset["rows"]["validation"]
    if row.validation.se is not None:
        usual = usual_error(row, result) if row.validation.n < result.spec.seeds else 0.0
        return max(row.validation.se, usual, 0.5 / rows)
    if result.header.metric == "accuracy":
        return math.sqrt(max(row.validation.mean * (1 - row.validation.mean), 1 / rows) / rows)
    return 1 / math.sqrt(rows) * max(1 - row.validation.mean, 0)


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
