"""Looking at the layers of a model between its epochs, and at what made it diverge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import keras
import numpy as np

from fathom.errors import ModelError
from fathom.specs import FirstCause
from fathom.train.divergence import first_cause
from fathom.train.fitting.layer_watch import LayerWatch, fetched
from fathom.train.fitting.sources import Source
from fathom.train.fitting.steps import Weights
from fathom.train.probe import Statistics
from fathom.train.programs import State


@dataclass(frozen=True)
class Look:
    """What the layers of a model did.

    Args:
        epoch: Epochs trained before; 0 is before training.
        measured: By name of the measurement, float64 (layer,).
    """

    epoch: int
    measured: dict[str, np.ndarray]


class Watcher:
    """Looks at a model's layers before the first epoch and after every one.

    A model that cannot be looked at is trained all the same; `note` says why.

    Args:
        model: Built and compiled.
        source: What it trains on: the first rows are looked at.
        statistics: What is measured of a layer.
    """

    def __init__(self, model: keras.Model, source: Source, statistics: Statistics) -> None:
        self._looks: list[Look] = []
        self._begun: list[tuple[int, dict[str, Any]]] = []  # looks that may still be computed
        self.first_cause: FirstCause | None = None
        self.note = ""
        self._model = model
        self._source = source
        self._statistics = statistics
        self._watch: LayerWatch | None = None
        self._start: State | None = None

    @property
    def looks(self) -> list[Look]:
        """What was seen so far."""
        while self._begun:
            epoch, begun = self._begun.pop(0)
            self._looks.append(Look(epoch, fetched(begun)))
        return self._looks

    @property
    def names(self) -> tuple[str, ...]:
        """The watched layers, from input to output."""
        return self._watch.names if self._watch else ()

    @property
    def activations(self) -> dict[str, str]:
        """The activation of each watched layer, "linear" for none."""
        return self._watch.activations if self._watch else {}

    def before_epoch(self, epoch: int, weights: Weights, metrics: list[Any]) -> None:
        """Note with what an epoch begins.

        Args:
            epoch: The epoch, counted from 0.
            weights: The variables' arrays.
            metrics: Those of the metrics.
        """
        self._start = State(*weights, metrics)
        if self._watch is None and (arrays := self._source.arrays()) is not None:
            self._begin(epoch, lambda: arrays)

    def before_step(self, epoch: int, batches: Any) -> None:
        """Look at data that come in batches as soon as there are some.

        Args:
            epoch: The epoch, counted from 0.
            batches: Stacked batches; the first is looked at.
        """
        if self._watch is None:
            self._begin(epoch, lambda: jax.tree.map(lambda array: array[0], batches))

    def _begin(self, epoch: int, rows: Callable[[], Any]) -> None:
        if self.note:
            return
        try:
            data = keras.utils.unpack_x_y_sample_weight(rows())
            self._watch = LayerWatch(self._model, *data, statistics=self._statistics)
            self._look(epoch, self._start, None)
        except ModelError as error:
            self._watch, self.note = None, error.message

    def after_epoch(
        self, epoch: int, weights: Weights, metrics: list[Any], *, before: Any, loss: Any
    ) -> None:
        """Look at the layers after an epoch, and for what made its loss diverge.

        Args:
            epoch: The epoch, counted from 0.
            weights: The variables' arrays.
            metrics: Those of the metrics.
            before: The trainable variables before the last step.
            loss: The epoch's loss; None if there is none.
        """
        if self._watch is None:
            return
        if self.first_cause is None and loss is not None and not np.isfinite(loss):
            self._find_cause(epoch)
        self._look(epoch + 1, State(*weights, metrics), before)

    def _look(self, epoch: int, state: Any, before: Any) -> None:
        if self._watch is not None:
            self._begun.append((epoch, self._watch.begin(state, before=before)))

    def _find_cause(self, epoch: int) -> None:
        batches = self._source.once_more()
        if batches is None or self._watch is None or self._start is None:
            return
        unpacked = (keras.utils.unpack_x_y_sample_weight(batch) for batch in batches)
        self.first_cause = first_cause(
            self._model, self._watch.taps, self._start, unpacked, epoch=epoch + 1
        )
