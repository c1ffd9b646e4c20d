"""The task is inferred from the target, told, and may be overridden."""

from __future__ import annotations

import numpy as np
import pytest

from fathom.data import load
from fathom.errors import DataError

X = np.arange(120.0).reshape(60, 2)


def task_of(y: object, **options: object) -> tuple[str, str]:
    data = load((X, y), **options)  # pyright: ignore[reportArgumentType]
    return data.task, next(notice for notice in data.notices if notice.startswith("task: "))


@pytest.mark.parametrize(
    ("y", "task", "why"),
    [
        (np.array(["a", "b"] * 30), "classification", "holds names"),
        (np.array([True, False] * 30), "classification", "holds names"),
        (np.arange(60) % 3, "classification", "integers with 3 different values"),
        (np.arange(60) % 2 * 1.0, "classification", "integers with 2 different values"),
        (np.arange(60) / 7, "regression", "holds fractions"),
        (np.arange(60), "regression", "integers with 60 different values"),
    ],
)
def test_the_task_follows_from_the_target_and_the_reason_is_said(y, task, why):
    inferred, said = task_of(y)

    assert inferred == task
    assert why in said


def test_the_task_may_be_chosen():
    assert task_of(np.arange(60) % 3, task="regression")[0] == "regression"
    assert task_of((np.arange(60) % 3) / 4, task="classification")[0] == "classification"


def test_classes_of_numbers_stand_in_numeric_order_without_fractions():
    data = load((X, np.repeat([10.0, 9.0, 100.0], 20)))

    assert data.classes == ("9", "10", "100")


def test_one_hot_targets_are_read_as_classes():
    data = load((X, np.eye(3)[np.arange(60) % 3]))

    assert data.classes == ("0", "1", "2")
    assert np.array_equal(data.train.y, data.train.rows % 3)


def test_lopsided_classes_are_said():
    data = load((X, np.arange(60) % 10 == 0))

    assert "unbalanced classes: always answering 'False' would be right in 90.0% of the rows" in (
        data.notices
    )


@pytest.mark.parametrize(
    ("y", "options", "message"),
    [
        (np.zeros(60), {}, "at least two classes. Received: every row of the target is '0'"),
        (np.array(["a"] * 60), {}, "at least two classes. Received: every row of the target is"),
        (np.full(60, 2.5), {}, "must vary. Received: the target is 2.5 in every row"),
        (np.array(["a"] * 59 + ["b"]), {}, "at least 3 rows.*Received: 1 row of class 'b'"),
        (np.arange(60) * 0.5, {"task": "classification"}, "1 row of class '0', 1 row of class"),
        (np.array(["a", "b"] * 30), {"task": "regression"}, "holds 'a', 'b' in 60 rows"),
        (np.array([np.nan, *np.arange(59.0)]), {}, r"no value \(NaN\) in 1 row \(row 1\)"),
        (np.array([*np.arange(59.0), np.inf]), {}, r"infinity in 1 row \(row 60\)"),
        (np.array([*np.arange(59.0), -1e200]), {}, r"beyond 1e\+150 in 1 row \(row 60\)"),
        (np.array([f"name {k}" for k in range(60)]), {}, "60 different texts in 60 rows"),
        (np.array([f"{k}.5" for k in range(59)] + ["x"]), {}, r"holds 'x' in 1 row \(row 60\)"),
        (np.arange(50), {}, "same number of rows. Received: 60 rows of x and y of shape"),
        (np.ones((60, 2)), {}, r"one value per row. Received: shape \(60, 2\)"),
        (np.arange("2020-01-01", 60, dtype="M8[D]"), {}, "numbers or class names. Received"),
        (np.array([1, "a"] * 30, dtype=object), {}, "Received: values of types int, str"),
    ],
)
def test_targets_that_cannot_be_learned_are_refused(y, options, message):
    with pytest.raises(DataError, match=f"(?s){message}"):
        load((X, y), **options)


def test_a_class_only_in_the_test_rows_is_refused():
    parts = ["train"] * 40 + ["test"] * 20

    with pytest.raises(DataError, match=r"in the training split\. Received: none of 'rare'"):
        load((X, np.array(["a", "b"] * 20 + ["rare"] * 20)), split=parts)


def test_a_target_constant_in_the_training_rows_is_refused():
    parts = ["train"] * 40 + ["test"] * 20

    with pytest.raises(DataError, match=r"is 1\.5 in every training row"):
        load((X, np.array([1.5] * 40 + [2.5] * 20)), split=parts)


def test_texts_of_numbers_can_be_a_regression_target():
    data = load((X, np.array([f"{k}.5" for k in range(60)])), task="regression")

    assert np.allclose(data.preprocessing.labels(data.test.y), data.test.rows + 0.5, atol=1e-4)
