"""scikit-learn's own checks of estimators, on both of ours."""

from __future__ import annotations

from typing import Any

import pytest
from sklearn.utils.estimator_checks import check_estimator

from fathom.sklearn import DepthClassifier, DepthRegressor

# Quick to compile and to train: what is checked is behaviour, and some 160 networks are fitted.
QUICK = {
    "depth": 0,
    "width": 8,
    "learning_rate": 0.5,
    "seeds": 1,
    "activation": "tanh",
    "optimizer": "sgd",
    "epochs": 8,
    "batch_size": 32,
    "validation_fraction": None,
    "random_state": 0,
}
EXPECTED_FAILURES = {
    "check_sample_weight_equivalence_on_dense_data": (
        "batches are drawn at random, so a row of weight 2 does not meet the same rows in its "
        "batches as two rows of weight 1; rows of weight 0 are removed exactly"
    ),
}
SKIPPED = {"check_array_api_input"}  # asks for SCIPY_ARRAY_API


@pytest.mark.slow
@pytest.mark.parametrize("kind", [DepthClassifier, DepthRegressor])
def test_estimators_pass_the_checks_of_scikit_learn_but_for_those_listed(kind: Any):
    found = check_estimator(
        kind(**QUICK), expected_failed_checks=EXPECTED_FAILURES, on_skip=None, on_fail="raise"
    )

    statuses = {(one["check_name"], one["status"]) for one in found}
    print(f"{kind.__name__}: {len(found)} checks", *sorted(statuses), sep="\n")
    assert len(found) > 40
    assert {name for name, status in statuses if status == "xfail"} == set(EXPECTED_FAILURES)
    assert {name for name, status in statuses if status == "skipped"} <= SKIPPED
