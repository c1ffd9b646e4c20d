"""`fathom.fit` as a user meets it: what it refuses, what it keeps, how it stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

import fathom
from fathom.errors import DataError, FathomError, FathomWarning, ModelError, SpecError

ROWS = 60
X = np.random.default_rng(0).normal(size=(ROWS, 6)).astype("float32")
Y = np.argmax(X[:, :3], axis=1)
SPARSE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def mlp(loss: Any = SPARSE, units: int = 3, **compiled: Any) -> keras.Model:
    """Return a compiled network of one hidden layer."""
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(8, "relu", name="hidden"),
            keras.layers.Dense(units, name="head"),
        ]
    )
    model.compile("adam", loss, **compiled)
    return model


class Branches(keras.layers.Layer):
    """A layer that asks for the value of a tensor."""

    def call(self, x: Any) -> Any:
        """Return `x`, doubled where Python can tell."""
        return x * 2 if x[0, 0] > 0 else x


def branching() -> keras.Model:
    model = keras.Sequential([Branches(name="branches"), keras.layers.Dense(3)])
    model.compile("adam", SPARSE)
    return model


def with_nan() -> np.ndarray:
    x = X.copy()
    x[[4, 9], 2] = np.nan
    return x


REFUSED: dict[str, tuple[Callable[[], Any], type[FathomError], str]] = {
    "no model": (lambda: fathom.fit(X, Y), ModelError, "`model` must be a keras.Model"),
    "uncompiled": (
        lambda: fathom.fit(keras.Sequential([keras.layers.Dense(2)]), X, Y),
        ModelError,
        r"must be compiled.*(?s:.*)hint: call model\.compile",
    ),
    "no loss": (lambda: fathom.fit(mlp(None), X, Y), ModelError, "with a loss.*loss=None"),
    "no x": (lambda: fathom.fit(mlp()), DataError, "`x` must be given"),
    "input shape": (
        lambda: fathom.fit(mlp(), X[:, :5], Y),
        DataError,
        r"`x` must have the shape.*\(None, 6\).*shape \(60, 5\)",
    ),
    "inputs missing": (
        lambda: fathom.fit(mlp(), [X, X], Y),
        DataError,
        "`x` must have an array for each of the model's 1 inputs",
    ),
    "target shape": (
        lambda: fathom.fit(mlp("mse"), X, X),
        DataError,
        r"`y` must fit the model's outputs.*y float32 \(60, 6\)",
    ),
    "rows": (lambda: fathom.fit(mlp(), X, Y[:7]), DataError, "x has 60, y has 7"),
    "no rows": (lambda: fathom.fit(mlp(), X[:0], Y[:0]), DataError, "at least one row"),
    "labels": (
        lambda: fathom.fit(mlp(), X, Y + 1),
        DataError,
        "`y` must hold classes from 0 to 2.*Received: 3 in",
    ),
    "labels of a yes or no": (
        lambda: fathom.fit(mlp("binary_crossentropy", 1), X, Y[:, None]),
        DataError,
        "`y` must lie between 0 and 1.*Received: 2 in",
    ),
    "validation labels": (
        lambda: fathom.fit(mlp(), X, Y, validation_data=(X, Y + 5)),
        DataError,
        "`validation_data` must hold classes",
    ),
    "NaN": (
        lambda: fathom.fit(mlp(), with_nan(), Y),
        DataError,
        "`x` must hold no NaN.*2 of 60 rows.*row 4",
    ),
    "NaN in targets": (
        lambda: fathom.fit(mlp("mse", 6), X, with_nan()),
        DataError,
        "`y` must hold no NaN",
    ),
    "text": (lambda: fathom.fit(mlp(), X, Y.astype(str)), DataError, "`y` must be numbers"),
    "lists": (lambda: fathom.fit(mlp(), [[1, 2]], Y), DataError, "must be arrays"),
    "batch_size": (
        lambda: fathom.fit(mlp(), X, Y, batch_size=0),
        SpecError,
        "`batch_size` must be an integer of at least 1.*batch_size=0",
    ),
    "epochs": (lambda: fathom.fit(mlp(), X, Y, epochs=2.5), SpecError, "`epochs` must be"),
    "validation_split": (
        lambda: fathom.fit(mlp(), X, Y, validation_split=1.0),
        SpecError,
        "`validation_split` must be",
    ),
    "validation_freq": (
        lambda: fathom.fit(mlp(), X, Y, validation_freq=0),
        SpecError,
        "`validation_freq` must be",
    ),
    "validation_data": (
        lambda: fathom.fit(mlp(), X, Y, validation_data=(X, Y, Y, Y)),
        DataError,
        "`validation_data` must be",
    ),
    "both weights": (
        lambda: fathom.fit(mlp(), X, Y, class_weight={0: 2.0}, sample_weight=Y),
        SpecError,
        "`class_weight` and `sample_weight`",
    ),
    "unknown argument": (
        lambda: fathom.fit(mlp(), X, Y, epoch=3),
        SpecError,
        "no argument `epoch`(?s:.*)did you mean `epochs`",
    ),
    "unlike any argument": (
        lambda: fathom.fit(mlp(), X, Y, zzz=3),
        SpecError,
        "(?s)its arguments are model, x, y, batch_size",
    ),
    "watch": (lambda: fathom.fit(mlp(), X, Y, watch="all"), SpecError, "`watch` must be"),
    "untraceable": (
        lambda: fathom.fit(branching(), X, Y),
        ModelError,
        r"(?s)layer 'branches' \(Branches\).*in test_fit.py, line \d+.*run_eagerly=True",
    ),
}


@pytest.mark.parametrize(("act", "kind", "message"), REFUSED.values(), ids=list(REFUSED))
def test_what_cannot_be_trained_is_refused_before_anything_is_compiled(
    act: Callable[[], Any], kind: type[FathomError], message: str, compilations: Any
) -> None:
    with compilations() as compiled, pytest.raises(kind, match=message):
        act()
    assert not any("loop" in name for name in compiled)


def test_nan_may_mean_something_to_a_loss_of_the_users_own() -> None:
    def known_only(y_true: Any, y_pred: Any) -> Any:
        known = keras.ops.logical_not(keras.ops.isnan(y_true))
        return keras.ops.mean(keras.ops.where(known, (y_true - y_pred) ** 2, 0.0))

    history = fathom.fit(mlp(known_only, 6), X, with_nan(), verbose=0)
    assert "loss" in history.history


def test_a_batch_larger_than_the_data_is_trained_as_keras_trains_it_and_said() -> None:
    with pytest.warns(FathomWarning, match="batch_size=100 for 60 rows"):
        fathom.fit(mlp(), X, Y, batch_size=100, verbose=0)
    with warnings.catch_warnings():
        warnings.simplefilter("error", FathomWarning)
        fathom.fit(mlp(), X[:20], Y[:20], verbose=0)  # nobody asked for 32


@pytest.mark.parametrize("compiled", [{"run_eagerly": True}, {"jit_compile": False}])
def test_what_is_not_to_be_compiled_is_left_to_keras_and_said(compiled: dict[str, Any]) -> None:
    with pytest.warns(FathomWarning, match="Keras's own fit.*was compiled with"):
        history = fathom.fit(mlp(**compiled), X, Y, verbose=0)
    assert len(history.history["loss"]) == 1
    assert len(history.initial_weights) == 4


def test_the_history_is_the_models_and_keeps_the_weights_before() -> None:
    model = mlp()
    before = model.get_weights()
    history = fathom.fit(model, X, Y, epochs=2, verbose=0)
    assert isinstance(history, keras.callbacks.History)
    assert model.history is history
    assert history.epoch == [0, 1]
    assert history.params["steps"] == 2
    for expected, found in zip(before, history.initial_weights, strict=True):
        np.testing.assert_array_equal(expected, found)
    assert not np.array_equal(before[0], model.get_weights()[0])


def test_watching_changes_nothing_and_tells_every_layer_at_every_epoch() -> None:
    histories = []
    for watch in (None, "layers"):
        keras.utils.set_random_seed(0)
        model = mlp()
        histories.append(fathom.fit(model, X, Y, epochs=2, batch_size=16, verbose=0, watch=watch))
    plain, watched = histories
    assert plain.history == watched.history
    for expected, found in zip(plain.model.get_weights(), watched.model.get_weights()):
        np.testing.assert_array_equal(expected, found)
    places = [(record.epoch, record.layer) for record in watched.layers]
    assert places == [(epoch, layer) for epoch in range(3) for layer in ("hidden", "head")]
    assert all(record.update_ratio > 0 for record in watched.layers if record.epoch)
    assert watched.watched.activations["hidden"] == "relu"
    assert watched.watched.guess_score == pytest.approx(np.bincount(Y).max() / ROWS)


def test_the_update_ratio_is_that_of_the_last_step() -> None:
    keras.utils.set_random_seed(0)
    model = mlp()
    model.compile(keras.optimizers.SGD(0.1), SPARSE)
    settings = {"batch_size": 20, "shuffle": False, "verbose": 0}
    ratio = fathom.fit(model, X, Y, watch="layers", **settings).layers[-1].update_ratio
    keras.utils.set_random_seed(0)
    model = mlp()
    model.compile(keras.optimizers.SGD(0.1), SPARSE)
    model.fit(X[:40], Y[:40], **settings)
    before = model.layers[-1].kernel.numpy()
    model.fit(X[40:], Y[40:], **settings)
    after = model.layers[-1].kernel.numpy()
    expected = np.linalg.norm(after - before) / np.linalg.norm(before)
    assert ratio == pytest.approx(expected, rel=1e-4)


def test_the_first_cause_of_a_diverged_loss_is_found() -> None:
    model = mlp()
    model.compile(keras.optimizers.SGD(1e25), SPARSE)
    watched = fathom.fit(model, X, Y, epochs=2, batch_size=20, verbose=0, watch="layers").watched
    assert watched.first_cause is not None
    assert (watched.first_cause.epoch, watched.first_cause.step) == (1, 2)


def test_layers_are_watched_in_a_stream_and_in_a_subclassed_model() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.hidden, self.head = keras.layers.Dense(4, "relu"), keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.head(self.hidden(x))

    model = Own()
    model.compile("adam", SPARSE)
    batches = ((X[start : start + 20], Y[start : start + 20]) for start in (0, 20, 40))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        history = fathom.fit(model, batches, verbose=0, watch="layers", shuffle=False)
    assert {record.epoch for record in history.layers} == {0, 1}
    assert len(history.layers) == 4


INTERRUPTED = """
import _thread, threading, sys
import fathom, keras, numpy as np
from fathom.train.fitting import loop
keras.utils.set_random_seed(0)
loop.DONATED_BYTES = int(sys.argv[1])
x = np.random.normal(size=(512, 64)).astype("float32")
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(16), keras.layers.Dense(1)])
model.compile("adam", "mse")
fathom.fit(model, x, x[:, :1], batch_size=8, epochs=1, verbose=0)
print("ready", flush=True)
try:
    fathom.fit(model, x, x[:, :1], batch_size=8, epochs=10**6, verbose=0)
