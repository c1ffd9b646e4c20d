"""The gallery is well formed, the judge is right on made-up numbers, and experiments run."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fathom import models
from fathom.errors import DataError, SpecError, UnknownNameError
from fathom.studies.experiments import (
    DEPENDS,
    EXPERIMENTS,
    FAILS,
    HOLDS,
    OPEN,
    Arm,
    Expectation,
    ExperimentResult,
    experiment_named,
    judged,
    run,
    verdict_of,
)
from fathom.studies.experiments.frame import Experiment, gain, level
from fathom.studies.experiments.loading import MNIST_ROWS, splits_of

SURE = np.array([0.90, 0.91, 0.92, 0.91, 0.90])
NAMES = [experiment.name for experiment in EXPERIMENTS]


def judgement(values: np.ndarray, other: np.ndarray | None = None, **limits: float) -> str:
    """Return what becomes of a level, or of a gain over `other`."""
    if other is None:
        return judged(level("it", "a", **limits), {"score": {"a": values}}, seed=0).outcome
    measured = {"score": {"a": values, "b": other}}
    return judged(gain("it", "a", over="b", **limits), measured, seed=0).outcome


# -- the judge ---------------------------------------------------------------------------


def test_a_level_holds_fails_or_is_open_by_its_whole_interval() -> None:
    assert judgement(SURE, at_least=0.85) == HOLDS
    assert judgement(SURE, at_least=0.95) == FAILS
    assert judgement(SURE, at_least=0.908) == OPEN
    assert judgement(SURE, at_most=0.95) == HOLDS
    assert judgement(SURE, at_least=0.85, at_most=0.95) == HOLDS
    assert judgement(SURE, at_least=0.95, at_most=0.99) == FAILS


def test_a_difference_is_taken_within_seeds_that_vary_much_themselves() -> None:
    seeds = np.array([0.1, 0.5, 0.9, 0.3, 0.7])
    better = seeds + np.array([0.02, 0.021, 0.019, 0.02, 0.02])
    assert judgement(better, seeds, at_least=0.01) == HOLDS
    assert judgement(better, seeds, at_most=0.01) == FAILS
    assert judgement(better, np.roll(seeds, 1), at_least=0.01) == OPEN


def test_an_effect_that_is_sure_but_too_small_to_matter_does_not_hold() -> None:
    assert judgement(SURE + 0.003, SURE, at_least=0.01) == FAILS


def test_few_test_rows_leave_open_what_many_decide() -> None:
    draw = np.random.default_rng(0)
    outcomes = [
        judgement((draw.random((5, rows)) < 0.9).astype(float), at_least=0.87)
        for rows in (100, 4000)
    ]
    assert outcomes == [OPEN, HOLDS]


def test_arms_of_other_test_rows_are_compared_by_seed() -> None:
    a, b = np.ones((5, 30)), np.zeros((5, 40))
    found = judged(gain("it", "a", over="b", at_least=0.5), {"s": {"a": a, "b": b}}, seed=0)
    assert (found.effect, found.outcome) == (1.0, HOLDS)


def test_a_contrast_of_three_arms_is_their_weighted_sum() -> None:
    weights = {"middle": 2.0, "start": -1.0, "end": -1.0}
    expectation = Expectation(says="it", weights=weights, at_least=0.2)
    arms = {"start": SURE - 0.4, "middle": SURE, "end": SURE + 0.05}
    found = judged(expectation, {"score": arms}, seed=0)
    assert found.effect == pytest.approx(0.35) and found.outcome == HOLDS


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        ((HOLDS, HOLDS), HOLDS),
        ((FAILS, FAILS), FAILS),
        ((HOLDS, FAILS), DEPENDS),
        ((HOLDS, FAILS, OPEN), DEPENDS),
        ((HOLDS, OPEN), OPEN),
        ((FAILS, OPEN), OPEN),
        ((), OPEN),
    ],
)
def test_parts_make_a_verdict(outcomes: tuple[str, ...], verdict: str) -> None:
    base = judged(level("it", "a", at_least=0), {"score": {"a": SURE}}, seed=0)
    parts = [replace(base, outcome=outcome) for outcome in outcomes]
    aside = [replace(base, outcome=outcome, votes=False) for outcome in (HOLDS, FAILS)]
    assert verdict_of([*parts, *aside]) == verdict


def test_an_expectation_without_a_limit_or_of_an_unknown_arm_is_refused() -> None:
    with pytest.raises(SpecError, match="`at_least` or `at_most`"):
        level("it", "a")
    with pytest.raises(SpecError, match="Received: score of 'b'; measured were 'a'"):
        judged(level("it", "b", at_least=0), {"score": {"a": SURE}}, seed=0)


# -- the gallery -------------------------------------------------------------------------


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=NAMES)
def test_an_experiment_says_what_it_claims_and_judges(experiment: Experiment) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", experiment.name)
    assert experiment.claim.endswith(".") and experiment.because.endswith(".")
    assert experiment.source and experiment.theme and experiment.seeds >= 5
    assert any(expectation.votes for expectation in experiment.expectations)
    assert len({arm.name for arm in experiment.arms}) == len(experiment.arms)
    quantities = {quantity.name for quantity in experiment.quantities}
    assert {one.of for one in experiment.expectations} <= {"", *quantities}
    labels = tuple(_labels(experiment))
    for expectation in experiment.expectations:
        for arm in expectation.weights:
            assert arm.startswith(labels), f"{arm} is of no arm"
        if len(expectation.weights) > 1 and sum(expectation.weights.values()) != 0:
            pytest.fail(f"the weights of {expectation.says!r} do not compare")


def _labels(experiment: Experiment) -> list[str]:
    """Return how the names of measured values may begin."""
    found = []
    for arm in experiment.arms:
        stops = arm.training.stops
        found += [f"{arm.name}, {stop} epochs" for stop in stops] if len(stops) > 1 else [arm.name]
    return found


def test_names_are_unique_and_themes_are_together() -> None:
    assert len(set(NAMES)) == len(NAMES)
    themes = [experiment.theme for experiment in EXPERIMENTS]
    changes = sum(one != other for one, other in itertools.pairwise(themes))
    assert changes == len(set(themes)) - 1


def test_every_arm_builds_for_its_data() -> None:
    known = {}
    for experiment in EXPERIMENTS:
        for arm in experiment.arms:
            data = arm.data or experiment.data
            if id(data) not in known:
                known[id(data)] = splits_of(data, seed=0)
            splits = known[id(data)]
            with models.without_values():  # shapes alone, many times quicker
                model = arm.network(splits)
            wanted = splits.num_classes if splits.num_classes > 2 else 1
            assert model.output_shape == (None, wanted), (experiment.name, arm.name)


def test_an_unknown_name_is_refused_with_the_one_that_was_meant() -> None:
    with pytest.raises(UnknownNameError, match="did you mean three-units"):
        experiment_named("three-unit")


# -- run ---------------------------------------------------------------------------------


def run_briefly(name: str, *, epochs: int, arms: int | None = None, **options: int):
    """Run an experiment with few epochs, or its first arms alone, and return its result."""
    experiment = experiment_named(name)
    if arms is not None:
        kept = tuple(experiment.arms[:arms])
        experiment = replace(experiment, arms=kept, expectations=experiment.expectations[:1])

    def briefer(arm: Arm) -> Arm:
        return replace(arm, training=replace(arm.training, epochs=epochs))

    *steps, result = run(experiment, adjusted=briefer, **options)
    assert isinstance(result, ExperimentResult)
    return steps, result


def test_one_neuron_separates_clusters_and_no_ring() -> None:
    steps, result = run_briefly("one-neuron", epochs=20)
    assert result.verdict == HOLDS
    assert [step.arm for step in steps[:1]] == ["two clusters"] and steps[-1].number == 2
    assert result.value("two clusters").mean > 0.97
    assert len(result.value("two clusters").seeds) == 5
    _, again = run_briefly("one-neuron", epochs=20)
    assert again.findings == result.findings and again.values == result.values


def test_momentum_helps_by_its_own_rate_and_few_seeds_are_told() -> None:
    _, result = run_briefly("momentum", epochs=60, arms=2, seeds=2)
    assert result.findings[0].outcome == HOLDS and result.trainings == 2 * 2 * 5
    rates = {value.arm: value.learning_rate for value in result.values}
    assert set(rates.values()) <= {0.03, 0.1, 0.3, 0.9, 1.5}
    assert "2 seeds are few" in result.notices[0]


def test_layers_are_looked_into_and_one_layer_s_reset_matters() -> None:
    _, result = run_briefly("layers-unequal", epochs=6, seeds=2)
    arms = [value.arm.rpartition(", ")[2] for value in result.values]
    assert arms == [*(f"layer {n}" for n in range(1, 7)), "last layer", "none"]
    whole = result.value("6 layers of 64, none").mean
    assert whole > 0.8 > result.value("6 layers of 64, layer 1").mean


def test_without_mnist_digits_take_its_place_and_it_is_said() -> None:
    data = experiment_named("mnist-94-96").data
    splits = splits_of(data, seed=0)
    assert splits.num_classes == 10 and "--data mnist.npz" in splits.notices[0]


def test_mnist_is_read_from_its_file_and_another_file_is_refused(
    shared_data: Path, tmp_path: Path
) -> None:
    data = experiment_named("mnist-94-96").data
    splits = splits_of(data, seed=0, mnist=shared_data / "mnist.npz")
    rows = len(splits.train.y) + len(splits.validation.y)
    assert rows == MNIST_ROWS and len(splits.test.y) == 10_000 and not splits.notices
    draw = np.random.default_rng(0)
    np.savez(tmp_path / "other.npz", x=draw.normal(size=(60, 3)), y=np.arange(60) % 3)
    with pytest.raises(DataError, match="MNIST has 60,000 training rows"):
        splits_of(data, seed=0, mnist=tmp_path / "other.npz")


def test_one_seed_is_refused_before_training() -> None:
    with pytest.raises(SpecError, match="`seeds` must be at least 2"):
        next(run(EXPERIMENTS[0], seeds=1))
