"""Made-up sequences of several lengths, whose answer needs steps long past."""

from __future__ import annotations

import numpy as np

Sequences = tuple[np.ndarray, np.ndarray, np.ndarray]
"""x float64 (rows, steps, features), y (rows,) and int64 lengths (rows,)."""


def adding(rows: int, steps: int, noise: float, rng: np.random.Generator) -> Sequences:
    """Return the adding problem: the sum of the two marked numbers of a sequence.

    Each step has a number in [-1, 1] and a mark: 1 at two steps, one of the first
    ten and one of the first half, -1 at both ends, else 0. Lengths are from `steps`
    to a tenth more. The answer is 0.5 + (sum of the marked numbers) / 4, where a
    marked first step counts as 0.

    References:
        Hochreiter and Schmidhuber, "Long Short-Term Memory", Neural Computation
        9(8), 1997, experiment 4.
    """
    longest = steps + steps // 10
    lengths = rng.integers(steps, longest + 1, rows)
    numbers = rng.uniform(-1, 1, (rows, longest))
    first = rng.integers(0, 10, rows)
    second = rng.integers(0, steps // 2 - 1, rows)
    second += second >= first  # of the steps that are not yet marked
    row = np.arange(rows)
    marks = np.zeros((rows, longest))
    marks[:, 0] = marks[row, lengths - 1] = -1
    marks[row, first] = marks[row, second] = 1
    counted = np.where(np.arange(longest) == 0, 0, numbers)
    total = counted[row, first] + counted[row, second]
    y = 0.5 + total / 4 + rng.normal(0, noise, rows)
    return np.stack([numbers, marks], axis=2), y, lengths.astype(np.int64)


def sequence_parity(rows: int, steps: int, noise: float, rng: np.random.Generator) -> Sequences:
    """Return bits as -1 and 1, one a step; odd if an odd number of them is 1.

    Lengths are from half of `steps` to `steps`; the noise is normal.
    """
    lengths = rng.integers((steps + 1) // 2, steps + 1, rows)
    bits = rng.integers(0, 2, (rows, steps))
    is_there = np.arange(steps) < lengths[:, None]
    x = 2.0 * bits - 1 + rng.normal(0, noise, bits.shape)
    return x[:, :, None], (bits * is_there).sum(axis=1) % 2, lengths.astype(np.int64)
