"""What a frame shows of a lane: arrays by name, and words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from fathom.play.experiment import Piece
from fathom.play.health import MOST_ROWS, diagnosis
from fathom.play.lane import Lane
from fathom.play.layout import INPUT
from fathom.play.network import flat_parameters, single
from fathom.play.programs import to_bytes
from fathom.play.scoring import known
from fathom.play.spaces import SpaceWanted, space

Arrays = dict[str, np.ndarray]
MOST_MAP_BYTES = 3 * 2**20
SMALLEST = 10


class Want(Piece, frozen=True, kw_only=True):
    """What frames contain.

    Args:
        maps: "all" or "none".
        resolution: Cells of a map's side, 10 to 100.
        precision: "u1" or "f4" for the maps of all units.
        focus: A unit whose map is wanted exactly.
        parameters: Whether weights are wanted.
        health: Whether layers are measured.
        space: The layer whose outputs are wanted at the points.
    """

    maps: str = "all"
    resolution: int = 100
    precision: str = "u1"
    focus: int | None = None
    parameters: bool = True
    health: bool = False
    space: SpaceWanted | None = None


@dataclass
class Sights:
    """What does not change from frame to frame, made once for a lane's setup."""

    lane: Lane

    def __post_init__(self) -> None:
        self._grids: dict[int, np.ndarray] = {}
        self._inputs: dict[tuple[int, str], np.ndarray] = {}

    def grid(self, resolution: int) -> np.ndarray:
        """Return the features over the drawn square."""
        if resolution not in self._grids:
            self._grids[resolution] = self.lane.setup.grid_features(resolution)
        return self._grids[resolution]

    def input_maps(self, resolution: int, precision: str) -> np.ndarray:
        """Return the maps (inputs, r, r) of the input units, which never change."""
        key = (resolution, precision)
        if key not in self._inputs:
            maps = np.ascontiguousarray(self.grid(resolution).T).reshape(-1, resolution, resolution)
            if precision == "u1":
                maps = np.asarray(to_bytes(maps))
            self._inputs[key] = maps
        return self._inputs[key]

    def unit_maps(self, resolution: int, precision: str) -> np.ndarray:
        """Return the maps (units, r, r) of all units after the input, as they are now."""
        machine = self.lane.setup.machine
        maps = machine.pictures(
            single(self.lane.state), self.grid(resolution), as_bytes=precision == "u1"
        )
        return np.asarray(maps).reshape(-1, resolution, resolution)

    def output_maps(self, resolution: int) -> np.ndarray:
        """Return the exact maps (k, r, r) of the last layer."""
        machine = self.lane.setup.machine
        maps = machine.answers(single(self.lane.state), self.grid(resolution))
        return np.asarray(maps, np.float32).reshape(-1, resolution, resolution)

    def unit_map(self, unit: int, resolution: int) -> np.ndarray:
        """Return the exact map (r, r) of one unit."""
        setup = self.lane.setup
        inside = unit - setup.machine.network.layout.layers[0].units
        if inside < 0:
            return self.input_maps(resolution, "f4")[unit].astype(np.float32)
        grid = self.grid(resolution)
        said = setup.machine.one_unit(single(self.lane.state), grid, np.int32(inside))
        return np.asarray(said, np.float32).reshape(resolution, resolution)


def look(lane: Lane, want: Want, sights: Sights) -> tuple[dict[str, Any], Arrays]:
    """Return a frame's words and arrays, but for the curve, which is what was not sent yet."""
    scores = lane.measure()
    words: dict[str, Any] = {
        "epoch": lane.position.epoch,
        "step": lane.position.step,
        "sample": lane.position.sample,
        "seconds": round(lane.seconds, 3),
        "learning_rate": known(lane.learning_rate),
        "metrics": scores.data(),
        "confusion": None if scores.confusion is None else scores.confusion.tolist(),
        "diagnosis": [],
    }
    arrays: Arrays = {}
    if want.parameters:
        arrays |= _weights(lane)
    if want.maps == "all" and lane.setup.has_maps:
        arrays |= _maps(lane, want, sights)
    if not lane.setup.has_maps:
        arrays |= _filters(lane)
    if want.health:
        measured = layer_health(lane)
        arrays["health"] = measured.astype(np.float32)
        words["diagnosis"] = diagnosis(measured)
    if want.space is not None and 0 <= want.space.layer < len(
        lane.setup.machine.network.layout.layers
    ):
        found, more = space(lane, want.space)
        words["space"] = found
        arrays |= more
    return words, arrays


