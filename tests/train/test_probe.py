"""What a probe says of layers, against gradients by hand and against theory."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from support.networks import WATCH, compiled, mlp, population, problem

from fathom import train
from fathom.train.probe import tapped


def first_measurement(build, **options):
    made = population(build, watch=WATCH, **options)
    return made, next(made.train(epochs=1)).layers


def by_hand(weights, x, y):
    """Loss and dL/dz of a two-block ReLU network, written out."""
    k1, b1, k2, b2, k3, b3 = map(jnp.asarray, weights)

    def loss(e1, e2, e3):
        h1 = jax.nn.relu(x @ k1 + b1 + e1)
        h2 = jax.nn.relu(h1 @ k2 + b2 + e2)
        logs = jax.nn.log_softmax(h2 @ k3 + b3 + e3)
        return -jnp.take_along_axis(logs, y[:, None], axis=1).mean()

    zeros = [jnp.zeros((len(x), n)) for n in (8, 8, 3)]
    return jax.grad(loss, argnums=(0, 1, 2))(*zeros)


def test_activation_gradients_are_those_of_the_chain_rule():
    made, layers = first_measurement(mlp)
    expected = by_hand(made.initial_weights(0), *problem())
    norms = [float(jnp.linalg.norm(delta)) for delta in expected]
    np.testing.assert_allclose(layers["activation_gradient"][0], norms, rtol=1e-4)


def test_an_activation_inside_the_layer_is_watched_before_and_after():
    def fused():
        inputs = keras.Input((6,))
        hidden = keras.layers.Dense(8, activation="relu", name="dense_1")(inputs)
        hidden = keras.layers.Dense(8, activation="relu", name="dense_2")(hidden)
        return keras.Model(inputs, keras.layers.Dense(3, name="logits")(hidden))

    _, expected = first_measurement(mlp)
    _, found = first_measurement(fused)
    for name, values in expected.items():
        np.testing.assert_allclose(found[name], values, rtol=1e-4, err_msg=name)


def test_taps_leave_the_layers_as_they_were():
    model = compiled(mlp())
    before = [dict(layer.__dict__) for layer in model.layers]
    with pytest.raises(RuntimeError), tapped(WATCH.taps(model), None):
        raise RuntimeError("in the middle")
    assert all("call" not in layer.__dict__ for layer in model.layers)
    assert [layer.__dict__.keys() for layer in model.layers] == [b.keys() for b in before]


def test_the_update_ratio_is_that_of_the_last_step():
    made = population(
        mlp, [train.Member(seed=0, learning_rate=0.1)], optimizer="sgd", watch=WATCH, batch_size=70
    )
    epoch = list(made.train(epochs=1))[-1]
    start = made.initial_weights(0)
    end = [np.asarray(v[0]) for v in made._state.trainable]
    expected = [np.linalg.norm(end[i] - start[i]) / np.linalg.norm(start[i]) for i in (0, 2, 4)]
    np.testing.assert_allclose(epoch.layers["update_ratio"][0], expected, rtol=1e-4)


def test_units_that_never_fire_are_dead():
    bias = keras.initializers.Constant(-100.0)
    _, layers = first_measurement(lambda: mlp(2, bias_initializer=bias))
    np.testing.assert_array_equal(layers["dead"][:, 0], 1.0)
    assert np.isnan(layers["dead"][:, -1]).all(), "the head has no units that can die"


def test_a_tanh_far_from_zero_is_saturated():
    wide = keras.initializers.RandomNormal(stddev=100.0)
    _, far = first_measurement(lambda: mlp(1, activation="tanh", kernel_initializer=wide))
    _, near = first_measurement(lambda: mlp(1, activation="tanh"))
    assert (far["saturated"][:, 0] > 0.9).all()
    assert (near["saturated"][:, 0] < 0.3).all()


def ratio(depth, activation, initializer, width=100):
    """First over last activation gradient at initialisation, geometric mean over members."""
    build = lambda: mlp(depth, width=width, activation=activation, kernel_initializer=initializer)  # noqa: E731
    _, layers = first_measurement(build, members=train.product(range(6), (1e-3,)))
    gradients = layers["activation_gradient"]
    return float(np.exp(np.mean(np.log(gradients[:, 0] / gradients[:, -2]))))


@pytest.mark.slow
def test_sigmoid_gradients_vanish_as_theory_says():
    """Each layer multiplies the gradient by about 1/4 (Glorot & Bengio 2010)."""
    assert 1e-7 < ratio(10, "sigmoid", "glorot_uniform") < 1e-4


@pytest.mark.slow
def test_he_initialization_keeps_the_gradient_where_glorot_loses_it():
    """ReLU halves the variance: Glorot loses a factor sqrt(2) a layer (He et al. 2015)."""
    depth = 20
    he, glorot = ratio(depth, "relu", "he_normal"), ratio(depth, "relu", "glorot_normal")
    assert 0.2 < he < 5
    expected = 2 ** (-(depth - 1) / 2)
    assert expected / 5 < glorot < expected * 5
