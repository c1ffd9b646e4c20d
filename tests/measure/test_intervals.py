from __future__ import annotations

import numpy as np
import pytest

from fathom.measure import accuracy_interval, mean_interval, r2_interval


def test_the_interval_covers_the_truth_as_often_as_it_says():
    covered = 0
    for trial in range(200):
        correct = np.random.default_rng(trial).random((1, 300)) < 0.8
        low, high = accuracy_interval(correct, seed=trial)[1:]
        covered += low <= 0.8 <= high
    assert 0.89 < covered / 200 < 0.99


def test_more_rows_make_it_narrower():
    def width(rows):
        correct = np.random.default_rng(0).random((3, rows)) < 0.8
        interval = accuracy_interval(correct, seed=0)
        return interval.high - interval.low

    assert width(4000) < 0.5 * width(400)


def test_seeds_that_differ_make_it_wider():
    rows = 2000
    same = np.arange(rows)[None].repeat(4, 0) < 0.8 * rows
    shares = np.array([0.6, 0.8, 0.8, 1.0])[:, None]
    apart = np.arange(rows)[None] < shares * rows
    narrow, wide = accuracy_interval(same, seed=0), accuracy_interval(apart, seed=0)
    assert wide.mean == pytest.approx(narrow.mean)
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_a_perfect_score_has_no_width():
    assert accuracy_interval(np.ones((2, 50), bool), seed=0) == (1.0, 1.0, 1.0)


def test_r2_of_the_mean_is_zero_and_of_the_truth_is_one():
    y = np.random.default_rng(0).normal(size=400)
    mean, truth = np.full((1, 400), y.mean()), y[None]
    assert r2_interval(y, mean, seed=0).mean == pytest.approx(0, abs=1e-6)
    assert r2_interval(y, truth, seed=0) == pytest.approx((1, 1, 1))


def test_the_same_seed_draws_the_same_interval():
    correct = np.random.default_rng(0).random((2, 100)) < 0.5
    assert accuracy_interval(correct, seed=3) == accuracy_interval(correct, seed=3)


def test_the_interval_of_five_members_covers_the_truth_as_often_as_it_says():
    covered = 0
    for trial in range(300):
        values = np.random.default_rng(trial).normal(2.0, 1.0, 5)
        _, low, high = mean_interval(values, seed=trial)
        covered += low <= 2.0 <= high
    assert 0.91 < covered / 300 < 0.985


def test_the_interval_of_few_members_is_as_wide_as_students():
    values = np.random.default_rng(0).normal(size=40)
    _, low, high = mean_interval(values, seed=0)
    half = 2.0227 * values.std(ddof=1) / np.sqrt(40)  # t with 39 degrees of freedom
    assert (high - low) / 2 == pytest.approx(half, rel=0.05)


def test_rows_that_differ_make_a_mean_s_interval_wider_and_equal_members_are_sure():
    rows = np.tile(np.arange(400) % 2, (6, 1)).astype(float)
    _, low, high = mean_interval(rows, seed=0)
    assert (high - low) / 2 == pytest.approx(1.96 * 0.5 / 20, rel=0.1)
    assert mean_interval(np.full(5, 0.25), seed=0) == (0.25, 0.25, 0.25)
