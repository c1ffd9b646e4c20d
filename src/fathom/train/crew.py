"""Members of one architecture, each with its own hyperparameters, on the devices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import jax
import keras
import numpy as np

from fathom.train import devices, initial, pacing, program_cache
from fathom.train.blueprint import Blueprint
from fathom.train.compiling import Programs, Source
from fathom.train.measuring import measured
from fathom.train.passes import ADVANCE, EVALUATE, Pass, Passes
from fathom.train.probe import probe_program
from fathom.train.programs import (
    Judging,
    State,
    Weights,
    Work,
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
RESULTS = "results"


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

    Attributes:
        passes: The programs that train and evaluate.
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
        description = program_cache.describe(
            blueprint.model, block=self.block, varied=self.varied, batch_size=batch_size
        )
        self._programs = Programs(description)
        self.passes = Passes(
            blueprint.model,
            width=self.width,
            block=self.block,
            varied=self.varied,
            donate=watch is None,  # who watches looks at the weights before
            name=description,
        )
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
        state = self._state
        return self._left(places, state.trainable, state.non_trainable, state.optimizer)

    def weights(self, places: Any) -> Parked:
        """Return members' weights as they are now, without what the optimizer keeps."""
        return self._left(places, self._state.trainable, self._state.non_trainable, [])

    def _left(self, places: Any, *parts: list[Any]) -> Parked:
        slots = self._seats.slots[places]
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
        self._state = self._state._replace(metrics=devices.copied_there(self._fresh_metrics))
        steps, rest = divmod(order.shape[1], self.batch_size)
        whole = order[:, : steps * self.batch_size].reshape(len(order), steps, self.batch_size)
        self._walk(data, whole, length=self._most_steps(steps), ends=not rest)
        if rest:
            self._walk(data, order[:, None, -rest:], length=1, ends=True)
        return self._results(self._state.metrics)

    def _most_steps(self, steps: int) -> int:
        return pacing.most_steps(steps, members=self.width, batch_size=self.batch_size)

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
        _, steps, batch_size = order.shape
        span = devices.placed_numbers(start, stop)
        work = Work(self._seats.placed_blocks, order, span, self._settings)
        program = self.passes.program(Pass(ADVANCE, batch_size, steps), data, self._state)

        def call() -> None:
            self._state = jax.block_until_ready(program.run(self._state, data, work))

        self._uninterrupted(call) if self.passes.donate else call()

    # -- measuring -----------------------------------------------------------------

    def evaluate(self, data: Data, *, batch_size: int | None = None) -> dict[str, np.ndarray]:
        """Return the metrics over all rows by name, float32 (member,).

        Args:
            data: All rows, placed.
            batch_size: Rows per batch.
        """
        rows = num_rows(data)
        size = self._rows_evaluated(rows, batch_size)
        steps, rest = divmod(rows, size)
        metrics = self._fresh_metrics
        for start, stop in self._evaluating.calls(steps):
            metrics = self._evaluate(metrics, data, start * size, stop - start, size)
            metrics = jax.block_until_ready(metrics)
        if rest:
            metrics = self._evaluate(metrics, data, rows - rest, 1, rest)
        return self._results(metrics)

    def _rows_evaluated(self, rows: int, batch_size: int | None = None) -> int:
        """Return how many rows are evaluated at once."""
        return min(rows, batch_size or max(EVALUATED_ROWS, self.batch_size))

    def _evaluate(self, metrics: Any, data: Data, start: int, steps: int, size: int) -> Any:
        judging = Judging(
            self._seats.placed_blocks,
            weights_of(self._state),
            devices.placed_numbers(start, steps),
            self._settings,
        )
        program = self.passes.program(Pass(EVALUATE, size), data, self._state)
        return program.run(metrics, data, judging)

    def predict(self, x: Any) -> Any:
        """Return every member's outputs, (member, rows, ...), or a structure of such arrays."""
        rows, size = len(jax.tree.leaves(x)[0]), self._rows_predicted(x)
        blocks = [self._predict(row_block(x, start, size)) for start in range(0, rows, size)]
        return jax.tree.map(lambda *parts: np.concatenate(parts, axis=1)[:, :rows], *blocks)

    def _rows_predicted(self, x: Any) -> int:
        """Return for how many rows members predict at once."""
        return rows_at_once(self._model, len(jax.tree.leaves(x)[0]), members=self.width)

    def _predict(self, x: Any) -> Any:
        arguments = (weights_of(self._state), devices.place_everywhere(x))
        outputs = self._run("predict", self._predicting, arguments, by_member=(1, 0))
        return jax.tree.map(lambda a: np.asarray(a)[self._seats.slots], outputs)

    def _predicting(self) -> Any:
        return predict_program(self._model, block=self.block)

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

    def ways(self, rows: int, validation_rows: int | None) -> Iterator[Pass]:
        """Yield how an epoch goes through rows.

        Args:
            rows: That members train on.
            validation_rows: That they are evaluated on, if any.
        """
        steps, rest = divmod(rows, self.batch_size)
        yield Pass(ADVANCE, self.batch_size, self._most_steps(steps))
        if rest:
            yield Pass(ADVANCE, rest, steps=1)
        if validation_rows is not None:
            size = self._rows_evaluated(validation_rows)
            yield Pass(EVALUATE, size)
            if validation_rows % size:
                yield Pass(EVALUATE, validation_rows % size)

    def state_shapes(self, members: Parked) -> State:
        """Return the shapes of the state of members on board."""
        by_member = self.passes.by_member
        trainable, non_trainable, optimizer = (
            [by_member(a.shape[1:], a.dtype) for a in part] for part in members.parts
        )
        metrics = devices.shape_of(self._no_metrics(), by_member=True)
        return State(trainable, non_trainable, optimizer, metrics)

    def compile_results(self, executor: Executor) -> None:
        """Begin to compile what makes numbers of the metrics."""
        self._programs.start({RESULTS: self._results_source()}, executor)

    def compile_prediction(self, members: Parked, x: Any, executor: Executor) -> None:
        """Begin to compile what predicts for inputs like these.

        Args:
            members: Those who will be on board.
            x: The inputs, or their shapes.
            executor: Where it is compiled.
        """
        block = row_block(x, 0, self._rows_predicted(x))
        asked = weights_of(self.state_shapes(members)), devices.shape_of(block, by_member=False)
        source = Source(self._predicting, asked)
        self._programs.start({_keyed("predict", asked): source}, executor)

    def wait(self) -> None:
        """Wait until what trains and evaluates is compiled, as far as that was begun."""
        self.passes.wait()

    @cached_property
    def _uninterrupted(self) -> Uninterrupted:
        return Uninterrupted()

    @property
    def _model(self) -> keras.Model:
        return self.blueprint.model

    def _results(self, metrics: Any) -> dict[str, np.ndarray]:
        values = self._programs.get(RESULTS, self._results_source)(metrics)
        return {
            name: np.asarray(value)[self._seats.slots]
            for name, value in zip(self.metric_names, values, strict=True)
        }

    def _results_source(self) -> Source:
        shapes = devices.shape_of(self._no_metrics(), by_member=True)
        return Source(partial(results_program, self._model), (shapes,))

    @cached_property
    def metric_names(self) -> tuple[str, ...]:
        """Names of what the model is compiled to measure; "loss" is the first."""
        return metric_names(self._model)

    def _no_metrics(self) -> list[np.ndarray]:
        return initial.initial_metrics_state(self.blueprint, self.width)

    @cached_property
    def _fresh_metrics(self) -> Any:
        """The metrics as they begin, on the devices; no program takes these over."""
        return devices.place_by_member(self._no_metrics())

    def _run(self, name: str, make: Any, arguments: Any, *, by_member: Sequence[int]) -> Any:
        return self._get(name, make, *arguments, by_member=by_member)(*arguments)

    def _get(
        self,
        name: str,
        make: Any,
        *arguments: Any,
        by_member: Sequence[int] = (1,),
    ) -> Any:
        shapes = tuple(
            devices.shape_of(argument, by_member=bool(by))
            for argument, by in zip(arguments, by_member, strict=True)
        )
        return self._programs.get(_keyed(name, shapes), lambda: Source(make, shapes))


def _keyed(name: str, shapes: tuple[Any, ...]) -> str:
    """Return the name of a program for arguments of such shapes."""
    leaves, structure = jax.tree.flatten(shapes)
    return f"{name} {structure} {[(leaf.shape, str(leaf.dtype)) for leaf in leaves]}"


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
