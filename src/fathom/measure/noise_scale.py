"""The gradient noise scale: how many rows a batch needs before more of them stop helping."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class GradientNoise:
    """How noisy a model's gradient is where its weights stand now.

    Args:
        noise_scale: B = tr(S) / |G|^2, in rows: the variance of one row's
            gradient over the squared length of the true gradient. At this batch
            size half of a step's progress is lost to noise. Infinite where the
            gradient cannot be told from noise.
        low: 95% interval of the noise scale.
        high: 95% interval of the noise scale.
        gradient: |G|^2, unbiased; may come out negative near a minimum.
        variance: tr(S), unbiased.
        batch_size: The suggested batch size, the nearest power of two; None
            where the noise scale is infinite.
    """

    noise_scale: float
    low: float
    high: float
    gradient: float
    variance: float
    batch_size: int | None

    @property
    def text(self) -> str:
        """The finding in words."""
        if math.isinf(self.noise_scale):
            return (
                "The gradient cannot be told from noise here: large batches, or a lower "
                "learning rate, would serve."
            )
        return (
            f"The noise scale is about {self.noise_scale:.3g} rows "
            f"(95% interval {self.low:.3g} to {self.high:.3g}): batches of {self.batch_size} "
            "balance the number of steps against the number of rows seen."
        )


def gradient_noise(
    small: np.ndarray, large: np.ndarray, *, small_rows: int, large_rows: int, seed: int = 0
) -> GradientNoise:
    """Estimate the simple noise scale from squared lengths of gradients on two batch sizes.

    Args:
        small: Squared lengths on small batches, (draw,).
        large: Squared lengths on large ones, (draw,).
        small_rows: Rows of a small batch.
        large_rows: Rows of a large batch, more than of a small one.
        seed: Of the bootstrap.

    References:
        McCandlish, Kaplan, Amodei et al., "An Empirical Model of Large-Batch
        Training", arXiv:1812.06162, 2018, appendix A.1.
    """
    gradient = (large_rows * large - small_rows * small) / (large_rows - small_rows)
    variance = (small - large) / (1 / small_rows - 1 / large_rows)
    scale = _ratio(variance.mean(), gradient.mean())
    places = np.random.default_rng(seed).integers(len(small), size=(1000, len(small)))
    again = [_ratio(variance[rows].mean(), gradient[rows].mean()) for rows in places]
    low, high = np.quantile(again, [0.025, 0.975], method="nearest")
    return GradientNoise(
        noise_scale=scale,
        low=float(low),
        high=float(high),
        gradient=float(gradient.mean()),
        variance=float(variance.mean()),
        batch_size=_power_of_two(scale),
    )


def _ratio(variance: float, gradient: float) -> float:
    """Return the noise scale; a gradient estimated at zero or less is drowned in noise."""
    if gradient <= 0:
        return math.inf
    return float(max(variance, 0.0) / gradient)


def _power_of_two(scale: float) -> int | None:
    return None if math.isinf(scale) else 2 ** round(math.log2(max(scale, 1.0)))
