"""Initial weights of a member are Keras's for its seed, bit for bit where Keras's draw allows."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.networks import compiled, mlp, problem

from fathom import train
from fathom.train.initial import initial_optimizer_state

SEEDS = (0, 3, 11)
INITIALIZERS = (
    "glorot_uniform",
    "glorot_normal",
    "he_uniform",
    "he_normal",
    "lecun_normal",
    "random_normal",
    "random_uniform",
    "truncated_normal",
    "orthogonal",
    "zeros",
    "ones",
    "identity",
)


def keras_weights(build, seed):
    keras.utils.set_random_seed(seed)
    model = build()
    return [np.asarray(v) for v in (*model.trainable_variables, *model.non_trainable_variables)]


def assert_keras_weights(build, tolerance=2e-7):
    blueprint = train.record(build, compiled, *problem())
    trainable, others = train.initial_weights(blueprint, SEEDS)
    for member, seed in enumerate(SEEDS):
        expected = keras_weights(build, seed)
        found = [np.asarray(values[member]) for values in (*trainable, *others)]
        assert len(found) == len(expected)
        for ours, theirs in zip(found, expected, strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=tolerance)


@pytest.mark.parametrize("name", INITIALIZERS)
def test_weights_are_those_keras_draws_for_the_seed(name):
    width = 6 if name == "identity" else 8
    assert_keras_weights(lambda: mlp(2, width=width, kernel_initializer=name), tolerance=1e-6)


def test_an_initializer_shared_by_layers_draws_as_in_keras():
    def build():
        shared = keras.initializers.HeNormal()
        return mlp(3, kernel_initializer=shared)

    assert_keras_weights(build)


def test_an_initializer_with_its_own_seed_gives_all_members_the_same():
    def build():
        return mlp(1, kernel_initializer=keras.initializers.HeNormal(seed=5))

    blueprint = train.record(build, compiled, *problem())
    kernel = train.initial_weights(blueprint, SEEDS)[0][0]
    np.testing.assert_array_equal(kernel[0], kernel[1])


def test_normalization_and_dropout_state_are_those_of_keras():
    def build():
        inputs = keras.Input((6,))
        hidden = keras.layers.BatchNormalization()(keras.layers.Dense(4)(inputs))
        return keras.Model(inputs, keras.layers.Dense(3)(keras.layers.Dropout(0.2)(hidden)))

    assert_keras_weights(build)


def test_an_initializer_that_cannot_be_replayed_is_built_for_every_seed():
    class Own(keras.initializers.Initializer):
        def __call__(self, shape, dtype=None):
            return np.random.normal(size=shape).astype("float32")

    assert_keras_weights(lambda: mlp(1, kernel_initializer=Own()))


def test_a_function_that_needs_values_while_it_builds_is_built_with_values():
    def build():
        model = mlp(1)
        model.get_layer("dense_1").kernel.assign(np.full((6, 8), 0.25))
        return model

    assert_keras_weights(build)


def test_every_member_gets_its_own_learning_rate():
    blueprint = train.record(mlp, compiled, *problem())
    values = initial_optimizer_state(blueprint, [0.1, 0.2])
    place = blueprint.learning_rate_place
    assert place is not None
    np.testing.assert_allclose(values[place], [0.1, 0.2])


@pytest.mark.parametrize("name", ["sgd", "adam", "adagrad", "ftrl", "adafactor", "muon", "lamb"])
def test_optimizer_state_begins_as_in_keras(name):
    blueprint = train.record(mlp, lambda model: compiled(model, name), *problem())
    rate = float(np.asarray(blueprint.model.optimizer._learning_rate))
    reference = compiled(mlp(), name)
    reference.optimizer.build(reference.trainable_variables)
    found = initial_optimizer_state(blueprint, [rate])
    assert len(found) == len(reference.optimizer.variables)
    for ours, theirs in zip(found, reference.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours[0], np.asarray(theirs))
