"""Smaller models predict as the larger ones did with the same parts switched off."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fathom import measure, models, train
from fathom.errors import ModelError

L = keras.layers


def networks() -> dict[str, tuple[keras.Model, tuple[int, ...]]]:
    keras.utils.set_random_seed(0)
    flat = keras.Sequential(
        [keras.Input((6,)), L.Dense(6, "relu"), L.Dense(6), L.Activation("tanh"), L.Dense(3)]
    )
    image = keras.Sequential(
        [
            keras.Input((8, 8, 2)),
            L.Conv2D(5, 3, padding="same"),
            L.BatchNormalization(),
            L.ReLU(),
            L.Conv2D(5, 3, padding="same", activation="relu"),
            L.MaxPooling2D(),
            L.Flatten(),
            L.Dense(6, "relu"),
            L.Dense(3),
        ]
    )
    inputs = keras.Input((6,))
    stream = L.Dense(6)(inputs)
    for _ in range(2):
        inner = L.Dense(8, "relu")(stream)
        stream = stream + L.Dense(6)(inner)
    nested = keras.Sequential([keras.Input((6,)), L.Dense(6, "relu"), L.Dense(6, "relu")])
    residual = keras.Model(inputs, L.Dense(3)(nested(stream)))
    found = {"flat": (flat, (6,)), "image": (image, (8, 8, 2)), "residual": (residual, (6,))}
    for model, _ in found.values():
        for variable in model.weights:
            if variable.path.endswith(("moving_mean", "bias")):
                variable.assign(np.random.default_rng(1).normal(size=variable.shape))
    return found


@pytest.fixture(params=["flat", "image", "residual"])
def network(request: pytest.FixtureRequest) -> tuple[keras.Model, np.ndarray]:
    model, shape = networks()[request.param]
    return model, np.random.default_rng(0).normal(size=(7, *shape)).astype("float32")


def outputs(model: keras.Model, x: np.ndarray) -> np.ndarray:
    return np.asarray(model(x, training=False))


def test_without_a_site_is_the_network_with_it_bypassed(
    network: tuple[keras.Model, np.ndarray],
) -> None:
    model, x = network
    sites = models.find_sites(models.trace(model, x))
    weights = train.Networks(
        [np.asarray(v)[None] for v in model.trainable_variables],
        [np.asarray(v)[None] for v in model.non_trainable_variables],
    )
    laboratory = train.Laboratory(model, sites, lambda y, out: out[:, 0], x.shape[1:])
    for place, site in enumerate(sites):
        if models.no_removal(model, site) is not None:
            continue
        actions = np.zeros((1, len(sites)), np.int32)
        actions[0, place] = train.BYPASS
        bypassed = laboratory.credits(
            weights, train.Variants.of(1, actions=actions), x, np.zeros(len(x), "int32")
        )[0]
        smaller = models.without(model, [site])
        assert models.count_trainable(smaller) < models.count_trainable(model)
        np.testing.assert_allclose(outputs(smaller, x)[:, 0], bypassed, rtol=1e-4, atol=1e-5)


def test_fewer_units_predict_as_if_nobody_read_the_others(
    network: tuple[keras.Model, np.ndarray],
) -> None:
    model, x = network
    units, _ = models.removable_units(models.trace(model, x))
    assert units
    kept = [(one, np.arange(0, one.number, 2)) for one in units]
    smaller = models.with_fewer_units(model, kept)
    masked = keras.models.clone_model(model)
    masked.set_weights(model.get_weights())
    places_of = {id(variable): place for place, variable in enumerate(model.weights)}
    for one, places in kept:
        reader: Any = one.reader
        variable = masked.weights[places_of[id(reader.kernel)]]
        kernel = np.array(variable)
        gone = np.setdiff1d(np.arange(one.number), places)
        read = one.flattened(gone, one.positions)
        np.moveaxis(kernel, -2, 0)[read] = 0
        variable.assign(kernel)
    np.testing.assert_allclose(outputs(smaller, x), outputs(masked, x), rtol=1e-4, atol=1e-5)


def test_a_smaller_model_is_one_that_keras_alone_loads(tmp_path: Any) -> None:
    model, shape = networks()["image"]
    x = np.zeros((2, *shape), "float32")
    units, _ = models.removable_units(models.trace(model, x))
    kept = [(one, measure.kept_units(np.arange(one.number), 0.5)) for one in units]
    smaller = models.with_fewer_units(model, kept)
    smaller.save(tmp_path / "small.keras")
    loaded: Any = keras.models.load_model(tmp_path / "small.keras")
    np.testing.assert_array_equal(outputs(loaded, x), outputs(smaller, x))


def test_what_makes_the_output_cannot_be_removed() -> None:
    model, shape = networks()["flat"]
    sites = models.find_sites(models.trace(model, np.zeros((1, *shape), "float32")))
    with pytest.raises(ModelError, match="cannot be removed: 6 goes in, 3 comes out"):
        models.without(model, [sites[-1]])


def test_units_read_by_a_sum_are_left_and_the_reason_told() -> None:
    model, shape = networks()["residual"]
    found, refused = models.removable_units(models.trace(model, np.zeros((1, *shape), "float32")))
    assert len(found) == 4  # the inner layer of each branch, and the nested ones
    assert any("several places" in reason for reason in refused.values())
