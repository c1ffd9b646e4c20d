"""A plan for some minutes gives up seeds, epochs where rates fall, rates, and more epochs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fathom.errors import SpecError
from fathom.specs import HALVING, ModelSpec, StudySpec, TrainSpec
from fathom.studies.budget import EpochCost, in_words, least_seconds, plan

RATES = (3e-4, 1e-3, 3e-3)


def asked(minutes: float, *, allocation: str = HALVING, decay: str = "none") -> StudySpec:
    return StudySpec(
        model=ModelSpec(input_shape=(4,), num_classes=3),
        train=TrainSpec(epochs=30, decay=decay),
        depths=(1, 2),
        learning_rates=RATES,
        seeds=5,
        allocation=allocation,
        minutes=minutes,
    )


def costs(seconds: float = 1.0) -> list[EpochCost]:
    """Two architectures whose members train two at a time."""
    return [EpochCost(seconds, 0.0, lambda members: -(-members // 2)) for _ in range(2)]


def planned(minutes: float, **options) -> tuple[int, int, int]:
    found = plan(asked(minutes, **options), costs(), elapsed=0.0)
    return found.seeds, len(found.rates), found.epochs


def test_with_enough_time_everything_is_trained():
    assert planned(60) == (5, 3, 30)


def test_seeds_then_rates_then_epochs_are_given_up():
    plans = [planned(minutes) for minutes in (60, 3.0, 1.9, 1.25, 1.0, 0.5, 0.2)]
    assert plans == sorted(plans, reverse=True), "less time never buys more of anything"
    assert all(seeds == 2 for seeds, rates, _ in plans if rates < 3)
    assert all(rates == 1 for _, rates, epochs in plans if epochs < 30)
    assert {rates for _, rates, _ in plans} == {1, 2, 3}
    assert plans[-1][2] < 30


def test_where_rates_fall_all_stay_until_half_of_the_epochs_is_left():
    plans = [planned(minutes / 100, decay="linear") for minutes in range(300, 10, -2)]
    assert plans == sorted(plans, reverse=True)
    assert all(rates == 3 for _, rates, epochs in plans if epochs > 15)
    assert {rates for _, rates, epochs in plans if epochs == 15} == {1, 2, 3}
    assert {30, 27, 24, 21} <= {epochs for _, rates, epochs in plans if rates == 3}


def test_a_full_grid_needs_more_time_than_halving():
    assert planned(3.0, allocation="full") < planned(3.0)


def test_the_middle_rate_stays_to_the_last():
    assert plan(asked(0.5), costs(), elapsed=0.0).rates == (1e-3,)


def test_where_rates_fall_the_one_stays_that_is_the_middle_on_average():
    falling = asked(0.3, decay="linear")
    assert plan(falling, costs(), elapsed=0.0).rates == (3e-3,)
    wide = replace(falling, learning_rates=(1e-5, 1e-3, 1e-1))
    assert plan(wide, costs(), elapsed=0.0).rates == (1e-3,)


def test_a_plan_fits_its_minutes():
    for minutes in (10, 3, 1, 0.5):
        spec = asked(minutes)
        assert least_seconds(spec, plan(spec, costs(), elapsed=5.0), costs()) < 60 * minutes - 5


def test_too_little_time_is_refused_with_the_shortest_possible():
    with pytest.raises(SpecError, match="enough to train every depth once") as refused:
        plan(asked(0.05), costs(), elapsed=2.0)
    shortest = float(str(refused.value.hint).split("--minutes ")[1].split(",")[0])
    assert plan(asked(shortest), costs(), elapsed=2.0).epochs >= 3
    with pytest.raises(SpecError):
        plan(asked(shortest / 1.4), costs(), elapsed=2.0)


def test_the_plan_is_told_in_words():
    spec = asked(1.0)
    words = in_words(spec, plan(spec, costs(), elapsed=0.0), 50.0)
    assert words.startswith("plan for 1 minutes: 2 seeds of 5, 1 learning rate of 3")


def test_costs_are_corrected_by_what_epochs_took():
    (cost, _) = costs()
    cost.learn(8.0, epochs=2, members=4)
    assert cost.of(4) == pytest.approx(4.0)
