"""Many members of one architecture, trained as one compiled program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from functools import cached_property
from typing import Any

import jax
import numpy as np

from fathom.train import devices, initial, orders, program_cache, stopping
from fathom.train.blueprint import Blueprint
from fathom.train.compiling import Programs, Source
from fathom.train.probe import measured, probe_program
from fathom.train.programs import (
    State,
    Weights,
    advance_program,
    keep_program,
    packed_shapes,
    predict_program,
    unpacked,
    weights_of,
)
from fathom.train.terms import Epoch, Member, Score, TrainingData, Watch

# A call into compiled code cannot be interrupted: aim at calls of well under a second
# on a core that does some 2e10 floating-point operations in that time.
OPERATIONS_PER_CALL = 8e9
PREDICT_BYTES = 64 * 2**20
# Members of a device that train side by side, in networks whose blocks are at least so wide.
FEW_MEMBERS = 8
NARROWEST = 4


class Cohort:
    """Members of one compiled program in training, on data and scores of a study.

    Args:
        blueprint: The recorded model.
        members: Who trains.
        data: What they train on.
        score: From `(y_true, y_pred)` of one member to named scalars, one of
            them "loss".
        batch_size: Rows per step; at most the training rows.
        watch: How layers are watched; None for not at all.
    """

    def __init__(
        self,
        blueprint: Blueprint,
        members: Sequence[Member],
        data: TrainingData,
        *,
        score: Score,
        batch_size: int,
        watch: Watch | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.members = tuple(members)
        self.data = data
        self.batch_size = min(batch_size, data.rows)
        self.block = self._block_width()
        self.taps = tuple(watch.taps(blueprint.model)) if watch else ()
        self._watch = watch
        self._score = score
        self._state = self._initial_state()
        self._kept = {
            dtype: devices.place_by_member(np.zeros(shape, dtype))
            for dtype, shape in packed_shapes(weights_of(self._state)).items()
        }
        self._before = self._state.trainable
        taps = [(tap.name, tap.output.name, tap.activation) for tap in self.taps]
        described = program_cache.describe(blueprint.model, taps=taps, block=self.block)
        self._programs = Programs(described)
        self._steps_per_call = self._affordable_steps()

    # -- compilation -------------------------------------------------------

    def compile(self, executor: Executor) -> None:
        """Begin to compile this cohort's programs."""
        self._programs.start(self._sources(), executor)

    def wait(self) -> None:
        """Wait until the programs are compiled."""
        self._programs.wait()

    def _sources(self) -> dict[str, Source]:
        model, data, block = self.blueprint.model, self.data, self.block
        state = devices.shape_of(self._state, by_member=True)
        order = self._by_member_shape((self._steps_per_call, self.batch_size), "int32")
        rows, x_block, x_probe, y_probe = devices.shape_of(
            ((data.x, data.y, None), self._block(data.x_validation, 0), data.x_probe, data.y_probe),
            by_member=False,
        )
        number = devices.shape_of(np.int32(0), by_member=False)
        blocks = devices.shape_of(self._blocks, by_member=True)
        weights, kept = weights_of(state), devices.shape_of(self._kept, by_member=True)
        chosen = self._by_member_shape((), "bool")
        sources = {
            "advance": Source(
                lambda: advance_program(model, block=block),
                (blocks, state, rows, order, number, {}),
            ),
            "predict": Source(lambda: predict_program(model, block=block), (weights, x_block)),
            "keep": Source(keep_program, (weights, kept, chosen)),
        }
        if self._watch:
            sources["probe"] = Source(
                lambda: probe_program(model, self.taps), (state, x_probe, y_probe)
            )
        return sources

    def _block_width(self) -> int | None:
        """Return how many members train side by side; None for all of a device's.

        A loop over blocks takes a third longer to compile. A few members of a
        small network, which compile for longer than they train, do without it.
        """
        width = devices.block_width(self.blueprint.operations_per_row * self.batch_size)
        each = devices.padded(self.num_members) // devices.num_devices()
        return None if width >= NARROWEST and each <= FEW_MEMBERS else width

    def _affordable_steps(self) -> int:
        """Return how many steps one call into compiled code may take."""
        per_step = 6 * self._width * self.batch_size * max(self.blueprint.operations_per_row, 2000)
        return max(1, min(self.steps_per_epoch, int(OPERATIONS_PER_CALL / per_step)))

    def _by_member_shape(self, shape: tuple[int, ...], dtype: str) -> Any:
        empty = np.broadcast_to(np.zeros((), dtype), (self._width, *shape))
        return devices.shape_of(empty, by_member=True)

    def _run(self, name: str, *arguments: Any) -> Any:
        return self._programs.get(name)(*arguments)

    # -- shape of the work ---------------------------------------------------

    @property
    def num_members(self) -> int:
        """Members that were asked for."""
        return len(self.members)

    @property
    def _width(self) -> int:
        """Members in the arrays: filled up so that every device has as many whole blocks."""
        return devices.padded(self.num_members, self.block or 1)

    @cached_property
    def _blocks(self) -> Any:
        """How many blocks each device computes, placed."""
        slots = np.arange(self.num_members)
        blocks = devices.blocks_of(slots, width=self._width, block=self.block or 1)
        return devices.place_by_member(blocks)

    @property
    def steps_per_epoch(self) -> int:
        """Optimisation steps of one epoch."""
        return orders.steps_per_epoch(self.data.rows, self.batch_size)

    @property
    def num_bytes(self) -> int:
        """Bytes that training takes: states, kept weights, and the compiled program's own."""
        held = sum(leaf.nbytes for leaf in jax.tree.leaves((self._state, self._kept)))
        analysis = self._programs.get("advance").memory_analysis()
        working = 0 if analysis is None else analysis.temp_size_in_bytes
        return 2 * held + working * devices.num_devices()

    # -- training -------------------------------------------------------------

    def train(self, *, epochs: int, patience: int | None = None) -> Iterator[Epoch]:
        """Train, and tell after every epoch; first, what layers do at initialisation.

        Ends when all epochs are done or no member is active. The weights with
        each member's best validation loss are kept; zeros for a member that
        never had a finite one.
        """
        standing = stopping.at_start(self.num_members)
        yield Epoch(
            epoch=0, loss=None, validation={}, standing=standing, layers=self._measure_layers()
        )
        for epoch in range(1, epochs + 1):
            loss = self._train_epoch(epoch)
            validation = self._validate()
            before, standing = (
                standing,
                stopping.judge(
                    standing,
                    epoch=epoch,
                    loss=loss,
                    validation_loss=validation["loss"],
                    patience=patience,
                ),
            )
            self._keep(standing.improved)
            stopped = epoch == epochs or bool((before.active & ~standing.active).any())
            yield Epoch(
                epoch=epoch,
                loss=loss,
                validation=validation,
                standing=standing,
                layers=self._measure_layers() if stopped or self._is_watched(epoch) else None,
            )
            if not standing.active.any():
                break

    def _train_epoch(self, epoch: int) -> np.ndarray:
        """Train one epoch and return each member's mean loss.

        Members that have stopped train on: nobody looks at them any more, and
        holding them still would cost more than the arithmetic.
        """
        seeds = [member.seed for member in self._filled()]
        order = orders.population_order(
            seeds, epoch - 1, rows=self.data.rows, batch_size=self.batch_size
        )
        self._state = self._state._replace(metrics=self._no_metrics)
        for start, stop in self._calls():
            self._before = self._state.trainable
            self._advance(order[:, start:stop])
        return self._mean_loss()

    def _calls(self) -> Iterator[tuple[int, int]]:
        """Yield the steps of each call; the last step is a call of its own if layers are watched.

        So the weights before the last step are at hand, and its change of them
        can be measured.
        """
        last = self.steps_per_epoch - 1 if self._watch else self.steps_per_epoch
        for start in range(0, last, self._steps_per_call):
            yield start, min(start + self._steps_per_call, last)
        if self._watch:
            yield last, last + 1

    def _advance(self, order: np.ndarray) -> None:
        steps = order.shape[1]
        padding = ((0, 0), (0, self._steps_per_call - steps), (0, 0))
        self._state = self._run(
            "advance",
            self._blocks,
            self._state,
            (self.data.x, self.data.y, None),
            devices.place_by_member(np.pad(order, padding)),
            devices.place_everywhere(np.int32(steps)),
            {},
        )

    def _keep(self, improved: np.ndarray) -> None:
        """Keep the present weights of the members that improved."""
        if improved.any():
            chosen = self._flags(improved)
            self._kept = self._run("keep", weights_of(self._state), self._kept, chosen)

    def _mean_loss(self) -> np.ndarray:
        total, count = self._state.metrics[:2]
        with np.errstate(invalid="ignore"):  # members that fill up the width have no batches
            return self._real(np.asarray(total) / np.asarray(count))

    # -- looking ----------------------------------------------------------------

    def predict(self, x: Any, *, kept: bool = True) -> np.ndarray:
        """Return every member's outputs, (member, rows, ...).

        Args:
            x: Inputs as in training, (rows, ...).
            kept: Whether with the best weights, else with the last ones.
        """
        weights = weights_of(self._state)
        if kept:
            weights = devices.place_by_member(unpacked(self._kept, weights))
        rows = len(x)
        blocks = [
            np.asarray(self._run("predict", weights, self._block(x, start)))
            for start in range(0, rows, self._block_rows)
        ]
        return self._real(np.concatenate(blocks, axis=1)[:, :rows])

    @property
    def _block_rows(self) -> int:
        widest = max(
            (int(np.prod(v.shape[1:])) for v in self.blueprint.model.trainable_variables),
            default=1,
        )
        limit = PREDICT_BYTES // (4 * self._width * max(widest, 1))
        return int(min(len(self.data.y_validation), max(limit, 256)))

    def _block(self, x: Any, start: int) -> Any:
        """Return the rows from `start` as a full block, filled up by repeating the last row."""
        block = x[start : start + self._block_rows]
        missing = self._block_rows - len(block)
        if missing:
            block = np.concatenate([block, np.repeat(np.asarray(block[-1:]), missing, axis=0)])
        return devices.place_everywhere(block)

    def _validate(self) -> dict[str, np.ndarray]:
        outputs = self.predict(self.data.x_validation, kept=False)
        scores = _scored(self._score)(self.data.y_validation, outputs)
        return {name: np.asarray(values, "float64") for name, values in scores.items()}

    def _is_watched(self, epoch: int) -> bool:
        if self._watch is None:
            return False
        return self._watch.every_epoch or epoch & (epoch - 1) == 0

    def _measure_layers(self) -> dict[str, np.ndarray] | None:
        if not self._watch:
            return None
        sights = self._run("probe", self._state, self.data.x_probe, self.data.y_probe)
        found = measured(
            self.blueprint.model,
            self.taps,
            self._watch.statistics,
            sights,
            now=self._state.trainable,
            before=self._before,
        )
        return {name: self._real(values) for name, values in found.items()}

    # -- members -------------------------------------------------------------------

    def kept_weights(self, member: int) -> list[np.ndarray]:
        """Return a member's best weights in the order of the model's variables."""
        return _of_member(unpacked(self._kept, weights_of(self._state)), member)

    def initial_weights(self, member: int) -> list[np.ndarray]:
        """Return the weights that a member began with."""
        drawn = initial.initial_weights(self.blueprint, [self.members[member].seed])
        return _of_member(Weights(*drawn), 0)

    def _initial_state(self) -> State:
        members = self._filled()
        drawn = initial.initial_weights(self.blueprint, [member.seed for member in members])
        rates = [member.learning_rate for member in members]
        optimizer = initial.initial_optimizer_state(self.blueprint, rates)
        state = State(*drawn, optimizer, self._no_metrics)
        return devices.place_by_member(state)

    @cached_property
    def _no_metrics(self) -> list[Any]:
        """The training metrics as they are at an epoch's start."""
        return devices.place_by_member(initial.initial_metrics_state(self.blueprint, self._width))

    def _filled(self) -> list[Member]:
        missing = self._width - self.num_members
        return [*self.members, *[self.members[0]] * missing]

    def _flags(self, flags: np.ndarray) -> Any:
        missing = self._width - len(flags)
        return devices.place_by_member(np.concatenate([flags, np.zeros(missing, bool)]))

    def _real(self, values: np.ndarray) -> np.ndarray:
        return values[: self.num_members]


_SCORED: dict[Score, Any] = {}


def _scored(score: Score) -> Any:
    """Return `score` over all members, compiled once for a score whatever the architecture."""
    if score not in _SCORED:
        _SCORED[score] = jax.jit(jax.vmap(score, in_axes=(None, 0)))
    return _SCORED[score]


def _of_member(weights: Weights, member: int) -> list[np.ndarray]:
    return [np.asarray(values[member]) for values in (*weights.trainable, *weights.non_trainable)]
