"""An experiment made ready: points, features, programs and the state at epoch 0."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fathom.play.experiment import Experiment
from fathom.play.features import Features, features_of, grid
from fathom.play.machine import Machine, machine_for, structure_key
from fathom.play.materials import IMAGE, Material, Open, gather, weights_stream
from fathom.play.network import Settings, State
from fathom.play.orders import Rule
from fathom.play.seedrandom import SeedRandom

ROWS_STEP = 512


@dataclass(frozen=True)
class Setup:
    """What a lane trains, fixed until the experiment changes.

    Args:
        experiment: What was asked for.
        material: Its points.
        features: What the network sees of them.
        machine: Its programs.
    """

    experiment: Experiment
    material: Material
    features: Features
    machine: Machine

    @cached_property
    def x(self) -> np.ndarray:
        """Features (rows, features) of all points, padded so that programs fit other data too."""
        return self._padded(self.features.of(self.material.x))

    @cached_property
    def y(self) -> np.ndarray:
        """Labels (rows,), padded alike."""
        return self._padded(self.material.y)

    def _padded(self, values: np.ndarray) -> np.ndarray:
        rows = -(-len(values) // ROWS_STEP) * ROWS_STEP
        padding = ((0, rows - len(values)), *([(0, 0)] * (values.ndim - 1)))
        return np.pad(values, padding, mode="edge").astype(self.machine.network.dtype)

    def grid_features(self, resolution: int) -> np.ndarray:
        """Return the features float32 (resolution^2, features) over the drawn square."""
        return self.features.of(grid(self.material, resolution)).astype(np.float32)

    @property
    def has_maps(self) -> bool:
        """Whether the inputs lie on a square that can be drawn."""
        return self.material.kind != IMAGE

    @property
    def output_activation(self) -> str:
        """Activation of the last layer."""
        return self.machine.network.layout.layers[-1].activation

    @cached_property
    def rule(self) -> Rule:
        """How training rows become batches."""
        return Rule(
            rows=self.material.num_train,
            batch_size=self.experiment.batch_size,
            carries=self.experiment.is_classic,
            shuffle_seed=_number(self.experiment.seed) if self.experiment.shuffle else None,
        )

    @cached_property
    def settings(self) -> Settings:
        """The penalties."""
        regularization = self.experiment.regularization
        kind = self.machine.network.dtype
        rates = {name: regularization.rate * (regularization.name == name) for name in ("l1", "l2")}
        return Settings(kind(rates["l1"]), kind(rates["l2"]))

    def first_state(self, seed: str | None = None) -> State:
        """Return the state at epoch 0, of the experiment's own weights or another seed's."""
        stream = weights_stream(self.experiment, self.material)
        if seed is not None:
            stream = SeedRandom(seed)
        with self.machine.network.precision():
            return self.machine.network.first(stream)


def _number(seed: str) -> int:
    return int(SeedRandom(seed).random() * 2**31)


def set_up(
    experiment: Experiment, open_dataset: Open, *, material: Material | None = None
) -> Setup:
    """Return an experiment made ready; nothing is compiled yet.

    Args:
        experiment: One that `rules.check` has passed.
        open_dataset: Opens data sets.
        material: Points that are there already.

    Raises:
        DataError: The data cannot be used.
        SpecError: Features, output, loss and data do not go together.
    """
    material = material or gather(experiment, open_dataset)
    features = features_of(material, experiment.features)
    machine = machine_for(experiment, material, features.names)
    return Setup(experiment, material, features, machine)


def same_program(before: Setup, after: Setup) -> bool:
    """Return whether training can go on with other settings."""
    return _key(before) == _key(after)


def _key(setup: Setup) -> Any:
    return structure_key(setup.experiment, setup.material, setup.features.names), setup.x.shape
