"""Layers of any model can be watched: nested, shared, recurrent, subclassed, with many ends."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from fathom import measure, models, train
from fathom.errors import ModelError
from fathom.train.programs import State

ROWS = 12
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 6)).astype("float32")
SEQUENCE = RNG.normal(size=(ROWS, 5, 4)).astype("float32")
IMAGE = RNG.normal(size=(ROWS, 8, 8, 1)).astype("float32")
WORDS = RNG.integers(0, 9, size=(ROWS, 5)).astype("int32")
Y = RNG.integers(0, 3, size=ROWS).astype("int32")
LOGITS_LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


class Block(keras.layers.Layer):
    """A dense layer and its activation, as people write them."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(units, name="dense")
        self.activation_layer = keras.layers.ReLU(name="relu")

    def build(self, shape: Any) -> None:
        self.dense.build(shape)

    def call(self, x: Any) -> Any:
        return self.activation_layer(self.dense(x))


class Subclassed(keras.Model):
    """A model of blocks in a list, with a head."""

    def __init__(self) -> None:
        super().__init__(name="subclassed")
        self.blocks = [Block(8, name="block"), Block(8, name="block")]
        self.drop = keras.layers.Dropout(0.3)
        self.head = keras.layers.Dense(3, name="head")

    def call(self, x: Any, training: bool = False) -> Any:
        for block in self.blocks:
            x = self.drop(block(x), training=training)
        return self.head(x)


