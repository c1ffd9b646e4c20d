"""Importance: the Fisher information is the Hessian where it should be, and what counts stays."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom import measure, train


def softmax_model(rows: int, seed: int = 0) -> tuple[keras.Model, np.ndarray, np.ndarray]:
    """A softmax regression at its optimum, and data drawn from one like it."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 3)).astype("float32")
    logits = x @ draw.normal(size=(3, 3))
    share = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = np.array([draw.choice(3, p=one) for one in share], "int32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3, name="logits")])
    weights = [jnp.zeros((3, 3)), jnp.zeros(3)]
    descent = jax.jit(
        lambda w: [a - 2.0 * g for a, g in zip(w, jax.grad(_loss)(w, jnp.asarray(x), y))]
    )
    for _ in range(500):
        weights = descent(weights)
    model.set_weights([np.asarray(w) for w in weights])
    return model, x, y


def _loss(weights: list, x: jax.Array, y: np.ndarray) -> jax.Array:
    logs = jax.nn.log_softmax(x @ weights[0] + weights[1])
    return -jnp.take_along_axis(logs, jnp.asarray(y)[:, None], axis=1).mean()


def moments(model: keras.Model, x: np.ndarray, y: np.ndarray) -> measure.GradientMoments:
    score = measure.scorer("classification")
    return measure.GradientMoments(
        *train.gradient_moments(
            model,
            ([v.value for v in model.trainable_variables], []),
            x,
            y,
            lambda y, outputs: score(y, outputs)["loss"],
            groups=[[0, 1]],
        )
    )


def test_fisher_is_the_diagonal_of_the_hessian_at_the_optimum() -> None:
    model, x, y = softmax_model(4096)
    weights = [jnp.asarray(v.value) for v in model.trainable_variables]
    kernel = jax.hessian(lambda k: _loss([k, weights[1]], jnp.asarray(x), y))(weights[0])
    exact = np.einsum("ijij->ij", np.asarray(kernel))
    found = moments(model, x, y).fisher[0]
    np.testing.assert_allclose(found, exact, rtol=0.12)
    by_fisher = measure.weight_importance(
        [np.asarray(w) for w in weights], by="fisher", moments=moments(model, x, y)
    )[0]
    np.testing.assert_allclose(by_fisher, 0.5 * found * np.square(weights[0]), rtol=1e-5)


def test_taylor_of_a_unit_is_the_square_of_the_sum_over_its_weights() -> None:
    model, x, y = softmax_model(32)
    found = moments(model, x, y)
    weights = [jnp.asarray(v.value) for v in model.trainable_variables]
    gradient = jax.grad(_loss)(weights, jnp.asarray(x), y)
    sums = (gradient[0] * weights[0]).sum(axis=0) + gradient[1] * weights[1]
    np.testing.assert_allclose(found.by_unit[0], np.square(sums), rtol=1e-3, atol=1e-9)


def test_the_share_that_goes_is_the_least_of_all_layers_together() -> None:
    masks = measure.least_important([np.array([[3.0, 1.0]]), np.array([2.0, 9.0])], 0.5)
    assert [mask.tolist() for mask in masks] == [[[False, True]], [True, False]]


def test_a_layer_keeps_its_best_unit_whatever_the_share() -> None:
    assert measure.kept_units(np.array([1.0, 5.0, 2.0]), 0.99).tolist() == [1]