def _weights(lane: Lane) -> Arrays:
    network = lane.setup.machine.network
    found = {"parameters": flat_parameters(network.layout, lane.state)}
    dead = dead_links(lane)
    return found if dead is None else {**found, "dead": dead}


def dead_links(lane: Lane) -> np.ndarray | None:
    """Return 1 for each sent parameter that is a dead link, None if there is none."""
    if not lane.setup.experiment.is_classic:
        return None
    alive = [np.asarray(array) for array in lane.state.other]
    if all(array.all() for array in alive):
        return None
    pieces = []
    for kernel, bias in zip(alive, lane.state.trainable[1::2]):
        pieces += [(kernel == 0).ravel(), np.zeros(np.shape(bias), bool)]
    return np.concatenate(pieces).astype(np.uint8)


def _maps(lane: Lane, want: Want, sights: Sights) -> Arrays:
    layout = lane.setup.machine.network.layout
    resolution = drawable_resolution(layout.num_units, want)
    units = sights.unit_maps(resolution, want.precision)
    maps = np.concatenate([sights.input_maps(resolution, want.precision), units])
    found = {"maps": maps, "output": sights.output_maps(want.resolution)}
    if want.focus is not None and 0 <= want.focus < layout.num_units:
        found["focus"] = sights.unit_map(want.focus, want.resolution)
    return found


def drawable_resolution(units: int, want: Want) -> int:
    """Return the resolution at which the maps of all units fit into a frame."""
    size = 4 if want.precision == "f4" else 1
    most = int((MOST_MAP_BYTES / (units * size)) ** 0.5)
    return max(SMALLEST, min(want.resolution, most))


def _filters(lane: Lane) -> Arrays:
    """Return the first layer's kernel as pictures (units, height, width, channels)."""
    image = lane.setup.material.image
    kernel = np.asarray(lane.state.trainable[0] if lane.state.trainable else lane.state.other[0])
    if image is None or kernel.ndim != 2 or kernel.shape[0] != int(np.prod(image)):
        return {}
    return {"filters": np.ascontiguousarray(kernel.T.reshape(-1, *image), np.float32)}


def layer_health(lane: Lane) -> np.ndarray:
    """Return (layers, 6) of `health.COLUMNS`, measured on some of the training points."""
    setup = lane.setup
    rows = max(1, min(MOST_ROWS, setup.material.num_train) // 32 * 32 or setup.material.num_train)
    network = setup.machine.network
    with network.precision():
        measured = setup.machine.health(
            lane.state,
            setup.x[:rows],
            setup.y[:rows],
            network.dtype(lane.learning_rate),
            setup.settings,
        )
    return np.asarray(measured)


def inspect(lane: Lane, values: np.ndarray) -> dict[str, Any]:
    """Return what every unit says about one raw input (inputs,)."""
    setup = lane.setup
    features = setup.features.of(values[None].astype(np.float64)).astype(np.float32)
    outputs = setup.machine.pictures(single(lane.state), features, as_bytes=False)
    said = [*features[0].tolist(), *np.asarray(outputs)[:, 0].tolist()]
    return {"input": values.tolist(), "outputs": [known(value) for value in said]}


def unit_labels(lane: Lane) -> list[str]:
    """Return the names of the input units."""
    first = lane.setup.machine.network.layout.layers[0]
    return list(first.labels) if first.kind == INPUT else []
