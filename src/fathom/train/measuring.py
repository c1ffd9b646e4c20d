"""What taps saw of a layer reduced to numbers, by programs that any model's layers share."""

from __future__ import annotations

import functools
import hashlib
import inspect
import threading
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakValueDictionary

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.train import devices, program_cache
from fathom.train.compiling import TRACING
from fathom.train.probe import Sight, Statistics, Tap, kernel_places

# Of so few activations, of all members, statistics are compiled for longer than they are computed.
FEW_ACTIVATIONS = 1_000_000

# Compiled programs of layers of some shape, for as long as `program_cache` keeps them.
_REDUCTIONS: WeakValueDictionary[Any, Any] = WeakValueDictionary()
_COMPILING = threading.Lock()


def measured(
    model: keras.Model,
    taps: Sequence[Tap],
    statistics: Statistics,
    sights: Sequence[Sight],
    *,
    now: Sequence[Any],
    before: Sequence[Any],
) -> dict[str, np.ndarray]:
    """Reduce what the taps saw to numbers, float64 (member, layer), from input to output.

    Args:
        model: The model that was probed.
        taps: Its taps.
        statistics: What is measured of a layer.
        sights: What the taps saw.
        now: The trainable variables.
        before: The trainable variables before the last step.
    """
    rows = []
    for tap, seen in zip(taps, by_tap(model, taps, sights, now, before), strict=True):
        # One array a layer is fetched as quickly as any one measure.
        rows.append(_reduction(statistics, tap.activation, seen)(*seen))
    found = np.stack(jax.device_get(rows), axis=-1).astype("float64")
    return {name: found[:, place] for place, name in enumerate(_names(statistics))}


def by_tap(
    model: keras.Model, taps: Sequence[Tap], sights: Sequence[Any], now: Any, before: Any
) -> list[tuple[Any, ...]]:
    """Return what every tap's statistics take: its `Sight`, its matrices now and before."""
    places = [kernel_places(model, tap) for tap in taps]
    return [
        (*sight, [now[i] for i in of_tap], [before[i] for i in of_tap])
        for sight, of_tap in zip(sights, places, strict=True)
    ]


def _reduction(statistics: Statistics, activation: str, seen: Any) -> Callable[..., Any]:
    """Return `statistics` over members, compiled once for layers of one shape in any model.

    What it returns is float32 (member, measure), in the order of `_names`.
    """
    leaves, structure = jax.tree.flatten(seen)
    shapes = tuple((leaf.shape, str(leaf.dtype)) for leaf in leaves)
    key = (statistics, activation, structure, shapes, devices.mesh())
    with _COMPILING:  # whoever comes second needs the same program
        program = _REDUCTIONS.get(key)
        if program is None:
            program = _REDUCTIONS[key] = _compiled(statistics, activation, seen)
        return program


def _compiled(statistics: Statistics, activation: str, seen: Any) -> Callable[..., Any]:
    def reduce(*seen: Any) -> Any:
        found = statistics(*seen, activation=activation)
        return jnp.stack([jnp.asarray(found[name], "float32") for name in _names(statistics)])

    return program_cache.compiled(
        lambda: devices.over_members(reduce, by_member=(True,) * len(seen)),
        devices.shape_of(seen, by_member=True),
        name=f"measure {activation} {identity(statistics)}",
        quickly=seen[1].size < FEW_ACTIVATIONS,
        tracing=TRACING,
    )


@functools.lru_cache(maxsize=64)
def _names(statistics: Statistics) -> tuple[str, ...]:
    """Return the names of what is measured, whatever the layer."""
    matrix = jax.ShapeDtypeStruct((1, 1), "float32")
    sight = Sight(matrix, matrix, matrix, [matrix])
    measure = functools.partial(statistics, activation="linear")
    return tuple(jax.eval_shape(measure, *sight, [matrix], [matrix]))


@functools.lru_cache(maxsize=64)
def identity(statistics: Statistics) -> str:
    """Return what tells one way of measuring from another, also after its code has changed."""
    source = inspect.getsource(inspect.getmodule(statistics) or statistics)
    return f"{statistics.__qualname__} {hashlib.sha256(source.encode()).hexdigest()}"
