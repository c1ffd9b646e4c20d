"""The built-in families: their layers, their parameters, what reaches their first layer."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

from fathom import models
from fathom.errors import SpecError
from fathom.models.activations import known_activations
from fathom.models.initializers import known_initializers
from fathom.specs import ModelSpec

HEADS = {"binary": 2, "classes": 5, "regression": 0}


def spec_of(head: str = "classes", **settings) -> ModelSpec:
    task = "regression" if head == "regression" else "classification"
    settings = {"input_shape": (4,), "width": 6, **settings}
    return ModelSpec(task=task, num_classes=HEADS[head], **settings)


def structure(spec: ModelSpec) -> keras.Model:
    """A model that has everything but values for its weights."""
    with models.without_values():
        return models.build(spec)


def closed_form(spec: ModelSpec) -> int:
    """The sum one would write on paper, layer by layer."""
    d, w, o = int(np.prod(spec.input_shape)), spec.width, spec.outputs
    norm = 0 if spec.normalization == "none" else 2 * w
    if spec.depth == 0:
        return d * o + o
    if spec.family == "mlp":
        return (d * w + w + norm) + (spec.depth - 1) * (w * w + w + norm) + w * o + o
    return (d * w + w) + spec.depth * (norm + w * w + w) + norm + w * o + o


@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
@pytest.mark.parametrize("family", ["mlp", "residual"])
def test_parameters_are_the_closed_form(family: str, normalization: str) -> None:
    for depth, width, head in itertools.product((0, 1, 2, 5), (1, 7), HEADS):
        spec = spec_of(head, family=family, depth=depth, width=width, normalization=normalization)
        built = models.count_trainable(structure(spec))
        assert models.num_parameters(spec) == closed_form(spec) == built, spec


def test_parameters_are_what_keras_counts() -> None:
    spec = spec_of(family="residual", depth=3, input_shape=(2, 3), normalization="layer")
    assert models.num_parameters(spec) == structure(spec).count_params()


def test_residual_has_the_parameters_of_a_plain_network_one_block_deeper() -> None:
    for normalization, depth in itertools.product(("none", "batch", "layer"), (1, 4, 9)):
        residual = spec_of(family="residual", depth=depth, normalization=normalization)
        plain = spec_of(family="mlp", depth=depth + 1, normalization=normalization)
        assert models.num_parameters(residual) == models.num_parameters(plain)


def test_depth_counts_the_blocks_of_the_model() -> None:
    names = [layer.name for layer in structure(spec_of(family="mlp", depth=7)).layers]
    assert sum(name.startswith("dense_") for name in names) == 7
    names = [layer.name for layer in structure(spec_of(family="residual", depth=7)).layers]
    assert sum(name.startswith("add_") for name in names) == 7


@pytest.mark.parametrize("family", ["mlp", "residual"])
def test_the_deepest_network_allowed_can_be_built(family: str) -> None:
    spec = spec_of(family=family, depth=200, width=2, normalization="layer", dropout=0.1)
    assert models.count_trainable(structure(spec)) == models.num_parameters(spec)
    with pytest.raises(SpecError, match="`depth` must be at most 200 in blocks of 4 layers"):
        models.check(spec.at(depth=201, width=2))


def test_depth_zero_is_the_same_linear_model_in_every_family() -> None:
    built = [
        structure(spec_of(family=family, depth=0)) for family in ("mlp", "residual", "transformer")
    ]
    assert {tuple(layer.name for layer in model.layers) for model in built} == {
        ("input", "logits", "probabilities")
    }


def test_blocks_hold_what_the_spec_asks_for_in_order() -> None:
    spec = spec_of(
        depth=1, input_shape=(2, 3), normalization="batch", dropout=0.25, activation="tanh"
    )
    model = structure(spec)
    assert [type(layer).__name__ for layer in model.layers] == [
        "InputLayer", "Flatten", "Dense", "BatchNormalization", "Activation", "Dropout", "Dense",
        "Activation",
    ]  # fmt: skip
    assert model.get_layer("dense_1").activation is keras.activations.linear
    assert model.get_layer("activation_1").activation is keras.activations.tanh
    assert model.get_layer("dropout_1").rate == 0.25


@pytest.mark.parametrize(
    ("penalties", "kind"),
    [
        ({"l1": 0.1}, keras.regularizers.L1),
        ({"l2": 0.1}, keras.regularizers.L2),
        ({"l1": 0.1, "l2": 0.2}, keras.regularizers.L1L2),
    ],
)
@pytest.mark.parametrize("family", ["mlp", "residual"])
def test_penalties_are_on_hidden_kernels_alone(family: str, penalties: dict, kind: type) -> None:
    model = structure(spec_of(family=family, depth=2, **penalties))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Dense):
            is_hidden = layer.name != "logits"
            assert type(layer.kernel_regularizer) is (kind if is_hidden else type(None))
            assert layer.bias_regularizer is None


def test_penalty_is_what_the_spec_says() -> None:
    model = models.build(spec_of(depth=1, l2=0.5))
    kernel = np.asarray(model.get_layer("dense_1").kernel.value)
    np.testing.assert_allclose(float(model.losses[0]), 0.5 * np.sum(kernel**2), rtol=1e-5)


@pytest.mark.parametrize(
    ("activation", "initializer", "kind"),
    [
        ("relu", "auto", keras.initializers.HeNormal),
        ("silu", "auto", keras.initializers.HeNormal),
        ("selu", "auto", keras.initializers.LecunNormal),
        ("tanh", "auto", keras.initializers.GlorotUniform),
        ("sigmoid", "auto", keras.initializers.GlorotUniform),
        ("relu", "orthogonal", keras.initializers.Orthogonal),
        ("relu", "RandomNormal", keras.initializers.RandomNormal),
    ],
)
def test_initializer_suits_the_activation_unless_named(
    activation: str, initializer: str, kind: type
) -> None:
    model = structure(spec_of(depth=2, activation=activation, initializer=initializer))
    assert type(model.get_layer("dense_1").kernel_initializer) is kind
    assert type(model.get_layer("dense_2").kernel_initializer) is kind
    head = keras.initializers.GlorotUniform if initializer == "auto" else kind
    assert type(model.get_layer("logits").kernel_initializer) is head


def test_every_listed_activation_keeps_the_units_of_its_block() -> None:
    for activation in known_activations():
        model = structure(spec_of(family="residual", depth=1, activation=activation))
        assert model.output_shape == (None, 5), activation
        assert model.get_layer("dense_1").kernel.shape == (6, 6), activation


def test_every_listed_initializer_builds() -> None:
    for initializer in known_initializers():
        model = structure(spec_of(depth=1, initializer=initializer))
        kernel = model.get_layer("dense_1").kernel
        made = jax.eval_shape(partial(kernel._initializer, kernel.shape, dtype="float32"))
        assert made.shape == (4, 6), initializer


def test_residual_blocks_start_as_the_identity() -> None:
    model = models.build(spec_of(family="residual", depth=6))
    x = np.random.default_rng(0).normal(size=(8, 4)).astype("float32")
    after = keras.Model(model.input, model.get_layer("add_6").output)
    before = keras.Model(model.input, model.get_layer("stem").output)
    np.testing.assert_array_equal(np.asarray(after(x)), np.asarray(before(x)))


def gradient_ratio(spec: ModelSpec, first: str, last: str) -> float:
    """Norm of the loss's gradient at one layer's pre-activation, over that at another's.

    The gradient of a bias is the sum over rows of the gradient of z.
    """
    keras.utils.set_random_seed(3)
    model = models.training_view(models.build(spec))
    loss_of = models.compile_for(model, task=spec.task, optimizer="sgd").loss
    x = np.random.default_rng(1).normal(size=(32, 4)).astype("float32")
    y = np.arange(32) % spec.num_classes
    gradients = jax.jit(jax.grad(_loss(model, loss_of, x, y)))(
        [v.value for v in model.trainable_variables]
    )
    norms = {
        variable.path: float(jnp.linalg.norm(gradient))
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True)
    }
    return norms[f"{first}/bias"] / norms[f"{last}/bias"]


def _loss(model: keras.Model, loss_of, x: np.ndarray, y: np.ndarray) -> Callable:
    states = [variable.value for variable in model.non_trainable_variables]
    return lambda params: loss_of(y, model.stateless_call(params, states, x)[0])


@pytest.mark.parametrize(("depth", "activation"), [(16, "relu"), (32, "sigmoid")])
def test_the_whole_gradient_reaches_the_first_layer_of_a_residual_network(
    depth: int, activation: str
) -> None:
    spec = spec_of(family="residual", depth=depth, width=32, activation=activation)
    assert gradient_ratio(spec, "stem", f"dense_{depth}") == pytest.approx(1, rel=1e-3)


def test_the_gradient_of_a_deep_sigmoid_network_vanishes_without_sums() -> None:
    spec = spec_of(family="mlp", depth=16, width=32, activation="sigmoid")
    assert gradient_ratio(spec, "dense_1", "dense_16") < 1e-6


@pytest.mark.parametrize(("depth", "activation"), [(16, "relu"), (32, "relu"), (32, "sigmoid")])
def test_deep_residual_networks_learn(depth: int, activation: str) -> None:
    keras.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(256, 4)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("int32")  # a linear model stays at chance
    spec = spec_of("binary", family="residual", depth=depth, width=32, activation=activation)
    view = models.compile_for(
        models.build(spec), task="classification", optimizer="adam", learning_rate=3e-3
    )
    scores = view.fit(x, y, epochs=40, batch_size=64, verbose="silent").history["accuracy"]
    assert scores[-1] > 0.9


@pytest.mark.parametrize("family", ["mlp", "residual"])
@pytest.mark.parametrize("normalization", ["batch", "layer"])
def test_building_without_values_keeps_every_initializer(family: str, normalization: str) -> None:
    spec = spec_of(family=family, depth=3, normalization=normalization, dropout=0.1, l2=0.1)
    model, ordinary = structure(spec), models.build(spec)
    assert [v.shape for v in model.variables] == [v.shape for v in ordinary.variables]
    assert model.variables and all(
        variable._value is None and variable._initializer is not None
        for variable in model.variables
    )


def test_builds_of_one_spec_have_the_same_names() -> None:
    spec = spec_of(family="residual", depth=2, normalization="batch", dropout=0.1)
    first, second = structure(spec), structure(spec)
    assert first.get_config() == second.get_config()
    assert [v.path for v in first.trainable_variables] == [
        v.path for v in second.trainable_variables
    ]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"family": "residul"},
            r"(?s)mlp, residual, cnn, .*did you mean 'residual'",
        ),
        (
            {"family": "lstm"},
            r"`family` must be one of mlp, .*, transformer, FILE.py:FUNCTION",
        ),
        ({"activation": "rlu"}, r"(?s)leaky_relu, .*Received.*did you mean 'relu'"),
        ({"activation": "glu"}, r"`activation` must be one of"),
        ({"initializer": "he_norml"}, r"(?s)glorot_uniform.*did you mean 'he_normal'"),
        ({"initializer": "stft"}, r"`initializer` must be one of auto"),
        ({"depth": 401}, r"`depth` must be at most 400 in blocks of 2 layers.*depth=401"),
        ({"input_shape": ()}, r"`input_shape` must name the sizes"),
        ({"input_shape": (3, 0)}, r"Received: input_shape=\(3, 0\)"),
    ],
)
def test_what_cannot_be_built_is_refused_with_what_there_is(settings: dict, message: str) -> None:
    for refuse in (models.check, models.build, models.num_parameters):
        with pytest.raises(SpecError, match=message):
            refuse(spec_of(**settings))


@pytest.mark.parametrize(
    ("spec", "line"),
    [
        (spec_of(depth=0), "linear model"),
        (spec_of(depth=1), "mlp, 1 block of 6, ReLU"),
        (
            spec_of(family="residual", depth=8, width=64, normalization="batch"),
            "residual, 8 blocks of 64, ReLU, batch normalisation",
        ),
        (
            spec_of(depth=2, activation="tanh", dropout=0.2, l1=1e-4, l2=0.01,
                    initializer="orthogonal"),
            "mlp, 2 blocks of 6, tanh, dropout 0.2, L1 0.0001, L2 0.01, "
            "orthogonal initial weights",
        ),
    ],
)  # fmt: skip
def test_description_is_one_line_for_people(spec: ModelSpec, line: str) -> None:
    assert models.describe(spec) == line
