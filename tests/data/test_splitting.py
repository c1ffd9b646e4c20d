"""Every class is in every split, in the same shares, by seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom.data.material import TEST, TRAIN, VALIDATION
from fathom.data.splitting import (
    check_enough_rows,
    check_shares,
    draw,
    split_parts,
    training_rows,
)
from fathom.errors import DataError, SpecError


def split(labels: np.ndarray, *, seed: int = 0, given: np.ndarray | None = None) -> np.ndarray:
    """Split 60/20/20."""
    return split_parts(labels, validation_share=0.2, test_share=0.2, seed=seed, given=given)


def test_sixty_twenty_twenty_of_each_class():
    labels = np.repeat([0, 1, 2], [100, 50, 10])

    parts = split(labels)

    for label, rows in ((0, 100), (1, 50), (2, 10)):
        counts = np.bincount(parts[labels == label], minlength=3)
        assert counts.tolist() == [0.6 * rows, 0.2 * rows, 0.2 * rows]


def test_the_same_seed_gives_the_same_split_and_another_seed_another():
    labels = np.arange(200) % 3

    first, again, other = (split(labels, seed=seed) for seed in (1, 1, 2))

    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_given_test_rows_are_kept_and_validation_comes_out_of_the_rest():
    given_parts = np.repeat(np.array([TRAIN, TEST], np.int8), [100, 20])

    parts = split(np.arange(120) % 2, given=given_parts)

    assert np.array_equal(parts == TEST, given_parts == TEST)
    assert (parts == VALIDATION).sum() == 20
    assert (parts == TRAIN).sum() == 80


def test_given_validation_rows_are_kept_and_test_comes_out_of_the_rest():
    given_parts = np.repeat(np.array([TRAIN, VALIDATION], np.int8), [100, 20])

    parts = split(np.arange(120) % 2, given=given_parts)

    assert np.array_equal(parts == VALIDATION, given_parts == VALIDATION)
    assert (parts == TEST).sum() == 20


@given(
    counts=st.lists(st.integers(3, 60), min_size=2, max_size=8),
    share=st.floats(0.05, 0.45),
    seed=st.integers(0, 1000),
)
def test_every_class_is_in_every_split_whatever_its_size(counts, share, seed):
    labels = np.random.default_rng(seed).permutation(np.repeat(np.arange(len(counts)), counts))

    parts = split_parts(labels, validation_share=share, test_share=share, seed=seed)

    for part in (TRAIN, VALIDATION, TEST):
        assert set(labels[parts == part]) == set(range(len(counts)))


@given(counts=st.lists(st.integers(20, 300), min_size=1, max_size=6))
def test_the_total_drawn_is_the_rounded_share_and_no_class_is_off_by_more_than_one(counts):
    labels = np.repeat(np.arange(len(counts)), counts)

    drawn = draw(labels, 0.2, np.random.default_rng(0))

    assert len(drawn) == round(0.2 * len(labels))
    assert np.all(np.abs(np.bincount(labels[drawn]) - 0.2 * np.array(counts)) < 1)


def test_balanced_repeats_rows_of_small_classes_and_keeps_every_row():
    labels = np.repeat([0, 1, 2], [50, 5, 20])
    rows = np.arange(100, 175)

    balanced = training_rows(rows, labels, balance="balanced", seed=0)

    assert np.bincount(labels[balanced - 100]).tolist() == [50, 50, 50]
    assert set(balanced) == set(rows)


def test_bootstrap_draws_with_replacement_within_each_class():
    labels = np.repeat([0, 1], [200, 30])
    rows = np.arange(230)

    drawn = training_rows(rows, labels, balance="bootstrap", seed=0)

    assert np.bincount(labels[drawn]).tolist() == [200, 30]
    assert 100 < len(set(drawn)) < 180  # about 63% of the rows


def test_stratified_leaves_the_training_rows_alone():
    rows = np.array([5, 3, 9])

    assert training_rows(rows, np.array([0, 1, 0]), balance="stratified", seed=0) is rows


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_outside_zero_to_one_is_refused(share):
    with pytest.raises(SpecError, match=r"`test_share` must be between 0 and 1\. Received"):
        check_shares(0.2, share)


def test_shares_that_leave_nothing_to_train_on_are_refused():
    with pytest.raises(SpecError, match=r"must add up to less than 1\. Received: 0\.5 \+ 0\.5"):
        check_shares(0.5, 0.5)


def test_too_few_rows_are_refused():
    with pytest.raises(DataError, match=r"at least 10 rows.*Received: 9 rows"):
        check_enough_rows(9)
