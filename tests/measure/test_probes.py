"""Linear probes find the optimum, and their controls find nothing."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from fathom import measure
from fathom.measure.probes import ridge_regression, softmax_regression


def problem(rows: int = 300) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, 8)) @ draw.normal(size=(8, 8))
    y = (x @ draw.normal(size=(8, 3)) + 3 * draw.normal(size=(rows, 3))).argmax(axis=1)
    return x.astype("float32"), y.astype("int32")


def prepared(x: np.ndarray) -> measure.Prepared:
    return measure.prepared(measure.Rows(x[:200], x[200:250], x[250:]))


def test_softmax_regression_reaches_the_optimum_of_scikit_learn() -> None:
    x, y = problem()
    ready = prepared(x)
    wanted = jnp.asarray(np.eye(3, dtype="float32")[y[:200]].T[None])
    penalty = 1e-2
    weights, bias = softmax_regression(
        ready.rows.train, ready.values, ready.basis, wanted, jnp.array([penalty], jnp.float32)
    )
    reference = LogisticRegression(C=1 / (penalty * 200), tol=1e-8, max_iter=5000)
    reference.fit(ready.rows.train, y[:200])
    found = np.asarray(weights)[0, 0].T  # (d, classes)
    ours = found - found.mean(axis=1, keepdims=True)
    theirs = reference.coef_.T - reference.coef_.T.mean(axis=1, keepdims=True)
    np.testing.assert_allclose(ours, theirs, atol=3e-3)
    outputs = ready.rows.test @ found + np.asarray(bias)[0, 0]
    assert (outputs.argmax(axis=1) == reference.predict(ready.rows.test)).mean() > 0.97


def test_ridge_regression_is_that_of_scikit_learn() -> None:
    x, _ = problem()
    y = (x[:, :1] - 2 * x[:, 3:4]).astype("float32")
    ready = prepared(x)
    weights, _ = ridge_regression(
        ready.rows.train, ready.values, ready.basis, y[:200], jnp.array([0.1], jnp.float32)
    )
    reference = Ridge(alpha=0.1 * 200).fit(ready.rows.train, y[:200, 0])
    np.testing.assert_allclose(np.asarray(weights)[:, 0, 0], reference.coef_, atol=1e-3)


def test_shuffled_labels_are_read_no_better_than_chance() -> None:
    x, y = problem(1200)
    draw = np.random.default_rng(1)
    both = np.stack([y, draw.permutation(y)], axis=1)
    ready = measure.prepared(measure.Rows(x[:600], x[600:800], x[800:]))
    labels = measure.Targets(both[:600], both[600:800], both[800:])
    right = np.asarray(measure.classification_probe(ready, labels, num_classes=3)).mean(axis=1)
    chance = max(np.bincount(y)) / len(y)
    assert right[0] > 0.6
    assert right[1] < chance + 3 * (chance * (1 - chance) / 400) ** 0.5


def test_features_that_do_not_vary_are_of_no_use_and_no_harm() -> None:
    x, y = problem()
    constant = np.concatenate([x, np.full((len(x), 2), 7, "float32")], axis=1)
    labels = measure.Targets(y[:200, None], y[200:250, None], y[250:, None])
    plain = measure.classification_probe(prepared(x), labels, num_classes=3)
    wider = measure.classification_probe(prepared(constant), labels, num_classes=3)
    assert float(plain.mean()) == pytest.approx(float(wider.mean()))