class OwnWeights(keras.layers.Layer):
    """A layer that holds its matrix itself and applies its activation itself."""

    def __init__(self, units: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.activation = keras.activations.relu

    def build(self, shape: Any) -> None:
        self.w = self.add_weight(shape=(shape[-1], self.units), name="w")

    def call(self, x: Any) -> Any:
        return self.activation(keras.ops.matmul(x, self.w))


class Gated(OwnWeights):
    """A layer that uses its activation twice, so that no pre-activation is the one."""

    def call(self, x: Any) -> Any:
        z = keras.ops.matmul(x, self.w)
        return self.activation(z) - self.activation(-z)


class LoopedOver(keras.layers.Layer):
    """A layer whose inner layer runs in a loop that JAX traces apart."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.inner = keras.layers.Dense(6, name="inner")

    def build(self, shape: Any) -> None:
        self.inner.build(shape)

    def call(self, x: Any) -> Any:
        return jax.lax.scan(lambda h, _: (self.inner(h), None), x, None, length=3)[0]


def sequential(*layers: keras.layers.Layer, shape: tuple[int, ...]) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *layers, keras.layers.Dense(3, name="head")])


def two_ends() -> keras.Model:
    a, b = keras.Input((6,), name="a"), keras.Input((6,), name="b")
    joint = keras.layers.Concatenate()([a, b])
    hidden = keras.layers.Dense(8, activation="relu", name="hidden")(joint)
    first = keras.layers.Dense(3, name="first")(hidden)
    return keras.Model({"a": a, "b": b}, [first, keras.layers.Dense(1, name="second")(hidden)])


def nested() -> keras.Model:
    inner_inputs = keras.Input((8,))
    hidden = keras.layers.Dense(8, name="dense")(inner_inputs)
    inner = keras.Model(inner_inputs, keras.layers.Activation("tanh")(hidden), name="inner")
    inputs = keras.Input((6,))
    x = keras.layers.Dense(8, name="stem")(inputs)
    x = inner(inner(keras.ops.relu(x)))
    return keras.Model(inputs, keras.layers.Dense(3, name="head")(x), name="nested")


def attention() -> keras.Model:
    inputs = keras.Input((5, 4))
    x = keras.layers.MultiHeadAttention(2, 3, name="attention")(inputs, inputs)
    x = keras.layers.LayerNormalization()(keras.layers.Add()([x, inputs]))
    x = keras.layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, keras.layers.Dense(3, name="head")(x))


CASES = {
    "subclassed": (Subclassed, X, ["block/dense relu", "block/dense@2 relu", "head linear"]),
    "nested and shared": (nested, X, ["stem relu", "inner/dense tanh", "head linear"]),
    "own weights": (
        lambda: sequential(OwnWeights(8, name="own"), shape=(6,)),
        X,
        ["own relu", "head linear"],
    ),
    "activation used twice": (
        lambda: sequential(Gated(8, name="gated"), shape=(6,)),
        X,
        ["gated linear", "head linear"],
    ),
    "loop": (
        lambda: sequential(LoopedOver(name="looped"), shape=(6,)),
        X,
        ["looped linear", "head linear"],
    ),
    "recurrent": (
        lambda: sequential(
            keras.layers.LSTM(4, return_sequences=True, name="lstm"),
            keras.layers.Bidirectional(keras.layers.GRU(3), name="both"),
            shape=(5, 4),
        ),
        SEQUENCE,
        ["lstm linear", "both linear", "head linear"],
    ),
    "time distributed": (
        lambda: sequential(
            keras.layers.TimeDistributed(keras.layers.Dense(4), name="each"),
            keras.layers.Flatten(),
            shape=(5, 4),
        ),
        SEQUENCE,
        ["each linear", "head linear"],
    ),
    "embedding with a mask": (
        lambda: sequential(
            keras.layers.Embedding(9, 4, mask_zero=True, name="words"),
            keras.layers.SimpleRNN(4, name="rnn"),
            shape=(5,),
        ),
        WORDS,
        ["words linear", "rnn linear", "head linear"],
    ),
    "convolution": (
        lambda: sequential(
            keras.layers.Conv2D(3, 3, name="conv"),
            keras.layers.BatchNormalization(),
            keras.layers.ReLU(name="relu"),
            keras.layers.SeparableConv2D(4, 3, activation="tanh", name="separable"),
            keras.layers.GlobalMaxPooling2D(),
            shape=(8, 8, 1),
        ),
        IMAGE,
        ["conv relu", "separable tanh", "head linear"],
    ),
    "attention": (attention, SEQUENCE, ["attention linear", "head linear"]),
}


def compiled(model: keras.Model, x: Any, y: Any = Y, **options: Any) -> keras.Model:
    options = {"optimizer": "adam", "loss": LOGITS_LOSS, **options}
    model.compile(**options)
    model(x)  # subclassed models are built by their first call
    model.optimizer.build(model.trainable_variables)
    model._symbolic_build(data_batch=(x, y, None))
    return model


def state_of(model: keras.Model) -> State:
    groups = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )
    return State(*([jnp.array(v.value) for v in group] for group in groups))


def looked_at(model: keras.Model, x: Any, y: Any = Y) -> tuple[train.LayerWatch, dict[str, Any]]:
    watch = train.LayerWatch(model, x, y, statistics=measure.layer_statistics)
    return watch, watch.look(state_of(model))


@pytest.mark.parametrize("case", CASES)
def test_layers_are_found_and_measured(case: str) -> None:
    build, x, expected = CASES[case]
    model = compiled(build(), x)
    watch, found = looked_at(model, x)
    assert [f"{tap.name} {tap.activation}" for tap in watch.taps] == expected
    for name in ("activation_gradient", "weight_gradient", "weight_norm", "activation_std"):
        assert np.isfinite(found[name]).all(), name
        assert (found[name] > 0).all(), name
    rectified = [tap.activation == "relu" for tap in watch.taps]
    np.testing.assert_array_equal(np.isfinite(found["dead"]), rectified)
    assert_weight_gradients_are_kerass(model, x, watch, found["weight_gradient"])


def assert_weight_gradients_are_kerass(
    model: keras.Model, x: Any, watch: train.LayerWatch, norms: np.ndarray
) -> None:
    state = state_of(model)

    def loss(trainable: Any) -> Any:
        return model.compute_loss_and_updates(
            trainable, state.non_trainable, state.metrics, x, Y, None, training=True,
            optimizer_variables=state.optimizer,
        )[0]  # fmt: skip

    gradients = jax.jit(jax.grad(loss))(state.trainable)
    for tap, found in zip(watch.taps, norms, strict=True):
        mine = set(map(id, models.kernels(tap.layer)))
        own = [g for g, v in zip(gradients, model.trainable_variables) if id(v) in mine]
        norm = np.sqrt(sum(float(np.square(g).sum()) for g in own))
        np.testing.assert_allclose(found, norm, rtol=1e-4)


def test_several_inputs_and_outputs_are_one_model() -> None:
    x = {"a": X, "b": X[:, ::-1].copy()}
    y = [Y, X[:, :1]]
    model = compiled(two_ends(), x, y, loss=[LOGITS_LOSS, "mse"])
    watch, found = looked_at(model, x, y)
    assert watch.names[0] == "hidden"
    assert set(watch.names[1:]) == {"first", "second"}
    assert (found["activation_gradient"] > 0).all()


def test_a_shared_layer_is_measured_over_all_its_calls() -> None:
    """Two calls of a linear layer: dL/dz of both, by the chain rule."""
    inputs = keras.Input((6,))
    shared = keras.layers.Dense(6, name="shared", use_bias=False)
    model = keras.Model(inputs, keras.layers.Dense(1, name="head")(shared(shared(inputs))))
    compiled(model, X, X[:, :1], loss="mse")
    _, found = looked_at(model, X, X[:, :1])
    w, head = (np.asarray(v) for v in (shared.kernel, model.layers[-1].kernel))
    error = np.asarray(model(X)) - X[:, :1]
    second = 2 * error / ROWS @ head.T
    first = second @ w.T
    expected = np.sqrt((first**2).sum() + (second**2).sum())
    np.testing.assert_allclose(found["activation_gradient"][0], expected, rtol=1e-4)
    outputs = np.concatenate([X @ w, X @ w @ w])
    np.testing.assert_allclose(found["activation_std"][0], outputs.std(), rtol=1e-4)


def test_frozen_layers_pass_gradients_and_have_none_of_their_own() -> None:
    model = sequential(keras.layers.Dense(8, activation="relu", name="frozen"), shape=(6,))
    model.layers[0].trainable = False
    _, found = looked_at(compiled(model, X), X)
    assert found["activation_gradient"][0] > 0
    assert np.isnan([found[name][0] for name in ("weight_gradient", "weight_norm")]).all()


def test_looking_leaves_the_model_as_it_was() -> None:
    model = compiled(Subclassed(), X)
    before = [np.array(v) for v in model.variables]
    attributes = [set(layer.__dict__) for layer in model._flatten_layers()]
    looked_at(model, X)
    for one, variable in zip(before, model.variables):
        np.testing.assert_array_equal(one, np.array(variable))
    assert [set(layer.__dict__) for layer in model._flatten_layers()] == attributes


def test_scaled_losses_give_gradients_unscaled() -> None:
    plain = compiled(sequential(keras.layers.Dense(8, name="hidden"), shape=(6,)), X)
    scaled = compiled(
        sequential(keras.layers.Dense(8, name="hidden"), shape=(6,)), X,
        optimizer=keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()),
    )  # fmt: skip
    scaled.set_weights(plain.get_weights())
    (_, expected), (_, found) = looked_at(plain, X), looked_at(scaled, X)
    for name in ("activation_gradient", "weight_gradient"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4)


def test_mixed_precision_is_measured_in_full_precision() -> None:
    layer = keras.layers.Dense(8, activation="relu", dtype="mixed_bfloat16", name="hidden")
    _, found = looked_at(compiled(sequential(layer, shape=(6,)), X), X)
    assert np.isfinite(found["activation_gradient"]).all()


def test_rematerialised_layers_are_seen() -> None:
    with keras.RematScope(mode="full"):
        layer = keras.layers.Dense(8, activation="relu", name="hidden")
    watch, _ = looked_at(compiled(sequential(layer, shape=(6,)), X), X)
    assert watch.names == ("hidden", "head")
    assert layer._remat_mode is not None


def test_a_model_without_weights_says_so() -> None:
    model = keras.Sequential([keras.Input((6,)), keras.layers.Dropout(0.5)])
    with pytest.raises(ModelError, match=r"No layer of .* can be watched"):
        models.watched_layers(model)


def test_a_model_that_cannot_be_traced_says_why() -> None:
    class Peeks(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="peeks")
            self.dense = keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(x) if float(x[0, 0]) > -100 else x

    model = Peeks()
    model(X)
    with pytest.raises(ModelError, match=r"A pass through 'peeks' cannot be traced"):
        models.watched_layers(model, X)


def test_a_loss_that_cannot_be_computed_apart_says_so() -> None:
    class OwnStep(keras.Model):
        def compute_loss(self, *_: Any, **__: Any) -> Any:
            raise TypeError("only my own train_step knows the loss")

    inputs = keras.Input((6,))
    model = OwnStep(inputs, keras.layers.Dense(3)(inputs))
    model.compile("adam", loss=LOGITS_LOSS)
    model.optimizer.build(model.trainable_variables)
    watch = train.LayerWatch(model, X, Y, statistics=measure.layer_statistics)
    with pytest.raises(ModelError, match=r"apart from its training.*only my own train_step"):
        watch.look(state_of(model))
