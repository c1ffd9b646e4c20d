"""Halving lets the worst go, and guards those that only seem so."""

from __future__ import annotations

import pytest

from fathom.studies import halving
from fathom.studies.halving import Course

RATES, SEEDS = (1e-3, 1e-2), 4


def course(depth: int, rate: float, seed: int, *scores: float, **more) -> Course:
    """Return a member whose validation loss falls in every epoch."""
    losses = tuple(1.0 - 0.01 * epoch for epoch in range(len(scores)))
    options = {"is_active": True, **more}
    return Course(
        depth=depth,
        width=8,
        learning_rate=rate,
        seed=seed,
        losses=losses,
        scores=scores,
        **options,
    )


def grid(scores: dict[tuple[int, float], tuple[float, ...]], **more) -> list[Course]:
    """Return all seeds of some depths and rates, every seed with the same curve."""
    return [
        course(depth, rate, seed, *curve, **more)
        for (depth, rate), curve in scores.items()
        for seed in range(SEEDS)
    ]


def left(courses, *, keep: int, rung: int = 2, is_first: bool = False) -> list[tuple]:
    gone = halving.leaving(courses, rung=rung, keep=keep, guess=0.1, is_first=is_first)
    return [(one.depth, one.learning_rate, one.seed, one.reason) for one in gone]


def test_a_hopeless_rate_goes_first_with_all_its_seeds():
    courses = grid({(1, 1e-3): (0.2, 0.3), (1, 1e-2): (0.7, 0.8), (2, 1e-2): (0.7, 0.7)})
    gone = left(courses, keep=8)
    assert gone == [(1, 1e-3, seed, "rate") for seed in (3, 2, 1, 0)]


def test_seeds_go_by_their_number_and_not_by_their_luck():
    lucky = [course(2, 1e-2, seed, 0.5, 0.5 + 0.1 * seed) for seed in range(SEEDS)]
    gone = left([*grid({(1, 1e-2): (0.8, 0.9)}), *lucky], keep=6)
    assert gone == [(2, 1e-2, 3, "depth"), (2, 1e-2, 2, "depth")]


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_the_last_two_members_of_a_depth_stay_however_bad_they_are(keep):
    courses = grid({(d, r): (0.1 * d, 0.1 * d) for d in (1, 2, 3) for r in RATES})
    gone = left(courses, keep=keep)
    stayed = {(c.depth, c.learning_rate, c.seed) for c in courses} - {one[:3] for one in gone}
    assert stayed == {(depth, 1e-3, seed) for depth in (1, 2, 3) for seed in (0, 1)}


def test_the_linear_model_is_not_raced_and_does_not_count():
    linear = grid({(0, 1e-3): (0.1, 0.2), (0, 1e-2): (0.1, 0.1)})
    networks = grid({(1, 1e-3): (0.8, 0.9), (1, 1e-2): (0.7, 0.8)})
    gone = left(linear + networks, keep=4)
    assert {one[:3] for one in gone} == {(1, 1e-2, seed) for seed in range(SEEDS)}
    assert left(linear, keep=0) == []


def test_a_rate_that_catches_up_keeps_two_members_at_the_first_rung():
    courses = grid({(1, 1e-3): (0.1, 0.5, 0.6, 0.75), (1, 1e-2): (0.8, 0.8, 0.8, 0.8)})
    assert not {0, 1} & {one[2] for one in left(courses, keep=0, rung=4, is_first=True)}
    assert (1, 1e-3, 0, "rate") in left(courses, keep=0, rung=4)


def test_members_that_have_stopped_are_not_let_go():
    courses = grid({(1, 1e-3): (0.2,)}, is_active=False) + grid({(1, 1e-2): (0.9, 0.9)})
    assert left(courses, keep=2) == [(1, 1e-2, 3, "depth"), (1, 1e-2, 2, "depth")]


def test_two_members_that_have_not_diverged_stay():
    sick = [course(1, 1e-2, seed, 0.9, is_active=False, has_diverged=True) for seed in (0, 1)]
    sound = [course(1, 1e-2, seed, 0.9, 0.9) for seed in (2, 3)]
    assert left([*sick, *sound], keep=0) == []


def test_with_one_seed_the_last_two_members_of_a_depth_are_two_rates():
    rates = (1e-4, 1e-3, 1e-2)
    courses = [course(1, rate, 0, 0.1, 0.1 + place / 10) for place, rate in enumerate(rates)]
    assert left(courses, keep=0) == [(1, 1e-4, 0, "rate")]


def test_of_equal_depths_the_shallower_keeps_its_seeds():
    courses = grid({(1, 1e-2): (0.9, 0.9), (2, 1e-2): (0.9, 0.9)})
    assert left(courses, keep=6) == [(2, 1e-2, 3, "depth"), (2, 1e-2, 2, "depth")]


def test_a_member_without_a_finite_loss_is_worth_a_guess():
    broken = Course(
        depth=1, width=8, learning_rate=1e-2, seed=0, losses=(None,), scores=(None,), is_active=True
    )
    assert broken.kept_score(1, guess=0.25) == 0.25


def test_a_rung_sees_the_weights_that_are_kept():
    one = Course(
        depth=1,
        width=8,
        learning_rate=1e-2,
        seed=0,
        losses=(0.5, 0.3, 0.4),
        scores=(0.6, 0.8, 0.9),
        is_active=True,
    )
    assert one.kept_score(3, guess=0.1) == 0.8
    assert one.kept_score(1, guess=0.1) == 0.6


@pytest.mark.parametrize("epochs", range(1, 60))
def test_rungs_lie_before_the_end_and_each_keeps_fewer(epochs):
    rungs = halving.rungs(epochs)
    assert all(0 < rung < epochs for rung in rungs)
    kept = [halving.survivors(rung, epochs=epochs, members=120) for rung in rungs]
    assert kept == sorted(kept, reverse=True)
