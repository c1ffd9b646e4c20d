"""One test for each part of Keras that is not public and that the engine stands on."""

from __future__ import annotations

import keras
import numpy as np
from keras.src.backend.common import global_state

from fathom.models import without_values
from fathom.train import keras_internals


def test_variables_made_without_values_know_their_initializer():
    with without_values():
        layer = keras.layers.Dense(3, kernel_initializer="he_normal")
        layer.build((None, 2))
    initializer = keras_internals.initializer_of(layer.kernel)
    assert isinstance(initializer, keras.initializers.HeNormal)
    assert layer.kernel._value is None


def test_variables_made_without_values_are_not_initialized_later():
    with without_values():
        layer = keras.layers.Dense(3)
        layer.build((None, 2))
    pending = global_state.get_global_attribute("uninitialized_variables", [])
    assert all(variable is not layer.kernel for variable in pending)


def test_variables_with_values_have_no_initializer_to_replay():
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    assert keras_internals.initializer_of(layer.kernel) is None


def test_default_seeds_are_those_of_set_random_seed():
    keras.utils.set_random_seed(7)
    expected = keras.initializers.HeNormal().seed, keras.initializers.HeNormal().seed
    assert tuple(keras_internals.drawn_seeds(7, 2)) == expected


def test_drawing_default_seeds_leaves_the_global_generator_alone():
    keras.utils.set_random_seed(7)
    expected = keras.initializers.HeNormal().seed
    keras.utils.set_random_seed(7)
    with keras_internals.default_seeds(3):
        keras.initializers.HeNormal()
    assert keras.initializers.HeNormal().seed == expected


def test_a_seed_generator_state_gives_its_seed():
    with without_values():
        dropout = keras.layers.Dropout(0.5, seed=12)
    assert keras_internals.seed_of(dropout.seed_generator.state) == 12


def test_a_kernel_is_no_seed_generator_state():
    with without_values():
        layer = keras.layers.Dense(3)
        layer.build((None, 2))
    assert keras_internals.seed_of(layer.kernel) is None


def test_a_fixed_seed_draws_what_the_integer_draws():
    expected = keras.random.normal((4,), seed=5)
    found = keras.random.normal((4,), seed=keras_internals.FixedSeed(np.uint32(5)))
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_assigned_values_are_the_models():
    with without_values():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    keras_internals.assign_values(model.variables, [np.ones((2, 1)), np.full(1, 3.0)])
    assert model.predict(np.ones((1, 2)), verbose=0).item() == 5.0
