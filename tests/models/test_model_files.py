"""Models go to `.keras` files and come back, with Fathom and without it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from fathom import models
from fathom.specs import ModelSpec

PLAIN_KERAS = """
import json, sys
import numpy as np
import keras
told = {}
for path in sys.argv[2:]:
    data = np.load(sys.argv[1])
    model = keras.models.load_model(path)
    y = data["y"] % (model.output_shape[-1] + 1 if "binary" in path else model.output_shape[-1])
    told[path] = {
        "predictions": np.asarray(model(data["x"])).tolist(),
        "scores": model.evaluate(data["x"], y, verbose=0, return_dict=True),
    }
assert not any(name.partition(".")[0] == "fathom" for name in sys.modules)
print(json.dumps(told))
"""


def test_saved_models_are_the_same_in_plain_keras(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(20, 2, 3)).astype("float32"), np.arange(20)
    np.savez(tmp_path / "data.npz", x=x, y=y)
    expected = {}
    for family, (head, num_classes) in [
        ("mlp", ("classes", 4)), ("residual", ("binary", 2)), ("residual", ("regression", 0)),
    ]:  # fmt: skip
        task = "regression" if head == "regression" else "classification"
        spec = ModelSpec(
            family=family, depth=1, width=5, input_shape=(2, 3), task=task,
            num_classes=num_classes, normalization="batch", dropout=0.2, l2=0.01,
        )  # fmt: skip
        model = models.build(spec)
        path = str(tmp_path / f"{head}.keras")
        Path(path).write_bytes(models.model_bytes(model))
        labels = y % max(num_classes, 1)
        expected[path] = (np.asarray(model(x)), _scores(model, x, labels, task))
    finished = subprocess.run(
        [sys.executable, "-c", PLAIN_KERAS, str(tmp_path / "data.npz"), *expected],
        env={"KERAS_BACKEND": "jax", "PATH": "", "HOME": str(tmp_path)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    for path, told in json.loads(finished.stdout.splitlines()[-1]).items():
        predictions, scores = expected[path]
        np.testing.assert_allclose(told["predictions"], predictions, atol=1e-6)
        assert told["scores"] == pytest.approx(scores, rel=1e-4, abs=1e-6)


def _scores(model: keras.Model, x: np.ndarray, y: np.ndarray, task: str) -> dict[str, float]:
    view = models.compile_for(model, task=task, optimizer="sgd")
    return view.evaluate(x, y, verbose="silent", return_dict=True)


def classifier(**settings) -> keras.Model:
    return models.build(
        ModelSpec(**{"depth": 1, "width": 3, "input_shape": (4,), "num_classes": 3, **settings})
    )


def test_a_model_comes_back_compiled_with_the_loss_of_its_head(tmp_path: Path) -> None:
    x, y = np.ones((6, 4), "float32"), np.arange(6) % 3
    model = classifier()
    (tmp_path / "m.keras").write_bytes(models.model_bytes(model))
    loaded = models.load_model(tmp_path / "m.keras")
    np.testing.assert_allclose(np.asarray(loaded(x)), np.asarray(model(x)), atol=1e-6)
    assert loaded.loss.get_config()["from_logits"] is False
    assert loaded.evaluate(x, y, verbose="silent", return_dict=True).keys() == {"accuracy", "loss"}
    names = [[tap.name for tap in models.watched_layers(one)] for one in (loaded, model)]
    assert names[0] == names[1]


def test_saving_leaves_the_model_as_it_was() -> None:
    model = classifier()
    config = model.get_config()
    models.model_bytes(model)
    assert not model.compiled
    assert model.get_config() == config


def test_a_compiled_model_is_saved_as_it_is(tmp_path: Path) -> None:
    model = classifier()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(np.ones((6, 4), "float32"), np.arange(6) % 3, verbose="silent")
    (tmp_path / "m.keras").write_bytes(models.model_bytes(model))
    loaded = models.load_model(tmp_path / "m.keras")
    assert isinstance(loaded.optimizer, keras.optimizers.Adam)
    assert int(loaded.optimizer.variables[0].value) == 1  # pyright: ignore


def test_a_task_can_be_named_where_the_head_does_not_tell() -> None:
    inputs = keras.Input((4,))
    bounded = keras.Model(inputs, keras.layers.Dense(1, activation="sigmoid")(inputs))
    config = json.loads(_member(models.model_bytes(bounded, task="regression"), "config.json"))
    assert config["compile_config"]["loss"]["class_name"] == "MeanSquaredError"
    config = json.loads(_member(models.model_bytes(bounded), "config.json"))
    assert config["compile_config"]["loss"]["class_name"] == "BinaryCrossentropy"


def _member(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def many_layers() -> list[keras.Model]:
    layers = keras.layers
    image = keras.Sequential(
        [
            keras.Input((8, 8, 1)), layers.RandomFlip(), layers.Conv2D(2, 3), layers.ReLU(),
            layers.BatchNormalization(), layers.SpatialDropout2D(0.1), layers.MaxPooling2D(),
            layers.GlobalAveragePooling2D(), layers.Dense(3, activation="softmax"),
        ]
    )  # fmt: skip
    words = keras.Sequential(
        [
            keras.Input((5,), dtype="int32"), layers.Embedding(11, 4),
            layers.Bidirectional(layers.LSTM(3, return_sequences=True, dropout=0.1)),
            layers.TimeDistributed(layers.Dense(2)), layers.RNN(layers.GRUCell(2)),
            layers.Dense(1, activation=layers.LeakyReLU()),
        ]
    )  # fmt: skip
    inputs = keras.Input((6, 4))
    x = layers.MultiHeadAttention(2, 3)(inputs, inputs)
    x = layers.LayerNormalization()(inputs + 0.5 * x)[:, 1:, :]
    x = keras.ops.mean(keras.ops.relu(x), axis=1)
    seeded: Any = keras.initializers.GlorotUniform(keras.random.SeedGenerator(3 * 10**9))
    last = layers.Dense(2, kernel_regularizer="l2", kernel_initializer=seeded)
    attention = keras.Model(inputs, last(x))
    return [image, words, attention]


@pytest.mark.parametrize("number", range(3))
def test_models_of_keras_layers_that_fathom_did_not_make_are_read(
    tmp_path: Path, number: int
) -> None:
    model = many_layers()[number]
    decay: Any = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    model.compile(
        keras.optimizers.Adam(decay),
        loss=keras.losses.mean_squared_error,
        metrics=[keras.metrics.MeanAbsoluteError(), keras.metrics.RootMeanSquaredError(), "mse"],
    )
    (tmp_path / "m.keras").write_bytes(models.model_bytes(model))
    loaded = models.load_model(tmp_path / "m.keras")
    assert [type(layer) for layer in loaded.layers] == [type(layer) for layer in model.layers]
    for stored, variable in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(np.asarray(stored.value), np.asarray(variable.value))


def test_a_model_inside_a_model_is_read(tmp_path: Path) -> None:
    inner = classifier()
    inner.compile("adam", "mse")
    inputs = keras.Input((4,))
    outer = keras.Model(inputs, keras.layers.Dense(1)(inner(inputs)))
    (tmp_path / "m.keras").write_bytes(models.model_bytes(outer))
    assert models.load_model(tmp_path / "m.keras").output_shape == (None, 1)
