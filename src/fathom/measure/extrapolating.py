"""What a curve that still falls may come to: a power law, with an interval or not at all."""

from __future__ import annotations

import math

import numpy as np

from fathom.measure.intervals import LEVEL, Interval, spread_factor

DRAWS = 400
# Fewer points, or fewer curves, tell nothing.
FEWEST_POINTS = 8
FEWEST_CURVES = 2
# The fit begins after this part of the curve: how it starts is another matter.
LEFT_OUT = 0.25
# The law is tried on this last part before it is believed.
TRIED_ON = 1 / 3
# It holds if it misses by no more than so many standard errors, or this part of the fall since.
ERRORS = 3
MISSED = 0.25
EXPONENTS = np.geomspace(0.1, 3, 24)


def extrapolated(curves: np.ndarray, *, until: int, seed: int) -> Interval | None:
    """Return the mean of falling curves at a later point, with a 95% interval over curves.

    The mean curve is fitted by c + a t^-b with a and c not negative, t counted from 1;
    the interval comes from fitting resampled curves anew, widened as so few curves need,
    and is at least as wide as the miss that was seen when the law was tried.

    Args:
        curves: One per seed, lower is better, 0 the least there can be, such as 1 - accuracy;
            finite float (member, points).
        until: Which point is asked for, counted from 1.
        seed: Of the draws.

    Returns:
        None where it cannot be told: too few points or curves, or the first two thirds,
        fitted alone, do not foretell the last.

    References:
        Viering and Loog, "The Shape of Learning Curves: a Review", IEEE TPAMI 45(6),
        2023 (power laws, and how often they do not hold).
    """
    members, points = curves.shape
    if members < FEWEST_CURVES or points < FEWEST_POINTS:
        return None
    draws = _resampled(curves, seed)
    miss = _miss(curves, draws)
    if miss is None:
        return None
    start = int(LEFT_OUT * points)
    told = _law(draws[:, start:], first=start + 1, at=np.array([until]))[:, 0]
    mean = float(told[0])  # the first draw is the curves as they are
    low, high = np.quantile(told, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    low, high = min(low, mean - miss), max(high, mean + miss)
    return Interval(mean, float(max(low, 0.0)), float(high))


def _resampled(curves: np.ndarray, seed: int) -> np.ndarray:
    """Return mean curves of resampled members, (draw, points); the first of all as they are."""
    members = len(curves)
    chosen = np.random.default_rng([seed, members]).integers(members, size=(DRAWS, members))
    centre = curves.mean(axis=0)
    draws = centre + spread_factor(members) * (curves[chosen].mean(axis=1) - centre)
    return np.concatenate([centre[None], draws])


def _miss(curves: np.ndarray, draws: np.ndarray) -> float | None:
    """Return by how much the law misses the last part; None if that is too much."""
    points = curves.shape[1]
    cut = points - max(int(TRIED_ON * points), 1)
    start = int(LEFT_OUT * cut)
    last = np.arange(cut + 1, points + 1)
    told = _law(draws[:1, start:cut], first=start + 1, at=last)[0].mean()
    there = curves[:, cut:].mean(axis=1)
    error = there.std(ddof=1) / math.sqrt(len(there))
    miss = abs(told - there.mean())
    fall = curves[:, cut - 1].mean() - curves[:, -1].mean()
    return float(miss) if miss <= max(ERRORS * error, MISSED * fall) else None


def _law(draws: np.ndarray, *, first: int, at: np.ndarray) -> np.ndarray:
    """Return what the power law fitted to each mean curve gives at some points.

    Args:
        draws: Mean curves (draw, points).
        first: Number of their first point.
        at: Points asked for, (k,).

    Returns:
        Float (draw, k).
    """
    points = np.arange(first, first + draws.shape[1])
    best = np.full(len(draws), np.inf)
    told = np.zeros((len(draws), len(at)))
    for exponent in EXPONENTS:
        shape = points.astype("float64") ** -exponent
        level, size = _level_and_size(draws, shape)
        errors = np.square(level + size * shape - draws).sum(axis=1)
        better = errors < best
        best = np.where(better, errors, best)
        here = level + size * at.astype("float64") ** -exponent
        told = np.where(better[:, None], here, told)
    return told


def _level_and_size(draws: np.ndarray, shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return c and a of c + a shape by least squares, neither negative, (draw, 1) each."""
    centred = shape - shape.mean()
    size = np.maximum((draws @ centred) / np.square(centred).sum(), 0)
    level = draws.mean(axis=1) - size * shape.mean()
    alone = np.maximum((draws @ shape) / np.square(shape).sum(), 0)  # where c would be negative
    return np.maximum(level, 0)[:, None], np.where(level < 0, alone, size)[:, None]
