"""Conductance adds up, and gives every unit what it passes on."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fathom import measure

DRAW = np.random.default_rng(0)
FIRST = DRAW.normal(size=(6, 8)).astype("float32")
SECOND = DRAW.normal(size=(8, 3)).astype("float32")


def hidden(x):
    return jnp.tanh(x @ FIRST)


def answer(h):
    return jax.nn.softmax(h @ SECOND)[..., 0]


@pytest.mark.parametrize("steps", [50, 200])
def test_conductance_sums_to_what_the_answer_changes_by(steps: int):
    x = DRAW.normal(size=(10, 6)).astype("float32")
    path = measure.path_points(x, np.full(6, 0.3, "float32"), steps)
    outputs = hidden(path)
    gradients = jax.grad(lambda h: answer(h).sum())(outputs)
    found = measure.conductance(outputs, gradients)
    change = answer(outputs[:, -1]) - answer(outputs[:, 0])
    np.testing.assert_allclose(found.sum(axis=1), change, atol=2e-3 * float(abs(change).max()))


def test_of_a_linear_answer_each_unit_passes_on_its_weight_times_its_change():
    outputs = hidden(measure.path_points(np.ones((1, 6), "float32"), np.zeros(6, "float32"), 7))
    weights = np.arange(8, dtype="float32")
    found = measure.conductance(outputs, jnp.broadcast_to(weights, outputs.shape))
    np.testing.assert_allclose(found[0], weights * (outputs[0, -1] - outputs[0, 0]), rtol=1e-4)


def test_the_path_begins_at_the_baseline_and_ends_at_the_row():
    x = DRAW.normal(size=(2, 3, 4)).astype("float32")
    path = measure.path_points(x, np.ones((3, 4), "float32"), 5)
    assert path.shape == (2, 6, 3, 4)
    np.testing.assert_array_equal(path[:, 0], 1)
    np.testing.assert_allclose(path[:, -1], x, rtol=1e-6)
