"""The modern mode is Keras: same gradients, same optimizers, same losses."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

import fathom
from fathom import play
from fathom.errors import SpecError
from fathom.play.catalog import OPTIMIZERS, SCHEDULES, keys
from fathom.play.keras_models import optimizer_of
from fathom.play.modern import ModernNetwork
from fathom.play.schedules import rates

STEPS = 30
LAYERS = [{"units": 6, "activation": "tanh"}, {"units": 4, "activation": "relu"}]


def _open(data: Any) -> fathom.Dataset:
    return fathom.load(data.source)


def _lane(**members: Any) -> play.Lane:
    experiment = play.check(play.read_experiment({"mode": "modern", **members}))
    return play.Lane.begin(play.set_up(experiment, _open))


def _keras_twin(lane: play.Lane, loss: str) -> keras.Model:
    """Return the same network, at the same weights, compiled as Keras's users do."""
    network = lane.setup.machine.network
    assert isinstance(network, ModernNetwork)
    model = keras.models.clone_model(network.built.model)
    for mine, theirs in zip(model.layers, network.keras_model(lane.state).layers):
        mine.set_weights(theirs.get_weights())
    model.compile(optimizer=optimizer_of(lane.setup.experiment), loss=loss)
    return model


@pytest.mark.parametrize("optimizer", keys(OPTIMIZERS))
def test_every_optimizer_takes_keras_s_steps(optimizer: str) -> None:
    lane = _lane(
        data={"source": "circle", "train_share": 20},
        network={"layers": LAYERS, "initializer": "glorot_uniform"},
        optimizer={"name": optimizer, "learning_rate": 0.01},
        loss="mean_squared_error",
    )
    model = _keras_twin(lane, "mean_squared_error")
    rows = lane.setup.material.num_train
    lane.train("batch", STEPS)
    model.fit(
        lane.setup.x[:rows],
        lane.setup.y[:rows, None],
        batch_size=10,
        epochs=STEPS * 10 // rows,
        shuffle=False,
        verbose=0,
    )
    network = lane.setup.machine.network
    arrays = play.parameter_arrays(network.layout, lane.state)
    for mine, theirs in zip(arrays, model.get_weights()):
        np.testing.assert_allclose(mine, theirs, atol=2e-5)


