"""How a layer sees the points: its outputs in two dimensions, and the square bent by it."""

from __future__ import annotations

from typing import Any

import numpy as np

from fathom.play.experiment import Piece
from fathom.play.features import grid
from fathom.play.lane import Lane
from fathom.play.network import single
from fathom.play.scoring import known

GRID = 21
MOST_POINTS = 2000


class SpaceWanted(Piece, frozen=True, kw_only=True):
    """A layer, and two of its units; without them, its first two principal components."""

    layer: int
    units: tuple[int, int] | None = None


def space(lane: Lane, wanted: SpaceWanted) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return how the layer's space is to be read, and its points and bent square."""
    points = layer_outputs(lane, lane.setup.material.x[:MOST_POINTS], wanted.layer)
    bent = layer_outputs(lane, grid(lane.setup.material, GRID), wanted.layer)
    units = wanted.units
    if units is not None and max(units) < points.shape[1] and min(units) >= 0:
        words: dict[str, Any] = {"layer": wanted.layer, "units": list(units)}
        flat, flat_bent = points[:, units], bent[:, units]
    else:
        middle, axes, shares = principal_components(points)
        words = {"layer": wanted.layer, "components": [known(share) for share in shares]}
        flat, flat_bent = (points - middle) @ axes, (bent - middle) @ axes
    arrays = {"space": flat.astype(np.float32)}
    if len(flat_bent):
        arrays["space_grid"] = flat_bent.astype(np.float32).reshape(GRID, GRID, 2)
    return words, arrays


def layer_outputs(lane: Lane, raw: np.ndarray, layer: int) -> np.ndarray:
    """Return a layer's outputs float64 (rows, units) at raw inputs; layer 0 are the features."""
    features = lane.setup.features.of(raw).astype(np.float32)
    place = lane.setup.machine.network.layout.layers[layer]
    if layer == 0 or not len(features):
        return np.zeros((len(features), place.units)) if not len(features) else features
    said = lane.setup.machine.pictures(single(lane.state), features, as_bytes=False)
    first = place.first - features.shape[1]
    return np.asarray(said)[first : first + place.units].T.astype(np.float64)


def principal_components(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[float]]:
    """Return the middle, the first two axes (units, 2), and their shares of the variance.

    An axis points to where its largest entry is positive, so that pictures do not flip.
    """
    known_points = np.nan_to_num(points, posinf=0.0, neginf=0.0)
    middle = known_points.mean(axis=0)
    _, sizes, axes = np.linalg.svd(known_points - middle, full_matrices=False)
    axes = axes[:2].T
    if axes.shape[1] < 2:
        axes = np.pad(axes, ((0, 0), (0, 2 - axes.shape[1])))
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0)
    signs = np.where(largest < 0, -1.0, 1.0)
    total = float(np.square(sizes).sum()) or 1.0
    shares = [float(size**2 / total) for size in sizes[:2]]
    return middle, axes * signs, [*shares, 0.0][:2]


def first_components(x: np.ndarray) -> np.ndarray:
    """Return points (rows, 2) along their first two principal components."""
    middle, axes, _ = principal_components(x)
    return (x - middle) @ axes
