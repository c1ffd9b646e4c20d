"""One training by Keras's own `fit` and the same by `fathom.fit`, side by side."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import jax
import keras
import numpy as np

import fathom


@dataclass(frozen=True)
class Case:
    """A model, its data and how it is trained.

    Args:
        name: What the documentation calls it.
        build: Makes the uncompiled model.
        compiled: Makes the arguments of `compile`.
        data: `(x, y)`, or whatever `fit` takes first; made anew if it is a function.
        fit: Further arguments of `fit`.
    """

    name: str
    build: Callable[[], keras.Model]
    compiled: Callable[[], dict[str, Any]]
    data: Any
    fit: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Trained:
    """What a training left behind.

    Args:
        model: The trained model.
        history: Its logs by name.
        variables: All variables of model, optimizer and metrics.
        next_number: The next of NumPy's global random numbers.
    """

    model: keras.Model
    history: dict[str, list[Any]]
    variables: list[np.ndarray]
    next_number: float


@dataclass(frozen=True)
class Difference:
    """How far two trainings are apart.

    Args:
        is_same: Whether all variables are equal, bit for bit.
        weights: Largest difference of a variable over its largest value.
        history: The same of the logs.
    """

    is_same: bool
    weights: float
    history: float


def trained(case: Case, fit: Callable[..., keras.callbacks.History], **changes: Any) -> Trained:
    """Train a new model of the case by `fit`, from fixed seeds."""
    keras.utils.clear_session()
    keras.utils.set_random_seed(0)
    model = case.build()
    model.compile(**case.compiled())
    np.random.seed(7)
    data: Any = case.data() if callable(case.data) else case.data
    # Keras itself mixes dtypes, where its optimizer counts steps to overwrite weights by.
    with warnings.catch_warnings(), jax.numpy_dtype_promotion("standard"):
        warnings.filterwarnings("ignore", category=UserWarning)
        settings = {"batch_size": 16, "epochs": 2, "verbose": 0, **case.fit, **changes}
        history = fit(model, *data, **settings)
    return Trained(model, history.history, variables(model), np.random.random())


def variables(model: keras.Model) -> list[np.ndarray]:
    """Return copies of all variables of model, optimizer and metrics."""
    optimizer: Any = model.optimizer
    parts = (model.variables, optimizer.variables, model.metrics_variables)
    return [np.array(variable.value) for part in parts for variable in part]


def both(case: Case) -> tuple[Trained, Trained]:
    """Train as Keras does and as Fathom does."""
    return trained(case, keras.Model.fit), trained(case, fathom.fit)


def difference(keras_trained: Trained, fathom_trained: Trained) -> Difference:
    """Return how far apart two trainings are.

    Raises:
        AssertionError: They have other logs, other kinds of values in them,
            or drew another amount of random numbers.
    """
    theirs: Any = keras_trained.history
    ours: Any = fathom_trained.history
    assert list(theirs) == list(ours)
    assert keras_trained.next_number == fathom_trained.next_number
    for name in theirs:
        assert list(map(type, theirs[name])) == list(map(type, ours[name]))
    pairs = list(zip(keras_trained.variables, fathom_trained.variables, strict=True))
    return Difference(
        is_same=all(np.array_equal(a, b, equal_nan=True) for a, b in pairs),
        weights=max((apart(a, b) for a, b in pairs), default=0.0),
        history=max((apart(theirs[name], ours[name]) for name in theirs), default=0.0),
    )


def apart(expected: Any, found: Any) -> float:
    """Return the largest difference over the largest value; infinite where NaN is in one only."""
    a, b = np.asarray(expected, "float64"), np.asarray(found, "float64")
    if a.shape != b.shape or not np.array_equal(np.isfinite(a), np.isfinite(b)):
        return float("inf")
    finite = np.isfinite(a)
    if not finite.any():
        return 0.0
    largest = np.abs(a[finite]).max()
    return float(np.abs(a[finite] - b[finite]).max() / max(largest, 1e-12))
