"""Paired comparisons: coverage, overlap, pairing, several at once."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from fathom.measure import (
    paired_comparison,
    paired_draws,
    probability_best,
    standard_error_of,
)


@pytest.mark.parametrize("blocks", [3, 5])
def test_intervals_hold_as_often_as_they_say(blocks: int) -> None:
    draw, trials = np.random.default_rng(blocks), 250
    told = [
        paired_comparison(draw.normal(0.01, 0.02, blocks), draw.normal(0, 0.01, blocks), seed=trial)
        for trial in range(trials)
    ]
    covered = np.mean([(one.low or 0) <= 0.01 <= (one.high or 0) for one in told])
    assert 0.91 <= covered <= 0.99


def test_the_interval_over_splits_has_the_width_of_nadeau_and_bengio() -> None:
    differences, overlap = np.array([0.01, 0.03, 0.0, 0.02, 0.04]), 1 / 3
    told = paired_comparison(differences, np.zeros(5), overlap=overlap)
    error = differences.std(ddof=1) * np.sqrt(1 / 5 + overlap)
    assert told.error == pytest.approx(error)
    half = float(t.ppf(0.975, 4)) * error
    assert (told.high or 0) - (told.low or 0) == pytest.approx(2 * half, rel=0.1)


def test_what_makes_a_block_hard_for_both_cancels() -> None:
    draw = np.random.default_rng(0)
    first, second = draw.normal(0.9, 0.01, 6), draw.normal(0.88, 0.01, 6)
    hard = np.array([0.0, 0.3, 0.1, 0.2, 0.4, 0.05])
    plain = paired_comparison(first, second)
    shifted = paired_comparison(first - hard, second - hard)
    assert shifted.difference == pytest.approx(plain.difference)
    assert shifted.error == pytest.approx(plain.error)


def test_the_other_way_round_the_difference_and_its_interval_turn() -> None:
    draw = np.random.default_rng(1)
    first, second = draw.normal(0.9, 0.01, 5), draw.normal(0.89, 0.01, 5)
    forth, back = paired_comparison(first, second), paired_comparison(second, first)
    assert back.low == pytest.approx(-(forth.high or 0))
    assert (forth.probability or 0) + (back.probability or 0) == pytest.approx(1)


def test_repeats_on_a_block_are_averaged() -> None:
    scores = np.array([[0.9, 0.92], [0.85, 0.87], [0.8, 0.84]])
    averaged = paired_comparison(scores, scores - 0.01 * np.array([[1], [2], [3]]))
    assert averaged == paired_comparison(
        scores.mean(axis=1), scores.mean(axis=1) - [0.01, 0.02, 0.03]
    )


def test_a_single_block_gives_a_difference_and_no_interval() -> None:
    told = paired_comparison(np.array([0.9]), np.array([0.8]))
    assert told.difference == pytest.approx(0.1)
    assert (told.low, told.high, told.probability, told.is_clear) == (None, None, None, False)


def test_comparisons_told_together_have_wider_intervals() -> None:
    first, second = np.array([0.9, 0.91, 0.93, 0.92]), np.array([0.89, 0.90, 0.90, 0.91])
    alone = paired_comparison(first, second)
    together = paired_comparison(first, second, comparisons=10)
    assert together.difference == alone.difference
    assert together.low is not None and alone.low is not None
    assert together.low < alone.low


def test_blocks_that_agree_by_chance_err_by_the_smallest_error() -> None:
    same = np.array([0.9, 0.9, 0.9])
    sure = paired_comparison(same, same - 0.01)
    careful = paired_comparison(same, same - 0.01, smallest_error=0.02)
    assert sure.is_clear
    assert not careful.is_clear
    assert careful.error == pytest.approx(0.02)


def test_the_chances_of_being_best_sum_to_one_and_equals_share() -> None:
    draw = np.random.default_rng(2)
    level = draw.normal(0.9, 0.01, 5)
    shares = probability_best(np.array([level, level, level - 0.2]))
    np.testing.assert_allclose(shares, [0.5, 0.5, 0.0], atol=0.01)
    assert shares.sum() == pytest.approx(1)


def test_draws_spread_as_students_distribution() -> None:
    values = np.random.default_rng(3).normal(0, 1, 6)
    draws = paired_draws(values[None])[:, 0]
    expected = float(t.ppf(0.975, 5)) * standard_error_of(values)
    assert np.quantile(draws - values.mean(), 0.975) == pytest.approx(expected, rel=0.12)
