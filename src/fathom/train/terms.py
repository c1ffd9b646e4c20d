"""What a population is made of and what it tells: members, data, watch, epochs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fathom.train import devices, stopping
from fathom.train.probe import Statistics, Tap

# From (y_true, y_pred) of one member to named scalars, one of them "loss".
Score = Callable[[Any, Any], dict[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Member:
    """One network in training.

    Args:
        seed: Draws initial weights, batch order and dropout.
        learning_rate: Step size of the optimizer.
    """

    seed: int
    learning_rate: float


@dataclass(frozen=True)
class TrainingData:
    """What a population trains on, placed on every device once.

    Args:
        x: Training inputs, (rows, ...).
        y: Training targets, (rows, ...).
        x_validation: Validation inputs.
        y_validation: Validation targets.
        x_probe: Rows on which layers are watched.
        y_probe: Their targets.
    """

    x: Any
    y: Any
    x_validation: Any
    y_validation: Any
    x_probe: Any
    y_probe: Any

    @classmethod
    def place(
        cls, train: tuple[Any, Any], validation: tuple[Any, Any], *, probe_rows: int = 128
    ) -> TrainingData:
        """Put the splits on the devices; the first training rows are the probe."""
        probe = tuple(part[:probe_rows] for part in train)
        return cls(*devices.place_everywhere((*train, *validation, *probe)))

    @property
    def rows(self) -> int:
        """Number of training rows."""
        return len(self.y)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """How layers are watched.

    Args:
        taps: The layers, from input to output, found in the model.
        statistics: What is measured of them.
        every_epoch: Whether after every epoch; else at initialisation, after
            epochs 1, 2, 4, 8, ..., and whenever a member stops.
    """

    taps: Callable[[Any], Sequence[Tap]]
    statistics: Statistics
    every_epoch: bool = False


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """What happened in one epoch; arrays have the axis (member,).

    Args:
        epoch: Epochs trained; 0 is the measurement at initialisation.
        loss: Mean training loss over the epoch's batches; None at epoch 0.
        validation: Scores on the validation rows by name; empty at epoch 0.
        metrics: What the model was compiled to measure, over the epoch's
            batches, by name; empty in a study, which measures on its own.
        standing: Who trains on, who improved, who diverged.
        layers: Measurements by name, each (member, layer); None if the layers
            were not measured after this epoch.
    """

    epoch: int
    loss: np.ndarray | None
    validation: dict[str, np.ndarray]
    standing: stopping.Standing
    layers: dict[str, np.ndarray] | None
    metrics: dict[str, np.ndarray] = field(default_factory=dict)


def product(seeds: Sequence[int], learning_rates: Sequence[float]) -> tuple[Member, ...]:
    """Return a member for every rate and seed, rates outermost."""
    return tuple(Member(seed=seed, learning_rate=rate) for rate in learning_rates for seed in seeds)
