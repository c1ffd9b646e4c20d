"""The loss along one or two weights, and where optimizers go on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.errors import SpecError
from fathom.play.experiment import Experiment, changed
from fathom.play.keras_models import optimizer_of
from fathom.play.lane import Lane
from fathom.play.network import State
from fathom.play.programs import POINTS_AT_ONCE, loss_function
from fathom.play.rules import between, check

MOST_STEPS = 500
MOST_RACERS = 8
MOST_PATH = 600

Place = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class DescentWanted:
    """Which weights, how far, and who races.

    Args:
        parameters: One or two of (parameter, flat index), as in the layout.
        span: Distance from here to both ends.
        resolution: Values along each axis.
        race: Optimizers with settings, as in an experiment.
        steps: Steps of the race, each on all training points.
    """

    parameters: list[Place]
    span: float = 4
    resolution: int = 41
    race: list[dict[str, Any]] = field(default_factory=list)
    steps: int = 60


def descent(lane: Lane, wanted: DescentWanted) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return words and arrays of a descent view.

    Raises:
        SpecError: No such weights, or too much is asked for.
    """
    _check(lane, wanted)
    slice_ = _Slice(lane, wanted.parameters)
    here = slice_.here
    axes = [np.linspace(-wanted.span, wanted.span, wanted.resolution) + value for value in here]
    arrays = {f"axis{k}": axis.astype(np.float32) for k, axis in enumerate(axes)}
    surface = slice_.losses(_product(axes)).reshape([wanted.resolution] * len(axes))
    arrays["loss"] = surface.astype(np.float32)
    arrays["path"] = slice_.path().astype(np.float32)
    words: dict[str, Any] = {
        "parameters": [list(one) for one in wanted.parameters],
        "here": here.tolist(),
        "race": [],
    }
    if wanted.race:
        racers = [_racer(lane.setup.experiment, one) for one in wanted.race]
        words["race"] = [_title(one) for one in wanted.race]
        paths = [slice_.race(optimizer, wanted.steps) for optimizer in racers]
        arrays["race"] = np.stack(paths).astype(np.float32)
    return words, arrays


def _check(lane: Lane, wanted: DescentWanted) -> None:
    layout = lane.setup.machine.network.layout
    if len(wanted.parameters) not in (1, 2) or len(set(wanted.parameters)) < len(wanted.parameters):
        raise SpecError("A descent is along one or two different weights.")
    for parameter, index in wanted.parameters:
        known = 0 <= parameter < len(layout.parameters)
        if not known or not 0 <= index < layout.parameters[parameter].size:
            raise SpecError(f"There is no weight {index} of parameter {parameter}.")
        if layout.parameters[parameter].group != "trainable":
            raise SpecError("A descent is along weights that are trained, not along frozen ones.")
    between("span", wanted.span, 1e-3, 100)
    between("resolution", wanted.resolution, 5, 101)
    between("steps", wanted.steps, 1, MOST_STEPS)
    if len(wanted.race) > MOST_RACERS:
        raise SpecError(f"At most {MOST_RACERS} optimizers race. Received: {len(wanted.race)}.")


def _product(axes: list[np.ndarray]) -> np.ndarray:
    """Return all combinations (points, axes), the first axis slowest."""
    return np.stack([grid.ravel() for grid in np.meshgrid(*axes, indexing="ij")], axis=1)


def _racer(experiment: Experiment, settings: dict[str, Any]) -> keras.optimizers.Optimizer:
    racing = check(changed(experiment, mode="modern", optimizer=settings))
    return optimizer_of(racing)


def _title(settings: dict[str, Any]) -> str:
    extra = [
        f"{key} {value:g}" if not isinstance(value, bool) else key
        for key, value in settings.items()
        if key != "name" and value is not False
    ]
    return ", ".join([str(settings["name"]), *extra])


class _Slice:
    """The training loss as a function of a few weights, all others held.

    Args:
        lane: Whose weights and points.
        places: Which weights.
    """

    def __init__(self, lane: Lane, places: list[Place]) -> None:
        self._lane, self._places = lane, places
        self._network = lane.setup.machine.network
        self._state = lane.snapshot().state

    @property
    def here(self) -> np.ndarray:
        """The weights' values now."""
        return self._values(self._state)

    def _values(self, state: State) -> np.ndarray:
        layout = self._network.layout
        return np.array(
            [
                np.asarray(state.trainable[layout.parameters[one].index]).ravel()[index]
                for one, index in self._places
            ],
            np.float64,
        )

    def losses(self, points: np.ndarray) -> np.ndarray:
        """Return the losses at points (n, weights)."""
        kind = self._network.dtype
        rows = -(-len(points) // POINTS_AT_ONCE) * POINTS_AT_ONCE
        padded = np.pad(points, ((0, rows - len(points)), (0, 0)), mode="edge").astype(kind)
        with self._network.precision():
            loss = self._lane.setup.machine.loss_along(self._arrays)
            found = loss(padded, self._indices, self._state, *self._points)
        return np.asarray(found)[: len(points)]

    @property
    def _arrays(self) -> tuple[int, ...]:
        """Places of the trainable arrays that hold the weights."""
        layout = self._network.layout
        return tuple(layout.parameters[one].index for one, _ in self._places)

    @property
    def _indices(self) -> np.ndarray:
        return np.array([index for _, index in self._places], np.int32)

    @property
    def _points(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return all points, and how much each counts: nothing but training points."""
        setup = self._lane.setup
        share = np.zeros(len(setup.y), self._network.dtype)
        share[: setup.material.num_train] = 1 / setup.material.num_train
        return setup.x, setup.y, share

    def path(self) -> np.ndarray:
        """Return the values at the kept epochs, and the loss there on this slice."""
        snapshots = [one.state for one in self._lane.history.snapshots]
        snapshots = [one for one in snapshots if _alike(one, self._state)]
        step = -(-len(snapshots) // MOST_PATH) or 1
        values = np.array([self._values(state) for state in [*snapshots[::step], self._state]])
        return np.column_stack([values, self.losses(values)])

    def race(self, optimizer: keras.optimizers.Optimizer, steps: int) -> np.ndarray:
        """Return where an optimizer goes from here, (steps + 1, weights + 1)."""
        start = self.here.astype(np.float32)
        weights = keras.Variable(start, name="weights")
        optimizer.build([weights])
        slots = [np.asarray(one.value) for one in optimizer.variables]

        loss_at = loss_function(self._network, self._arrays)
        fixed = (self._indices, self._state, *self._points)

        def step(carry: Any, _: Any) -> Any:
            values, slots = carry
            kind = self._network.dtype
            loss, gradient = jax.value_and_grad(loss_at)(values.astype(kind), *fixed)
            (new,), slots = optimizer.stateless_apply(
                slots, [gradient.astype(jnp.float32)], [values]
            )
            return (new, list(slots)), (values, loss.astype(jnp.float32))

        with self._network.precision():
            run = jax.jit(lambda start, slots: jax.lax.scan(step, (start, slots), length=steps + 1))
            _, (values, losses) = run(start, slots)
        return np.column_stack([np.asarray(values), np.asarray(losses)])


def _alike(one: State, other: State) -> bool:
    return [np.shape(a) for a in one.trainable] == [np.shape(a) for a in other.trainable]
