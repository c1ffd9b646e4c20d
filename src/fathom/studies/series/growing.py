"""How much more data would a deeper network need? What is known, and no more than that."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fathom.measure import paired_draws, row_draws
from fathom.studies.series.result import Cell, SeriesResult, best_cell, chosen_cell

# A line through fewer points would fit anything.
FEWEST_AMOUNTS = 3
# Beyond this many times the most rows that were tried, nothing is said.
FURTHEST = 16
# Share of the draws in which the gap must close for an interval to be told.
SURE = 0.95


@dataclass(frozen=True, kw_only=True)
class Gain:
    """What a deeper network gains over a shallower at some number of training rows.

    Args:
        value: The number of rows as it was typed.
        rows: Training rows.
        difference: Mean score of the deeper minus that of the shallower.
        low: Lower end of its interval; None for a single block.
        high: Upper end.
    """

    value: str
    rows: int
    difference: float
    low: float | None
    high: float | None

    @property
    def pays(self) -> bool:
        """Whether the deeper is clearly better."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True, kw_only=True)
class Growth:
    """A deeper network against a shallower as training rows grow.

    Args:
        shallow: Depth of the one.
        deep: Depth of the other.
        gains: The difference at each number of rows, ascending; the intervals hold
            together with 95%.
        crossing: Training rows at which the gap closes, if it closes at the same rate
            per doubling: (estimate, low, high), a 95% interval; None if it cannot be told.
        reason: Why there is no crossing, in words; "" if there is.
    """

    shallow: int
    deep: int
    gains: tuple[Gain, ...]
    crossing: tuple[float, float, float] | None
    reason: str

    @property
    def pays_from(self) -> Gain | None:
        """The smallest number of rows from which on the deeper is clearly better."""
        found: Gain | None = None
        for gain in reversed(self.gains):
            if not gain.pays:
                break
            found = gain
        return found


def growth(result: SeriesResult) -> Growth | None:
    """Compare the depth chosen with the most rows to a deeper one, or to the one chosen before.

    Returns:
        The best deeper network that was tried, against the chosen depth; where the chosen is
        the deepest, the chosen against the depth that the fewest rows chose. None where
        there is nothing to compare.
    """
    most, fewest = result.of(result.values[-1]), result.of(result.values[0])
    chosen = chosen_cell(result, most)
    deeper = [cell for cell in most if cell.depth > chosen.depth and not cell.has_failed]
    before = chosen_cell(result, fewest)
    if before.depth < chosen.depth:
        return compared(result, before.depth, chosen.depth)
    if deeper:
        return compared(result, chosen.depth, best_cell(deeper).depth)
    return None


def compared(result: SeriesResult, shallow: int, deep: int) -> Growth | None:
    """Compare two depths at every number of rows; None if they were not tried together twice."""
    pairs = [
        (value, one, other)
        for value in result.values
        if value is not None
        for one in [result.cell(value, shallow)]
        for other in [result.cell(value, deep)]
        if one is not None and other is not None
    ]
    if len(pairs) < 2:
        return None
    gains = tuple(_gain(result, *pair, comparisons=len(pairs)) for pair in pairs)
    crossing, reason = _crossing(result, gains, [(one, other) for _, one, other in pairs])
    return Growth(shallow=shallow, deep=deep, gains=gains, crossing=crossing, reason=reason)


def _gain(result: SeriesResult, value: str, one: Cell, other: Cell, *, comparisons: int) -> Gain:
    told = result.compare(other, one, comparisons=comparisons)
    rows = result.training_rows(value)
    return Gain(value=value, rows=rows, difference=told.difference, low=told.low, high=told.high)


def _crossing(
    result: SeriesResult, gains: tuple[Gain, ...], pairs: list[tuple[Cell, Cell]]
) -> tuple[tuple[float, float, float] | None, str]:
    """Return where the gap closes, by lines in the logarithm of the rows, one per draw."""
    if gains[-1].difference >= 0:
        return None, "it does not lie below any more"
    if len(gains) < FEWEST_AMOUNTS:
        return None, f"{len(gains)} numbers of rows show no trend"
    together = [result.aligned(pair)[0] for pair in pairs]
    count = min(scores.shape[1] for scores in together)
    if count < 2:
        return None, f"a single {result.block} shows no spread"
    differences = np.array([scores[1, :count] - scores[0, :count] for scores in together])
    draws = _draws(result, differences, pairs)
    doublings = np.log2([gain.rows for gain in gains])
    estimate = float(_zero(differences.mean(axis=1)[None], doublings)[0])
    zeros = _zero(draws, doublings)
    closes = float(np.isfinite(zeros).mean())
    if not math.isfinite(estimate) or closes < SURE:
        return None, "the gap does not surely shrink with more rows"
    low, high = (float(2**end) for end in np.quantile(zeros, [0.025, 0.975], method="nearest"))
    if high > FURTHEST * gains[-1].rows:
        bound = max(low, gains[-1].rows)
        return None, f"the line would meet zero at {bound:,.0f} rows or at any number above"
    return (2**estimate, low, high), ""


def _draws(
    result: SeriesResult, differences: np.ndarray, pairs: list[tuple[Cell, Cell]]
) -> np.ndarray:
    """Return draws of the differences over blocks, and over test rows where all share them.

    Args:
        result: The series.
        differences: Float (amount, block).
        pairs: The cells behind each amount.

    Returns:
        Float (draw, amount).
    """
    over_blocks = paired_draws(
        differences, overlap=result.overlap, smallest_error=result.smallest_error
    )
    rows = [(one.row_scores, other.row_scores) for one, other in pairs]
    known = [deep - shallow for shallow, deep in rows if shallow is not None and deep is not None]
    if result.splits > 1 or len(known) < len(rows) or len({len(one) for one in known}) > 1:
        return over_blocks
    return over_blocks + row_draws(np.stack(known))


def _zero(gaps: np.ndarray, doublings: np.ndarray) -> np.ndarray:
    """Return where the least-squares lines through `gaps` reach zero; inf where they never will.

    Args:
        gaps: Float (draw, amount).
        doublings: Float (amount,), logarithms of the rows to base 2.
    """
    centred = doublings - doublings.mean()
    slope = gaps @ centred / np.square(centred).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = doublings.mean() - gaps.mean(axis=1) / slope
    return np.where(slope > 0, zero, np.inf)
