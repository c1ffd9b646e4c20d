"""The judge: measured values and what was expected of them, to a verdict. Pure.

A part of a claim holds where the whole interval reaches its limit, fails where the whole
interval misses it, and is open in between. A difference is taken within each seed (the same
seed draws the same order of rows in both arms) and within each test row. The limit is the
smallest effect that would matter, stated with the claim, so that "no effect that matters" is
a finding and not a lack of data.

References:
    Bouthillier et al., "Accounting for Variance in Machine Learning Benchmarks", MLSys 2021.
    Lakens, "Equivalence Tests", Social Psychological and Personality Science 8(4), 2017.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from fathom.errors import SpecError
from fathom.measure import Interval, mean_interval
from fathom.studies.experiments.frame import NUMBER, Expectation
from fathom.studies.experiments.result import DEPENDS, FAILS, HOLDS, OPEN, Finding

# By quantity and arm, arrays (seed,) or (seed, test rows).
Values = Mapping[str, Mapping[str, np.ndarray]]


def judged(expectation: Expectation, values: Values, *, seed: int, unit: str = NUMBER) -> Finding:
    """Return what became of one part.

    Args:
        expectation: The part.
        values: Finite values by quantity and arm.
        seed: Of the interval's draws.
        unit: Of the quantity.

    Raises:
        SpecError: An arm or the quantity was not measured.
    """
    quantity = expectation.of or next(iter(values))
    effect = _weighted(expectation, values, quantity)
    mean, low, high = mean_interval(effect, seed=seed)
    return Finding(
        says=expectation.says,
        of=quantity,
        unit=unit,
        effect=mean,
        low=low,
        high=high,
        at_least=expectation.at_least,
        at_most=expectation.at_most,
        is_difference=expectation.is_difference,
        outcome=outcome_of(Interval(mean, low, high), expectation),
        votes=expectation.votes,
    )


def _weighted(expectation: Expectation, values: Values, quantity: str) -> np.ndarray:
    measured = values.get(quantity, {})
    for arm in expectation.weights:
        if arm not in measured:
            raise SpecError(
                f"An expectation is about what was measured. Received: {quantity} of {arm!r}; "
                f"measured were {', '.join(map(repr, measured)) or 'none'}."
            )
    parts = [w * np.asarray(measured[arm], "float64") for arm, w in expectation.weights.items()]
    rows = {part.shape[1:] for part in parts}
    if len(rows) > 1:  # of other test rows: what is left in common are the seeds
        parts = [part.reshape(len(part), -1).mean(axis=1) for part in parts]
    return np.sum(parts, axis=0)


def outcome_of(found: Interval, expectation: Expectation) -> str:
    """Return whether an interval lies within the limits, outside, or across one."""
    low = -np.inf if expectation.at_least is None else expectation.at_least
    high = np.inf if expectation.at_most is None else expectation.at_most
    if low <= found.low and found.high <= high:
        return HOLDS
    if found.high < low or found.low > high:
        return FAILS
    return OPEN


def verdict_of(findings: Sequence[Finding]) -> str:
    """Return the verdict on a claim from its parts that vote.

    It holds where all parts do, does not where none does, and depends where some hold and
    others do not, whatever is open beside them. Otherwise what is open decides: undecided.
    """
    outcomes = {finding.outcome for finding in findings if finding.votes}
    if {HOLDS, FAILS} <= outcomes:
        return DEPENDS
    return OPEN if OPEN in outcomes or not outcomes else outcomes.pop()
