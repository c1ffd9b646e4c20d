"""The modern network: a Keras model, its optimizer and its loss as pure functions of a state."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.play.experiment import Experiment
from fathom.play.keras_models import Built, build_model, optimizer_of
from fathom.play.layout import HIDDEN, OUTPUT, Layout, Parameter, stacked
from fathom.play.losses import loss_name, output_kind, row_losses
from fathom.play.materials import Material
from fathom.play.network import Settings, State
from fathom.play.seedrandom import SeedRandom

CHUNK = 16
WIDE_CHUNK = 64
WIDE_INPUTS = 32
FIRST_BIAS = 0.1


class ModernNetwork:
    """A Keras model as the playground trains and draws it.

    The gradient of a batch is the mean over its rows, taken a chunk at a time;
    with batch normalisation the chunk is the batch, whose moments it needs, and
    a smaller last batch is filled up with its own last row.

    Args:
        experiment: Any that the rules allow.
        material: Its points.
        inputs: Names of the features.

    Raises:
        SpecError: Output, loss and data do not go together.
    """

    dtype = np.float32

    def __init__(self, experiment: Experiment, material: Material, inputs: tuple[str, ...]) -> None:
        self.output = output_kind(experiment, material)
        self.loss = loss_name(experiment, self.output)
        classes = len(material.classes)
        outputs = classes if self.output == "softmax" else 1
        self._rows = row_losses(self.loss, self.output, classes)
        self._initializer = experiment.network.initializer
        self._init_zero = experiment.init_zero
        self.built = build_model(
            experiment, inputs=len(inputs), outputs=outputs, output=self.output
        )
        self._optimizer = optimizer_of(experiment)
        self._trainable = self.built.model.trainable_variables
        self._other = self.built.model.non_trainable_variables
        if self._trainable:
            self._optimizer.build(self._trainable)
        self._rate_place = _place(self._optimizer.variables, self._optimizer._learning_rate)
        self._kernels = _kernel_places(self.built, self._trainable)
        self.layout = self._make_layout(inputs, material)
        self.chunk = _chunk(experiment, len(inputs))

    def precision(self) -> AbstractContextManager[Any]:
        """Return the context of single precision, Keras's own."""
        return contextlib.nullcontext()

    # -- the beginning ---------------------------------------------------------------

    def first(self, seed: SeedRandom) -> State:
        """Draw the weights; the classic initializer draws what the classic network would."""
        drawn = {id(variable): value for variable, value in self._drawn(seed)}
        trainable = [_begun(one, drawn) for one in self._trainable]
        other = [_begun(one, drawn) for one in self._other]
        return State(trainable, other, self._begun_optimizer(trainable))

    def _drawn(self, seed: SeedRandom) -> Iterator[tuple[Any, np.ndarray]]:
        """Yield the variables of the dense layers and of dropout with their first values."""
        layers: Any = zip(self.built.dense, self.built.parts)
        for dense, (_, projection) in layers:
            yield dense.kernel, self._kernel(tuple(dense.kernel.shape), seed)
            yield dense.bias, np.full(dense.bias.shape, self._first_bias, np.float32)
            if projection is not None:
                yield projection.kernel, self._kernel(tuple(projection.kernel.shape), seed)
        for variable in self._other:
            if variable.dtype == "uint32":
                yield variable, np.array([int(seed.random() * 2**31), 0], np.uint32)

    @property
    def _first_bias(self) -> float:
        return FIRST_BIAS if self._initializer == "playground" and not self._init_zero else 0.0

    def _kernel(self, shape: tuple[int, int], seed: SeedRandom) -> np.ndarray:
        if self._initializer == "playground":
            drawn = [seed.random() - 0.5 for _ in range(shape[0] * shape[1])]
            kernel = np.array(drawn, np.float32).reshape(shape[::-1]).T.copy()
        else:
            initializer: Any = keras.initializers.get(self._initializer)
            if "seed" in initializer.get_config():
                config = {**initializer.get_config(), "seed": int(seed.random() * 2**31)}
                initializer = type(initializer).from_config(config)
            kernel = np.asarray(initializer(shape, dtype="float32"))
        return 0 * kernel if self._init_zero else kernel

    def _begun_optimizer(self, trainable: list[np.ndarray]) -> list[np.ndarray]:
        values = [np.asarray(one.value) for one in self._optimizer.variables]
        if isinstance(self._optimizer, keras.optimizers.ScheduleFreeAdamW):
            # Its second point begins where the weights do.
            for slot, weights in zip(self._optimizer._momentums, trainable):
                values[_place(self._optimizer.variables, slot)] = weights
        return values

    # -- pure functions --------------------------------------------------------------

    def units(self, state: State, x: Any) -> list[Any]:
        """Return the outputs of each layer after the input."""
        *hidden, _, outputs = self.built.taps.stateless_call(
            state.trainable, state.other, x, training=False
        )[0]
        return [*hidden, outputs]

    def row_losses(self, state: State, x: Any, y: Any) -> tuple[Any, Any]:
        """Return outputs (rows, k) and losses (rows,)."""
        taps = self.built.taps.stateless_call(state.trainable, state.other, x, training=False)[0]
        return taps[-1], self._rows(y, taps[-2], taps[-1])

    def output_slopes(self, state: State, x: Any, y: Any) -> list[Any]:
        """Return the derivatives of each row's loss by each layer's outputs."""
        slopes = [
            self._hidden_slopes(state, values, y, place)
            for place, values in enumerate(self.units(state, x)[:-1])
        ]
        return [*slopes, self._answer_slopes(state, x, y)]

    def _hidden_slopes(self, state: State, values: Any, y: Any, place: int) -> Any:
        rest = self._rest(place)
        return jax.grad(lambda values: jnp.sum(self._rows(y, *rest(state, values))))(values)

    def _rest(self, place: int) -> Any:
        """Return the function from a hidden layer's outputs to logits and answers."""
        outputs = self.built.taps.outputs
        rest = keras.Model(outputs[place], outputs[-2:])
        trainable, other = rest.trainable_variables, rest.non_trainable_variables

        def run(state: State, values: Any) -> Any:
            return rest.stateless_call(
                [state.trainable[_place(self._trainable, one)] for one in trainable],
                [state.other[_place(self._other, one)] for one in other],
                values,
                training=False,
            )[0]

        return run

    def _answer_slopes(self, state: State, x: Any, y: Any) -> Any:
        """Return the derivatives by the answers; by the logits for a softmax."""
        taps = self.built.taps.stateless_call(state.trainable, state.other, x, training=False)[0]
        if self.loss in ("crossentropy", "focal"):
            function = keras.activations.get(self.output)
            return jax.grad(lambda z: jnp.sum(self._rows(y, z, function(z))))(taps[-2])
        return jax.grad(lambda a: jnp.sum(self._rows(y, taps[-2], a)))(taps[-1])

    def is_plain(self, layer: int) -> bool:
        """Return whether a layer has no normalisation, dropout or skip, nor a loss of logits."""
        if layer == len(self.built.units) and self.loss in ("crossentropy", "focal"):
            return False
        return self.built.is_plain[layer - 1]

    def activation(self, name: str) -> Any:
        """Return an activation by name."""
        return keras.activations.get(name)

    def gradients(self, state: State, x: Any, y: Any, mask: Any) -> tuple[list[Any], list[Any]]:
        """Return the sums of the gradients over the rows where `mask` is 1, and the other state."""

        def total(trainable: list[Any]) -> tuple[Any, list[Any]]:
            taps, other = self.built.taps.stateless_call(trainable, state.other, x, training=True)
            losses = self._rows(y, taps[-2], taps[-1])
            return jnp.sum(losses * mask), list(other)

        return jax.grad(total, has_aux=True)(state.trainable)

    def updated(self, state: State, gradients: list[Any], rate: Any, settings: Settings) -> State:
        """Return the state after the optimizer's step."""
        if not state.trainable:
            return state
        gradients = [
            gradient + settings.l1 * jnp.sign(value) + settings.l2 * value
            if place in self._kernels
            else gradient
            for place, (gradient, value) in enumerate(zip(gradients, state.trainable))
        ]
        slots = list(state.optimizer)
        slots[self._rate_place] = rate.astype(jnp.float32)
        trainable, optimizer = self._optimizer.stateless_apply(slots, gradients, state.trainable)
        return State(list(trainable), state.other, list(optimizer))

    # -- outwards --------------------------------------------------------------------

    def keras_model(self, state: State) -> keras.Model:
        """Return the model itself with the weights of a state."""
        for variables, values in ((self._trainable, state.trainable), (self._other, state.other)):
            for variable, value in zip(variables, values):
                variable.assign(value)
        return self.built.model

    def _make_layout(self, inputs: tuple[str, ...], material: Material) -> Layout:
        kinds = [HIDDEN] * (len(self.built.units) - 1) + [OUTPUT]
        outputs = material.classes if self.output == "softmax" else ()
        layers = list(zip(kinds, self.built.units, self.built.activations))
        return stacked(inputs, layers, list(self._parameters()), outputs=outputs)

    def _parameters(self) -> Iterator[Parameter]:
        for layer, (dense, parts) in enumerate(zip(self.built.dense, self.built.parts), start=1):
            for name, variable in _variables(dense, *parts):
                trains = any(variable is one for one in self._trainable)
                group = self._trainable if trains else self._other
                yield Parameter(
                    layer=layer,
                    name=name,
                    shape=tuple(variable.shape),
                    trainable=trains,
                    group="trainable" if trains else "other",
                    index=_place(group, variable),
                )


