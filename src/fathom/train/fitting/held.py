"""The variables of a model in training: read before an epoch, given back after it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from fathom.train import keras_internals as internals
from fathom.train.fitting.steps import Weights


class Held:
    """A model's variables as lists, found once.

    Args:
        model: Built and compiled, its optimizer built.
    """

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._weights = Weights(
            list(model.trainable_variables),
            list(model.non_trainable_variables),
            list(model.optimizer.variables),
        )
        self._metrics = list(model.metrics_variables)
        self._fresh: list[Any] | None = None
        self._resets_as_keras = type(model).reset_metrics is keras.Model.reset_metrics

    def weights(self) -> Weights:
        """Return what the variables hold now, which callbacks may have changed."""
        return Weights(*map(internals.read_values, self._weights))

    def metrics(self) -> list[Any]:
        """Return what the metrics' variables hold now."""
        return internals.read_values(self._metrics)

    def give_back(self, weights: Any, metrics: list[Any]) -> None:
        """Let the variables hold these arrays; `weights` may end with the non-trainable ones."""
        for variables, values in zip(self._weights, weights):
            internals.write_values(variables, values)
        internals.write_values(self._metrics, metrics)

    def reset_metrics(self) -> None:
        """Set the metrics to their start, as `model.reset_metrics` does but without its arithmetic.

        The values at the start are arrays, and arrays do not change: they serve every epoch.
        """
        if self._fresh is None or not self._resets_as_keras:
            self._model.reset_metrics()
            self._fresh = self.metrics()
        internals.write_values(self._metrics, self._fresh)

    def num_bytes(self) -> int:
        """Size of everything that training changes."""
        return sum(leaf.nbytes for part in self.weights() for leaf in part)


def weights_now(model: keras.Model) -> list[np.ndarray]:
    """Return copies of a model's weights, in the order of `model.get_weights()`."""
    return [np.array(value) for value in internals.read_values(model.weights)]
