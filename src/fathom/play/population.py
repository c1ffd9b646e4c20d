"""Many networks at once: the same one from many seeds, or the same problem at many depths."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np

from fathom.play.experiment import Experiment, changed
from fathom.play.history import on_host
from fathom.play.lane import Lane
from fathom.play.materials import Open
from fathom.play.network import State, single
from fathom.play.orders import Position, calls, no_call
from fathom.play.programs import to_bytes
from fathom.play.scoring import known, score_outputs
from fathom.play.setup import Setup, set_up

Arrays = dict[str, np.ndarray]
FAILED_ACCURACY_MARGIN = 0.1


@dataclass
class Many:
    """Members of one network, each from its own seed, trained by one program.

    Args:
        setup: What all of them are.
        count: How many.
    """

    setup: Setup
    count: int
    kind: str = "many"
    position: Position = field(default_factory=Position)

    def __post_init__(self) -> None:
        self.seeds = [f"{self.setup.experiment.seed}/{number}" for number in range(self.count)]
        states = [self.setup.first_state(seed) for seed in self.seeds]
        self.state = jax.tree.map(lambda *arrays: np.stack(arrays), *states)
        self._lane = Lane(self.setup, states[0])

    def compile(self) -> None:
        """Compile its programs."""
        with self.setup.machine.lock, self.setup.machine.network.precision():
            jax.block_until_ready(self._called(no_call(self.position)))

    def _called(self, call: Any) -> State:
        setup = self.setup
        self._lane.position = self.position
        return setup.machine.advance_members(
            self.state,
            setup.x,
            setup.y,
            call.rows,
            call.starts,
            np.int32(call.steps),
            self._lane.rates_from(self.position),
            setup.settings,
        )

    def train(self, unit: str, count: int) -> None:
        """Train all members alike."""
        self._lane.position = self.position
        steps = self._lane.steps_for(unit, count)
        with self.setup.machine.network.precision():
            for call in calls(self.setup.rule, self.position, steps):
                self.state = self._called(call)
                self.position = call.end
            jax.block_until_ready(self.state)

    def look(self, resolution: int) -> tuple[dict[str, Any], Arrays]:
        """Return what all members say and how well they do."""
        setup = self.setup
        with setup.machine.network.precision():
            outputs, losses = setup.machine.score_members(self.state, setup.x, setup.y)
        rows = setup.material.rows
        scored = [
            score_outputs(
                setup.material, one[:rows], loss[:rows], activation=setup.output_activation
            )
            for one, loss in zip(np.asarray(outputs), np.asarray(losses))
        ]
        members = [{"seed": seed} for seed in self.seeds]
        return _words(self, members, scored), _arrays(self._maps(resolution), scored)

    def _maps(self, resolution: int) -> np.ndarray:
        if not self.setup.has_maps:
            return np.zeros((self.count, 0, 0), np.uint8)
        grid = self.setup.grid_features(resolution)
        said = np.asarray(self.setup.machine.output_members(single(self.state), grid))
        return _shades(said, self.setup).reshape(self.count, resolution, resolution)

    def member(self, number: int) -> tuple[Experiment, State, Position]:
        """Return a member's experiment, state and position."""
        experiment = changed(self.setup.experiment, weights_seed=self.seeds[number])
        state = State(*([np.array(array[number]) for array in part] for part in self.state))
        return experiment, state, self.position


