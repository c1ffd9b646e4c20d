"""A loss that is no number any more: which step did it, in which layer, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fathom.play.experiment import Experiment, changed, experiment_data
from fathom.play.history import Snapshot
from fathom.play.lane import Lane
from fathom.play.network import State, parameter_arrays
from fathom.play.orders import Position, calls

LOWER = 10.0


@dataclass(frozen=True)
class Trouble:
    """Where training broke.

    Args:
        position: Before the step that did it.
        layer: The first layer that holds something that is no number, or whose outputs do; None
            if only the loss does.
        words: What happened.
        mends: Each with a label, an experiment and whether to reset.
    """

    position: Position
    layer: int | None
    words: str
    mends: tuple[dict[str, Any], ...]

    def data(self) -> dict[str, Any]:
        """Return it as JSON data."""
        return {
            "kind": "not-finite",
            "epoch": self.position.epoch,
            "step": self.position.step,
            "layer": self.layer,
            "words": self.words,
            "mends": list(self.mends),
        }


def find_trouble(lane: Lane, before: Snapshot | None) -> Trouble:
    """Return the first step after `before` that left something that is no number."""
    position, state = _first_bad(lane, before)
    layer = _first_layer(lane, state)
    where = "" if layer is None else f", first in layer {layer}"
    words = (
        f"The loss is no longer a number: step {position.step + 1} of epoch {position.epoch} made "
        f"weights too large to compute with{where}. {_why(lane)}"
    )
    return Trouble(position, layer, words, tuple(_mends(lane.setup.experiment)))


def _first_bad(lane: Lane, before: Snapshot | None) -> tuple[Position, State]:
    """Take the steps since `before` again, halving, until the first bad one is known."""
    total = lane.position.steps_done - (before.position.steps_done if before else 0)
    if before is None or total < 1:
        return lane.position, lane.state
    good, bad = 0, total
    while bad - good > 1:
        middle = (good + bad) // 2
        if _is_finite(lane, _after(lane, before, middle)[1]):
            good = middle
        else:
            bad = middle
    return _after(lane, before, good)[0], _after(lane, before, bad)[1]


def _after(lane: Lane, before: Snapshot, steps: int) -> tuple[Position, State]:
    position, state = before.position, before.state
    with lane.setup.machine.network.precision():
        for call in calls(lane.setup.rule, position, steps):
            state = lane.called(state, call, position)
            position = call.end
    return position, state


def _is_finite(lane: Lane, state: State) -> bool:
    with lane.setup.machine.network.precision():
        return bool(lane.setup.machine.is_finite(state))


def _first_layer(lane: Lane, state: State) -> int | None:
    layout = lane.setup.machine.network.layout
    arrays = zip(layout.parameters, parameter_arrays(layout, state))
    bad = [one.layer for one, array in arrays if not np.isfinite(array).all()]
    return min(bad) if bad else None


def _why(lane: Lane) -> str:
    rate = lane.learning_rate
    hidden = lane.setup.experiment.network.layers
    if any(layer.activation in ("relu", "linear", "exponential") for layer in hidden):
        return (
            f"With a learning rate of {rate:g} each step overshot further than the last, and "
            "nothing in the layers bounds what they pass on."
        )
    return f"With a learning rate of {rate:g} each step overshot further than the last."


def _mends(experiment: Experiment) -> list[dict[str, Any]]:
    rate = experiment.learning_rate / LOWER
    mends = [
        _mend(
            f"learning rate {rate:g}",
            changed(experiment, optimizer={**experiment.optimizer, "learning_rate": rate}),
        )
    ]
    if any(layer.activation != "tanh" for layer in experiment.network.layers):
        layers = tuple(changed(layer, activation="tanh") for layer in experiment.network.layers)
        network = changed(experiment.network, layers=layers)
        mends.append(_mend("tanh in all layers", changed(experiment, network=network)))
    if experiment.regularization.rate > 0:
        none = type(experiment.regularization)()
        mends.append(_mend("no regularization", changed(experiment, regularization=none)))
    return mends


def _mend(label: str, experiment: Experiment) -> dict[str, Any]:
    return {"label": label, "experiment": experiment_data(experiment), "reset": "same"}