def _chunk(experiment: Experiment, inputs: int) -> int:
    if any(layer.normalization == "batch" for layer in experiment.network.layers):
        return experiment.batch_size
    return WIDE_CHUNK if inputs > WIDE_INPUTS else CHUNK


def _variables(dense: Any, normal: Any, projection: Any) -> Iterator[tuple[str, Any]]:
    """Yield a layer's variables by the names the page knows them by."""
    yield "kernel", dense.kernel
    yield "bias", dense.bias
    if projection is not None:
        yield "projection", projection.kernel
    for name in ("gamma", "beta", "moving_mean", "moving_variance"):
        variable = getattr(normal, name, None)
        if variable is not None:
            yield name, variable


def _kernel_places(built: Built, trainable: list[Any]) -> set[int]:
    """Return the places of the kernels, the only ones that penalties act on."""
    kernels = [dense.kernel for dense in built.dense]
    kernels += [projection.kernel for _, projection in built.parts if projection is not None]
    return {place for place, one in enumerate(trainable) if any(one is each for each in kernels)}


def _place(variables: list[Any], wanted: Any) -> int:
    return next(place for place, one in enumerate(variables) if one is wanted)


def _begun(variable: Any, drawn: dict[int, np.ndarray]) -> np.ndarray:
    return drawn.get(id(variable), np.asarray(variable.value))