except KeyboardInterrupt:
    steps = int(model.optimizer.iterations.numpy())
    finite = all(np.isfinite(weight).all() for weight in model.get_weights())
    print(steps > 64, finite, np.isfinite(model.evaluate(x, x[:, :1], verbose=0)), flush=True)
"""


@pytest.mark.parametrize("held_bytes", [10**9, 1], ids=["small", "larger than is held twice"])
def test_ctrl_c_leaves_the_weights_of_the_last_finished_chunk(held_bytes: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, str(held_bytes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "jax"},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    import time

    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    out, error = process.communicate(timeout=60)
    assert out.split() == ["True", "True", "True"], error


STARTED = """
import jax
jax.numpy.zeros(3).block_until_ready()
import fathom, keras, numpy as np
x = np.ones((20, 2), "float32")
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mse")
print(len(jax.devices()), len(fathom.fit(model, x, x[:, :1], verbose=0).history["loss"]))
"""

ELSEWHERE = """
import sys, types
import keras
keras.config.backend = lambda: "torch"
import fathom
try:
    fathom.fit(None, None)
except Exception as error:
    print(type(error).__name__, error)
"""


def run(program: str) -> str:
    """Return what a program prints in a new process."""
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
        env=environment,
    )
    return done.stdout


def test_jax_that_was_started_before_fathom_serves_as_well() -> None:
    assert run(STARTED).split() == ["1", "1"]


def test_keras_on_another_backend_is_one_clear_message() -> None:
    out = run(ELSEWHERE)
    assert out.startswith("BackendError Fathom trains Keras models on JAX.")
    assert "'torch'" in out
    assert "hint:" in out


def test_importing_fathom_first_chooses_the_backend_for_keras() -> None:
    environment = {k: v for k, v in os.environ.items() if k != "KERAS_BACKEND"}
    done = subprocess.run(
        [sys.executable, "-c", "import fathom, keras; print(keras.config.backend())"],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
    )
    assert done.stdout.strip() == "jax", done.stderr
