"""Heads, losses and metrics: what each task trains and what it puts out."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from fathom import models
from fathom.errors import ModelError, SpecError
from fathom.specs import ModelSpec

ROWS = 64


def rows(task: str, num_classes: int) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(ROWS, 4)).astype("float32")
    if task == "regression":
        return x, (2 * x[:, 0] - x[:, 1] + 3).astype("float32")
    return x, np.digitize(x[:, 0], np.linspace(-1, 1, num_classes + 1)[1:-1]).astype("int32")


@pytest.mark.parametrize(
    ("task", "num_classes", "units", "last"),
    [
        ("classification", 2, 1, "sigmoid"),
        ("classification", 3, 3, "softmax"),
        ("regression", 0, 1, None),
    ],
)
def test_each_task_gets_its_head_and_learns(
    task: str, num_classes: int, units: int, last: str | None
) -> None:
    keras.utils.set_random_seed(0)
    spec = ModelSpec(depth=1, width=8, input_shape=(4,), task=task, num_classes=num_classes)
    model = models.build(spec)
    x, y = rows(task, num_classes)
    assert model.output_shape == (None, units)
    if last is not None:
        probabilities = np.asarray(model(x))
        assert probabilities.min() >= 0 and probabilities.max() <= 1
        total = probabilities.sum(axis=-1) if units > 1 else 1.0
        np.testing.assert_allclose(total, 1, rtol=1e-5)

    view = models.compile_for(model, task=task, optimizer="adam", learning_rate=0.05)
    history = view.fit(x, y, epochs=30, batch_size=16, verbose="silent").history
    metric = "r2" if task == "regression" else "accuracy"
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    assert history[metric][-1] > 0.8
    assert view.evaluate(x, y, verbose="silent", return_dict=True).keys() == {"loss", metric}


@pytest.mark.parametrize("num_classes", [2, 3])
def test_training_the_view_trains_the_model(num_classes: int) -> None:
    model = models.build(ModelSpec(depth=1, width=4, input_shape=(4,), num_classes=num_classes))
    view = models.training_view(model)
    assert view is not model
    assert view.get_layer("dense_1") is model.get_layer("dense_1")
    x, _ = rows("classification", num_classes)
    logits = view(x)
    squash = keras.ops.sigmoid if num_classes == 2 else keras.ops.softmax
    np.testing.assert_allclose(np.asarray(squash(logits)), np.asarray(model(x)), rtol=1e-6)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_loss_from_logits_is_the_loss_from_probabilities(num_classes: int) -> None:
    keras.utils.set_random_seed(0)
    spec = ModelSpec(depth=1, width=4, input_shape=(4,), num_classes=num_classes)
    model = models.build(spec)
    x, y = rows("classification", num_classes)
    view = models.compile_for(model, task="classification", optimizer="sgd")
    expected = view.evaluate(x, y, verbose="silent", return_dict=True)
    probabilities = np.asarray(model(x)).astype("float64")
    if num_classes == 2:
        probabilities = np.concatenate([1 - probabilities, probabilities], axis=1)
    loss = -np.log(probabilities[np.arange(ROWS), y]).mean()
    accuracy = (probabilities.argmax(axis=1) == y).mean()
    assert expected["loss"] == pytest.approx(loss, rel=1e-5)
    assert expected["accuracy"] == pytest.approx(accuracy, abs=1e-6)


def test_a_regression_model_is_its_own_view() -> None:
    model = models.build(ModelSpec(depth=1, input_shape=(4,), task="regression"))
    assert models.training_view(model) is model


def ending_in(units: int, activation: str | None) -> keras.Model:
    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Dense(units, activation=activation)(inputs))


@pytest.mark.parametrize(
    ("units", "activation", "loss", "from_logits"),
    [
        (1, None, keras.losses.BinaryCrossentropy, True),
        (1, "sigmoid", keras.losses.BinaryCrossentropy, False),
        (3, None, keras.losses.SparseCategoricalCrossentropy, True),
        (3, "softmax", keras.losses.SparseCategoricalCrossentropy, False),
        (2, "softmax", keras.losses.SparseCategoricalCrossentropy, False),
    ],
)
def test_an_activation_inside_the_last_layer_decides_the_loss(
    units: int, activation: str | None, loss: type, from_logits: bool
) -> None:
    model = ending_in(units, activation)
    view = models.compile_for(model, task="classification", optimizer="sgd")
    assert view is model
    assert type(view.loss) is loss
    assert view.loss.get_config()["from_logits"] is from_logits


def test_a_bounded_regression_keeps_its_activation() -> None:
    inputs = keras.Input((4,))
    outputs = keras.layers.Activation("sigmoid")(keras.layers.Dense(1)(inputs))
    model = keras.Model(inputs, outputs)
    assert models.compile_for(model, task="regression", optimizer="sgd") is model


@pytest.mark.parametrize(
    ("units", "activation", "message"),
    [
        (3, "tanh", r"(?s)end in softmax, sigmoid, or no activation.*ends in tanh"),
        (1, "softmax", r"(?s)ends in softmax of 1 unit\..*hint: end in sigmoid"),
        (3, "sigmoid", r"(?s)ends in sigmoid of 3 units.*hint: end in softmax"),
    ],
)
def test_heads_that_cannot_classify_are_refused(units: int, activation: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        models.compile_for(ending_in(units, activation), task="classification", optimizer="adam")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "addam"}, r"(?s)adam, adamax, adamw, .*sgd.*did you mean 'adam'"),
        ({"optimizer": "LossScaleOptimizer"}, r"`optimizer` must be one of"),
        ({"task": "ranking"}, r"`task` must be one of classification, regression"),
        ({"learning_rate": 0}, r"`learning_rate` must be greater than 0"),
    ],
)
def test_unknown_settings_are_refused(settings: dict, message: str) -> None:
    settings = {"task": "classification", "optimizer": "adam", **settings}
    with pytest.raises(SpecError, match=message):
        models.compile_for(ending_in(3, None), **settings)


def test_every_listed_optimizer_can_be_named_in_any_case() -> None:
    model = ending_in(1, None)
    assert {"adam", "sgd", "rmsprop", "adamw", "lion", "muon"} <= set(models.known_optimizers())
    for name in models.known_optimizers():
        models.check_optimizer(name.upper())
        view = models.compile_for(model, task="regression", optimizer=name, learning_rate=0.25)
        view.optimizer.build(view.trainable_variables)
        assert type(view.optimizer).__name__.lower() == name
        assert view.optimizer.get_config()["learning_rate"] == 0.25


def test_what_is_not_a_connected_model_is_refused() -> None:
    class Custom(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ModelError, match="must be a functional or a built Sequential model"):
        models.training_view(Custom())
    with pytest.raises(ModelError, match="must be a functional or a built Sequential model"):
        models.training_view(keras.Sequential([keras.layers.Dense(2)]))
    with pytest.raises(ModelError, match=r"must be a keras.Model. Received: list"):
        models.training_view([])  # pyright: ignore[reportArgumentType]
    first, second = keras.Input((2,)), keras.Input((2,))
    with pytest.raises(ModelError, match="2 inputs and 1 outputs"):
        models.training_view(keras.Model([first, second], keras.layers.Add()([first, second])))
