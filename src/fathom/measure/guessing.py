"""What the best prediction that ignores the inputs reaches: the level that learning starts from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def guess_loss(loss: str, y: Any) -> float | None:
    """Return the mean loss of the best constant prediction; None for losses that are not known.

    Args:
        loss: Name of a Keras loss, as `mse`, `mean_squared_error` or `MeanSquaredError`.
        y: Targets as that loss takes them, an array (rows, ...).

    Example:
        >>> round(guess_loss("sparse_categorical_crossentropy", np.array([0, 1, 2, 3])), 4)
        1.3863
    """
    formula = _FORMULAS.get(_plain_name(loss))
    values = _numbers(y)
    return None if formula is None or values is None else float(formula(values))


def guess_accuracy(loss: str, y: Any) -> float | None:
    """Return the share of the largest class; None where the loss is none of classes."""
    values = _numbers(y)
    shares = _SHARES.get(_plain_name(loss))
    return None if shares is None or values is None else float(shares(values).max())


def _numbers(y: Any) -> np.ndarray | None:
    if not hasattr(y, "shape") or len(y) == 0:
        return None
    values = np.asarray(y)
    return values if np.issubdtype(values.dtype, np.number) or values.dtype == bool else None


def _plain_name(loss: str) -> str:
    name = loss.replace("_", "").lower()
    return {"mse": "meansquarederror", "mae": "meanabsoluteerror"}.get(name, name)


def _class_shares(y: np.ndarray) -> np.ndarray:
    _, counts = np.unique(y, return_counts=True)
    return counts / counts.sum()


def _column_shares(y: np.ndarray) -> np.ndarray:
    """Return the share of each class of one-hot rows."""
    return y.reshape(-1, y.shape[-1]).mean(axis=0)


def _binary_shares(y: np.ndarray) -> np.ndarray:
    positive = y.mean()
    return np.array([1 - positive, positive])


def _entropy(shares: np.ndarray) -> float:
    seen = shares[shares > 0]
    return float(-(seen * np.log(seen)).sum())


def _variance(y: np.ndarray) -> float:
    return float(y.reshape(len(y), -1).astype("float64").var(axis=0).mean())


def _absolute_deviation(y: np.ndarray) -> float:
    columns = y.reshape(len(y), -1).astype("float64")
    return float(np.abs(columns - np.median(columns, axis=0)).mean())


_SHARES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sparsecategoricalcrossentropy": _class_shares,
    "categoricalcrossentropy": _column_shares,
    "binarycrossentropy": _binary_shares,
}
_FORMULAS: dict[str, Callable[[np.ndarray], float]] = {
    **{
        name: (lambda y, shares=shares: _entropy(shares(y)))  # type: ignore[misc]
        for name, shares in _SHARES.items()
    },
    "meansquarederror": _variance,
    "meanabsoluteerror": _absolute_deviation,
}
