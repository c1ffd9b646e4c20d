"""A data set says what it is, the same each time."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fathom.data import load
from fathom.errors import SpecError


def test_the_summary_is_json_with_what_a_report_needs():
    summary = json.loads(json.dumps(load("iris").summary(), allow_nan=False))

    assert summary["name"] == "iris"
    assert summary["task"] == "classification"
    assert summary["classes"] == ["setosa", "versicolor", "virginica"]
    assert summary["rows"] == {"train": 90, "validation": 30, "test": 30}
    assert summary["input_shape"] == [4]
    assert summary["class_counts"]["train"]["setosa"] == 30
    assert summary["columns"][0]["decision"] == "each feature standardised on the training rows"
    assert summary["columns"][-1] == {
        "name": "species",
        "kind": "target",
        "decision": "the target: 3 classes",
        "used": False,
    }
    assert "20% for validation and 20% for test" in summary["split"]
    assert len(summary["fingerprint"]) == 64


def test_the_fingerprint_changes_with_any_value_and_with_nothing_else():
    first, again = load("iris"), load("iris")
    changed = load("iris")
    changed.test.x[0, 0] += 1

    assert first.fingerprint == again.fingerprint != changed.fingerprint
    assert load("iris", seed=1).fingerprint != first.fingerprint


def test_the_length_of_a_split_is_its_rows():
    assert len(load("iris").test) == 30


@pytest.mark.parametrize("balance", ["balanced", "bootstrap"])
def test_balancing_touches_the_training_split_only_and_says_so(balance):
    plain, data = load("breast-cancer"), load("breast-cancer", balance=balance)

    assert np.array_equal(plain.test.x, data.test.x)
    assert np.array_equal(plain.validation.x, data.validation.x)
    assert not np.array_equal(plain.train.rows, data.train.rows)
    assert any(notice.startswith("balance: ") for notice in data.notices)
    assert plain.preprocessing == data.preprocessing


def test_balanced_training_rows_have_equal_classes():
    counts = load("breast-cancer", balance="balanced").class_counts()

    assert len(set(counts["train"].values())) == 1
    assert counts["test"] == load("breast-cancer").class_counts()["test"]
    assert counts["train"]["malignant"] == 214  # as many as there are benign ones


def test_balancing_a_regression_target_is_refused():
    with pytest.raises(SpecError, match=r"needs classes\. Received: a regression target"):
        load("diabetes", balance="balanced")


def test_an_unknown_balance_lists_the_ones_there_are():
    with pytest.raises(SpecError, match="must be one of stratified, balanced, bootstrap"):
        load("iris", balance="balance")


def test_an_unknown_task_lists_the_ones_there_are():
    with pytest.raises(SpecError, match="must be one of auto, classification, regression"):
        load("iris", task="clustering")


def test_a_regression_target_is_split_at_random_and_says_so():
    assert load("diabetes").split_rule == (
        "split: 20% for validation and 20% for test, the rest to train on; at random, seed 0"
    )
