"""Members of one architecture, each with its own hyperparameters, on the devices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import keras
import numpy as np

from fathom.train import devices, hyperparameters, initial, pacing, program_cache
from fathom.train.blueprint import Blueprint
from fathom.train.compiling import Programs, Source
from fathom.train.probe import measured, probe_program
from fathom.train.programs import (
    State,
    Weights,
    advance_program,
    evaluate_program,
    finish_program,
    metric_names,
    predict_program,
    results_program,
    weights_of,
)
from fathom.train.row_blocks import row_block, rows_at_once
from fathom.train.rows import Data, num_rows
from fathom.train.seats import Seats, blocks_for
from fathom.train.terms import Watch
from fathom.train.uninterrupted import Uninterrupted

EVALUATED_ROWS = 512
PROBE_ROWS = 128


@dataclass
class Parked:
    """Members at rest: arrays (member, ...) on the host, in the order of Keras's variables."""

    trainable: list[np.ndarray]
    non_trainable: list[np.ndarray]
    optimizer: list[np.ndarray]

    def take(self, places: Any) -> Parked:
        """Return some of the members."""
        return Parked(*([a[places] for a in part] for part in self.parts))

    def put(self, places: Any, others: Parked) -> None:
        """Replace some of the members."""
        for ours, theirs in zip(self.parts, others.parts, strict=True):
            for array, values in zip(ours, theirs, strict=True):
                array[places] = values

    @property
    def weights(self) -> Parked:
        """The same arrays without the optimizer's."""
        return Parked(self.trainable, self.non_trainable, [])

    @property
    def parts(self) -> tuple[list[np.ndarray], ...]:
        """The arrays, by kind."""
        return self.trainable, self.non_trainable, self.optimizer


