"""Watching layers: what each layer outputs and the gradient that reaches it.

A probe runs the loss and its gradient once on a fixed batch, apart from
training, so that a member that is watched is bit for bit the member that is
not. Zero perturbations added to the pre-activations make their gradients
available for any model: no layer has to be written for it.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras

from fathom.train import devices
from fathom.train.programs import State

# (z, a, dL/dz, W, dL/dW, W before the last step), each (layer, ...) -> {measure: (layer,)}
Statistics = Callable[..., dict[str, Any]]


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


def probe_program(model: keras.Model, taps: Sequence[Tap], statistics: Statistics) -> Any:
    """Return the function from `(state, before, x, y)` to `{measure: (layer,)}`.

    Args:
        model: A compiled model.
        taps: The layers to watch, from input to output.
        statistics: Reduces the arrays of layers of one shape and activation,
            stacked on axis 0, to numbers per layer.

    Of the function's arguments `before` holds the trainable variables before
    the last step.
    """
    kernel_places = [_kernel_place(model, tap) for tap in taps]

    def probe(state: State, before: list[Any], x: Any, y: Any) -> dict[str, Any]:
        gradients, deltas, preactivations, activations = _backward(model, taps, state, x, y)
        results: dict[str, list[Any]] = defaultdict(lambda: [jnp.nan] * len(taps))
        for group in _alike(taps, preactivations, [state.trainable[k] for k in kernel_places]):
            kernels = [kernel_places[i] for i in group]
            measured = statistics(
                _stacked(preactivations, group),
                _stacked(activations, group),
                _stacked(deltas, group),
                _stacked(state.trainable, kernels),
                _stacked(gradients, kernels),
                _stacked(before, kernels),
                activation=taps[group[0]].activation,
            )
            for name, values in measured.items():
                for place, layer in enumerate(group):
                    results[name][layer] = values[place]
        return {name: jnp.stack([jnp.asarray(v) for v in row]) for name, row in results.items()}

    return devices.over_members(probe, by_member=(True, True, False, False))


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

    _, (shapes, _) = jax.eval_shape(lambda trainable: run(trainable, None), state.trainable)
    zeros = [jnp.zeros(shape.shape, shape.dtype) for shape in shapes]
    (gradients, deltas), (z, a) = jax.grad(run, argnums=(0, 1), has_aux=True)(
        state.trainable, zeros
    )
    return gradients, deltas, z, a


def _kernel_place(model: keras.Model, tap: Tap) -> int:
    kernel: Any = tap.layer.kernel
    return next(i for i, v in enumerate(model.trainable_variables) if v is kernel)


def _alike(
    taps: Sequence[Tap], preactivations: Sequence[Any], kernels: Sequence[Any]
) -> list[list[int]]:
    """Return the places of layers that can be measured as one stack."""
    groups: dict[Any, list[int]] = defaultdict(list)
    for place, tap in enumerate(taps):
        key = (tap.activation, preactivations[place].shape, kernels[place].shape)
        groups[key].append(place)
    return list(groups.values())


def _stacked(arrays: Sequence[Any], places: Sequence[int]) -> Any:
    return jnp.stack([arrays[place] for place in places])
