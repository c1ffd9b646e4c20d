"""Which of several is better, and how sure that is: differences of scores that were paired."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from fathom.measure.intervals import row_weights

DRAWS = 10_000
LEVEL = 0.95


@dataclass(frozen=True, kw_only=True)
class PairedComparison:
    """How much better one is than another, where both were tried on the same blocks.

    Args:
        difference: Mean score of the first minus that of the second.
        error: Standard error of the difference; None for a single block.
        low: Lower end of the interval; None for a single block.
        high: Upper end; None for a single block.
        probability: Share of the draws in which the first is the better one, in [0, 1];
            None for a single block.
        blocks: Number of blocks.
    """

    difference: float
    error: float | None
    low: float | None
    high: float | None
    probability: float | None
    blocks: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high

    def within(self, low: float, high: float) -> PairedComparison:
        """Return it with an interval that ends where the difference must.

        Few blocks make Student's interval wide; it covers the difference no less often without
        values that no difference has.
        """
        if self.low is None or self.high is None:
            return self
        return replace(self, low=max(self.low, low), high=min(self.high, high))


def paired_comparison(
    first: np.ndarray,
    second: np.ndarray,
    *,
    seed: int = 0,
    overlap: float = 0.0,
    smallest_error: float = 0.0,
    comparisons: int = 1,
) -> PairedComparison:
    """Compare two series of scores that belong together block by block.

    A block is what both were tried on: a seed of one study, or a split with all its
    seeds. What makes a block easy for both cancels in the difference.

    Args:
        first: Scores, higher is better, finite; float (block,) or (block, repeat), where
            repeats, such as the seeds on one split, are averaged.
        second: The same of the other, of the same shape, in the same order.
        seed: Of the draws.
        overlap: Rows a block is scored on over rows it is trained on, where blocks are
            splits of the same rows; 0 where blocks share nothing but the data. The
            variance of the mean over J splits is (1/J + overlap) times that of a split,
            because training sets that overlap do not vary independently.
        smallest_error: The standard error is at least this; such as half a row's worth.
        comparisons: How many comparisons are told together: the interval's level is
            1 - 0.05 / comparisons (Bonferroni), so that all hold at once with 95%.

    Returns:
        The difference with its interval from bootstrapped blocks; see `paired_draws`.

    Raises:
        ValueError: The shapes differ.

    Example:
        >>> told = paired_comparison(np.array([0.9, 0.92, 0.91]), np.array([0.8, 0.83, 0.81]))
        >>> round(told.difference, 3), told.is_clear
        (0.097, True)

    References:
        Nadeau and Bengio, "Inference for the Generalization Error", Machine Learning
        52, 2003 (the variance of repeated splits).
    """
    differences = _blocks(first) - _blocks(second)
    mean, count = float(differences.mean()), len(differences)
    if count < 2:
        return PairedComparison(
            difference=mean, error=None, low=None, high=None, probability=None, blocks=count
        )
    error = standard_error_of(differences, overlap=overlap)
    draws = paired_draws(
        differences[None], seed=seed, overlap=overlap, smallest_error=smallest_error
    )[:, 0]
    low, high = _percentiles(draws, level=1 - (1 - LEVEL) / comparisons)
    return PairedComparison(
        difference=mean,
        error=max(error, smallest_error),
        low=min(low, mean),
        high=max(high, mean),
        probability=float((draws > 0).mean() + (draws == 0).mean() / 2),
        blocks=count,
    )


def probability_best(
    scores: np.ndarray,
    *,
    seed: int = 0,
    overlap: float = 0.0,
    smallest_error: float | np.ndarray = 0.0,
) -> np.ndarray:
    """Return in which share of the draws each candidate has the highest mean score.

    Args:
        scores: Finite; float (candidate, block) or (candidate, block, repeat), two blocks
            or more.
        seed: Of the draws.
        overlap: As in `paired_comparison`.
        smallest_error: As in `paired_comparison`, for all candidates or each.

    Returns:
        Float (candidate,), which sums to 1; candidates that tie share a draw.
    """
    means = np.asarray(scores, "float64")
    means = means if means.ndim == 2 else means.mean(axis=2)
    centred = means - means.mean(axis=0)  # what is hard for all tells nothing
    draws = paired_draws(centred, seed=seed, overlap=overlap, smallest_error=smallest_error)
    is_best = np.isclose(draws, draws.max(axis=1, keepdims=True), rtol=0, atol=1e-12)
    return (is_best / is_best.sum(axis=1, keepdims=True)).mean(axis=0)


def paired_draws(
    scores: np.ndarray,
    *,
    seed: int = 0,
    overlap: float = 0.0,
    smallest_error: float | np.ndarray = 0.0,
) -> np.ndarray:
    """Return means of resampled blocks, as far from the mean as so few blocks may err.

    Blocks are drawn whole and with replacement, the same for all candidates. Few
    blocks resampled vary too little, and how much they vary is itself hardly known:
    what a draw deviates from the mean is stretched to the standard error of the mean, and
    by Student's factor, sqrt((J - 1) / chi2), drawn anew each time. With blocks from a
    normal distribution the draws then spread as Student's t with J - 1 degrees of freedom.
    Where blocks vary less than `smallest_error`, which is known without them, the rest is
    added as normal noise.

    Args:
        scores: Float (candidate, block), two blocks or more.
        seed: Of the draws.
        overlap: As in `paired_comparison`.
        smallest_error: As in `paired_comparison`, for all candidates or each.

    Returns:
        Float (draw, candidate).

    References:
        Hesterberg, "What Teachers Should Know About the Bootstrap", The American
        Statistician 69(4), 2015 (why the bootstrap of few is narrow).
        Benavoli, Corani, Demsar and Zaffalon, "Time for a Change: a Tutorial for
        Comparing Multiple Classifiers Through Bayesian Analysis", JMLR 18(77), 2017
        (Student's distribution of a mean difference over splits that overlap).
    """
    candidates, count = scores.shape
    generator = np.random.default_rng([seed, count])
    weights = generator.multinomial(count, np.full(count, 1 / count), size=DRAWS) / count
    student = np.sqrt((count - 1) / generator.chisquare(count - 1, size=(DRAWS, 1)))
    centre = scores.mean(axis=1)
    unit = np.sqrt(count / (count - 1) * (1 + count * overlap))
    deviations = unit * (weights @ scores.T - centre)  # (draw, candidate)
    errors = np.array([standard_error_of(row, overlap=overlap) for row in scores])
    missing = np.sqrt(np.maximum(np.square(smallest_error) - errors**2, 0))
    unseen = missing * generator.standard_normal((DRAWS, candidates))
    return centre + student * deviations + unseen


def row_draws(scores: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return how far means over resampled rows lie from the means over all rows.

    The same rows are drawn for all candidates, so that differences between candidates vary as
    little as they do on the same rows.

    Args:
        scores: Float (candidate, rows).
        seed: Of the draws.

    Returns:
        Float (draw, candidate), as many draws as `paired_draws` makes.
    """
    scores = np.asarray(scores, "float64")
    weights = row_weights(scores.shape[1], seed)
    means = weights @ scores.T / scores.shape[1]
    return np.resize(means - scores.mean(axis=1), (DRAWS, len(scores)))


def standard_error_of(values: np.ndarray, *, overlap: float = 0.0) -> float:
    """Return the standard error of the mean of blocks that may overlap.

    Args:
        values: Float (block,), two or more.
        overlap: As in `paired_comparison`.

    Example:
        >>> round(standard_error_of(np.array([1.0, 2.0, 3.0])), 3)
        0.577
    """
    return float(np.std(values, ddof=1) * np.sqrt(1 / len(values) + overlap))


def _blocks(scores: np.ndarray) -> np.ndarray:
    values = np.asarray(scores, "float64")
    return values if values.ndim == 1 else values.mean(axis=1)


def _percentiles(draws: np.ndarray, *, level: float) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