def test_classes_are_learned_with_softmax_and_crossentropy_as_in_keras() -> None:
    lane = _lane(
        data={"source": "iris"},
        network={"layers": LAYERS, "initializer": "he_normal"},
        optimizer={"name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
        batch_size=16,
    )
    model = _keras_twin(lane, "sparse_categorical_crossentropy")
    rows = lane.setup.material.num_train
    x, y = lane.setup.x[:rows], lane.setup.y[:rows].astype(np.int32)
    lane.train("epoch", 20)
    model.fit(x, y, batch_size=16, epochs=20, shuffle=False, verbose=0)
    losses = lane.outputs()[1][:rows]
    assert losses.mean() == pytest.approx(model.evaluate(x, y, verbose=0), abs=1e-3)
    assert lane.measure().metrics[1] > 0.85


def test_the_same_settings_learn_alike_in_both_modes() -> None:
    """The playground's initialiser draws the same weights, so that a change of mode is none."""
    classic = play.Lane.begin(play.set_up(play.DEFAULT, _open))
    modern = _lane()
    classic.train("epoch", 20)
    modern.train("epoch", 20)
    for mine, theirs in zip(modern.measure().losses, classic.measure().losses):
        assert mine == pytest.approx(theirs, abs=1e-4)


def test_frozen_layers_keep_their_weights() -> None:
    layers = [{**LAYERS[0], "frozen": True}, LAYERS[1]]
    lane = _lane(network={"layers": layers, "initializer": "glorot_uniform"})
    layout = lane.setup.machine.network.layout
    before = play.parameter_arrays(layout, lane.state)
    lane.train("epoch", 3)
    moved = [
        bool(np.abs(old - new).max() > 0)
        for old, new in zip(before, play.parameter_arrays(layout, lane.state))
    ]
    assert moved == [one.trainable for one in layout.parameters]
    assert [one.trainable for one in layout.parameters if one.layer == 1] == [False, False]


def test_dropout_normalisation_and_skips_train_together() -> None:
    layer = {"units": 16, "activation": "gelu", "normalization": "batch", "skip": True}
    lane = _lane(
        network={
            "layers": [layer, {**layer, "dropout": 0.1}, {**layer, "normalization": "layer"}],
            "initializer": "he_normal",
        },
        optimizer={"name": "adam", "learning_rate": 0.01},
        batch_size=32,
        shuffle=True,
    )
    names = {one.name for one in lane.setup.machine.network.layout.parameters}
    assert names == {
        "kernel", "bias", "projection", "gamma", "beta", "moving_mean", "moving_variance",
    }  # fmt: skip
    lane.train("epoch", 60)
    assert lane.measure().metrics[1] > 0.95


def test_thirty_two_layers_of_sixty_four_units_take_a_step() -> None:
    lane = _lane(network={"layers": [{"units": 64, "skip": True}] * 32}, batch_size=50)
    before = lane.snapshot().state.trainable[0]
    lane.train("batch", 1)
    assert np.abs(before - np.asarray(lane.state.trainable[0])).max() > 0
    _, arrays = play.look(lane, play.Want(), play.Sights(lane))
    assert len(arrays["maps"]) == 2 + 32 * 64 + 1
    assert arrays["maps"].nbytes < 6 * 2**20


def test_a_rate_a_penalty_and_a_batch_size_do_not_compile_again(compilations: Any) -> None:
    lane = _lane(optimizer={"name": "adam", "learning_rate": 0.01})
    lane.compile()
    with compilations() as compiled:
        other = _lane(
            optimizer={"name": "adam", "learning_rate": 0.03},
            batch_size=17,
            regularization={"name": "l1", "rate": 0.01},
            schedule={"name": "cosine", "epochs": 10},
            shuffle=True,
        )
        other.train("epoch", 2)
    assert not [name for name in compiled if "advance" in name]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"data": {"source": "iris"}, "network": {"output": {"kind": "tanh"}}}, "softmax"),
        ({"data": {"source": "plane"}, "network": {"output": {"kind": "sigmoid"}}}, "linear"),
        ({"loss": "crossentropy", "network": {"output": {"kind": "tanh"}}}, "sigmoid"),
        ({"loss": "hinge", "network": {"output": {"kind": "sigmoid"}}}, "tanh"),
    ],
)
def test_an_output_that_does_not_suit_is_answered_with_those_that_do(
    members: dict[str, Any], words: str
) -> None:
    with pytest.raises(SpecError, match=words):
        _lane(**members)


def test_a_feature_without_a_value_is_refused_and_says_where() -> None:
    with pytest.raises(SpecError, match=r"log\(x\).*none at"):
        _lane(features=["x", "log(x)"])


@pytest.mark.parametrize("name", keys(SCHEDULES))
def test_every_schedule_stays_between_zero_and_its_rate(name: str) -> None:
    found = rates({"name": name}, 0.5, first_step=0, count=4000, steps_per_epoch=10)
    assert (found >= 0).all() and (found <= 0.5 + 1e-12).all()
    later = rates({"name": name}, 0.5, first_step=1000, count=10, steps_per_epoch=10)
    np.testing.assert_array_equal(later, found[1000:1010])


def test_histories_are_bounded_and_keep_the_ends() -> None:
    lane = play.Lane.begin(play.set_up(play.DEFAULT, _open))
    for _ in range(1500):
        lane.position = lane.position.__class__(lane.position.epoch + 1, 0, 0)
        lane.keep()
    epochs = lane.history.epochs
    assert len(epochs) <= 1201
    assert epochs[0] == 0 and epochs[-1] >= 1490
