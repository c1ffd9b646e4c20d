"""The classic network: TensorFlow Playground's own rule of learning, in double precision.

    b <- b - rate * mean(dE/db)
    w <- w - rate * mean(dE/dw) - rate * penalty'(w)

With L1 a link whose step by the penalty crosses zero is dead for good. Single
precision would differ from the original by 3e-6 in the loss after 100 epochs.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fathom.play.experiment import Experiment
from fathom.play.layout import HIDDEN, OUTPUT, Layout, Parameter, stacked
from fathom.play.network import Settings, State
from fathom.play.seedrandom import SeedRandom

CHUNK = 16
FIRST_BIAS = 0.1

ACTIVATIONS = {
    "tanh": jnp.tanh,
    "relu": lambda z: jnp.maximum(z, jnp.zeros_like(z)),
    "sigmoid": jax.nn.sigmoid,
    "linear": lambda z: z,
}


class ClassicNetwork:
    """A stack of dense layers that learns as TensorFlow Playground's does.

    State: trainable is kernel, bias, kernel, bias, ...; other is, for each
    kernel, 1 where the link lives and 0 where it is dead.

    Args:
        experiment: A classic one.
        inputs: Names of the inputs.
        is_classification: Whether the output is tanh for labels -1 and +1.
    """

    dtype = np.float64
    chunk = CHUNK

    def __init__(
        self, experiment: Experiment, *, inputs: tuple[str, ...], is_classification: bool
    ) -> None:
        self._units = [layer.units for layer in experiment.network.layers] + [1]
        hidden = experiment.network.layers
        self._activations = [layer.activation for layer in hidden]
        self._activations.append("tanh" if is_classification else "linear")
        self._init_zero = experiment.init_zero
        self._inputs = len(inputs)
        self.layout = _layout(inputs, self._units, self._activations)

    def precision(self) -> AbstractContextManager[Any]:
        """Return the context of double precision."""
        return jax.enable_x64(True)

    def first(self, seed: SeedRandom) -> State:
        """Draw weights in [-0.5, 0.5), each destination's one after another; biases 0.1."""
        trainable: list[Any] = []
        inputs = self._inputs
        for units in self._units:
            drawn = [seed.random() - 0.5 for _ in range(units * inputs)]
            kernel = np.array(drawn, np.float64).reshape(units, inputs).T.copy()
            bias = np.full(units, FIRST_BIAS, np.float64)
            trainable += [0 * kernel, 0 * bias] if self._init_zero else [kernel, bias]
            inputs = units
        alive = [np.ones_like(kernel) for kernel in trainable[::2]]
        return State(trainable, alive, [])

    def units(self, state: State, x: Any) -> list[Any]:
        """Return the outputs of each layer after the input."""
        found = []
        for kernel, bias, activation in zip(
            state.trainable[::2], state.trainable[1::2], self._activations
        ):
            x = ACTIVATIONS[activation](x @ kernel + bias)
            found.append(x)
        return found

    def row_losses(self, state: State, x: Any, y: Any) -> tuple[Any, Any]:
        """Return outputs (rows, 1) and half the squared errors (rows,)."""
        outputs = self.units(state, x)[-1]
        return outputs, jnp.square(outputs[:, 0] - y) / 2

    def output_slopes(self, state: State, x: Any, y: Any) -> list[Any]:
        """Return the derivatives of each row's loss by each layer's outputs."""
        added = [jnp.zeros((x.shape[0], units), x.dtype) for units in self._units]

        def total(added: list[Any]) -> Any:
            values = x
            layers = zip(state.trainable[::2], state.trainable[1::2], self._activations, added)
            for kernel, bias, activation, more in layers:
                values = ACTIVATIONS[activation](values @ kernel + bias) + more
            return jnp.sum(jnp.square(values[:, 0] - y) / 2)

        return jax.grad(total)(added)

    def is_plain(self, layer: int) -> bool:
        """Return whether a layer is nothing but kernel, bias and activation: all are."""
        return True

    def activation(self, name: str) -> Any:
        """Return an activation by name."""
        return ACTIVATIONS[name]

    def gradients(self, state: State, x: Any, y: Any, mask: Any) -> tuple[list[Any], list[Any]]:
        """Return the sums of the gradients over the rows where `mask` is 1."""

        def total(trainable: list[Any]) -> Any:
            _, losses = self.row_losses(State(trainable, state.other, []), x, y)
            return jnp.sum(losses * mask)

        return jax.grad(total)(state.trainable), state.other

    def updated(self, state: State, gradients: list[Any], rate: Any, settings: Settings) -> State:
        """Return the state after the original's update."""
        trainable: list[Any] = []
        alive: list[Any] = []
        steps = zip(state.trainable[::2], gradients[::2], state.other)
        for place, (kernel, gradient, lives) in enumerate(steps):
            new, living = _updated_kernel(kernel, gradient, lives, rate, settings)
            bias = state.trainable[2 * place + 1] - rate * gradients[2 * place + 1]
            trainable += [new, bias]
            alive.append(living)
        return State(trainable, alive, [])


def _updated_kernel(
    kernel: Any, gradient: Any, lives: Any, rate: Any, settings: Settings
) -> tuple[Any, Any]:
    middle = kernel - rate * gradient
    new = middle - rate * (settings.l1 * jnp.sign(kernel) + settings.l2 * kernel)
    dies = (settings.l1 > 0) & (middle * new < 0)
    living = jnp.where(dies, jnp.zeros_like(lives), lives)
    return jnp.where(living > 0, new, jnp.zeros_like(new)), living


def _layout(inputs: tuple[str, ...], units: list[int], activations: list[str]) -> Layout:
    parameters = []
    before = len(inputs)
    for layer, count in enumerate(units, start=1):
        for name, shape in (("kernel", (before, count)), ("bias", (count,))):
            parameters.append(
                Parameter(
                    layer=layer,
                    name=name,
                    shape=shape,
                    trainable=True,
                    group="trainable",
                    index=len(parameters),
                )
            )
        before = count
    kinds = [HIDDEN] * (len(units) - 1) + [OUTPUT]
    return stacked(inputs, list(zip(kinds, units, activations)), parameters)
