"""Targets given as arrays, lists or columns."""

from __future__ import annotations

import numbers

import numpy as np

from fathom.data.arrays import as_array
from fathom.data.material import RawTarget
from fathom.errors import DataError


def raw_from_values(
    values: object, *, rows: int, name: str | None = None, names: tuple[str, ...] = ()
) -> RawTarget:
    """Return a target from one value per row.

    Args:
        values: Numbers, booleans or texts (n,) or (n, 1), or 0 and 1 (n, k)
            with a single 1 in each row.
        rows: Number of rows of x.
        name: The target's name.
        names: Class names for whole numbers 0, 1, ...

    Raises:
        DataError: Another number of rows, more than one value per row, or
            values of no usable type.
    """
    array = one_per_row(as_array(values, what="y"), rows)
    if names:
        return RawTarget(name=name, values=array.astype(np.int64), names=names)
    if array.dtype.kind in "iuf":
        return RawTarget(name=name, values=array.astype(np.float64))
    if array.dtype.kind in "bU":
        return _from_texts(array.astype(np.str_), np.ones(len(array), bool), name)
    if array.dtype.kind == "O":
        return _from_objects(array, name)
    raise DataError(
        f"`y` must hold numbers or class names. Received: values of type {array.dtype}.",
        hint="turn dates and other values into numbers or texts",
    )


def one_per_row(array: np.ndarray, rows: int) -> np.ndarray:
    """Return `array` with one axis.

    Raises:
        DataError: Its shape does not fit.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 0 or len(array) != rows:
        raise DataError(
            f"x and y must have the same number of rows. Received: {rows:,} rows of x and "
            f"y of shape {array.shape}.",
            hint="check that both come from the same rows",
        )
    if array.ndim == 2 and is_one_hot(array):
        return array.argmax(axis=1)
    if array.ndim != 1:
        raise DataError(
            f"`y` must have one value per row. Received: shape {array.shape}.",
            hint="predict one column at a time",
        )
    return array


def is_one_hot(array: np.ndarray) -> bool:
    """Return whether each row is a single 1 among zeros."""
    return bool(
        array.dtype.kind in "biuf"
        and np.isin(array, (0, 1)).all()
        and (array.sum(axis=1) == 1).all()
    )


def _from_objects(array: np.ndarray, name: str | None) -> RawTarget:
    present = np.array([value is not None and value == value for value in array], dtype=bool)
    kinds = {type(value) for value in array[present]}
    if kinds and all(issubclass(kind, numbers.Real) and kind is not bool for kind in kinds):
        values = np.full(len(array), np.nan)
        values[present] = array[present].astype(np.float64)
        return RawTarget(name=name, values=values, missing="None or NaN")
    if not kinds <= {str, bool, np.str_, np.bool_}:
        shown = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise DataError(
            f"`y` must hold numbers or class names. Received: values of types {shown}.",
            hint="give every row a number, or every row a text",
        )
    texts = np.array([str(value) for value in array], dtype=np.str_)
    return _from_texts(texts, present, name)


def _from_texts(texts: np.ndarray, present: np.ndarray, name: str | None) -> RawTarget:
    names, codes = np.unique(texts[present], return_inverse=True)
    all_codes = np.full(len(texts), -1, dtype=np.int64)
    all_codes[present] = codes
    return RawTarget(
        name=name, values=all_codes, names=tuple(map(str, names)), missing="None or NaN"
    )
