"""How sure a score is: bootstrap intervals over seeds and rows."""

from __future__ import annotations

import functools
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

DRAWS = 1000
LEVEL = 0.95


class Interval(NamedTuple):
    """A score with its percentile bootstrap interval."""

    mean: float
    low: float
    high: float


def accuracy_interval(correct: np.ndarray, *, seed: int) -> Interval:
    """Return mean accuracy with a 95% interval over seeds and test rows.

    Each draw resamples the rows, and independently the members (Bouthillier
    et al., "Accounting for Variance in Machine Learning Benchmarks", MLSys 2021).

    Args:
        correct: Boolean (member, rows).
        seed: Of the draws.
    """
    weights = row_weights(correct.shape[1], seed)  # (draw, rows)
    scores = weights @ correct.T.astype("float32") / correct.shape[1]  # (draw, member)
    return over_members_and_draws(float(correct.mean()), scores, seed)


def r2_interval(y: np.ndarray, predictions: np.ndarray, *, seed: int) -> Interval:
    """Return mean R2 with a 95% interval over seeds and test rows.

    Args:
        y: Targets, float (rows,).
        predictions: Float (member, rows).
        seed: Of the draws.
    """
    weights = row_weights(len(y), seed)
    errors = np.square(predictions - y).T.astype("float32")  # (rows, member)
    total = weights.sum(axis=1)
    spread = weights @ np.square(y) - np.square(weights @ y) / total
    scores = 1 - (weights @ errors) / np.maximum(spread, 1e-12)[:, None]
    mean = float((1 - errors.mean(axis=0) / np.var(y)).mean())
    return over_members_and_draws(mean, scores, seed)


@functools.lru_cache(maxsize=2)
def row_weights(rows: int, seed: int) -> np.ndarray:
    """Return how often each row is drawn, float32 (draw, rows)."""
    draws = DRAWS if rows <= 20_000 else DRAWS // 4
    generator = np.random.default_rng([seed, rows])
    return generator.multinomial(rows, np.full(rows, 1 / rows), size=draws).astype("float32")


def over_members_and_draws(mean: float, scores: np.ndarray, seed: int) -> Interval:
    """Return `mean` with the percentiles of the mean of resampled members.

    Args:
        mean: The score itself.
        scores: (draw, member): every member's score on each resampling of the rows.
        seed: Of the draws.
    """
    draws, members = scores.shape
    chosen = np.random.default_rng([seed, 1]).integers(members, size=(draws, members))
    means = np.take_along_axis(scores, chosen, axis=1).mean(axis=1)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean, float(min(low, mean)), float(max(high, mean)))


def mean_interval(values: np.ndarray, *, seed: int) -> Interval:
    """Return the mean of members' values, or of their differences, with a 95% interval.

    Members are resampled, and rows where there are any. Few members resampled
    vary too little: what they deviate from their mean is stretched so that the
    interval over members alone is as wide as Student's t makes it.

    Args:
        values: (member,) or (member, rows); finite.
        seed: Of the draws.

    References:
        Hesterberg, "What Teachers Should Know About the Bootstrap", The
        American Statistician 69(4), 2015 (why the bootstrap of few is narrow).
    """
    values = np.asarray(values, "float64")
    members, mean = len(values), float(values.mean())
    if members < 2 or np.ptp(values) == 0:
        return Interval(mean, mean, mean)
    if values.ndim == 1:
        scores = np.broadcast_to(values, (MEMBER_DRAWS, members))
    else:
        scores = row_weights(values.shape[1], seed) @ values.T / values.shape[1]
        scores = np.tile(scores, (MEMBER_DRAWS // len(scores), 1))
    chosen = np.random.default_rng([seed, 1]).integers(members, size=scores.shape)
    resampled = np.take_along_axis(scores, chosen, axis=1).mean(axis=1)
    centre = scores.mean(axis=1)
    means = centre + spread_factor(members) * (resampled - centre)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(mean, float(min(low, mean)), float(max(high, mean)))


MEMBER_DRAWS = 4000


def spread_factor(members: int) -> float:
    """Return how much wider Student's interval is than what resampling so few gives.

    Args:
        members: Two or more.
    """
    from scipy.special import stdtrit  # Student's quantile, without the imports of scipy.stats

    quantile = (1 + LEVEL) / 2
    student, normal = stdtrit(members - 1, quantile), NormalDist().inv_cdf(quantile)
    return float((members / (members - 1)) ** 0.5 * student / normal)
