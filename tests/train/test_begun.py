"""Populations that begin with given weights, and members that see rows of their own."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fathom import train
from fathom.errors import SpecError

SEEDS = (0, 1)


@pytest.fixture(scope="module")
def rows() -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    return x, x.sum(axis=1, keepdims=True)


@pytest.fixture(scope="module")
def model() -> Any:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def members() -> list[dict[str, Any]]:
    return [{"seed": seed} for seed in SEEDS]


def test_members_begin_with_the_weights_that_are_given(model: Any, rows: Any) -> None:
    kernels = np.arange(6, dtype="float32").reshape(2, 3, 1)
    networks = train.Networks([kernels, np.ones((2, 1), "float32")], [])
    population = train.Population(model, members=members())
    train.begin_with(population, networks)
    expected = np.einsum("rf,mfo->mro", rows[0], kernels) + 1
    np.testing.assert_allclose(population.predict(rows[0]), expected, rtol=1e-5, atol=1e-5)
    for _ in population.train(*rows, epochs=1, batch_size=40):
        pass
    after = train.weights_of(population)
    slope = 2 * np.einsum("rf,mro->mfo", rows[0], expected - rows[1]) / 40
    np.testing.assert_allclose(after.trainable[0], kernels - 0.05 * slope, rtol=1e-4, atol=1e-4)


def test_members_with_rows_of_their_own_are_as_if_these_were_all_there_are(
    model: Any, rows: Any
) -> None:
    own = {seed: np.random.default_rng(seed).permutation(40)[:12] for seed in SEEDS}
    together = train.Population(model, members=members())
    for _ in together.train(*rows, epochs=3, batch_size=5, rows_of_seed=own):
        pass
    for place, seed in enumerate(SEEDS):
        alone = train.Population(model, members=[{"seed": seed}])
        for _ in alone.train(rows[0][own[seed]], rows[1][own[seed]], epochs=3, batch_size=5):
            pass
        ours, theirs = (train.weights_of(one).trainable[0] for one in (together, alone))
        np.testing.assert_allclose(ours[place], theirs[0], rtol=1e-5, atol=1e-6)


def test_rows_of_seeds_must_be_there_and_as_many_for_each(model: Any, rows: Any) -> None:
    population = train.Population(model, members=members())
    for own in ({0: [0, 1]}, {0: [0, 1], 1: [2]}, {0: [], 1: []}):
        with pytest.raises(SpecError, match="as many rows for every seed"):
            population.train(*rows, batch_size=2, rows_of_seed=own)
    with pytest.raises(SpecError, match="rows from 0 to 39"):
        population.train(*rows, batch_size=2, rows_of_seed={0: [0, 40], 1: [1, 2]})