@dataclass
class Depths:
    """The same problem at depths 0 and up, each hidden layer as wide as the first.

    Args:
        experiment: Whose network's depth varies.
        most: The largest depth.
        open_dataset: Opens data sets.
        setup: The setup whose points are used.
    """

    setup: Setup
    most: int
    open_dataset: Open
    kind: str = "depths"

    def __post_init__(self) -> None:
        experiments = [at_depth(self.setup.experiment, depth) for depth in range(self.most + 1)]
        self.lanes = [
            Lane(one, one.first_state())
            for one in (
                set_up(each, self.open_dataset, material=self.setup.material)
                for each in experiments
            )
        ]

    @property
    def count(self) -> int:
        """Members."""
        return len(self.lanes)

    @property
    def position(self) -> Position:
        """Where the last of them stands."""
        return self.lanes[-1].position

    def compile(self) -> None:
        """Compile all their programs."""
        for lane in self.lanes:
            lane.compile()

    def train(self, unit: str, count: int) -> None:
        """Train all of them alike."""
        for lane in self.lanes:
            lane.train(unit, count)

    def look(self, resolution: int) -> tuple[dict[str, Any], Arrays]:
        """Return what all of them say and how well they do."""
        scored = [lane.measure() for lane in self.lanes]
        maps = [self._map(lane, resolution) for lane in self.lanes]
        members = [
            {"depth": depth, "parameters": lane.setup.machine.network.layout.num_parameters}
            for depth, lane in enumerate(self.lanes)
        ]
        return _words(self, members, scored), _arrays(np.stack(maps), scored)

    def _map(self, lane: Lane, resolution: int) -> np.ndarray:
        if not lane.setup.has_maps:
            return np.zeros((0, 0), np.uint8)
        grid = lane.setup.grid_features(resolution)
        said = np.asarray(lane.setup.machine.answers(single(lane.state), grid)).T
        return _shades(said[None], lane.setup)[0].reshape(resolution, resolution)

    def member(self, number: int) -> tuple[Experiment, State, Position]:
        """Return a member's experiment, state and position."""
        lane = self.lanes[number]
        return lane.setup.experiment, on_host(lane.state), lane.position


def at_depth(experiment: Experiment, depth: int) -> Experiment:
    """Return the experiment with `depth` hidden layers like the first."""
    layers = experiment.network.layers
    first = layers[0] if layers else type(experiment.network)().layers[0]
    mode = "modern" if depth > 6 else experiment.mode
    network = changed(experiment.network, layers=(first,) * depth)
    return changed(experiment, network=network, mode=mode)


def _shades(outputs: np.ndarray, setup: Setup) -> np.ndarray:
    """Return one map as bytes of each member's outputs (member, rows, k).

    With several classes it is the class that is named, spread over 0 to 255.
    """
    if outputs.shape[-1] > 1:
        classes = outputs.argmax(axis=-1)
        return np.round(classes * 255 / (outputs.shape[-1] - 1)).astype(np.uint8)
    values = outputs[..., 0]
    if setup.output_activation == "sigmoid":
        values = 2 * values - 1
    return np.asarray(to_bytes(values))


def _arrays(maps: np.ndarray, scored: list[Any]) -> Arrays:
    return {
        "maps": maps,
        "loss": np.array([one.losses for one in scored], np.float32),
        "metric": np.array([one.metrics for one in scored], np.float32),
    }


def _words(
    population: Many | Depths, members: list[dict[str, Any]], scored: list[Any]
) -> dict[str, Any]:
    losses = np.array([one.losses[1] for one in scored])
    finite = losses[np.isfinite(losses)]
    low, median, high = np.quantile(finite, (0, 0.5, 1)) if len(finite) else [np.nan] * 3
    failed = int((~np.isfinite(losses)).sum())
    return {
        "epoch": population.position.epoch,
        "members": members,
        "summary": {
            "low": known(low),
            "median": known(median),
            "high": known(high),
            "failed": failed,
            "words": _summary(population.kind, losses, failed),
        },
    }


def _summary(kind: str, losses: np.ndarray, failed: int) -> str:
    finite = np.where(np.isfinite(losses), losses, np.inf)
    broken = f" {failed} broke." if failed else ""
    if kind == "depths":
        best = int(finite.argmin())
        return f"Lowest test loss at depth {best}: {finite[best]:.3g}.{broken}"
    best = float(finite.min())
    near = int((finite <= max(2 * best, best + 0.02)).sum())
    return (
        f"Test losses from {best:.3g} to {finite[np.isfinite(finite)].max(initial=best):.3g}; "
        f"{near} of {len(losses)} seeds end near the best.{broken}"
    )
