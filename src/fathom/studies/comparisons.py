"""The chosen network against the others, on the same seeds and test rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from fathom.specs import ComparisonRecord
from fathom.studies.result import DepthRow, StudyResult
from fathom.studies.wording import depths_in_words, listed, plural, score

FEWEST_SEEDS = 2
# A difference that would be clear if it had been the only one that was looked at.
LIKELY = 0.975


def compared(
    result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow
) -> tuple[ComparisonRecord, ...]:
    """Return every other row against the chosen one.

    Networks of one seed saw the same batches, and all are tested on the same rows: what
    is hard for both cancels. The standard error is over seeds, and at least what the
    choice of the test rows makes it. Rows with fewer seeds are compared on those that
    both have; those with a single one are left out.

    Args:
        result: The study.
        rows: Its rows.
        chosen: One of them.
    """
    pairs = [(row, *_paired(result, row, chosen)) for row in rows if row is not chosen]
    enough = [pair for pair in pairs if len(pair[1]) >= FEWEST_SEEDS]
    half_a_row = 0.5 / result.header.dataset["rows"]["test"] if enough else 0.0
    return tuple(
        _comparison(
            row,
            theirs,
            ours,
            max(_row_error(row, chosen), half_a_row),
            len(enough),
            result,
        )
        for row, theirs, ours in enough
    )


def _paired(result: StudyResult, row: DepthRow, chosen: DepthRow) -> tuple[np.ndarray, np.ndarray]:
    """Return the test scores of the seeds that both have, float (seed,) each."""
    theirs, ours = (_by_seed(result, one) for one in (row, chosen))
    seeds = sorted(theirs.keys() & ours.keys())
    return np.array([theirs[s] for s in seeds]), np.array([ours[s] for s in seeds])


def _by_seed(result: StudyResult, row: DepthRow) -> dict[int, float]:
    runs = result.runs_at_best(row)
    if row.test is None or len(row.test.scores) != len(runs):
        return {}
    return {
        run.seed: value
        for run, value in zip(runs, row.test.scores, strict=True)
        if math.isfinite(value)
    }


def _row_error(row: DepthRow, chosen: DepthRow) -> float:
    """Return the standard error of the difference over test rows; 0 where they are not known."""
    theirs, ours = (one.test.row_scores if one.test else None for one in (row, chosen))
    if theirs is None or ours is None or len(theirs) != len(ours) or len(ours) < 2:
        return 0.0
    return float(np.std(np.subtract(theirs, ours), ddof=1) / math.sqrt(len(ours)))


def _comparison(
    row: DepthRow,
    theirs: np.ndarray,
    ours: np.ndarray,
    row_error: float,
    comparisons: int,
    result: StudyResult,
) -> ComparisonRecord:
    from fathom.measure import paired_comparison  # loads JAX: views of a study do without

    seed, most = result.spec.seed, 1.0 if result.header.metric == "accuracy" else math.inf
    alone, together = (
        paired_comparison(
            theirs, ours, seed=seed, smallest_error=row_error, comparisons=number
        ).within(-most, most)
        for number in (1, comparisons)
    )
    return ComparisonRecord(
        depth=row.depth,
        width=row.width,
        difference=alone.difference,
        low=_known(alone.low, alone.difference),
        high=_known(alone.high, alone.difference),
        probability=_known(alone.probability, 0.5),
        is_clear=together.is_clear,
    )


def _known(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value


def in_words(
    result: StudyResult, comparisons: Sequence[ComparisonRecord], chosen: DepthRow
) -> str | None:
    """Tell which of all comparisons are clear, and whether another is likely to be better."""
    if not comparisons:
        return None
    if len(comparisons) == 1:
        return f"{_of_one(comparisons[0], chosen)}{_of_few_seeds(result)}"
    clear = {
        "worse": [one for one in comparisons if one.is_clear and one.difference < 0],
        "better": [one for one in comparisons if one.is_clear and one.difference > 0],
    }
    number = sum(map(len, clear.values()))
    told = [
        f"{_named(those)} {how} than depth {chosen.depth}" for how, those in clear.items() if those
    ]
    start = f"Of {plural(len(comparisons), 'comparison')} on the test rows, taken together,"
    text = (
        f"{start} {number} {'is' if number == 1 else 'are'} clear: {listed(told)}"
        if told
        else f"{start} none is clear"
    )
    return f"{text}{_likeliest(comparisons, clear['better'])}.{_of_few_seeds(result)}"


def _of_few_seeds(result: StudyResult) -> str:
    """Say why intervals are as wide as they are where two seeds are all there is to compare."""
    if result.spec.seeds > FEWEST_SEEDS:
        return ""
    return (
        f" {FEWEST_SEEDS} seeds can hardly tell a difference from chance: a 95% interval from them "
        "is some thirteen standard errors to either side; from five it is three."
    )


def _of_one(one: ComparisonRecord, chosen: DepthRow) -> str:
    interval = f"95% interval {score(one.low)} to {score(one.high)}"
    gap = f"{score(abs(one.difference))} {'above' if one.difference > 0 else 'below'}"
    text = f"On the test rows depth {one.depth} is {gap} depth {chosen.depth} ({interval})"
    if one.is_clear:
        return f"{text}, which is clear."
    return f"{text}: that it is the better one has probability {one.probability:.0%}."


def _named(those: Sequence[ComparisonRecord]) -> str:
    depths = sorted({one.depth for one in those})
    return f"depths {depths_in_words(depths)} are" if len(depths) > 1 else f"depth {depths[0]} is"


def _likeliest(comparisons: Sequence[ComparisonRecord], better: Sequence[ComparisonRecord]) -> str:
    """Tell of the one that is likely to be better without being clearly so."""
    others = [one for one in comparisons if one not in better]
    top = max(others, key=lambda one: one.probability, default=None)
    if top is None or top.probability < LIKELY:
        return ""
    return (
        f"; alone, that depth {top.depth} is better ({score(top.difference)}) would have "
        f"probability {top.probability:.0%}"
    )
