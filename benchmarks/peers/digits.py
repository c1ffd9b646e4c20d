"""The work that every peer does: digits, 60/20/20, depths 1-8 x 3 rates x 3 seeds."""

from __future__ import annotations

import itertools
import json
import sys
import time

import numpy as np

DEPTHS = tuple(range(1, 9))
RATES = (3e-4, 1e-3, 3e-3)
SEEDS = (0, 1, 2)
WIDTH, BATCH, EPOCHS = 64, 32, 20
TRAININGS = list(itertools.product(DEPTHS, RATES, SEEDS))


def splits() -> tuple[tuple[np.ndarray, np.ndarray], ...]:
    """Return (x, y) of train, validation and test: 1078, 359 and 360 rows."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = (x[order] / 16).astype("float32"), y[order].astype("int32")
    first, second = int(0.6 * len(x)), int(0.8 * len(x))
    return (x[:first], y[:first]), (x[first:second], y[first:second]), (x[second:], y[second:])


def report(scores: dict[tuple[int, float, int], float], started: float) -> None:
    """Print the mean validation accuracy of each depth at its best rate, and the seconds taken."""
    best = {}
    for depth in DEPTHS:
        means = [np.mean([scores[depth, rate, seed] for seed in SEEDS]) for rate in RATES]
        best[depth] = round(float(max(means)), 4)
    print(json.dumps({"seconds": time.perf_counter() - started, "validation": best}))
    sys.stdout.flush()
