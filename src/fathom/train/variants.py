"""Networks that differ from trained ones in a layer or two, predicted with as one population.

A variant is a member: it has the weights of a trained network but for the layers whose
weights are exchanged, and the outputs of some sites may be replaced by their inputs, by
zeros, or by means. Which, is data: one compiled program serves every variant of a model.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import keras
import numpy as np
from jax import lax

from fathom.models import Site, hooked_sites, replaced, stateless_outputs
from fathom.train import devices
from fathom.train.by_shape import by_shape

KEEP, BYPASS, ZERO, MEAN = range(4)
# What the arrays of one call may take.
CALL_BYTES = 192 * 2**20
MOST_ROWS = 1024
MOST_MEMBERS = 16
_CONVOLUTIONS = ("Conv", "SeparableConv", "DepthwiseConv")

# From (targets, outputs) of one block of rows to a number per row, float32 (rows,).
Credit = Callable[[Any, Any], Any]


class Networks(NamedTuple):
    """Trained networks of one model; every array has the axis (network, ...).

    Args:
        trainable: In the order of `model.trainable_variables`.
        non_trainable: In the order of `model.non_trainable_variables`.
    """

    trainable: list[Any]
    non_trainable: list[Any]

    @property
    def number(self) -> int:
        """How many networks there are."""
        return len((self.trainable or self.non_trainable)[0])


@dataclass(frozen=True)
class Variants:
    """Which variants are wanted; every array has the axis (variant, ...).

    Args:
        network: Which trained network each comes from, int32 (variant,).
        exchanged: Sites whose weights are exchanged, bool (variant, site).
        actions: What takes the place of each site's output, int32 (variant, site):
            `KEEP`, `BYPASS`, `ZERO` or `MEAN`.
    """

    network: np.ndarray
    exchanged: np.ndarray
    actions: np.ndarray

    def __len__(self) -> int:
        return len(self.network)

    @classmethod
    def of(
        cls, networks: int, exchanged: np.ndarray | None = None, actions: np.ndarray | None = None
    ) -> Variants:
        """Return each given variant of each network, networks outermost.

        Args:
            networks: How many networks there are.
            exchanged: (variant, site); none if None.
            actions: (variant, site); all `KEEP` if None.
        """
        given = exchanged if exchanged is not None else actions
        if given is None:
            raise ValueError("`exchanged` or `actions` must be given.")
        kept = np.zeros(given.shape, np.int32) if actions is None else actions.astype(np.int32)
        same = np.zeros(given.shape, bool) if exchanged is None else exchanged.astype(bool)
        return cls(
            np.repeat(np.arange(networks, dtype=np.int32), len(given)),
            np.tile(same, (networks, 1)),
            np.tile(kept, (networks, 1)),
        )


class Laboratory:
    """Programs that predict with variants of one model's trained networks.

    Args:
        model: The model; its variables are not read.
        sites: Its sites.
        credit: What is computed of a row's output.
        input_shape: Of one row.
    """

    def __init__(
        self,
        model: keras.Model,
        sites: Sequence[Site],
        credit: Credit,
        input_shape: tuple[int, ...],
    ) -> None:
        self.model = model
        self.sites = tuple(sites)
        self._credit = credit
        self._owners = owners(model, sites)
        self._normalizations = _normalizations(model)
        shared = (False,) * 3
        self._program = by_shape(
            devices.over_members(self._one, by_member=(True, True, *shared, False, False))
        )
        self._calibration = by_shape(
            devices.over_members(self._calibrated, by_member=(True, *shared, False))
        )
        self._input_size = math.prod(input_shape)

    def credits(
        self,
        networks: Networks,
        variants: Variants,
        x: np.ndarray,
        y: np.ndarray,
        *,
        others: Sequence[Any] | None = None,
        means: Sequence[Any] | None = None,
        calibration: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return the credit of every row with every variant, float32 (variant, rows).

        Args:
            networks: The trained networks.
            variants: Which variants.
            x: Inputs, (rows, ...).
            y: Targets, (rows,).
            others: Weights that exchanged sites get, each (network, ...), in the order of
                `model.trainable_variables`; needed if any are exchanged.
            means: Mean output by site, each (network, *shape); needed for `MEAN`.
            calibration: Inputs on which every variant's batch normalisation computes its
                statistics anew; None leaves those of the trained network.
        """
        width, block = self._width(networks), self._block_rows(len(x))
        shared = devices.place_everywhere(
            (networks, list(others or networks.trainable), self._means(networks, means))
        )
        found = np.empty((len(variants), len(x)), np.float32)
        for first, last in blocks_of(len(variants), width):
            chosen = devices.place_by_member(_chunk(variants, first, width))
            statistics = self._statistics(chosen, shared, calibration)
            for start, stop in blocks_of(len(x), block):
                rows = devices.place_everywhere(
                    (block_at(x, start, block), block_at(y, start, block))
                )
                credit = np.asarray(self._program(chosen, statistics, *shared, *rows))
                found[first:last, start:stop] = credit[: last - first, : stop - start]
        return found

    @property
    def has_batch_statistics(self) -> bool:
        """Whether the model has batch normalisation."""
        return bool(self._normalizations)

    def _statistics(self, chosen: Any, shared: Any, x: np.ndarray | None) -> Any:
        """Return every variant's means and variances, a pair for each batch normalisation."""
        if x is None or not self._normalizations:
            return ()
        block = self._block_rows(len(x))
        means, squares = [], []
        for start in range(0, len(x) - block + 1, block):
            rows = devices.place_everywhere(x[start : start + block])
            found = self._calibration(chosen, *shared, rows)
            means.append([np.asarray(mean) for mean, _ in found])
            squares.append([np.asarray(variance) + np.square(mean) for mean, variance in found])
        pairs = []
        for mean, square in zip(zip(*means), zip(*squares)):
            centre = np.mean(mean, axis=0)
            variance = np.mean(square, axis=0) - np.square(centre)
            pairs.append((centre, np.maximum(variance, 0)))
        return devices.place_by_member(tuple(pairs))

    def _means(self, networks: Networks, means: Sequence[Any] | None) -> list[Any]:
        if means is not None:
            return list(means)
        return [np.zeros((networks.number, *site.output_shape), np.float32) for site in self.sites]

    def _one(
        self,
        variant: Any,
        statistics: Any,
        networks: Networks,
        others: Any,
        means: Any,
        x: Any,
        y: Any,
    ) -> Any:
        trainable, non_trainable = self._weights(variant, networks, others)
        for layer, (mean, variance) in zip(self._normalizations, statistics):
            for variable, value in ((layer.moving_mean, mean), (layer.moving_variance, variance)):
                place = _place(self.model.non_trainable_variables, variable)
                non_trainable[place] = value.astype(non_trainable[place].dtype)
        with self._acting(variant, means):
            outputs = stateless_outputs(self.model, trainable, non_trainable, x)
        return self._credit(y, outputs)

    def _calibrated(
        self, variant: Any, networks: Networks, others: Any, means: Any, x: Any
    ) -> list[Any]:
        """Return the mean and variance that each batch normalisation sees in one block."""
        weights = self._weights(variant, networks, others)
        before = weights[1]
        with _normalizing_by_batch(self._normalizations), self._acting(variant, means):
            _, after, *_ = self.model.stateless_call(*weights, x)
        found = []
        for layer in self._normalizations:
            pair = []
            for variable in (layer.moving_mean, layer.moving_variance):
                place = _place(self.model.non_trainable_variables, variable)
                kept = layer.momentum * before[place]
                pair.append((after[place] - kept) / (1.0 - layer.momentum))
            found.append(tuple(pair))
        return found

    def _weights(
        self, variant: Any, networks: Networks, others: Any
    ) -> tuple[list[Any], list[Any]]:
        which, exchanged, _ = variant
        trainable = [
            _exchanged(_at(now, which), _at(other, which), exchanged, owner)
            for now, other, owner in zip(networks.trainable, others, self._owners)
        ]
        return trainable, [_at(values, which) for values in networks.non_trainable]

    def _acting(self, variant: Any, means: Any) -> contextlib.AbstractContextManager[None]:
        which, _, actions = variant

        def act(place: int) -> Callable[[Any, Any], Any]:
            def replace(entering: Any, leaving: Any) -> Any:
                passed = entering if self.sites[place].no_bypass is None else leaving
                mean = lax.broadcast_in_dim(
                    _at(means[place], which), leaving.shape, tuple(range(1, leaving.ndim))
                )
                like = [one.astype(leaving.dtype) for one in (passed, mean)]
                choices = leaving, like[0], lax.full_like(leaving, 0), like[1]
                return lax.select_n(_at(actions, place), *choices)  # in the order of the actions

            return replace

        return hooked_sites(self.sites, [act(place) for place in range(len(self.sites))])

    def _width(self, networks: Networks) -> int:
        """Return the members of one call: as many as have room, one a device if it convolves."""
        cores = devices.num_devices()
        if convolves(self.model):
            return cores
        weights = sum(math.prod(leaf.shape[1:]) for leaf in jax.tree.leaves(networks))
        widest = max([self._input_size, *(math.prod(site.output_shape) for site in self.sites)])
        each = 4 * (2 * weights + 3 * MOST_ROWS * widest)
        return max(cores, min(MOST_MEMBERS, CALL_BYTES // each) // cores * cores)

    def _block_rows(self, rows: int) -> int:
        blocks = -(-rows // MOST_ROWS)
        return -(-rows // blocks)


def _normalizations(model: keras.Model) -> list[Any]:
    layers = model._flatten_layers(include_self=False)
    return [one for one in layers if isinstance(one, keras.layers.BatchNormalization)]


def _place(variables: Sequence[Any], variable: Any) -> int:
    return next(place for place, one in enumerate(variables) if one is variable)


@contextlib.contextmanager
def _normalizing_by_batch(layers: Sequence[Any]) -> Iterator[None]:
    """Let batch normalisation normalise by its batch, while all else is as in prediction."""

    def around(_: Any, call: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *args, **kwargs: call(*args, **{**kwargs, "training": True})

    with contextlib.ExitStack() as stack:
        for layer in layers:
            stack.enter_context(replaced(layer, "call", around))
        yield


def owners(model: keras.Model, sites: Sequence[Site]) -> list[tuple[int, ...]]:
    """Return, for each trainable variable, the places of the sites it belongs to."""
    held = [{id(v) for layer in site.layers for v in layer.trainable_variables} for site in sites]
    return [
        tuple(place for place, own in enumerate(held) if id(variable) in own)
        for variable in model.trainable_variables
    ]


def convolves(model: keras.Model) -> bool:
    """Return whether a model convolves: convolutions by member are slow on a CPU."""
    kinds = (type(layer).__name__ for layer in model._flatten_layers(include_self=False))
    return any(kind.startswith(_CONVOLUTIONS) for kind in kinds)


def _exchanged(now: Any, other: Any, exchanged: Any, owner: Sequence[int]) -> Any:
    if not owner:
        return now
    is_other = functools.reduce(lax.bitwise_or, [_at(exchanged, place) for place in owner])
    return lax.select(is_other, other, now)


def _at(values: Any, place: Any) -> Any:
    return lax.dynamic_index_in_dim(values, place, keepdims=False)


def _chunk(variants: Variants, first: int, width: int) -> tuple[np.ndarray, ...]:
    """Return `width` variants from the first on; the last is repeated where there are fewer."""
    places = np.minimum(np.arange(first, first + width), len(variants) - 1)
    return variants.network[places], variants.exchanged[places], variants.actions[places]


def block_at(array: np.ndarray, start: int, rows: int) -> np.ndarray:
    """Return `rows` rows from the start on; the last is repeated where there are fewer."""
    return array[np.minimum(np.arange(start, start + rows), len(array) - 1)]


def blocks_of(rows: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield start and stop of consecutive blocks of at most `size` rows."""
    for start in range(0, rows, size):
        yield start, min(start + size, rows)


def spread(function: Callable[..., Any], by_member: Any, *shared: Any) -> Any:
    """Return what a function of one member gives for all, the members spread over the devices.

    Compiled once for each function object and shape.

    Args:
        function: Of one member's arrays, and what is shared.
        by_member: A tree of arrays (member, ...).
        *shared: Trees of arrays that all members read.

    Returns:
        A tree of NumPy arrays (member, ...).
    """
    members = len(jax.tree.leaves(by_member)[0])
    width = devices.padded(members)
    filled = jax.tree.map(lambda array: block_at(np.asarray(array), 0, width), by_member)
    program = _spread_program(function, len(shared))
    found = program(devices.place_by_member(filled), *devices.place_everywhere(shared))
    return jax.tree.map(lambda array: np.asarray(array)[:members], found)


def streamed(function: Callable[..., Any], members: Iterable[Any], *shared: Any) -> Iterator[Any]:
    """Yield what a function gives for each member as they come, as many at a time as devices.

    As `spread`, for members that are too large to be held together. The next are made
    ready while the devices work on those before.

    Args:
        function: Of one member's arrays, and what is shared.
        members: Trees of arrays; all of the same shapes share a program.
        *shared: Trees of arrays that all members read.

    Yields:
        A tree of NumPy arrays for each member, in order.
    """
    program = _spread_program(function, len(shared))
    placed = devices.place_everywhere(shared)
    waiting: collections.deque[tuple[Any, int]] = collections.deque()
    for batch in _batches(members, devices.num_devices()):
        filled = [*batch, *batch[-1:] * (devices.num_devices() - len(batch))]
        stacked = jax.tree.map(lambda *arrays: np.stack(arrays), *filled)
        waiting.append((program(devices.place_by_member(stacked), *placed), len(batch)))
        if len(waiting) > 1:
            yield from _each(*waiting.popleft())
    for done in waiting:
        yield from _each(*done)


def _batches(members: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield consecutive members of the same shapes, at most `size` at a time."""
    for _, alike in itertools.groupby(members, key=_shapes):
        while batch := list(itertools.islice(alike, size)):
            yield batch


def _shapes(member: Any) -> list[tuple[int, ...]]:
    return [np.shape(leaf) for leaf in jax.tree.leaves(member)]


def _each(found: Any, members: int) -> Iterator[Any]:
    arrays = jax.tree.map(np.asarray, found)
    for place in range(members):
        yield jax.tree.map(lambda array, place=place: array[place], arrays)


@functools.lru_cache(maxsize=32)
def _spread_program(function: Callable[..., Any], shared: int) -> Callable[..., Any]:
    return by_shape(devices.over_members(function, by_member=(True, *(False,) * shared)))
