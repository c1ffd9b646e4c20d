"""What leaves the layers of one network, in the shapes that findings need."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fathom import models, train
from fathom.studies.anatomy import Subject

BLOCK_ROWS = 256
# Wider outputs are averaged over neighbouring positions until they are as narrow.
WIDEST = 4096
# Outputs of layers that are held at a time, and arrays of one call of a program.
HELD_BYTES = 256 * 2**20
CALL_BYTES = 192 * 2**20


def first_network(subject: Subject) -> train.Networks:
    """Return the network that pictures are made of, (1, ...)."""
    return jax.tree.map(lambda array: array[:1], subject.networks)


def weights_of_first(subject: Subject) -> tuple[list[Any], list[Any]]:
    """Return its weights, trainable and others."""
    first = jax.tree.map(lambda array: array[0], subject.networks)
    return first.trainable, first.non_trainable


def by_unit(output: Any, site: models.Site) -> Any:
    """Return an output (rows, ...) as float32 (rows, positions, units)."""
    output = output.astype(jnp.float32)
    if has_units_first(site):
        output = jnp.moveaxis(output, 1, -1)
    return output.reshape(len(output), -1, num_units(site))


def num_units(site: models.Site) -> int:
    """Return how many units or channels leave a site."""
    if not site.output_shape:
        return 1
    return site.output_shape[0 if has_units_first(site) else -1]


def has_units_first(site: models.Site) -> bool:
    """Return whether channels are the first axis of the output."""
    layout = getattr(site.entry, "data_format", None)
    return layout == "channels_first" and len(site.output_shape) > 1


def rows_at_once(sites: Sequence[models.Site], copies: int) -> int:
    """Return how many rows of all outputs, held so many times, fit into one call."""
    row = 4 * copies * sum(math.prod(site.output_shape) for site in sites)
    return max(1, min(BLOCK_ROWS, CALL_BYTES // max(row, 1)))


def outputs_by_site(
    subject: Subject, networks: train.Networks, x: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield each site's outputs in full, float32 (network, rows, numbers), few at a time.

    Neighbouring positions of outputs wider than `WIDEST` are averaged.
    """
    for places in _groups(subject, networks.number * len(x)):

        def look(
            _: Any, outputs: list[Any], __: Any, places: Sequence[int] = tuple(places)
        ) -> list[Any]:
            return [_narrowed(outputs[place], subject.sites[place]) for place in places]

        kept: list[list[np.ndarray]] = [[] for _ in places]
        for count, block in train.observed(
            subject.model, subject.sites, networks, x, look, rows=BLOCK_ROWS
        ):
            for store, values in zip(kept, block):
                store.append(values[:, :count])
        for number in range(len(places)):
            yield np.concatenate(kept[number], axis=1)
            kept[number] = []


def _groups(subject: Subject, rows: int) -> Iterator[list[int]]:
    group: list[int] = []
    held = 0
    for place, site in enumerate(subject.sites):
        size = 4 * rows * min(math.prod(site.output_shape), WIDEST)
        if group and held + size > HELD_BYTES:
            yield group
            group, held = [], 0
        group.append(place)
        held += size
    yield group


def _narrowed(output: Any, site: models.Site) -> Any:
    """Return (rows, numbers), patches of positions averaged where there are too many."""
    output = output.astype(jnp.float32)
    if has_units_first(site):
        output = jnp.moveaxis(output, 1, -1)
    sides = output.shape[1:-1]
    for axis, patch in enumerate(patches(sides, num_units(site)), start=1):
        output = _averaged(output, axis, patch)
    return output.reshape(len(output), -1)


def patches(sides: Sequence[int], units: int) -> list[int]:
    """Return the side of a patch along each axis of positions, the same share of each.

    Example:
        >>> patches((32, 32), 16), patches((8, 8), 4)
        ([2, 2], [1, 1])
    """
    patch = 1
    while math.prod(math.ceil(side / patch) for side in sides) * units > WIDEST:
        if all(patch >= side for side in sides):
            break
        patch += 1
    return [min(patch, side) for side in sides]


def _averaged(output: Any, axis: int, patch: int) -> Any:
    """Return means of `patch` neighbours along an axis; the last patch may be smaller."""
    if patch == 1:
        return output
    size = output.shape[axis]
    starts = range(0, size, patch)
    parts = [
        jax.lax.slice_in_dim(output, start, min(start + patch, size), axis=axis).mean(
            axis=axis, keepdims=True
        )
        for start in starts
    ]
    return jnp.concatenate(parts, axis=axis)
