"""Power laws are believed where they foretell what is known, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from fathom.measure import extrapolated

POINTS = np.arange(1, 41)


def curves(law, *, members=5, noise=0.0, seed=0):
    generator = np.random.default_rng(seed)
    return np.stack([law(POINTS) + noise * generator.standard_normal(40) for _ in range(members)])


@pytest.mark.parametrize("exponent", [0.3, 0.7, 1.5])
def test_a_power_law_is_continued(exponent):
    def law(t):
        return 0.1 + 0.8 * t.astype(float) ** -exponent

    told = extrapolated(curves(law), until=80, seed=0)
    assert told.mean == pytest.approx(law(np.array([80]))[0], abs=0.01)


def test_the_interval_holds_the_truth_most_of_the_time():
    def law(t):
        return 0.05 + 0.6 * t.astype(float) ** -0.8

    told = [extrapolated(curves(law, noise=0.005, seed=s), until=80, seed=0) for s in range(40)]
    known = [one for one in told if one is not None]
    truth = law(np.array([80]))[0]
    assert len(known) > 30
    assert sum(one.low <= truth <= one.high for one in known) >= 0.9 * len(known)


def test_a_step_is_no_power_law():
    assert extrapolated(curves(lambda t: np.where(t < 30, 0.9, 0.4)), until=80, seed=0) is None


def test_nothing_is_foretold_below_zero():
    told = extrapolated(curves(lambda t: t.astype(float) ** -2.5), until=400, seed=0)
    assert told.low >= 0


def test_one_curve_or_a_short_one_tells_nothing():
    assert extrapolated(curves(lambda t: 1 / t, members=1), until=80, seed=0) is None
    assert extrapolated(np.ones((5, 4)), until=80, seed=0) is None
