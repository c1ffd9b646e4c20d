"""Watching layers: what each layer outputs and the gradient that reaches it.

A probe runs the loss and its gradient once on a fixed batch, apart from
training, so that a member that is watched is bit for bit the member that is
not. Zero perturbations added to the pre-activations make their gradients
available for any model: no layer has to be written for it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import keras
from jax.extend.core import get_opaque_trace_state

from fathom.models import Tap, kernels, replaced
from fathom.train import devices, keras_internals
from fathom.train.lowering import lowered_convolutions
from fathom.train.programs import State

__all__ = ["Sight", "Statistics", "Tap", "look_program", "probe_program"]

# (z, a, dL/dz, dL/dW, W, W before the last step, activation=...) -> {measure: scalar}
Statistics = Callable[..., dict[str, Any]]


class Sight(NamedTuple):
    """What a tap saw.

    Args:
        preactivation: z, (positions, units): rows, places and calls on one axis.
        activation: h, like z.
        delta: dL/dz, like z.
        gradient: dL/dW of each of the layer's matrices that is trained.
    """

    preactivation: Any
    activation: Any
    delta: Any
    gradient: list[Any]


@dataclass
class _Seen:
    """What a forward pass showed: by tap, the tensors of each call."""

    z: list[list[Any]] = field(default_factory=list)
    a: list[list[Any]] = field(default_factory=list)


# -- tapping ------------------------------------------------------------------------


@contextlib.contextmanager
def tapped(taps: Sequence[Tap], perturbations: Sequence[Any] | None) -> Iterator[_Seen]:
    """Collect what passes the taps, and add perturbations to the pre-activations.

    For as long as the context lasts the tapped layers have an instance
    attribute before their method (or before the activation they apply
    themselves), so that no other model notices. Calls that JAX traces apart,
    in loops and functions of their own, pass by.
    """
    seen, trace = _Seen(), get_opaque_trace_state()
    with contextlib.ExitStack() as stack:
        for place, tap in enumerate(taps):
            added = None if perturbations is None else perturbations[place]
            z, a = _Collector(added, None), _Collector(None, tap.output_calls)
            for layer, name, around in _wrappers(tap, z, a):
                stack.enter_context(replaced(layer, name, _here(around, trace)))
            seen.z.append(z.kept)
            seen.a.append(a.kept)
        yield seen


class _Collector:
    """Keeps what passes, call by call, with a perturbation added if there are any.

    Args:
        added: A perturbation for each call, or None.
        calls: The calls that are kept; all if None.
    """

    def __init__(self, added: Sequence[Any] | None, calls: Sequence[int] | None) -> None:
        self.kept: list[Any] = []
        self._added = added
        self._calls = calls
        self._count = 0

    def __call__(self, value: Any) -> Any:
        """Keep a tensor, or the first of several, and return what goes on in its place."""
        leaves = keras.tree.flatten(value)
        place = _first_float(leaves)
        leaves[place] = self._keep(leaves[place])
        return keras.tree.pack_sequence_as(value, leaves)

    def _keep(self, tensor: Any) -> Any:
        number, self._count = self._count, self._count + 1
        if self._added is not None:
            tensor = keras_internals.with_mask_of(tensor + self._added[number], tensor)
        if self._calls is None or number in self._calls:
            self.kept.append(tensor)
        return tensor


def _first_float(leaves: Sequence[Any]) -> int:
    return next(i for i, leaf in enumerate(leaves) if jnp.issubdtype(leaf.dtype, jnp.floating))


_Around = Callable[[Callable[..., Any]], Callable[..., Any]]


def _wrappers(tap: Tap, z: _Collector, a: _Collector) -> list[tuple[Any, str, _Around]]:
    """Return which functions of which operations are tapped, and how."""
    if tap.is_fused:
        return [(tap.layer, "activation", _passing(before=z, after=a))]
    if tap.output is tap.layer:
        return [(tap.layer, "call", _passing(after=lambda value: a(z(value))))]
    return [(tap.layer, "call", _passing(after=z)), (tap.output, "call", _passing(after=a))]


def _same(value: Any) -> Any:
    return value


def _passing(
    *, before: Callable[[Any], Any] = _same, after: Callable[[Any], Any] = _same
) -> _Around:
    """Pass the first argument and the result of a function through others."""

    def around(function: Callable[..., Any]) -> Callable[..., Any]:
        def passing(first: Any, *args: Any, **kwargs: Any) -> Any:
            return after(function(before(first), *args, **kwargs))

        return passing if before is not _same else lambda *a, **k: after(function(*a, **k))

    return around


def _here(around: _Around, trace: Any) -> Callable[[Any, Callable[..., Any]], Callable[..., Any]]:
    """Let the wrapper act in one trace alone: tensors of others must not leak out of theirs."""

    def replacement(_: Any, function: Callable[..., Any]) -> Callable[..., Any]:
        wrapped = around(function)

        def call(*args: Any, **kwargs: Any) -> Any:
            chosen = wrapped if get_opaque_trace_state() == trace else function
            return chosen(*args, **kwargs)

        return call

    return replacement


# -- looking --------------------------------------------------------------------------


def look_program(model: keras.Model, taps: Sequence[Tap]) -> Callable[..., list[Sight]]:
    """Return the function from one member's `(state, x, y, sample_weight)` to every tap's `Sight`.

    Nothing is reduced here: the reductions would take longer to compile than
    the gradient itself, and layers of one shape can share them (`measuring`).
    """
    places = [kernel_places(model, tap) for tap in taps]

    def look(state: State, x: Any, y: Any, sample_weight: Any = None) -> list[Sight]:
        with lowered_convolutions():
            gradients, deltas, z, a = _backward(model, taps, state, (x, y, sample_weight))
        return [
            Sight(
                _as_matrix(z[number], tap.layer),
                _as_matrix(a[number], tap.layer),
                _as_matrix(deltas[number], tap.layer),
                [gradients[i].astype("float32") for i in places[number]],
            )
            for number, tap in enumerate(taps)
        ]

    return look


def probe_program(model: keras.Model, taps: Sequence[Tap]) -> Any:
    """Return the function from all members' `(state, x, y)` to what every tap saw of each."""
    look = look_program(model, taps)

    def probe(state: State, x: Any, y: Any) -> list[Sight]:
        return look(state, x, y)

    return devices.over_members(probe, by_member=(True, False, False))


