"""Watching layers: what each layer outputs and the gradient that reaches it.

A probe runs the loss and its gradient once on a fixed batch, apart from
training, so that a member that is watched is bit for bit the member that is
not. Zero perturbations added to the pre-activations make their gradients
available for any model: no layer has to be written for it.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.train import devices
from fathom.train.programs import State

# (z, a, dL/dz, dL/dW, W, W before the last step, activation=...) -> {measure: scalar}
Statistics = Callable[..., dict[str, Any]]


class Sight(NamedTuple):
    """What a tap saw: z, h, dL/dz (rows, ..., units) and dL/dW."""

    preactivation: Any
    activation: Any
    delta: Any
    gradient: Any


@dataclass(frozen=True)
class Tap:
    """A layer that is watched.

    Args:
        name: What the layer is called in records.
        layer: The layer with the kernel; its output is the pre-activation,
            unless it applies the activation itself.
        output: The layer whose output is the activation; the same layer
            where it applies the activation itself, or has none.
        activation: Name of the activation, "linear" for none.
    """

    name: str
    layer: keras.layers.Layer
    output: keras.layers.Layer
    activation: str


@dataclass
class _Seen:
    """What a forward pass showed: pre-activations and activations by the tap's place."""

    z: dict[int, Any]
    a: dict[int, Any]


@contextlib.contextmanager
def _tapped(taps: Sequence[Tap], perturbations: Sequence[Any] | None) -> Iterator[_Seen]:
    """Collect what passes the taps, and add perturbations to the pre-activations.

    For as long as the context lasts the tapped layers have an instance
    attribute before their method (or before the activation they apply
    themselves), so that no other model notices.
    """
    seen = _Seen({}, {})
    with contextlib.ExitStack() as stack:
        for place, tap in enumerate(taps):
            added = None if perturbations is None else perturbations[place]
            on_z, on_a = _collector(seen.z, place, added), _collector(seen.a, place, None)
            if tap.output is not tap.layer:
                stack.enter_context(_passing(tap.layer, "call", after=on_z))
                stack.enter_context(_passing(tap.output, "call", after=on_a))
            elif tap.activation == "linear":
                stack.enter_context(_passing(tap.layer, "call", after=_then(on_z, on_a)))
            else:
                stack.enter_context(_passing(tap.layer, "activation", before=on_z, after=on_a))
        yield seen


def _collector(kept: dict[int, Any], place: int, added: Any) -> Callable[[Any], Any]:
    def collect(value: Any) -> Any:
        kept[place] = value if added is None else value + added
        return kept[place]

    return collect


def _then(first: Callable[[Any], Any], second: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: second(first(value))


def _same(value: Any) -> Any:
    return value


@contextlib.contextmanager
def _passing(
    layer: keras.layers.Layer,
    name: str,
    *,
    before: Callable[[Any], Any] = _same,
    after: Callable[[Any], Any] = _same,
) -> Iterator[None]:
    """Pass the first argument and the result of one of a layer's functions through others."""
    own, function = layer.__dict__.get(name), getattr(layer, name)

    def passing(first: Any, *args: Any, **kwargs: Any) -> Any:
        return after(function(before(first), *args, **kwargs))

    layer.__dict__[name] = passing
    try:
        yield
    finally:
        if own is None:
            del layer.__dict__[name]
        else:
            layer.__dict__[name] = own


def probe_program(model: keras.Model, taps: Sequence[Tap]) -> Any:
    """Return the function from `(state, x, y)` to what every tap saw, a `Sight` each.

    Nothing is reduced here: the reductions would take longer to compile than
    the gradient itself, and layers of one shape can share them (`measured`).
    """
    places = [_kernel_place(model, tap) for tap in taps]

    def probe(state: State, x: Any, y: Any) -> list[Sight]:
        gradients, deltas, preactivations, activations = _backward(model, taps, state, x, y)
        return [
            Sight(preactivations[layer], activations[layer], deltas[layer], gradients[place])
            for layer, place in enumerate(places)
        ]

    return devices.over_members(probe, by_member=(True, False, False))


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
    for tap, sight in zip(taps, sights, strict=True):
        place = _kernel_place(model, tap)
        reduce = _over_members(statistics, tap.activation)
        rows.append(reduce(*sight, now[place], before[place]))
    return {
        name: np.stack([np.asarray(row[name], "float64") for row in rows], axis=1)
        for name in rows[0]
    }


@functools.lru_cache(maxsize=64)
def _over_members(statistics: Statistics, activation: str) -> Callable[..., dict[str, Any]]:
    """Return `statistics` over members, compiled once for layers of one shape in any model."""
    reduce = functools.partial(statistics, activation=activation)
    return jax.jit(devices.over_members(reduce, by_member=(True,) * 6))


def _backward(
    model: keras.Model, taps: Sequence[Tap], state: State, x: Any, y: Any
) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """Return the gradients of weights and pre-activations, pre-activations and activations."""

    def run(trainable: list[Any], perturbations: list[Any] | None) -> tuple[Any, Any]:
        with _tapped(taps, perturbations) as seen:
            loss, _ = model.compute_loss_and_updates(
                trainable,
                state.non_trainable,
                state.metrics,
                x,
                y,
                None,
                training=True,
                optimizer_variables=state.optimizer,
            )
        places = range(len(taps))
        return loss, ([seen.z[i] for i in places], [seen.a[i] for i in places])

    rows = len(jax.tree.leaves(x)[0])
    zeros = [
        jnp.zeros((rows, *tap.layer.output.shape[1:]), tap.layer.compute_dtype) for tap in taps
    ]
    (gradients, deltas), (z, a) = jax.grad(run, argnums=(0, 1), has_aux=True)(
        state.trainable, zeros
    )
    return gradients, deltas, z, a


def _kernel_place(model: keras.Model, tap: Tap) -> int:
    kernel: Any = tap.layer.kernel
    return next(i for i, v in enumerate(model.trainable_variables) if v is kernel)
