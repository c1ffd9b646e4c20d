"""The learning rate of every step: worked out on the host, so that no change compiles anything."""

from __future__ import annotations

import math

import numpy as np

from fathom.play.catalog import SCHEDULES, chosen
from fathom.play.experiment import Setting

Numbers = np.ndarray


def rates(
    schedule: dict[str, Setting], base: float, *, first_step: int, count: int, steps_per_epoch: int
) -> Numbers:
    """Return the learning rates of `count` steps, float64.

    Args:
        schedule: Its name and settings.
        base: The rate that the schedule scales.
        first_step: Steps taken before.
        count: How many rates.
        steps_per_epoch: At least 1.
    """
    epochs = (first_step + np.arange(count)) / max(1, steps_per_epoch)
    return base * _scale(schedule, epochs)


def _scale(schedule: dict[str, Setting], epochs: Numbers) -> Numbers:
    name = schedule["name"]
    period, factor = (_setting(schedule, key) for key in ("epochs", "factor"))
    match name:
        case "exponential":
            return factor ** (epochs / period)
        case "step":
            return factor ** np.floor(epochs / period)
        case "cosine":
            return (1 + np.cos(math.pi * np.minimum(epochs / period, 1))) / 2
        case "restarts":
            return (1 + np.cos(math.pi * (epochs / period % 1))) / 2
        case "warmup":
            rising = np.minimum(epochs / period, 1)
            return rising * np.sqrt(period / np.maximum(epochs, period))
        case "inverse":
            return 1 / (1 + epochs / period)
        case _:
            return np.ones_like(epochs)


def _setting(schedule: dict[str, Setting], key: str) -> float:
    known = {one.key: one.default for one in chosen(SCHEDULES, schedule["name"]).settings}
    return float(schedule.get(key) or known.get(key, 1.0))
