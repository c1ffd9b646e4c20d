"""One model in training, its layers looked at between epochs."""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.errors import FathomError, ModelError
from fathom.models import Tap, watched_layers
from fathom.train.fitting.compiled import Programs
from fathom.train.measuring import by_tap, identity
from fathom.train.probe import Statistics, look_program
from fathom.train.programs import State

FEWEST_ROWS, MOST_ROWS = 64, 128
# Rows of images and sequences show a layer at many places each.
FEWEST_ROWS_OF_PLACES = 32
# Looking at one row in so many costs little beside training on all of them.
ROWS_PER_ROW = 32


class LayerWatch:
    """Measures the layers of any compiled model on a few fixed rows, apart from its training.

    Args:
        model: A compiled model, built with its optimizer.
        x: Inputs as in training: an array or a structure of arrays.
        y: Targets; None where the model needs none.
        sample_weight: Weights of the rows; None for equal ones.
        statistics: What is measured of a layer, such as `measure.layer_statistics`.
        rows: How many of the first rows are looked at; None for 64 to 128, by how many there are,
            or from 32 where a row has many places.

    Raises:
        ModelError: The model cannot be looked at; the message says why.
    """

    def __init__(
        self,
        model: keras.Model,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        statistics: Statistics,
        rows: int | None = None,
    ) -> None:
        self._model = model
        self._statistics = statistics
        wanted = _usual_rows(x) if rows is None else rows
        first = jax.tree.map(lambda array: _first(array, wanted), (x, y, sample_weight))
        self._batch = jax.device_put(first)
        self.taps = watched_layers(model, first[0])
        self._program: Any = None

    @property
    def names(self) -> tuple[str, ...]:
        """The watched layers, from input to output."""
        return tuple(tap.name for tap in self.taps)

    @property
    def activations(self) -> dict[str, str]:
        """The activation of each watched layer, "linear" for none."""
        return {tap.name: tap.activation for tap in self.taps}

    def look(self, state: State, *, before: Any = None) -> dict[str, np.ndarray]:
        """Return measurements by name, float64 (layer,).

        Args:
            state: The model's variables.
            before: The trainable variables before the last step; without
                them `update_ratio` is NaN.

        Raises:
            ModelError: Loss and gradient of the model cannot be computed apart from its training.
        """
        return fetched(self.begin(state, before=before))

    def begin(self, state: State, *, before: Any = None) -> dict[str, Any]:
        """Return what `look` returns while it is still computed, for `fetched`.

        Training may go on meanwhile, as long as it leaves the memory of `state` alone.
        """
        earlier = state.trainable if before is None else before
        arguments = (
            state.trainable,
            (state.non_trainable, state.optimizer),
            state.metrics,
            self._batch,
            earlier,
        )
        found = dict(self._compiled(arguments)(*arguments))
        if before is None:
            found["update_ratio"] = np.full(len(self.taps), np.nan)
        return found

    def _compiled(self, arguments: Any) -> Callable[..., dict[str, Any]]:
        """Return the program that looks, compiled once for models that are alike."""
        if self._program is None:
            programs = Programs(self._model, bitwise=True)
            try:
                self._program = programs.program(
                    f"look {identity(self._statistics)}",
                    lambda: _program(self._model, self.taps, self._statistics),
                    arguments,
                )
            except FathomError:
                raise
            except Exception as error:  # whatever a user's own loss or layer raises
                raise self._cannot_look(error) from error
        return self._program.call

    def _cannot_look(self, error: Exception) -> ModelError:
        name = type(error).__name__
        return ModelError(
            f"The layers of {self._model.name!r} cannot be watched: its loss and gradient cannot "
            f"be computed for one batch apart from its training. {name}: {error}",
            hint="train it without watching its layers",
        )


def fetched(begun: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return measurements that were begun, float64 (layer,), once they are computed."""
    return {name: np.asarray(values, "float64") for name, values in jax.device_get(begun).items()}


def _usual_rows(x: Any) -> int:
    count = len(jax.tree.leaves(x)[0])
    has_places = any(np.ndim(leaf) > 2 for leaf in jax.tree.leaves(x))
    fewest = FEWEST_ROWS_OF_PLACES if has_places else FEWEST_ROWS
    return min(max(count // ROWS_PER_ROW, fewest), MOST_ROWS)


def _first(array: Any, rows: int) -> Any:
    values = np.asarray(array[:rows])
    return values.astype("float32") if values.dtype == np.float64 else values


def _program(
    model: keras.Model, taps: Sequence[Tap], statistics: Statistics
) -> Callable[..., dict[str, Any]]:
    """Return the function from a model's arrays to measurements by name, each (layer,)."""
    look = look_program(model, taps)

    def program(now: Any, others: Any, metrics: Any, batch: Any, before: Any) -> dict[str, Any]:
        non_trainable, optimizer = others
        sights = look(State(now, non_trainable, optimizer, metrics), *batch)
        seen = by_tap(model, taps, sights, now, before)
        return _measured(statistics, [tap.activation for tap in taps], seen)

    return program


def _measured(
    statistics: Statistics, activations: Sequence[str], seen: Sequence[Any]
) -> dict[str, Any]:
    """Return the statistics of all layers; those of layers of one shape are compiled once."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for place, (activation, arrays) in enumerate(zip(activations, seen, strict=True)):
        leaves, structure = jax.tree.flatten(arrays)
        groups[(activation, structure, *(leaf.shape for leaf in leaves))].append(place)
    found: dict[int, dict[str, Any]] = {}
    for (activation, *_), members in groups.items():
        stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *(seen[i] for i in members))
        reduce = jax.vmap(functools.partial(statistics, activation=activation))
        values = reduce(*stacked)
        for number, place in enumerate(members):
            found[place] = {name: value[number] for name, value in values.items()}
    ordered = [found[place] for place in range(len(seen))]
    return {name: jnp.stack([layer[name] for layer in ordered]) for name in ordered[0]}
