"""What is compiled, and what is not compiled again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from support.parity_cases import CLASSES, SPARSE, Subclassed, X

import fathom
from fathom.train.fitting.compiled import description


def mlp(*, units: int = 8, rate: float = 0.01, activation: Any = "relu") -> keras.Model:
    """Return a compiled network whose layers Keras has named."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(units, activation),
            keras.layers.Dense(3, "softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), SPARSE, metrics=["accuracy"])
    return model


def fit(model: keras.Model, rows: int = 32, **settings: Any) -> keras.callbacks.History:
    """Train for two epochs with a partial last batch and validation."""
    validation = (X[:7], CLASSES[:7])
    arguments = {"batch_size": 12, "epochs": 2, "validation_data": validation, "verbose": 0}
    return fathom.fit(model, X[:rows], CLASSES[:rows], **{**arguments, **settings})


def loops(compiled: list[str]) -> list[str]:
    """Return the training and evaluation loops among compiled programs."""
    return [name for name in compiled if "loop" in name or "call" in name]


def test_a_second_fit_compiles_nothing(compilations: Any) -> None:
    model = mlp()
    with compilations() as first:
        fit(model)
    with compilations() as second:
        fit(model)
    assert len(loops(first)) == 3  # training, its last batch, validation
    assert second == []


def test_a_second_model_of_the_architecture_compiles_nothing(compilations: Any) -> None:
    fit(mlp())
    other = mlp(rate=0.3)
    with compilations() as compiled:
        fit(other)
    assert loops(compiled) == []


def test_a_changed_learning_rate_compiles_nothing(compilations: Any) -> None:
    model = mlp()
    fit(model, callbacks=[keras.callbacks.LearningRateScheduler(lambda epoch: 0.1 / (epoch + 1))])
    with compilations() as compiled:
        fit(model)
    assert loops(compiled) == []


def test_another_number_of_rows_compiles_no_loop(compilations: Any) -> None:
    model = mlp()
    fit(model, rows=32, batch_size=4)
    with compilations() as compiled:
        fit(model, rows=24, batch_size=4)
    assert loops(compiled) == []


def test_a_subclassed_model_compiles_once(compilations: Any) -> None:
    model = Subclassed()
    model.compile("adam", SPARSE)
    fit(model)
    with compilations() as compiled:
        fit(model)
    assert loops(compiled) == []


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(lambda: mlp(units=9), id="units"),
        pytest.param(lambda: mlp(activation="tanh"), id="activation"),
    ],
)
def test_another_architecture_has_another_description(model: Any) -> None:
    assert description(model()) != description(mlp())


def test_another_optimizer_setting_has_another_description() -> None:
    model = mlp()
    model.compile(keras.optimizers.Adam(0.01, weight_decay=0.1), SPARSE, metrics=["accuracy"])
    assert description(model) != description(mlp())


def test_what_a_configuration_does_not_tell_is_not_described() -> None:
    adapted = keras.layers.Normalization()
    adapted.adapt(X)
    model = keras.Sequential([keras.Input((6,)), adapted, keras.layers.Dense(3)])
    model.compile("adam", "mse")
    assert description(model) is None
    assert description(mlp(activation=lambda x: x)) is None
    again = mlp()
    again.compile("adam")  # Keras keeps the loss of the compile before
    assert description(again) is None


def test_models_that_differ_in_adapted_layers_share_nothing() -> None:
    losses = []
    for scale in (1.0, 100.0):
        keras.utils.set_random_seed(0)
        adapted = keras.layers.Normalization()
        adapted.adapt(X * scale)
        model = keras.Sequential([keras.Input((6,)), adapted, keras.layers.Dense(3, "softmax")])
        model.compile("sgd", SPARSE)
        losses.append(fathom.fit(model, X, CLASSES, verbose=0, shuffle=False).history["loss"])
    assert not np.allclose(losses[0], losses[1])


PROCESS = """
import sys, time
import fathom, keras, numpy as np
import jax.monitoring
keras.utils.set_random_seed(0)
model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(8, "tanh"), keras.layers.Dense(3)])
model.compile("adam", "mse")
x = np.random.normal(size=(40, 6)).astype("float32")
traced = []
class Notes(keras.losses.MeanSquaredError):
    pass
step = keras.Model.train_step
def noted(self, *arguments):
    traced.append(1)
    return step(self, *arguments)
from keras.src.backend.jax import trainer
trainer.JAXTrainer.train_step = noted
history = fathom.fit(model, x, x[:, :3], batch_size=10, epochs=2, verbose=0)
print(len(traced), history.history["loss"])
"""


def test_a_new_process_traces_nothing_that_one_before_has_traced(tmp_path: Path) -> None:
    out = [
        subprocess.run(
            [sys.executable, "-c", PROCESS],
            env={"PATH": "", "FATHOM_CACHE": str(tmp_path), "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        ).stdout.split(maxsplit=1)
        for _ in range(2)
    ]
    assert [int(line[0]) for line in out] == [1, 0]
    assert out[0][1] == out[1][1]
