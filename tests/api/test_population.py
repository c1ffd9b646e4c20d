"""`fathom.Population` in the user's hands: kept in a file, and watched."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.networks import CLASSES, FEATURES, problem

import fathom as fathom_package
from fathom.errors import SpecError, StoreError

L = keras.layers


def network(optimizer="adam") -> keras.Model:
    model = keras.Sequential(
        [keras.Input((FEATURES,)), L.Dense(8, "relu"), L.Dropout(0.2), L.Dense(CLASSES)]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer, loss, metrics=["accuracy"])
    return model


def trained(population, epochs=1):
    for epoch in population.train(*problem(), epochs=epochs, batch_size=16):
        last = epoch
    return last


def members() -> list[dict]:
    return [
        {"seed": 0, "learning_rate": 1e-2, "dropout": 0.5},
        {"seed": 1, "learning_rate": 1e-3, "dropout": 0.1},
        {"seed": 1, "optimizer": keras.optimizers.RMSprop(0.01)},
    ]


def test_a_saved_population_goes_on_as_if_it_had_not_stopped(tmp_path):
    whole, first = (fathom_package.Population(network(), members=members()) for _ in range(2))
    expected = trained(whole, 3)
    trained(first)
    first.save(tmp_path / "population.safetensors")
    loaded = fathom_package.Population.load(tmp_path / "population.safetensors")
    assert isinstance(loaded, fathom_package.Population)
    assert loaded.epochs == 1
    np.testing.assert_array_equal(loaded.scores["loss"], first.scores["loss"])
    assert loaded.members[:2] == whole.members[:2]
    found = trained(loaded, 2)
    np.testing.assert_array_equal(found.loss, expected.loss)
    assert found.epoch == 3
    for ours, theirs in zip(
        loaded.member(2).get_weights(), whole.member(2).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_a_population_of_another_kind_of_model_is_loaded_with_the_model(tmp_path):
    class Own(L.Dense):
        pass

    def build():
        model = keras.Sequential([keras.Input((FEATURES,)), Own(CLASSES)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    population = fathom_package.Population(build, seed=[3, 4])
    trained(population)
    path = tmp_path / "own.safetensors"
    population.save(path)
    with pytest.raises((fathom_package.errors.FathomError), match="load") as raised:
        fathom_package.Population.load(path)
    assert "model=model" in str(raised.value)
    loaded = fathom_package.Population.load(path, model=build)
    np.testing.assert_array_equal(loaded.predict(problem()[0]), population.predict(problem()[0]))


def test_a_damaged_or_missing_file_is_refused(tmp_path):
    path = tmp_path / "population.safetensors"
    population = fathom_package.Population(network(), seed=[0])
    trained(population)
    population.save(path)
    data = bytearray(path.read_bytes())
    data[-9] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreError, match="checksum does not match"):
        fathom_package.Population.load(path)
    path.write_bytes(data[:100])
    with pytest.raises(StoreError, match="no saved population"):
        fathom_package.Population.load(path)
    with pytest.raises(StoreError, match="There is no file"):
        fathom_package.Population.load(tmp_path / "none")
    with pytest.raises(StoreError, match="folder"):
        population.save(tmp_path / "none" / "there")


def test_layers_are_measured_after_every_epoch_when_they_are_watched():
    population = fathom_package.Population(network(), seed=range(2), watch="layers")
    layers = trained(population).layers
    assert layers["weight_gradient"].shape == (2, 2)
    assert (layers["weight_gradient"] > 0).all()
    with pytest.raises(SpecError, match="`watch` must be one of layers"):
        fathom_package.Population(network(), watch="all")


def straight_line(rows: int = 256):
    """Return data of a linear model, the model, and the Hessian of its loss."""
    generator = np.random.default_rng(0)
    x = (generator.normal(size=(rows, 4)) * [1.5, 1, 1, 0.5]).astype("float32")
    y = (x @ generator.normal(size=4) + 0.3 * generator.normal(size=rows)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), L.Dense(1, use_bias=False)])
    model.compile("sgd", "mse")
    return x, y, model, 2 * x.T @ x / rows


def test_the_largest_stable_rate_is_that_of_the_theory():
    """Gradient descent on a quadratic is stable below 2 over the largest curvature."""
    x, y, model, hessian = straight_line()
    before = model.get_weights()[0].copy()
    truth = 2 / np.linalg.eigvalsh(hessian).max()
    rates = truth * np.geomspace(1e-3, 10, 41)
    found = fathom_package.find_learning_rate(model, x, y, rates=rates, steps=150, batch_size=256)
    step = rates[1] / rates[0]
    assert truth / step**1.5 <= found.curve.largest_stable <= truth * step
    assert found.curve.lowest < truth
    assert found.suggestion is not None
    assert 0 < found.suggestion <= found.curve.largest_stable / 2
    assert np.isnan(found.curve.losses[-1]) or found.curve.losses[-1] > found.curve.initial_loss
    np.testing.assert_array_equal(model.get_weights()[0], before)
    figure = found.plot()
    assert {trace.name for trace in figure.data} == {"loss after the steps", "diverged"}
    assert f"{found.suggestion:.2e}" in found.text


def test_the_search_for_a_rate_refuses_what_it_cannot_search():
    x, y, model, _ = straight_line()
    with pytest.raises(SpecError, match="at least two"):
        fathom_package.find_learning_rate(model, x, y, rates=[0.1])
    with pytest.raises(SpecError, match="greater than 0"):
        fathom_package.find_learning_rate(model, x, y, rates=[0.0, 0.1])


def test_the_gradient_noise_scale_is_that_of_the_rows_gradients():
    x, y, model, _ = straight_line()
    weights = model.get_weights()[0][:, 0]
    gradients = 2 * (x @ weights - y)[:, None] * x  # (row, weight)
    mean = gradients.mean(axis=0)
    truth = np.square(gradients - mean).sum(axis=1).mean() / np.square(mean).sum()
    found = fathom_package.gradient_noise_scale(model, x, y, draws=300)
    assert found.noise_scale == pytest.approx(truth, rel=0.15)
    assert found.low < found.noise_scale < found.high
    assert found.batch_size == 2 ** round(np.log2(found.noise_scale))
    np.testing.assert_array_equal(model.get_weights()[0][:, 0], weights)
