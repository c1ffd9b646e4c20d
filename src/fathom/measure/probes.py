"""Linear probes: what a linear model can read from a layer's output.

All labellings (the true one, and shuffled ones as controls) and all penalties
of one representation are solved at once, as columns of one matrix product.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

PENALTIES = (1e-3, 1e-2, 1e-1)
STEPS = 60
SMALLEST_DEVIATION = 1e-6


class Rows(NamedTuple):
    """What a probe is fitted on, chosen by and scored on.

    Args:
        train: (rows, features).
        validation: (rows, features).
        test: (rows, features).
    """

    train: Any
    validation: Any
    test: Any


class Prepared(NamedTuple):
    """Features ready to be probed.

    Args:
        rows: Standardised by the training rows; what does not vary is zero.
        values: Eigenvalues of the training rows' second moments, (features,).
        basis: Their eigenvectors, (features, features).
    """

    rows: Rows
    values: Any
    basis: Any


class Targets(NamedTuple):
    """The targets of the same rows, a labelling on the last axis of each.

    Args:
        train: (rows, labellings).
        validation: (rows, labellings).
        test: (rows, labellings).
    """

    train: Any
    validation: Any
    test: Any


def prepared(rows: Rows) -> Prepared:
    """Standardise features by the training rows, and find the directions they vary in.

    On the host: XLA's eigenvectors wait for threads that other devices of a
    CPU may hold, and never get them.

    Args:
        rows: Float NumPy arrays (rows, features).
    """
    mean, deviation = rows.train.mean(axis=0), rows.train.std(axis=0)
    varies = deviation > SMALLEST_DEVIATION
    scale = np.where(varies, 1 / np.where(varies, deviation, 1), 0).astype("float32")
    whole = Rows(*(((one - mean) * scale).astype("float32") for one in rows))
    moments = whole.train.T @ whole.train / np.float32(len(whole.train))
    values, basis = np.linalg.eigh(moments.astype("float64"))
    return Prepared(whole, np.maximum(values, 0).astype("float32"), basis.astype("float32"))


def classification_probe(features: Prepared, labels: Targets, *, num_classes: int) -> Any:
    """Return which test rows softmax regression on frozen features classifies rightly.

    The loss is the mean cross-entropy plus half the penalty times the squared weights; of
    `PENALTIES`, the one with the best validation accuracy is taken for each
    labelling.

    Args:
        features: As `prepared` returns them.
        labels: Classes, int32.
        num_classes: How many classes there are.

    Returns:
        Float32 (labelling, test rows), 1 where right.

    References:
        Alain and Bengio, "Understanding intermediate layers using linear
        classifier probes", 2016.
        Boehning, "Multinomial logistic regression algorithm", Annals of the
        Institute of Statistical Mathematics 44, 1992 (the bound on the curvature
        that makes steps safe without a line search).
    """
    rows, penalties = features.rows, jnp.array(PENALTIES, jnp.float32)
    wanted = jax.nn.one_hot(labels.train, num_classes, axis=1, dtype=jnp.float32)
    solved = softmax_regression(
        rows.train, features.values, features.basis, wanted.transpose(2, 1, 0), penalties
    )
    chosen = _correct(rows.validation, solved, labels.validation).mean(axis=-1)
    right = _correct(rows.test, solved, labels.test)  # (penalty, labelling, rows)
    return _at_best(chosen, right)


def regression_probe(features: Prepared, targets: Targets) -> Any:
    """Return the squared error of ridge regression on frozen features, for each test row.

    As `classification_probe`, with squared error for cross-entropy.

    Returns:
        Float32 (labelling, test rows).
    """
    rows, penalties = features.rows, jnp.array(PENALTIES, jnp.float32)
    solved = ridge_regression(rows.train, features.values, features.basis, targets.train, penalties)
    loss = _squared(rows.validation, solved, targets.validation).mean(axis=-1)
    return _at_best(-loss, _squared(rows.test, solved, targets.test))


# -- softmax regression -------------------------------------------------------------


def softmax_regression(
    x: Any, values: Any, basis: Any, wanted: Any, penalties: Any
) -> tuple[Any, Any]:
    """Fit every labelling at every penalty, by accelerated steps under a quadratic bound.

    Rows are the last axis of all that is large, so that the exponentials of
    many rows are taken side by side.

    Args:
        x: Centred features, float32 (rows, d).
        values: Eigenvalues of x'x / rows, float32 (d,): the bound is diagonal in their basis.
        basis: Their eigenvectors, float32 (d, d).
        wanted: One-hot labels, float32 (labelling, classes, rows).
        penalties: Float32 (penalty,).

    Returns:
        Weights (penalty, labelling, classes, d) and biases (penalty, labelling, classes).
    """
    turned = basis.T @ x.T  # (d, rows)
    bound = 0.5 * values + penalties[:, None] + 1e-7  # (penalty, d)
    shape = (len(penalties), *wanted.shape[:2], x.shape[1])
    start = (jnp.zeros(shape, jnp.float32), jnp.zeros(shape[:3], jnp.float32))

    def slope(point: tuple[Any, Any]) -> tuple[Any, Any]:
        error = jax.nn.softmax(_products(point, turned), axis=2) - wanted
        of_weights = error.reshape(-1, len(x)) @ turned.T / len(x)
        decay = penalties[:, None, None, None] * point[0]
        return of_weights.reshape(shape) + decay, error.mean(axis=-1)

    def step(_: int, state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        now, ahead, age = state
        downhill = slope(ahead)
        new = (ahead[0] - downhill[0] / bound[:, None, None], ahead[1] - 2.0 * downhill[1])
        uphill = sum(
            (g * (n - o)).reshape(*shape[:2], -1).sum(axis=-1)
            for g, n, o in zip(downhill, new, now)
        )  # (penalty, labelling)
        age = jnp.where(uphill > 0, 0.0, age + 1.0)  # momentum that points uphill is dropped
        push = (age / (age + 3.0))[..., None]
        ahead = (
            new[0] + push[..., None] * (new[0] - now[0]),
            new[1] + push * (new[1] - now[1]),
        )
        return new, ahead, age

    age = jnp.zeros(shape[:2], jnp.float32)
    (weights, bias), _, _ = lax.fori_loop(0, STEPS, step, (start, start, age))
    return (weights.reshape(-1, x.shape[1]) @ basis.T).reshape(shape), bias


def _products(solved: tuple[Any, Any], turned: Any) -> Any:
    """Return scores (penalty, labelling, classes, rows) of features (d, rows)."""
    weights, bias = solved
    flat = weights.reshape(-1, weights.shape[-1]) @ turned
    return flat.reshape(*bias.shape, -1) + bias[..., None]


def _correct(x: Any, solved: tuple[Any, Any], labels: Any) -> Any:
    """Return (penalty, labelling, rows)."""
    right = _products(solved, x.T).argmax(axis=2) == labels.T
    return right.astype(jnp.float32)


# -- ridge regression -----------------------------------------------------------------


def ridge_regression(
    x: Any, values: Any, basis: Any, targets: Any, penalties: Any
) -> tuple[Any, Any]:
    """Return weights (d, penalty, labelling) and biases (labelling,) in closed form.

    Args:
        x: Centred features, float32 (rows, d).
        values: Eigenvalues of x'x / rows, float32 (d,).
        basis: Their eigenvectors, float32 (d, d).
        targets: Float32 (rows, labelling).
        penalties: Float32 (penalty,).
    """
    bias = targets.mean(axis=0)
    turned = basis.T @ (x.T @ (targets - bias)) / len(x)  # (d, labelling)
    size = values[:, None] + penalties
    return jnp.tensordot(basis, turned[:, None] / size[..., None], axes=(1, 0)), bias


def _squared(x: Any, solved: tuple[Any, Any], targets: Any) -> Any:
    """Return (penalty, labelling, rows)."""
    weights, bias = solved
    error = jnp.tensordot(x, weights, axes=(1, 0)) + bias - targets[:, None]
    return jnp.moveaxis(jnp.square(error), 0, -1)


# -- both ---------------------------------------------------------------------------------


def _at_best(score: Any, values: Any) -> Any:
    """Return (labelling, rows) of the penalty with the highest score; of equals the largest.

    Args:
        score: (penalty, labelling).
        values: (penalty, labelling, rows).
    """
    best = len(score) - 1 - jnp.argmax(score[::-1], axis=0)  # (labelling,)
    return jnp.take_along_axis(values, best[None, :, None], axis=0)[0]
