"""Many members of one architecture, trained as one compiled program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from functools import cached_property, partial
from typing import Any

import jax
import numpy as np

from fathom.specs import CONSTANT
from fathom.train import (
    devices,
    hyperparameters,
    initial,
    keras_internals,
    memory,
    orders,
    pacing,
    program_cache,
    stopping,
)
from fathom.train.blueprint import Blueprint
from fathom.train.compiling import Programs, Source
from fathom.train.decay import Decay
from fathom.train.kept import Kept, moved
from fathom.train.measuring import measured
from fathom.train.outputs import Outputs, compile_outputs
from fathom.train.probe import probe_program
from fathom.train.programs import (
    Asked,
    State,
    Weights,
    Work,
    advance_program,
    weights_of,
)
from fathom.train.seats import Seats, blocks_for
from fathom.train.terms import Epoch, Member, Score, TrainingData, Watch
from fathom.train.together import NOT_COMPILED, Part, compile_parts

# Members of a device that train side by side, in networks whose blocks are at least so wide.
FEW_MEMBERS = 8
NARROWEST = 4
# The measure that needs the weights before the last step. Where a member stops unforeseen, because
# it diverges, they are not at hand.
STEP_MEASURE = "update_ratio"


class Cohort:
    """Members of one compiled program in training, on data and scores of a study.

    Members that have stopped, or were let go, leave as soon as that frees a block
    of members: from then on an epoch costs less, and nothing is compiled for it.

    Args:
        blueprint: The recorded model.
        members: Who trains.
        data: What they train on.
        score: From `(y_true, y_pred)` of one member to named scalars, one of
            them "loss".
        batch_size: Rows per step; at most the training rows.
        watch: How layers are watched; None for not at all.
        shrinks: Whether members will be let go one after the other: their blocks
            are then narrow, and there are always blocks.
        settings: Hyperparameters that members have for themselves beside the learning
            rate, by name, a value for each member; the model was built with others
            that are not zero. Where layers are watched, they are watched with those.

    Attributes:
        standing: Where each member stands.
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
        shrinks: bool = False,
        settings: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        self.blueprint = blueprint
        self.members = tuple(members)
        self.data = data
        self.batch_size = min(batch_size, data.rows)
        self.block = self._block_width(shrinks=shrinks)
        self.standing = stopping.at_start(self.num_members)
        everyone = np.arange(self.num_members)
        self._seats = Seats.of(everyone, width=self._width, block=self.block)
        self.taps = tuple(watch.taps(blueprint.model)) if watch else ()
        self._watch = watch
        self._score = score
        self._state = self._initial_state()
        self._kept = Kept(weights_of(self._state), self._seats)
        self._settings = {n: np.asarray(v, "float32") for n, v in (settings or {}).items()}
        self._seat_settings()
        self._before = self._state.trainable
        self._is_last_step_seen = True
        self._undisturbed_until = 0
        self._has_begun = False
        self._at_start: dict[str, np.ndarray] | None = None
        taps = [(tap.name, tap.output.name, tap.activation) for tap in self.taps]
        varied = {"varied": sorted(self._settings)} if self._settings else {}
        described = program_cache.describe(blueprint.model, taps=taps, block=self.block, **varied)
        self._programs = Programs(described)
        self._training = NOT_COMPILED
        self._outputs = Outputs(
            blueprint.model, rows=len(data.y_validation), width=self._width, block=self.block
        )
        self._pace = pacing.Pace()
        self._order_steps = pacing.most_steps(
            self.steps_per_epoch, members=self._width, batch_size=self.batch_size
        )

    # -- compilation -------------------------------------------------------

    def compile(self, executor: Executor) -> None:
        """Begin to compile this cohort's programs."""
        compile_together([self], executor)

    def wait(self) -> None:
        """Wait until the programs are compiled."""
        self._training.wait()
        self._outputs.wait()
        self._programs.wait()

    def _training_part(self) -> Part:
        """Return the program that trains."""
        model, block = self.blueprint.model, self.block
        apply = partial(hyperparameters.applied, hyperparameters.places_in(model))
        steps = (self._width, self._order_steps, self.batch_size)
        work = Work(
            blocks=devices.shape_of(self._seats.blocks, by_member=True),
            order=devices.by_member_shape(steps, "int32"),
            span=devices.shape_of(np.zeros(2, np.int32), by_member=False),
            settings=devices.shape_of(self._placed_settings, by_member=True),
        )
        return Part(
            partial(advance_program, model, block=block, apply=apply),
            state=devices.shape_of(self._state, by_member=True),
            work=work,
            name=self._programs.description,
        )

    def _predicting_part(self) -> Part:
        asked = Asked(self._seats.blocks, weights_of(self._state))
        return self._outputs.part(asked, name=self._programs.description)

    def _sources(self) -> dict[str, Source]:
        """Return the programs that are compiled for this cohort alone."""
        if self._watch is None:
            return {}
        data, is_small = self.data, self._operations_per_step < devices.LARGE_STEP
        x, y = devices.shape_of((data.x_probe, data.y_probe), by_member=False)
        return {
            "probe": Source(
                lambda: probe_program(self.blueprint.model, self.taps),
                (devices.shape_of(self._state, by_member=True), x, y),
                quickly=is_small,
                then=partial(self._look_at_start, self._watch) if is_small else None,
            )
        }

    def _look_at_start(self, watch: Watch, probe: Any) -> None:
        """Measure layers before training, in the thread that compiled the probe.

        The first run of a program takes as long as the next ten.
        """
        self._at_start = self._layers(watch, probe)

    @property
    def _rows(self) -> Any:
        return self.data.x, self.data.y, None

    def _block_width(self, *, shrinks: bool) -> int | None:
        """Return how many members train side by side; None for all of a device's.

        A loop over blocks takes a third longer to compile. A few members of a
        small network, which compile for longer than they train, do without it.
        """
        width = devices.block_width(self._operations_per_step)
        if shrinks:
            return max(width // 2, 1)
        each = devices.padded(self.num_members) // devices.num_devices()
        return None if width >= NARROWEST and each <= FEW_MEMBERS else width

    @property
    def _operations_per_step(self) -> float:
        return self.blueprint.operations_per_row * self.batch_size

    # -- shape of the work ---------------------------------------------------

    @property
    def num_members(self) -> int:
        """Members that were asked for."""
        return len(self.members)

    @property
    def _width(self) -> int:
        """Members in the arrays: filled up so that every device has as many whole blocks."""
        return devices.padded(self.num_members, self.block or 1)

    @property
    def steps_per_epoch(self) -> int:
        """Optimisation steps of one epoch."""
        return orders.steps_per_epoch(self.data.rows, self.batch_size)

    @property
    def num_bytes(self) -> int:
        """Bytes that training takes, predicted: states, kept weights, what a step works with."""
        held = sum(leaf.nbytes for leaf in jax.tree.leaves((self._state, self._kept.placed)))
        step = memory.step_bytes(self.blueprint.model, self.batch_size, self.data.x)
        together = (self.block or self._width) * devices.num_devices()
        side_by_side = min(together, self._width)
        return 2 * held + step * side_by_side

    # -- training -------------------------------------------------------------

    def train(
        self, *, epochs: int, patience: int | None = None, decay: str = CONSTANT
    ) -> Iterator[Epoch]:
        """Train, and tell after every epoch; first, what layers do at initialisation.

        Ends when all epochs are done or no member is active. The weights with
        each member's best validation loss are kept; zeros for a member that
        never had a finite one.

        Args:
            epochs: At most; `end_after` may change it on the way.
            patience: Epochs without a better validation loss before a member stops.
            decay: How members' learning rates fall until the last epoch: "none",
                "linear" or "cosine".
        """
        self._decay = None if decay == CONSTANT else Decay(decay)
        self.end_after(epochs)
        return self._trained(patience)

    def _trained(self, patience: int | None) -> Iterator[Epoch]:
        epoch, told = 0, self._told(0, None, {}, layers=self._layers_at_start())
        while True:
            runs_ahead = self._goes_on_after(epoch) and epoch < self._undisturbed_until
            begun = self._begin_epoch(epoch + 1, patience) if runs_ahead else None
            self._has_begun = runs_ahead
            yield told
            if not self._goes_on_after(epoch):
                return
            epoch += 1
            told = self._tell_epoch(epoch, begun or self._begin_epoch(epoch, patience), patience)

    def _goes_on_after(self, epoch: int) -> bool:
        return epoch < self._last and bool(self.standing.active.any())

    def end_after(self, epoch: int) -> None:
        """Let training end with another epoch than was planned."""
        self._last = epoch

    def undisturbed_until(self, epoch: int) -> None:
        """Promise that nobody lets members go, or changes the end, before an epoch is told.

        Until then training goes on while the caller is busy with what it was told: the
        next epoch's first steps are taken meanwhile, and `predict` knows the best weights only.
        """
        self._undisturbed_until = epoch

    def rehearse(self, steps: int) -> None:
        """Take some steps of an epoch on one block of each device, and forget them.

        Who times it learns what an epoch will cost.
        """
        order = np.zeros((self._width, self._order_steps, self.batch_size), np.int32)
        work = Work(
            blocks=self._one_block,
            order=devices.place_by_member(order),
            span=devices.placed_numbers(0, min(steps, self._order_steps)),
            settings=self._placed_settings,
        )
        jax.block_until_ready(self._training.run(devices.copied(self._state), self._rows, work))

    def rehearse_validation(self) -> None:
        """Predict the first of `num_row_blocks` on one block of each device, and forget it."""
        asked = Asked(self._one_block, weights_of(self._state))
        jax.block_until_ready(self._outputs.of_block(self.data.x_validation, asked))

    @property
    def num_row_blocks(self) -> int:
        """In how many parts the validation rows are predicted."""
        return -(-len(self.data.x_validation) // self._outputs.rows)

    @property
    def rows_rehearsed(self) -> int:
        """Rows that each device predicts in `rehearse_validation`, those of all members."""
        each = self.block or self._width // devices.num_devices()
        return each * self._outputs.rows

    @cached_property
    def _one_block(self) -> Any:
        return devices.place_by_member(np.ones_like(self._seats.blocks))

    def blocks_for(self, members: int) -> int:
        """Return how many blocks of members a device computes one after the other."""
        return blocks_for(members, self.block or self._width // devices.num_devices())

    def let_go(self, places: Sequence[int]) -> None:
        """Let members go after the epoch that was told last: they train no further."""
        self.standing = stopping.let_go(self.standing, places)

    def _begin_epoch(self, epoch: int, patience: int | None) -> Iterator[None]:
        """Begin with an epoch's steps, and return what takes the others."""
        self._move_up()
        self._is_last_step_seen = self._watch is not None and (
            epoch == self._last or self._is_watched(epoch) or self._may_stop(epoch, patience)
        )
        steps = self._steps(epoch)
        next(steps)
        return steps

    def _tell_epoch(self, epoch: int, steps: Iterator[None], patience: int | None) -> Epoch:
        before = self.standing
        for _ in steps:
            pass
        loss, validation = self._mean_loss(), self._validate()
        self.standing = stopping.judge(
            before, epoch=epoch, loss=loss, validation_loss=validation["loss"], patience=patience
        )
        self._keep(self.standing.improved)
        stopped = epoch == self._last or bool((before.active & ~self.standing.active).any())
        layers = self._measure_layers() if stopped or self._is_watched(epoch) else None
        return self._told(epoch, loss, validation, layers=layers)

    def _told(
        self,
        epoch: int,
        loss: np.ndarray | None,
        validation: dict[str, np.ndarray],
        *,
        layers: dict[str, np.ndarray] | None,
    ) -> Epoch:
        return Epoch(
            epoch=epoch, loss=loss, validation=validation, standing=self.standing, layers=layers
        )

    def _move_up(self) -> None:
        """Seat those who train on closer together, if that frees a block."""
        closer = self._seats.fewer(np.flatnonzero(self.standing.active))
        if closer is None:
            return
        self._kept.move_up(closer)
        self._state = moved(self._state, self._seats, closer)
        self._before = self._state.trainable
        self._seats = closer
        self._seat_settings()

    def _seat_settings(self) -> None:
        """Put each member's own hyperparameters in its seat."""
        seated = {name: values[self._seats.filled] for name, values in self._settings.items()}
        self._placed_settings = devices.place_by_member(seated)

    def _steps(self, epoch: int) -> Iterator[None]:
        """Train one epoch, call by call; each call is waited for when the next is asked for.

        Members that have stopped train on until their block is freed: nobody looks
        at them any more, and holding them still would cost more than the arithmetic.
        """
        seeds = [self.members[place].seed for place in self._seats.members]
        order = orders.population_order(
            seeds, epoch - 1, rows=self.data.rows, batch_size=self.batch_size
        )
        self._state = self._state._replace(metrics=self._no_metrics())
        self._set_rates(epochs_left=self._last - epoch + 1)
        taken = 0
        for placed, start, stop in pacing.walked(
            self._pace,
            order,
            seats=self._seats,
            length=self._order_steps,
            ends_alone=self._is_last_step_seen,
        ):
            if self._is_last_step_seen and taken == order.shape[1] - 1:
                self._before = devices.copied(self._state.trainable)
            self._advance(placed, start, stop)
            taken += stop - start
            yield
            jax.block_until_ready(self._state)

    def _set_rates(self, *, epochs_left: int) -> None:
        """Give members their learning rates of the next epoch, if rates fall."""
        if self._decay is None:
            return
        factor = self._decay.factor(epochs_left=epochs_left)
        self._decay = self._decay.after_epoch(epochs_left=epochs_left)
        rates = [factor * self.members[place].learning_rate for place in self._seats.filled]
        optimizer = list(self._state.optimizer)
        place: Any = keras_internals.learning_rate_place(self.blueprint.model.optimizer)
        optimizer[place] = devices.place_by_member(np.array(rates, "float32"))
        self._state = self._state._replace(optimizer=optimizer)

    def _advance(self, order: Any, start: int, stop: int) -> None:
        work = Work(
            blocks=self._seats.placed_blocks,
            order=order,
            span=devices.placed_numbers(start, stop),
            settings=self._placed_settings,
        )
        self._state = self._training.run(self._state, self._rows, work)

    def _keep(self, improved: np.ndarray) -> None:
        """Keep the present weights of the members that improved."""
        if improved.any():
            self._kept.keep(weights_of(self._state), improved)

    def _mean_loss(self) -> np.ndarray:
        total, count = self._state.metrics[:2]
        with np.errstate(invalid="ignore"):  # members that fill up the width have no batches
            return self._by_member(np.asarray(total) / np.asarray(count))

    # -- looking ----------------------------------------------------------------

    def predict(
        self, x: Any, *, kept: bool = True, members: Sequence[int] | None = None
    ) -> np.ndarray:
        """Return members' outputs, (member, rows, ...).

        Args:
            x: Inputs as in training, (rows, ...).
            kept: Whether with the best weights, else with the last ones.
            members: Places of the members, ascending; all of them if None, which with
                the last weights is only possible before any has left.

        Raises:
            RuntimeError: The last weights are those of an epoch that has begun.
        """
        if not kept and self._has_begun:
            raise RuntimeError("an epoch has begun: only the weights that were kept are whole")
        places = np.arange(self.num_members) if members is None else np.asarray(members)
        weights, seats = weights_of(self._state), self._seats
        if kept:
            seats = Seats.of(places, width=self._width, block=self.block)
            weights = devices.place_by_member(self._kept.weights(seats))
        asked = Asked(seats.placed_blocks, weights)
        return np.asarray(self._outputs.of_rows(x, asked))[seats.slots_of(places)]

    def _validate(self) -> dict[str, np.ndarray]:
        x, y = self.data.x_validation, self.data.y_validation
        asked = Asked(self._seats.placed_blocks, weights_of(self._state))
        outputs = self._outputs.of_rows(x, asked)
        scores = jax.device_get(_scored(self._score)(y, outputs))
        return {name: self._by_member(np.asarray(v, "float64")) for name, v in scores.items()}

    def _may_stop(self, epoch: int, patience: int | None) -> bool:
        """Return whether patience may end with this epoch for a member."""
        waited = epoch - self.standing.best_epoch[self.standing.active]
        return patience is not None and bool((waited >= patience).any())

    def _is_watched(self, epoch: int) -> bool:
        if self._watch is None:
            return False
        return self._watch.every_epoch or epoch & (epoch - 1) == 0

    def _measure_layers(self) -> dict[str, np.ndarray] | None:
        if self._watch is None:
            return None
        return self._layers(self._watch, self._programs.get("probe"))

    def _layers_at_start(self) -> dict[str, np.ndarray] | None:
        self._programs.wait()  # the probe has then looked, if it is to
        return self._at_start or self._measure_layers()

    def _layers(self, watch: Watch, probe: Any) -> dict[str, np.ndarray]:
        """Return what layers do now, by a compiled probe."""
        sights = probe(self._state, self.data.x_probe, self.data.y_probe)
        found = measured(
            self.blueprint.model,
            self.taps,
            watch.statistics,
            sights,
            now=self._state.trainable,
            before=self._before if self._is_last_step_seen else self._state.trainable,
        )
        if not self._is_last_step_seen and STEP_MEASURE in found:
            found[STEP_MEASURE] = np.full_like(found[STEP_MEASURE], np.nan)
        return {name: self._by_member(values) for name, values in found.items()}

    # -- members -------------------------------------------------------------------

    def kept_weights(self, member: int) -> list[np.ndarray]:
        """Return a member's best weights in the order of the model's variables."""
        seats = Seats.of(np.array([member]), width=self._width, block=self.block)
        return _of_member(self._kept.weights(seats), seats.slots[0])

    def initial_weights(self, member: int) -> list[np.ndarray]:
        """Return the weights that a member began with."""
        drawn = initial.initial_weights(self.blueprint, [self.members[member].seed])
        return _of_member(Weights(*drawn), 0)

    def _initial_state(self) -> State:
        members = [self.members[place] for place in self._seats.filled]
        drawn = initial.initial_weights(self.blueprint, [member.seed for member in members])
        rates = [member.learning_rate for member in members]
        optimizer = initial.initial_optimizer_state(self.blueprint, rates)
        state = State(*drawn, optimizer, self._no_metrics())
        return devices.place_by_member(state)

    def _no_metrics(self) -> list[Any]:
        """The training metrics as they are at an epoch's start."""
        return devices.place_by_member(initial.initial_metrics_state(self.blueprint, self._width))

    def _by_member(self, values: np.ndarray) -> np.ndarray:
        return self._seats.told(values, self.num_members)


def compile_together(cohorts: Sequence[Cohort], executor: Executor) -> None:
    """Begin to compile the programs of cohorts on the same data, those that they share as one."""
    data = cohorts[0].data
    training = compile_parts(
        "advance",
        [cohort._training_part() for cohort in cohorts],
        devices.shape_of(cohorts[0]._rows, by_member=False),
        donate=True,
        executor=executor,
    )
    parts = [cohort._predicting_part() for cohort in cohorts]
    compile_outputs([one._outputs for one in cohorts], parts, data.x_validation, executor)
    for cohort, program in zip(cohorts, training, strict=True):
        cohort._training = program
        cohort._programs.start(cohort._sources(), executor)


_SCORED: dict[Score, Any] = {}


def _scored(score: Score) -> Any:
    """Return `score` over all members, compiled once for a score whatever the architecture."""
    if score not in _SCORED:
        _SCORED[score] = jax.jit(jax.vmap(score, in_axes=(None, 0)))
    return _SCORED[score]


def _of_member(weights: Weights, member: int) -> list[np.ndarray]:
    return [np.asarray(values[member]) for values in (*weights.trainable, *weights.non_trainable)]
