"""Learning rates that fall in a study: when, how long, and the same after a stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import fathom
from fathom import train
from fathom.api import study_spec
from fathom.specs import RungRecord, RunRecord, StudySpec
from fathom.studies import depth_study
from fathom.studies.baselines import guessing
from fathom.studies.bench import Bench, compiler

OPTIONS = {
    "depths": [1],
    "widths": 4,
    "seeds": 2,
    "learning_rates": [1e-2],
    "epochs": 40,
    "baselines": False,
    "watch": False,
}
PLANNED, CHANGED_AFTER, END = 6, 3, 9


@pytest.fixture(scope="module")
def iris():
    return fathom.load("iris")


def test_rates_fall_where_there_are_so_many_minutes(iris):
    timed, untimed = study_spec(iris, minutes=1).train, study_spec(iris).train
    assert (timed.decay, timed.patience) == ("linear", None)
    assert untimed.decay == "none"
    assert untimed.patience
    asked = study_spec(iris, minutes=1, decay="none", patience=3).train
    assert (asked.decay, asked.patience) == ("none", 3)
    assert study_spec(iris, decay="cosine").train.patience is None


def test_convolutional_networks_take_smaller_batches_where_rates_fall():
    images = np.random.default_rng(0).random((32_000, 2, 2, 1), dtype=np.float32)
    data = fathom.load((images, np.arange(32_000) % 2))
    sizes = {
        (family, decay): study_spec(data, family=family, decay=decay).train.batch_size
        for family in ("cnn", "residual-cnn", "mlp")
        for decay in ("none", "linear")
    }
    smaller = {key for key, size in sizes.items() if size == 64}
    assert smaller == {("cnn", "linear"), ("residual-cnn", "linear")}
    assert all(size == 128 for key, size in sizes.items() if key not in smaller)


def ended_anew(architecture: tuple[int, int]) -> list[RungRecord]:
    """Return what a study told that had more time than it had planned for."""
    common = {"architectures": (architecture,), "members": 2, "left": (), "message": ""}
    return [
        RungRecord(epoch=0, epochs=PLANNED, **common),
        RungRecord(epoch=CHANGED_AFTER, epochs=END, is_end=True, **common),
    ]


def directly(spec: StudySpec, iris) -> list[np.ndarray]:
    """Return the validation losses by epoch of members whose end was changed on the way."""
    bench = Bench.of(spec, iris, guessing(iris, seed=0))
    with compiler() as executor:
        population = bench.population(spec.model.at(depth=1, width=4), executor, shrinks=True)
        population.wait()
    told: list[train.Epoch] = []
    for epoch in population.train(epochs=PLANNED, decay=spec.train.decay):
        told.append(epoch)
        if epoch.epoch == CHANGED_AFTER:
            population.end_after(END)
    return [epoch.validation["loss"] for epoch in told[1:]]


def test_a_study_that_goes_on_lets_rates_fall_as_they_would_have(iris):
    spec = study_spec(iris, minutes=30, **OPTIONS)
    events = depth_study(spec, iris, name="resumed", earlier=ended_anew((1, 4)))
    runs = [event for event in events if isinstance(event, RunRecord)]
    ours = np.array([run.validation_losses for run in runs]).T
    assert ours.shape == (END, 2)
    np.testing.assert_allclose(ours, directly(spec, iris), rtol=5e-5)  # five digits are kept
    constant = directly(replace(spec, train=replace(spec.train, decay="none")), iris)
    assert not np.isclose(ours, constant, rtol=1e-3).any()
