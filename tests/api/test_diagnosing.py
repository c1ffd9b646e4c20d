"""Faults planted in real trainings are found and named; the mend that is named cures them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest
from support.watched import mlp, rows, trained

from fathom.api.diagnosing import course_of, diagnose
from fathom.errors import SpecError
from fathom.measure import Diagnosis
from fathom.specs import LayerRecord, RunRecord

Adam, SGD = keras.optimizers.Adam, keras.optimizers.SGD
DATA, VALIDATION = rows(1024), rows(256, seed=1)


def told(model: keras.Model, data: Any = DATA, validation: Any = VALIDATION, **options: Any):
    """Train and diagnose."""
    return diagnose(trained(model, data, validation, **options))


def seeded(**options: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    return mlp(**options)


def with_weights_times(factor: float, **options: Any) -> keras.Model:
    """Return a network whose hidden kernels begin larger or smaller than they should."""
    model = seeded(**options)
    for layer in model.layers[1:-1]:
        layer.kernel.assign(factor * layer.kernel)
    return model


def the(diagnosis: Diagnosis, name: str) -> Any:
    """Return the finding of this name, which must be there, whole."""
    assert name in diagnosis.names, diagnosis.text
    finding = next(one for one in diagnosis.findings if one.name == name)
    assert finding.severity in ("critical", "warning", "note")
    assert finding.sentence.endswith(".")
    assert finding.mend
    assert not finding.mend.endswith(".")
    return finding


@pytest.fixture(scope="module")
def healthy() -> keras.callbacks.History:
    return trained(seeded(), DATA, VALIDATION, epochs=12)


# -- nothing wrong ---------------------------------------------------------------------


def test_a_healthy_training_has_no_finding(healthy: Any) -> None:
    diagnosis = diagnose(healthy)
    assert diagnosis.is_healthy, diagnosis.text
    assert diagnosis.text.startswith("Nothing is wrong")
    assert diagnosis.unseen == ()


@pytest.mark.parametrize(
    ("network", "options"),
    [
        ({}, {"optimizer": "sgd", "epochs": 15}),
        ({"activation": "tanh", "initializer": "glorot_uniform"}, {"optimizer": Adam(3e-3)}),
        ({"depth": 8}, {"epochs": 6}),
        ({}, {"data": rows(1024, noise=2.0), "validation": rows(256, seed=1, noise=2.0)}),
    ],
    ids=["sgd", "tanh", "deep", "noisy labels"],
)
def test_other_healthy_trainings_have_none_either(network: Any, options: Any) -> None:
    diagnosis = told(seeded(**network), **options)
    assert diagnosis.is_healthy, diagnosis.text


# -- layers ----------------------------------------------------------------------------


def test_vanishing_gradients_are_found_and_relu_with_he_cures_them() -> None:
    squashed = told(seeded(depth=8, activation="sigmoid", initializer="glorot_uniform"))
    finding = the(squashed, "vanishing")
    assert finding.severity == "critical"
    assert finding.evidence["gradient_ratio"] < 1e-3
    assert "relu with kernel_initializer='he_normal'" in finding.mend
    assert squashed.names == ("vanishing",), "what it explains is not told again"
    mended = told(seeded(depth=8, activation="relu", initializer="he_normal"), epochs=4)
    assert "vanishing" not in mended.names


def test_small_weights_make_relu_vanish_and_he_cures_it() -> None:
    finding = the(told(with_weights_times(0.2, depth=8), epochs=4), "vanishing")
    assert finding.mend.startswith("use kernel_initializer='he_normal'")
    mended = told(seeded(depth=8, initializer="he_normal"), epochs=4)
    assert "vanishing" not in mended.names


def test_exploding_gradients_are_found_and_he_cures_them() -> None:
    finding = the(told(with_weights_times(5.0, depth=8), epochs=4), "exploding")
    assert finding.severity == "critical"
    assert finding.evidence["gradient_ratio"] > 1e3
    assert "kernel_initializer='he_normal'" in finding.mend
    assert "exploding" not in told(seeded(depth=8, initializer="he_normal"), epochs=4).names


def test_units_that_die_in_training_are_found_and_the_suggested_rate_cures_them() -> None:
    finding = the(told(seeded(), optimizer=Adam(0.3)), "dead")
    assert finding.severity == "critical"
    assert finding.evidence["dead"] >= 0.5 > finding.evidence["dead_at_start"]
    mended = told(seeded(), optimizer=Adam(finding.evidence["suggested_learning_rate"]))
    assert "dead" not in mended.names, mended.text


def test_leaky_relu_has_no_dead_units() -> None:
    assert "dead" not in told(seeded(activation="leaky_relu"), optimizer=Adam(0.3)).names


def test_units_dead_from_the_start_are_mended_by_other_weights_and_biases() -> None:
    model = seeded()
    for layer in model.layers[1:-1]:
        layer.bias.assign(layer.bias - 10.0)
    diagnosis = told(model, epochs=4)
    finding = the(diagnosis, "dead")
    assert "from the start" in finding.sentence
    assert "biases of zero" in finding.mend
    assert "vanishing" not in diagnosis.names, "dead units explain it"
    assert "dead" not in told(seeded(), epochs=4).names


def test_saturated_units_are_found_and_smaller_weights_cure_them() -> None:
    tanh = {"activation": "tanh", "initializer": "glorot_uniform"}
    finding = the(told(with_weights_times(20.0, **tanh), optimizer=Adam(1e-4)), "saturated")
    assert finding.evidence["saturated"] >= 0.5
    assert "kernel_initializer='glorot_uniform'" in finding.mend
    mended = told(seeded(**tanh), optimizer=Adam(1e-4))
    assert "saturated" not in mended.names


def test_saturation_in_training_is_cured_by_the_suggested_rate() -> None:
    tanh = {"activation": "tanh", "initializer": "glorot_uniform"}
    diagnosis = told(seeded(**tanh), optimizer=Adam(0.5))
    the(diagnosis, "saturated")
    rate = the(diagnosis, "rate-too-high").evidence["suggested_learning_rate"]
    mended = told(seeded(**tanh), optimizer=Adam(rate))
    assert not {"saturated", "rate-too-high"} & set(mended.names), mended.text


# -- learning rates ----------------------------------------------------------------------


def test_a_bouncing_loss_is_a_rate_too_high_and_the_suggested_one_cures_it() -> None:
    finding = the(told(seeded(depth=0), optimizer=Adam(1.0)), "rate-too-high")
    assert finding.severity == "critical"
    rate = finding.evidence["suggested_learning_rate"]
    assert f"learning_rate={rate:g}" in finding.mend
    assert "rate-too-high" not in told(seeded(depth=0), optimizer=Adam(rate)).names


@pytest.mark.parametrize("optimizer", [Adam(1e-6), SGD(1e-5)], ids=["adam", "sgd"])
def test_a_crawling_loss_is_a_rate_too_low_and_the_suggested_one_cures_it(optimizer: Any) -> None:
    finding = the(told(seeded(), optimizer=optimizer), "rate-too-low")
    assert finding.evidence["update_ratio"] < 1e-4
    rate = finding.evidence["suggested_learning_rate"]
    mended = told(seeded(), optimizer=type(optimizer)(rate))
    assert "rate-too-low" not in mended.names, mended.text


def test_a_crawling_loss_is_seen_without_watching_layers() -> None:
    history = trained(seeded(), DATA, VALIDATION, optimizer=Adam(1e-5))
    finding = the(diagnose(history.history), "rate-too-low")
    assert "ten times the learning rate" in finding.mend


def test_a_diverged_loss_names_its_step_and_layer_and_the_suggested_rate_cures_it() -> None:
    x = rows(512)[0]
    data = (x, x[:, :1])
    mse = keras.losses.MeanSquaredError()
    diagnosis = told(seeded(head=1), data, None, loss=mse, optimizer=SGD(1.0), epochs=3)
    finding = the(diagnosis, "diverged")
    assert finding.evidence["epoch"] == 1
    assert 1 <= finding.evidence["step"] <= 16
    assert finding.evidence["layer"] in ("dense_1", "dense_2", "head", "loss")
    assert f"step {finding.evidence['step']} of epoch 1" in finding.sentence
    assert diagnosis.names == ("diverged",)
    rate = finding.evidence["suggested_learning_rate"]
    mended = told(seeded(head=1), data, None, loss=mse, optimizer=SGD(rate), epochs=3)
    assert "diverged" not in mended.names


def test_a_loss_that_breaks_by_itself_is_not_blamed_on_the_rate() -> None:
    class LogOfZero(keras.losses.Loss):
        def call(self, y_true: Any, y_pred: Any) -> Any:
            return keras.ops.log(keras.ops.relu(keras.ops.mean(y_pred, axis=-1) - y_true + 0.5))

    x = rows(128)[0]
    data = (x, 100 * np.ones(len(x), "float32"))
    finding = the(told(seeded(head=1), data, None, loss=LogOfZero(), epochs=2), "diverged")
    assert finding.evidence["where"] == "loss"
    assert finding.evidence["step"] == 1
    assert finding.mend.startswith("look at the loss")
    assert "suggested_learning_rate" not in finding.evidence
    mended = told(seeded(head=1), data, None, loss=keras.losses.MeanSquaredError(), epochs=2)
    assert "diverged" not in mended.names


# -- data and size -------------------------------------------------------------------------


def test_labels_learned_by_heart_alone_look_shuffled_and_the_right_ones_do_not() -> None:
    x, y = rows(512)
    shuffled = np.random.default_rng(9).permutation(y)
    finding = the(told(seeded(), (x, shuffled), epochs=20), "labels-shuffled")
    assert "by heart" in finding.sentence
    assert "rows of x and y belong together" in finding.mend
    assert "labels-shuffled" not in told(seeded(), (x, y), epochs=20).names


def test_shuffled_labels_too_many_to_learn_by_heart_are_found_too() -> None:
    x, y = rows(4096)
    shuffled = np.random.default_rng(9).permutation(y)
    diagnosis = told(seeded(), (x, shuffled), epochs=8)
    assert diagnosis.names == ("labels-shuffled",), diagnosis.text


def test_shuffled_values_are_found_in_regression() -> None:
    x = rows(512)[0]
    y, y_validation = x[:, :1] * x[:, 1:2], VALIDATION[0][:, :1] * VALIDATION[0][:, 1:2]
    shuffled = np.random.default_rng(9).permutation(y)
    options = {"loss": keras.losses.MeanSquaredError(), "epochs": 10, "optimizer": "rmsprop"}
    validation = (VALIDATION[0], y_validation)
    the(told(seeded(head=1), (x, shuffled), validation, **options), "labels-shuffled")
    assert "labels-shuffled" not in told(seeded(head=1), (x, y), validation, **options).names


def test_overfitting_names_the_best_epoch_and_early_stopping_cures_it() -> None:
    few, others = rows(128, noise=1.0), rows(256, seed=1, noise=1.0)
    history = trained(seeded(width=128), few, others, epochs=40)
    finding = the(diagnose(history), "overfitting")
    best = int(np.argmin(history.history["val_loss"])) + 1
    assert finding.evidence["best_epoch"] == best
    assert f"since epoch {best}" in finding.sentence
    assert "EarlyStopping(patience=2, restore_best_weights=True)" in finding.mend
    stopping = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
    mended = told(seeded(width=128), few, others, epochs=40, callbacks=[stopping])
    assert "overfitting" not in mended.names


def test_underfitting_is_found_and_hidden_layers_cure_it() -> None:
    def side(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return x, (x[:, 0] * x[:, 1] > 0).astype("int32")

    data, validation = side(DATA[0]), side(VALIDATION[0])
    linear = told(seeded(depth=0), data, validation, optimizer=Adam(0.01), epochs=24)
    assert "more hidden layers or units" in the(linear, "underfitting").mend
    mended = told(seeded(depth=2), data, validation, optimizer=Adam(0.01), epochs=24)
    assert "underfitting" not in mended.names, mended.text


# -- what can be diagnosed -------------------------------------------------------------------


def test_a_plain_history_tells_what_it_cannot_see(healthy: Any) -> None:
    diagnosis = diagnose(healthy.history)
    assert diagnosis.is_healthy
    assert len(diagnosis.unseen) == 1
    assert "watch='layers'" in diagnosis.text
    without = {"loss": healthy.history["loss"]}
    assert "validation_data" in diagnose(without).text


def test_kerass_own_history_is_diagnosed() -> None:
    model = seeded(depth=10, activation="sigmoid", initializer="glorot_uniform")
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss=loss, metrics=["accuracy"])
    history = model.fit(*DATA, validation_data=VALIDATION, epochs=8, verbose=0)
    assert course_of(history).guess_loss == pytest.approx(math.log(3))
    assert course_of(history).learning_rate == pytest.approx(1e-3)
    finding = the(diagnose(history), "stalled")
    assert "watch='layers'" in finding.mend


def test_a_run_of_a_study_is_diagnosed() -> None:
    def layer(name: str, epoch: int, gradient: float) -> LayerRecord:
        return LayerRecord(
            layer=name, epoch=epoch, activation_gradient=gradient, weight_gradient=1.0,
            weight_norm=1.0, update_ratio=1e-3, activation_mean=0.5, activation_std=0.1,
        )  # fmt: skip

    run = RunRecord(
        depth=8, width=64, learning_rate=1e-3, seed=0, status="finished", reason="", epochs=5,
        best_epoch=1, validation_score=0.1, validation_loss=2.3, train_loss=(2.31,) * 5,
        validation_losses=(2.31,) * 5, validation_scores=(0.1,) * 5,
        layers=(layer("dense_1", 0, 1e-6), layer("logits", 0, 1.0)), train_seconds=1.0,
    )  # fmt: skip
    assert the(diagnose(run), "vanishing").evidence["gradient_ratio"] == pytest.approx(1e-6)


def test_a_member_of_a_population_is_diagnosed() -> None:
    import fathom

    model = seeded(depth=1, width=8)
    model.compile("sgd", keras.losses.MeanSquaredError())
    population = fathom.Population(model, seed=[0, 1], learning_rate=[1e-2, 1e6], watch="layers")
    x = DATA[0][:128]
    targets = np.stack([x[:, 0]] * 3, axis=1)
    epochs = list(population.train(x, targets, epochs=5, batch_size=32))
    assert "diverged" not in diagnose(epochs, member=0).names
    assert diagnose(epochs, member=0).unseen[0].startswith("There was no validation")
    worst = int(np.argmax([member["learning_rate"] for member in population.members]))
    the(diagnose(epochs, member=worst), "diverged")
    with pytest.raises(SpecError, match="`member` must be from 0 to 3"):
        diagnose(epochs)


def test_a_loss_that_is_no_number_is_told_without_anything_else() -> None:
    finding = the(diagnose({"loss": [2.3, 0.9, None, None]}), "diverged")
    assert finding.evidence == {"epoch": 3}
    assert "from epoch 3 on" in finding.sentence


def test_what_is_no_training_is_refused() -> None:
    with pytest.raises(SpecError, match="Received: int"):
        diagnose(3)
    with pytest.raises(SpecError, match="Received: accuracy"):
        diagnose({"accuracy": [0.5]})


def test_a_diagnosis_shows_itself_in_notebooks_with_names_escaped(healthy: Any) -> None:
    html = diagnose({"loss": [math.nan]})._repr_html_()
    assert html.startswith("<ul><li><b>diverged</b> (critical): The loss diverged")
    assert diagnose(healthy)._repr_html_().startswith("<p>Nothing is wrong")
    record = LayerRecord(
        layer="<b>", epoch=0, activation_gradient=1e-9, weight_gradient=1.0, weight_norm=1.0,
        update_ratio=None, activation_mean=0.0, activation_std=0.0,
    )  # fmt: skip
    course = course_of({"loss": [1.0, 1.0]})
    other = replace(record, layer="head", activation_gradient=1.0)
    shown = diagnose(replace(course, layers=(record, other)))._repr_html_()
    assert "&lt;b&gt;" in shown
