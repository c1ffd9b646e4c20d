"""Validation rows drawn anew, and fewer training rows."""

from __future__ import annotations

import numpy as np
import pytest

from fathom.data import load
from fathom.errors import SpecError


def _rows(split) -> set[int]:
    return set(split.rows.tolist())


def test_validation_rows_are_drawn_anew_and_test_rows_stay() -> None:
    usual, again = load("iris"), load("iris", validation_seed=3)
    assert _rows(again.test) == _rows(usual.test)
    assert _rows(again.validation) != _rows(usual.validation)
    assert _rows(again.train) | _rows(again.validation) == _rows(usual.train) | _rows(
        usual.validation
    )
    assert np.bincount(again.validation.y).tolist() == [10, 10, 10]


def test_the_same_draw_gives_the_same_rows_and_another_does_not() -> None:
    first, same, other = (load("iris", validation_seed=seed) for seed in (1, 1, 2))
    assert first.fingerprint == same.fingerprint
    assert first.fingerprint != other.fingerprint


def test_another_draw_of_a_generator_is_of_the_same_points() -> None:
    usual, again = load("spiral", rows=60), load("spiral", rows=60, validation_seed=1)
    assert sorted(usual.test.y.tolist()) == sorted(again.test.y.tolist())
    assert _rows(usual.test) == _rows(again.test)


def test_fewer_rows_are_among_more_with_every_class() -> None:
    kept = [load("digits", training_rows=rows) for rows in (10, 40, 300)]
    assert [len(one.train) for one in kept] == [10, 40, 300]
    assert _rows(kept[0].train) < _rows(kept[1].train) < _rows(kept[2].train)
    assert np.bincount(kept[0].train.y).tolist() == [1] * 10
    assert {one.validation.rows.tobytes() for one in kept} == {
        load("digits").validation.rows.tobytes()
    }


def test_a_target_is_standardised_on_the_rows_that_are_used() -> None:
    dataset = load("diabetes", training_rows=40)
    assert dataset.train.y.mean() == pytest.approx(0, abs=1e-5)
    assert dataset.train.y.std() == pytest.approx(1, abs=1e-5)


def test_what_was_drawn_is_said_and_can_be_drawn_again() -> None:
    dataset = load("iris", validation_seed=2, training_rows=30)
    assert "validation rows: draw 2" in dataset.split_rule
    assert "only 30 of the training rows" in dataset.split_rule
    assert dataset.loading is not None
    assert load(**dataset.loading).fingerprint == dataset.fingerprint


@pytest.mark.parametrize("rows", [0, 2, 91])
def test_rows_that_are_not_there_are_refused(rows: int) -> None:
    with pytest.raises(SpecError, match="must be from 3 to 90"):
        load("iris", training_rows=rows)
