"""Intervals over networks and batches, by drawing both again."""

from __future__ import annotations

import math

import numpy as np

from fathom import measure
from fathom.studies.anatomy.result import Estimate

DRAWS = 500


def resampled_means(values: np.ndarray, seed: int) -> np.ndarray:
    """Return means over resampled networks and batches, (draw, ...) from (network, batch, ...)."""
    draw = np.random.default_rng([seed, 4])
    networks, batches = values.shape[:2]
    by_batch = draw.multinomial(batches, np.full(batches, 1 / batches), size=DRAWS) / batches
    by_network = draw.multinomial(networks, np.full(networks, 1 / networks), size=DRAWS) / networks
    return np.einsum("dn,db,nb...->d...", by_network, by_batch, values)


def drawn_similarities(hsic: np.ndarray, seed: int) -> np.ndarray:
    """Return CKA over resampled networks and batches, (draw, 1 + site, 1 + site)."""
    draw = np.random.default_rng([seed, 5])
    networks, batches = hsic.shape[:2]
    found = []
    for _ in range(DRAWS // 2):
        of = draw.integers(networks, size=networks)
        among = draw.integers(batches, size=batches)
        found.append(measure.cka(hsic[of][:, among].mean(axis=1)).mean(axis=0))
    return np.stack(found)


def percentiles(mean: float, draws: np.ndarray) -> Estimate | None:
    """Return a number with the 95% interval of its draws; None where it is not a number."""
    if not math.isfinite(mean):
        return None
    low, high = np.nanquantile(draws, [0.025, 0.975])
    return Estimate(float(mean), float(min(low, mean)), float(max(high, mean)))
