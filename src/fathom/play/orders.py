"""Which rows each step of training takes: made on the host, so that no program depends on them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

MOST_STEPS = 1024
MOST_ROWS = 16_384
"""Steps, and rows in all their batches, that one call of a program takes."""


@dataclass(frozen=True)
class Position:
    """Where training stands.

    Args:
        epoch: Epochs finished.
        step: Batches taken in the epoch that has begun.
        sample: Rows of the next batch that were looked at, of which none has changed anything.
        steps_done: Batches taken since the start.
    """

    epoch: int = 0
    step: int = 0
    sample: int = 0
    steps_done: int = 0


@dataclass(frozen=True)
class Rule:
    """How rows become batches.

    Args:
        rows: Training rows.
        batch_size: Rows in a batch.
        carries: Whether the rows left over at the end of an epoch join the next epoch's first
            batch, as TensorFlow Playground's do; else they are a smaller batch of their own.
        shuffle_seed: Seed of each epoch's order; None keeps the order of the data.
    """

    rows: int
    batch_size: int
    carries: bool
    shuffle_seed: int | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Batches in an epoch; 0 where the batch is larger than the data and rows are carried."""
        whole, rest = divmod(self.rows, self.batch_size)
        return whole if self.carries else whole + (rest > 0)

    def order(self, epoch: int) -> np.ndarray:
        """Return the rows of an epoch in the order they are visited."""
        if self.shuffle_seed is None:
            return np.arange(self.rows, dtype=np.int32)
        rng = np.random.default_rng([self.shuffle_seed, epoch])
        return rng.permutation(self.rows).astype(np.int32)

    def batch(self, epoch: int, step: int) -> np.ndarray:
        """Return the rows of one batch."""
        first = step * self.batch_size
        own = self.order(epoch)[first : min(first + self.batch_size, self.rows)]
        left = self.rows % self.batch_size
        if self.carries and step == 0 and epoch > 0 and left:
            return np.concatenate([self.order(epoch - 1)[-left:], own])
        return own

    def carried(self, position: Position) -> int:
        """Return the rows that wait for the next epoch's first batch."""
        waits = self.carries and position.epoch > 0 and position.step == 0
        return self.rows % self.batch_size if waits else 0


@dataclass(frozen=True)
class Call:
    """What one call of a program takes: `rows[starts[s]:starts[s + 1]]` is the batch of step s."""

    rows: np.ndarray
    starts: np.ndarray
    steps: int
    end: Position


def calls(rule: Rule, position: Position, steps: int) -> Iterator[Call]:
    """Yield calls that take `steps` batches from `position` on.

    With more rows than `MOST_ROWS` in a batch nothing fits; the experiment's limits forbid it.
    """
    while steps > 0 and rule.steps_per_epoch > 0:
        call = _one_call(rule, position, min(steps, MOST_STEPS))
        yield call
        steps -= call.steps
        position = call.end


def _one_call(rule: Rule, position: Position, steps: int) -> Call:
    """Return the first of the calls that take `steps` batches: an epoch's part after another."""
    parts: list[np.ndarray] = []
    sizes: list[np.ndarray] = []
    done, filled, epoch, step = 0, 0, position.epoch, position.step
    while done < steps:
        rows, counts = _epoch_part(rule, epoch, step, steps - done)
        fitting = int(np.searchsorted(np.cumsum(counts), MOST_ROWS - filled, side="right"))
        if not fitting:
            break
        counts = counts[:fitting]
        parts.append(rows[: counts.sum()])
        sizes.append(counts)
        done, filled = done + fitting, filled + int(counts.sum())
        epoch, step = _after(rule, epoch, step + fitting)
    end = Position(epoch, step, 0, position.steps_done + done)
    return Call(_padded(parts), _starts(sizes), done, end)


def _epoch_part(rule: Rule, epoch: int, step: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the batches from `step` to the epoch's end, and how many each has."""
    steps = min(most, rule.steps_per_epoch - step)
    size = rule.batch_size
    counts = np.full(steps, size)
    rows = rule.order(epoch)[step * size : min((step + steps) * size, rule.rows)]
    left = rule.rows % size
    if not rule.carries and step + steps == rule.steps_per_epoch and left:
        counts[-1] = left
    if rule.carries and step == 0 and epoch > 0 and left:
        rows = np.concatenate([rule.order(epoch - 1)[-left:], rows])
        counts[0] += left
    return rows, counts


def _after(rule: Rule, epoch: int, step: int) -> tuple[int, int]:
    return (epoch, step) if step < rule.steps_per_epoch else (epoch + 1, 0)


def no_call(position: Position) -> Call:
    """Return a call of no steps, in the shapes of any other."""
    return Call(np.zeros(MOST_ROWS, np.int32), np.zeros(MOST_STEPS + 1, np.int32), 0, position)


def _padded(parts: list[np.ndarray]) -> np.ndarray:
    rows = np.zeros(MOST_ROWS, np.int32)
    joined = np.concatenate(parts)
    rows[: len(joined)] = joined
    return rows


def _starts(sizes: list[np.ndarray]) -> np.ndarray:
    starts = np.zeros(MOST_STEPS + 1, np.int32)
    joined = np.concatenate(sizes)
    starts[1 : len(joined) + 1] = np.cumsum(joined)
    return starts