class Crew:
    """A place on the devices for so many members, and the programs that train them.

    Members come and go (`board`, `leave`); only the blocks that are needed for
    those that are there are computed, so fewer members cost less without
    another program.

    Args:
        blueprint: The recorded model, compiled and built for training.
        capacity: Members that there are.
        affordable: Members that memory allows at once.
        batch_size: Rows per step.
        varied: Names of the hyperparameters that each member has for itself.
        watch: How layers are watched; None for not at all.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        *,
        capacity: int,
        affordable: int,
        batch_size: int,
        varied: Sequence[str] = (),
        watch: Watch | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.batch_size = batch_size
        self.varied = tuple(sorted(varied))
        self.block = devices.block_width(blueprint.operations_per_row * batch_size)
        self.width = self._width(capacity, affordable)
        self._watch = watch
        self._places = hyperparameters.places_in(blueprint.model)
        description = program_cache.describe(
            blueprint.model, block=self.block, varied=self.varied, batch_size=batch_size
        )
        self._programs = Programs(description)
        self._pace = pacing.Pace()  # of training
        self._evaluating = pacing.Pace()

    def _width(self, capacity: int, affordable: int) -> int:
        """Return the members in the arrays: whole blocks, as many on every device."""
        unit = devices.num_devices() * self.block
        most = max(unit, affordable // unit * unit)
        return min(devices.padded(capacity, self.block), most)

    # -- who is on board -----------------------------------------------------------

    def board(self, members: Parked, settings: Mapping[str, np.ndarray]) -> None:
        """Take members on board in place of those that are there.

        Args:
            members: Their variables.
            settings: Each member's values of the varied hyperparameters, (member,).
        """
        count = len(jax.tree.leaves(members.parts)[0])
        self._seats = Seats.of(np.arange(count), width=self.width, block=self.block)
        filled = self._seats.filled
        trainable, non_trainable, optimizer = (
            [array[filled] for array in part] for part in members.parts
        )
        state = State(trainable, non_trainable, optimizer, self._no_metrics())
        self._state = devices.place_by_member(state)
        self._before: Any = self._state.trainable if self._watch else None
        self._settings = devices.place_by_member(
            {name: np.asarray(settings[name], "float32")[filled] for name in self.varied}
        )

    def blocks_for(self, count: int) -> int:
        """Return how many blocks the fullest device computes for `count` members."""
        return blocks_for(count, self.block)

    def leave(self, places: Any = slice(None)) -> Parked:
        """Return members as they are now, counted in the order they came on board."""
        slots = self._seats.slots[places]
        parts = self._state.trainable, self._state.non_trainable, self._state.optimizer
        return Parked(*([np.asarray(leaf)[slots] for leaf in part] for part in parts))

    def finish(self) -> None:
        """Let the optimizers touch the weights a last time, where they do."""
        if getattr(self.blueprint.model.optimizer, "use_ema", False):
            program = self._get("finish", lambda: finish_program(self._model), self._state)
            self._state = program(self._state)

    # -- training ------------------------------------------------------------------

    def train(self, data: Data, order: np.ndarray) -> dict[str, np.ndarray]:
        """Train over rows in order, in batches of which the last may be smaller.

        Args:
            data: All rows, placed.
            order: int (member, rows): what each member sees, one after the other.

        Returns:
            Metrics over the batches by name, float32 (member,).
        """
        self._state = self._state._replace(metrics=self._placed_metrics())
        steps, rest = divmod(order.shape[1], self.batch_size)
        whole = order[:, : steps * self.batch_size].reshape(len(order), steps, self.batch_size)
        length = pacing.most_steps(steps, members=self.width, batch_size=self.batch_size)
        self._walk(data, whole, length=length, ends=not rest)
        if rest:
            self._walk(data, order[:, None, -rest:], length=1, ends=True)
        return self._results(self._state.metrics)

    def _walk(self, data: Data, order: np.ndarray, *, length: int, ends: bool) -> None:
        """Take the steps of an order, in calls short enough for Ctrl-C."""
        is_watched = self._watch is not None
        for placed_order, start, stop in pacing.walked(
            self._pace,
            order.astype(np.int32, copy=False),
            seats=self._seats,
            length=length,
            ends_alone=is_watched and ends,
        ):
            if is_watched:
                self._before = self._state.trainable
            self._advance(data, placed_order, start, stop)

    def _advance(self, data: Data, order: Any, start: int, stop: int) -> None:
        span = devices.placed_numbers(start, stop)
        arguments = (self._seats.placed_blocks, self._state, data, order, span, self._settings)
        make = partial(advance_program, self._model, block=self.block, apply=self._apply)
        donate = () if self._watch else (1,)  # who watches looks at the weights before
        program = self._get(
            "advance", make, *arguments, by_member=(1, 1, 0, 1, 0, 1), donate=donate
        )

        def call() -> None:
            self._state = jax.block_until_ready(program(*arguments))

        self._uninterrupted(call) if donate else call()

    # -- measuring -----------------------------------------------------------------

    def evaluate(self, data: Data, *, batch_size: int | None = None) -> dict[str, np.ndarray]:
        """Return the metrics over all rows by name, float32 (member,).

        Args:
            data: All rows, placed.
            batch_size: Rows per batch.
        """
        rows = num_rows(data)
        size = min(rows, batch_size or max(EVALUATED_ROWS, self.batch_size))
        steps, rest = divmod(rows, size)
        metrics = self._placed_metrics()
        for start, stop in self._evaluating.calls(steps):
            metrics = self._evaluate(metrics, data, start * size, stop - start, size)
            metrics = jax.block_until_ready(metrics)
        if rest:
            metrics = self._evaluate(metrics, data, rows - rest, 1, rest)
        return self._results(metrics)

    def _evaluate(self, metrics: Any, data: Data, start: int, steps: int, size: int) -> Any:
        arguments = (
            self._seats.placed_blocks,
            metrics,
            weights_of(self._state),
            data,
            _number(start),
            _number(steps),
            self._settings,
        )
        make = partial(
            evaluate_program, self._model, batch_size=size, block=self.block, apply=self._apply
        )
        by_member = (1, 1, 1, 0, 0, 0, 1)
        return self._run(f"evaluate {size}", make, arguments, by_member=by_member)

    def predict(self, x: Any) -> Any:
        """Return every member's outputs, (member, rows, ...), or a structure of such arrays."""
        rows = len(jax.tree.leaves(x)[0])
        size = rows_at_once(self._model, rows, members=self.width)
        blocks = [self._predict(row_block(x, start, size)) for start in range(0, rows, size)]
        return jax.tree.map(lambda *parts: np.concatenate(parts, axis=1)[:, :rows], *blocks)

    def _predict(self, x: Any) -> Any:
        arguments = (weights_of(self._state), devices.place_everywhere(x))
        make = partial(predict_program, self._model, block=self.block)
        outputs = self._run("predict", make, arguments, by_member=(1, 0))
        return jax.tree.map(lambda a: np.asarray(a)[self._seats.slots], outputs)

    def measure_layers(self, data: Data) -> dict[str, np.ndarray] | None:
        """Return what the watched layers do on the first rows, each (member, layer)."""
        if self._watch is None:
            return None
        x, y, _ = jax.tree.map(lambda a: a[:PROBE_ROWS], data)
        make = partial(probe_program, self._model, self.taps)
        sights = self._run("probe", make, (self._state, x, y), by_member=(1, 0, 0))
        found = measured(
            self._model,
            self.taps,
            self._watch.statistics,
            sights,
            now=self._state.trainable,
            before=self._before,
        )
        return {name: values[self._seats.slots] for name, values in found.items()}

    @cached_property
    def taps(self) -> tuple[Any, ...]:
        """The watched layers, from input to output."""
        return tuple(self._watch.taps(self._model)) if self._watch else ()

    # -- programs ------------------------------------------------------------------

    @cached_property
    def _uninterrupted(self) -> Uninterrupted:
        return Uninterrupted()

    @property
    def _model(self) -> keras.Model:
        return self.blueprint.model

    def _apply(self, values: Mapping[str, Any]) -> Any:
        return hyperparameters.applied(self._places, values)

    def _results(self, metrics: Any) -> dict[str, np.ndarray]:
        make = partial(results_program, self._model)
        values = self._run("results", make, (metrics,), by_member=(1,))
        return {
            name: np.asarray(value)[self._seats.slots]
            for name, value in zip(self.metric_names, values, strict=True)
        }

    @cached_property
    def metric_names(self) -> tuple[str, ...]:
        """Names of what the model is compiled to measure; "loss" is the first."""
        return metric_names(self._model)

    def _no_metrics(self) -> list[np.ndarray]:
        return initial.initial_metrics_state(self.blueprint, self.width)

    def _placed_metrics(self) -> Any:
        return devices.place_by_member(self._no_metrics())

    def _run(self, name: str, make: Any, arguments: Any, *, by_member: Sequence[int]) -> Any:
        return self._get(name, make, *arguments, by_member=by_member)(*arguments)

    def _get(
        self,
        name: str,
        make: Any,
        *arguments: Any,
        by_member: Sequence[int] = (1,),
        donate: tuple[int, ...] = (),
    ) -> Any:
        shapes = tuple(
            devices.shape_of(argument, by_member=bool(by))
            for argument, by in zip(arguments, by_member, strict=True)
        )
        leaves, structure = jax.tree.flatten(shapes)
        key = f"{name} {structure} {[(leaf.shape, str(leaf.dtype)) for leaf in leaves]}"
        return self._programs.get(key, lambda: Source(make, shapes, donate))


def _number(value: int) -> Any:
    return devices.place_everywhere(np.int32(value))


def placed(data: Data) -> Data:
    """Put rows on every device."""
    return devices.place_everywhere(data)


def beginning(
    blueprint: Blueprint, weights: Weights, learning_rates: Sequence[float | None]
) -> Parked:
    """Return members that begin: their weights, and the optimizer's state at its start."""
    optimizer = initial.initial_optimizer_state(blueprint, learning_rates)
    parts = (weights.trainable, weights.non_trainable, optimizer)
    return Parked(*([np.array(values) for values in part] for part in parts))