def _backward(
    model: keras.Model, taps: Sequence[Tap], state: State, batch: tuple[Any, Any, Any]
) -> tuple[Any, Any, Any, Any]:
    """Return the gradients of weights and pre-activations, pre-activations and activations."""
    scale = _loss_scale(model, state)

    def run(trainable: list[Any], perturbations: Any) -> tuple[Any, Any]:
        with tapped(taps, perturbations) as seen:
            loss, _ = model.compute_loss_and_updates(
                trainable,
                state.non_trainable,
                state.metrics,
                *batch,
                training=True,
                optimizer_variables=state.optimizer,
            )
        return loss, (seen.z, seen.a)

    zeros = _static_zeros(model, taps, batch[0])
    if zeros is None:
        shapes = jax.eval_shape(lambda trainable: run(trainable, None)[1][0], state.trainable)
        zeros = jax.tree.map(lambda z: jnp.zeros(z.shape, z.dtype), shapes)
    (gradients, deltas), (z, a) = jax.grad(run, argnums=(0, 1), has_aux=True)(
        state.trainable, zeros
    )
    if scale is not None:
        gradients, deltas = jax.tree.map(lambda g: g.astype("float32") / scale, (gradients, deltas))
    return gradients, deltas, z, a


def _static_zeros(model: keras.Model, taps: Sequence[Tap], x: Any) -> Any:
    """Return zeros like the pre-activations where their shapes are known, else None.

    Finding the shapes takes a second trace of the model.
    """
    rows = len(jax.tree.leaves(x)[0])
    operations = set(map(id, getattr(model, "operations", ())))
    zeros = []
    for tap in taps:
        if id(tap.layer) not in operations or len(tap.layer._inbound_nodes) != 1:
            return None
        shape = getattr(tap.layer.output, "shape", (None, None))
        if None in shape[1:]:
            return None
        zeros.append([jnp.zeros((rows, *shape[1:]), tap.layer.compute_dtype)])
    return zeros


def _loss_scale(model: keras.Model, state: State) -> Any:
    """Return by what the optimizer multiplies the loss against underflow; None for nothing."""
    optimizer: Any = model.optimizer
    if not isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        return optimizer and optimizer.loss_scale_factor
    mapping = list(zip(optimizer.variables, state.optimizer, strict=True))
    with keras.StatelessScope(state_mapping=mapping):
        return optimizer.scale_loss(jnp.float32(1.0))


def _as_matrix(calls: Sequence[Any], layer: keras.layers.Layer) -> Any:
    """Return (positions, units): the tensors of all calls below each other, in float32."""
    axis = 1 if getattr(layer, "data_format", None) == "channels_first" else -1
    last = [jnp.moveaxis(tensor, axis, -1).astype("float32") for tensor in calls]
    flat = [tensor.reshape(-1, tensor.shape[-1]) for tensor in last]
    return flat[0] if len(flat) == 1 else jnp.concatenate(flat)


def kernel_places(model: keras.Model, tap: Tap) -> list[int]:
    """Return where a layer's matrices are among the model's trainable variables."""
    places = {id(variable): i for i, variable in enumerate(model.trainable_variables)}
    return [places[id(kernel)] for kernel in kernels(tap.layer) if id(kernel) in places]
