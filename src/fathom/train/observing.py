"""Trained networks looked at: what leaves their sites, and the gradient that reaches them.

Rows pass in blocks and are reduced inside the compiled program, so that the
outputs of all layers for all rows are never held at once.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.models import Site, hooked_sites, stateless_outputs
from fathom.train import devices
from fathom.train.by_shape import by_shape
from fathom.train.variants import CALL_BYTES, Networks, block_at, blocks_of, convolves, owners

# From the inputs of a block, every site's output, and 1 for rows that count (0 for those that
# fill up the block) to a tree of arrays.
Look = Callable[[Any, list[Any], Any], Any]
# From targets and outputs to a scalar.
Loss = Callable[[Any, Any], Any]


def observed(
    model: keras.Model,
    sites: Sequence[Site],
    networks: Networks,
    x: np.ndarray,
    look: Look,
    *,
    rows: int,
) -> Iterator[tuple[int, Any]]:
    """Look at what leaves the sites of every network, block by block.

    A site that is called several times shows its last call.

    Args:
        model: The model; its variables are not read.
        sites: Its sites.
        networks: Their weights.
        x: Inputs, (rows, ...).
        look: What is kept of a block.
        rows: Rows of a block.

    Yields:
        How many of the block's rows count, and what `look` returned, as NumPy
        arrays (network, ...).
    """

    def one(network: Any, x: Any, weight: Any) -> Any:
        return look(x, _outputs(model, sites, network, x), weight)

    program = by_shape(devices.over_members(one, by_member=(True, False, False)))
    width = _width(model, sites, networks, rows)
    for start, stop in blocks_of(len(x), rows):
        weight = (np.arange(rows) < stop - start).astype(np.float32)
        shared = devices.place_everywhere((block_at(x, start, rows), weight))
        parts = [
            program(devices.place_by_member(part), *shared) for part in _parts(networks, width)
        ]
        yield stop - start, _joined(parts, networks.number)


def layer_gradients(
    model: keras.Model,
    sites: Sequence[Site],
    networks: Networks,
    x: np.ndarray,
    y: np.ndarray,
    loss: Loss,
    *,
    rows: int,
) -> np.ndarray:
    """Return the squared norm of the loss's gradient by each site's weights, batch by batch.

    Args:
        model: The model; its variables are not read.
        sites: Its sites.
        networks: Their weights.
        x: Inputs, (rows, ...).
        y: Targets, (rows,).
        loss: Of a batch's targets and outputs.
        rows: Rows of a batch; rows that do not fill one are left out, unless there are no others.

    Returns:
        Float32 (network, batch, site).
    """
    owned = owners(model, sites)

    def one(network: Any, x: Any, y: Any) -> Any:
        def of(trainable: list[Any]) -> Any:
            return loss(y, stateless_outputs(model, trainable, network.non_trainable, x))

        squares = [jnp.square(g).sum() for g in jax.grad(of)(network.trainable)]
        sums = [
            [s for s, own in zip(squares, owned) if place in own] for place in range(len(sites))
        ]
        return jnp.stack([sum(one, start=jnp.float32(0)) for one in sums])

    program = by_shape(devices.over_members(one, by_member=(True, False, False)))
    size = min(rows, len(x))
    width = _width(model, sites, networks, 3 * size)
    found = []
    for start in range(0, len(x) - size + 1, size):
        shared = devices.place_everywhere((x[start : start + size], y[start : start + size]))
        parts = [
            program(devices.place_by_member(part), *shared) for part in _parts(networks, width)
        ]
        found.append(_joined(parts, networks.number))
    return np.stack(found, axis=1)


def path_gradients(
    model: keras.Model,
    blocks: Sequence[Site],
    networks: Networks,
    selections: np.ndarray,
    x: np.ndarray,
    y: np.ndarray,
    loss: Loss,
) -> np.ndarray:
    """Return the norm of the loss's gradient at the input through chosen paths alone.

    Forward, nothing changes. Backward, a chosen block passes the gradient through
    its branch alone, any other past it.

    Args:
        model: The model; its variables are not read.
        blocks: Its residual blocks.
        networks: Their weights.
        selections: Which blocks the path goes through, bool (path, block).
        x: Inputs, float (rows, ...).
        y: Targets, (rows,).
        loss: Of targets and outputs.

    Returns:
        Float32 (network, path).
    """

    def one(network: Any, chosen: Any, x: Any, y: Any) -> Any:
        def through(place: int) -> Callable[[Any, Any], Any]:
            def passed(skip: Any, total: Any) -> Any:
                by_branch, past = total - skip, skip
                held = jax.lax.stop_gradient
                return jnp.where(chosen[place], by_branch + held(past), held(by_branch) + past)

            return passed

        def of(x: Any) -> Any:
            with hooked_sites(blocks, [through(place) for place in range(len(blocks))]):
                outputs = stateless_outputs(model, network.trainable, network.non_trainable, x)
            return loss(y, outputs)

        return jnp.linalg.norm(jax.grad(of)(x).ravel())

    def every(network: Any, selections: Any, x: Any, y: Any) -> Any:
        return jax.lax.map(lambda chosen: one(network, chosen, x, y), selections)

    program = by_shape(devices.over_members(every, by_member=(True, False, False, False)))
    shared = devices.place_everywhere((selections, x, y))
    parts = [
        program(devices.place_by_member(part), *shared)
        for part in _parts(networks, devices.num_devices())
    ]
    return _joined(parts, networks.number)


def _outputs(model: keras.Model, sites: Sequence[Site], network: Any, x: Any) -> list[Any]:
    seen: dict[int, Any] = {}

    def keep(place: int) -> Callable[[Any, Any], Any]:
        def kept(_: Any, leaving: Any) -> Any:
            seen[place] = leaving
            return leaving

        return kept

    with hooked_sites(sites, [keep(place) for place in range(len(sites))]):
        stateless_outputs(model, network.trainable, network.non_trainable, x)
    return [seen[place] for place in range(len(sites))]


def _width(model: keras.Model, sites: Sequence[Site], networks: Networks, rows: int) -> int:
    """Return the networks of one call: as many as have room, one a device if they convolve."""
    cores = devices.num_devices()
    if convolves(model):
        return cores
    weights = sum(math.prod(leaf.shape[1:]) for leaf in jax.tree.leaves(networks))
    each = 4 * (weights + 2 * rows * sum(math.prod(site.output_shape) for site in sites))
    most = max(cores, CALL_BYTES // each // cores * cores)
    return min(devices.padded(networks.number), most)


def _parts(networks: Networks, width: int) -> Iterator[Networks]:
    for start in range(0, networks.number, width):
        part = functools.partial(block_at, start=start, rows=width)
        yield jax.tree.map(lambda leaf, part=part: part(np.asarray(leaf)), networks)


def _joined(parts: Sequence[Any], number: int) -> Any:
    return jax.tree.map(
        lambda *arrays: np.concatenate([np.asarray(a) for a in arrays])[:number], *parts
    )
