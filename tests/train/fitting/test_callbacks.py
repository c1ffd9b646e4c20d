"""Keras's own callbacks, unmodified, give what they give under Keras's own `fit`."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from support.parity import Trained, apart, trained, variables
from support.parity_cases import CASES, CLASSES, X

import fathom
from fathom.errors import FathomWarning

PLAIN = CASES["optimizers"]["Adam"]
EPOCHS = 6


def with_callbacks(
    make: Callable[[], list[Any]], **settings: Any
) -> tuple[tuple[Trained, list[Any]], tuple[Trained, list[Any]]]:
    """Train by Keras and by Fathom, each with new callbacks."""
    found = []
    for fit in (keras.Model.fit, partial(fathom.fit, bitwise=True)):
        callbacks = make()
        arguments = {"callbacks": callbacks, "epochs": EPOCHS, "validation_split": 0.5, **settings}
        found.append((trained(PLAIN, fit, **arguments), callbacks))
    return found[0], found[1]


def assert_equal(theirs: Trained, ours: Trained) -> None:
    """Fail unless variables and logs are the same."""
    assert list(theirs.history) == list(ours.history)
    for name, values in theirs.history.items():
        np.testing.assert_allclose(ours.history[name], values, rtol=1e-6)
    for expected, found in zip(theirs.variables, ours.variables, strict=True):
        assert apart(expected, found) < 1e-6


class LosesWeights(keras.callbacks.Callback):
    """Changes weights and the optimizer's state between epochs."""

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Halve the first kernel, and the rate."""
        kernel = self.model.trainable_variables[0]
        kernel.assign(kernel * 0.5)
        self.model.optimizer.learning_rate = 0.01 / (epoch + 2)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(
            lambda: [
                keras.callbacks.EarlyStopping(
                    "loss", mode="max", patience=1, restore_best_weights=True
                )
            ],
            id="EarlyStopping",
        ),
        pytest.param(
            lambda: [
                keras.callbacks.ReduceLROnPlateau("val_loss", mode="max", patience=1, factor=0.3),
                keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.9),
            ],
            id="ReduceLROnPlateau, LearningRateScheduler",
        ),
        pytest.param(lambda: [LosesWeights()], id="a callback that changes weights"),
    ],
)
def test_what_callbacks_do_between_epochs_counts(make: Callable[[], list[Any]]) -> None:
    (theirs, _), (ours, _) = with_callbacks(make)
    assert_equal(theirs, ours)


def test_early_stopping_stops_at_keras_s_epoch() -> None:
    def make() -> list[Any]:
        return [keras.callbacks.EarlyStopping("loss", mode="max", patience=2)]

    (_, theirs), (_, ours) = with_callbacks(make)
    assert ours[0].stopped_epoch == theirs[0].stopped_epoch == 2


def test_checkpoints_hold_the_weights_of_their_batch(tmp_path: Path) -> None:
    saved = {}
    bits = partial(fathom.fit, bitwise=True)
    for name, fit in (("keras", keras.Model.fit), ("fathom", bits)):
        file = str(tmp_path / f"{name}-{{epoch}}-{{batch}}.weights.h5")
        each = keras.callbacks.ModelCheckpoint(file, save_weights_only=True, save_freq=5)
        trained(PLAIN, fit, callbacks=[each], epochs=3, batch_size=8)
        saved[name] = sorted(path.name.split("-", 1)[1] for path in tmp_path.glob(f"{name}-*"))
    assert saved["keras"] == saved["fathom"]
    assert len(saved["fathom"]) == 2
    model = PLAIN.build()
    for place in saved["fathom"]:
        model.load_weights(tmp_path / f"keras-{place}")
        expected = model.get_weights()
        model.load_weights(tmp_path / f"fathom-{place}")
        for one, other in zip(expected, model.get_weights(), strict=True):
            np.testing.assert_array_equal(one, other)


def test_the_csv_log_is_keras_s(tmp_path: Path) -> None:
    rows = []
    bits = partial(fathom.fit, bitwise=True)
    for name, fit in (("keras", keras.Model.fit), ("fathom", bits)):
        file = tmp_path / f"{name}.csv"
        trained(PLAIN, fit, callbacks=[keras.callbacks.CSVLogger(str(file))])
        with file.open() as stream:
            rows.append(list(csv.reader(stream)))
    assert rows[0] == rows[1]


def test_a_backup_is_taken_up_where_it_was_left(tmp_path: Path) -> None:
    whole = trained(PLAIN, fathom.fit, shuffle=False, epochs=4)

    class Stops(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                raise InterruptedError

    backup = keras.callbacks.BackupAndRestore(str(tmp_path))
    with pytest.raises(InterruptedError):
        trained(PLAIN, fathom.fit, shuffle=False, epochs=4, callbacks=[backup, Stops()])
    again = keras.callbacks.BackupAndRestore(str(tmp_path))
    restored = trained(PLAIN, fathom.fit, shuffle=False, epochs=4, callbacks=[again])
    assert len(restored.history["loss"]) == 2
    for expected, found in zip(whole.variables, restored.variables, strict=True):
        assert apart(expected, found) < 1e-6


def test_a_loss_that_is_not_finite_ends_training_at_keras_s_batch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    x = X.copy()
    x[20:] = 1e38  # finite, but not its square

    def diverging() -> keras.Model:
        return keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])

    printed, steps = [], []
    for fit in (keras.Model.fit, fathom.fit):
        keras.utils.set_random_seed(0)
        model = diverging()
        model.compile("sgd", "mse")
        terminate = keras.callbacks.TerminateOnNaN()
        settings = {"batch_size": 4, "shuffle": False, "verbose": 0, "callbacks": [terminate]}
        fit(model, x, X[:, :1], epochs=3, **settings)
        printed.append(capsys.readouterr().out)
        steps.append(int(np.asarray(model.optimizer.iterations)))
    assert printed[0] == printed[1] == "Batch 5: Invalid loss, terminating training\n"
    assert steps == [6, 6]


class EachBatch(keras.callbacks.Callback):
    """Sees every batch, notes what it is told, and changes the weights."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Note the batch."""
        self.seen.append(batch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the logs."""
        self.seen.append(dict(logs))

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        """Note the logs of validation."""
        self.seen.append(dict(logs))


def test_a_callback_of_batches_sees_them_all_and_is_told_that_it_slows_training() -> None:
    model, callback = PLAIN.build(), EachBatch()
    model.compile(**PLAIN.compiled())
    with pytest.warns(FathomWarning, match="EachBatch must see every batch") as said:
        fathom.fit(model, X, CLASSES, batch_size=8, epochs=2, verbose=0, callbacks=[callback])
    assert sum(one.category is FathomWarning for one in said) == 1
    (theirs, [keras_s]), (ours, [fathom_s]) = with_callbacks(lambda: [EachBatch()])
    assert_equal(theirs, ours)
    assert len(fathom_s.seen) == len(keras_s.seen) > 0
    for expected, found in zip(keras_s.seen, fathom_s.seen):
        assert found == pytest.approx(expected, rel=1e-6)


def test_weights_that_a_callback_changes_within_an_epoch_stay_changed() -> None:
    class Zeroes(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            for variable in self.model.trainable_variables:
                variable.assign(variable * 0)

    model = keras.Sequential([keras.Input((6,)), keras.layers.Dense(3, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FathomWarning)
        fathom.fit(model, X, X[:, :3], batch_size=8, verbose=0, callbacks=[Zeroes()])
    assert not np.any(model.get_weights()[0])


def test_a_callback_may_end_training_within_an_epoch() -> None:
    class Ends(keras.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 1

    (theirs, _), (ours, _) = with_callbacks(lambda: [Ends()], batch_size=4)
    assert_equal(theirs, ours)


def test_epochs_run_whole_where_no_callback_sees_batches() -> None:
    model = PLAIN.build()
    model.compile(**PLAIN.compiled())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        keras_only = [keras.callbacks.EarlyStopping("loss"), keras.callbacks.TerminateOnNaN()]
        fathom.fit(model, X, CLASSES, verbose=0, callbacks=keras_only)


def test_the_progress_bar_ends_as_keras_s_does(capsys: pytest.CaptureFixture[str]) -> None:
    printed = []
    for verbose in (1, 2):
        lines = []
        for fit in (keras.Model.fit, fathom.fit):
            trained(PLAIN, fit, verbose=verbose, validation_split=0.5)
            lines.append(_without_times(capsys.readouterr().out))
        printed.append(lines)
    for keras_s, fathom_s in printed:
        assert fathom_s == keras_s
        assert any("val_loss" in line for line in fathom_s)


def _without_times(out: str) -> list[str]:
    """Return what stays on the screen, without how long it took."""
    import re

    plain = re.sub(r"\x1b\[[0-9;]*m", "", out)
    shown = [line.replace("\x08", "").split("\r")[-1].strip() for line in plain.split("\n")]
    return [re.sub(r"\d+[mu]?s(/step|/epoch)?", "", line) for line in shown if line]


def test_what_follows_training_goes_on_as_after_keras(tmp_path: Path) -> None:
    results = []
    for fit in (keras.Model.fit, partial(fathom.fit, bitwise=True)):
        model = trained(PLAIN, fit).model
        losses = model.evaluate(X, CLASSES, verbose=0)
        np.random.seed(1)
        model.fit(X, CLASSES, batch_size=16, verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        results.append((losses, variables(model), loaded.predict(X, verbose=0)))
    assert results[0][0] == pytest.approx(results[1][0], rel=1e-6)
    for expected, found in zip(results[0][1], results[1][1], strict=True):
        assert apart(expected, found) < 1e-6
    np.testing.assert_allclose(results[0][2], results[1][2], rtol=1e-5)
