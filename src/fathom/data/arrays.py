"""Inputs that are one array: checked, shaped and scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fathom.data.limits import ARRAY_BYTES, LARGEST_NUMBER, at_most
from fathom.data.material import Arrays
from fathom.data.wording import count, listed, rows_at, too_large
from fathom.errors import DataError

CHUNK_ROWS = 16_384


@dataclass(frozen=True, kw_only=True)
class ArrayInputs:
    """How the rows of an array become inputs: (x - mean) / scale.

    Args:
        row_shape: Shape of one row as the source has it.
        input_shape: Shape of one input.
        mean: One number, or one per feature.
        scale: One number, or one per feature; never 0.
        feature_names: Names of the features; () for images and sequences.
        rule: What is done, in words.
        constant: Positions of features that do not vary in the training rows.
        padded: Whether rows are sequences of several lengths: zeros stand
            where a step is not there, and a last feature is 1 where it is.
    """

    row_shape: tuple[int, ...]
    input_shape: tuple[int, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    feature_names: tuple[str, ...]
    rule: str
    constant: tuple[int, ...] = ()
    padded: bool = False

    def encode(self, x: np.ndarray, lengths: np.ndarray | None = None) -> np.ndarray:
        """Return float32 (rows, *input_shape).

        Args:
            x: (rows, ...) numbers, as many per row as `row_shape` has.
            lengths: int64 (rows,), steps that are there; None for all that
                `x` has. Sequences may have fewer steps than `row_shape`.

        Raises:
            DataError: The rows have another shape, or values that are not finite.
        """
        if self.padded:
            x, lengths = self._filled_up(x, lengths)
        rows = self.checked(x)
        encoded = np.empty(rows.shape, np.float32)
        with np.errstate(over="ignore"):
            for start in range(0, len(rows), CHUNK_ROWS):
                part = slice(start, start + CHUNK_ROWS)
                self._scale(rows[part], encoded[part])
        check_representable(encoded)
        if self.padded and lengths is not None:
            return self._marked(encoded, lengths)
        return encoded.reshape(len(rows), *self.input_shape)

    def _marked(self, encoded: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        """Return sequences with a last feature that is 1 where a step is there, zeros elsewhere."""
        rows, steps, features = encoded.shape
        marked = np.zeros((rows, steps, features + 1), np.float32)
        there = present(lengths, steps)
        marked[:, :, :-1] = np.where(there[:, :, None], encoded, np.float32(0))
        marked[:, :, -1] = there
        return marked

    def _scale(self, rows: np.ndarray, encoded: np.ndarray) -> None:
        """Write scaled rows into float32; by float64 unless they are bytes."""
        if rows.dtype == np.uint8 and not any(self.mean):
            np.divide(rows, np.array(self.scale, np.float32), out=encoded)
        else:
            encoded[...] = (rows - np.array(self.mean)) / np.array(self.scale)

    def checked(self, x: np.ndarray) -> np.ndarray:
        """Return `x` as (rows, features) for per-feature scaling, else as it is."""
        if x.ndim < 1 or int(np.prod(x.shape[1:])) != int(np.prod(self.row_shape)):
            raise DataError(
                f"New rows must have the shape of the training rows, {self.row_shape}. "
                f"Received: {x.shape[1:]}.",
                hint="check that these are the data the model was trained for",
            )
        check_numbers(x)
        return x.reshape(len(x), *self.row_shape)

    def _filled_up(
        self, x: np.ndarray, lengths: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return sequences with zeros up to the steps of the training rows, and their lengths."""
        if x.ndim == 2 and self.row_shape[1] == 1:
            x = x[:, :, None]
        steps = x.shape[1] if x.ndim == 3 else self.row_shape[0]
        missing = self.row_shape[0] - steps
        if missing > 0:
            x = np.pad(x, ((0, 0), (0, missing), (0, 0)))
        return x, np.full(len(x), steps) if lengths is None else lengths


def present(lengths: np.ndarray, steps: int) -> np.ndarray:
    """Return bool (rows, steps): which steps are there.

    Example:
        >>> present(np.array([1, 3]), 3).astype(int)
        array([[1, 0, 0],
               [1, 1, 1]])
    """
    return np.arange(steps) < lengths[:, None]


def fit_arrays(arrays: Arrays, train: np.ndarray) -> ArrayInputs:
    """Return inputs fitted on the training rows.

    Bytes are divided by 255. Other numbers are standardised: each feature of
    vectors and of the steps of sequences, all together in images.

    Args:
        arrays: All rows.
        train: int64, the training rows.
    """
    row_shape = arrays.x.shape[1:]
    names = feature_names_of(arrays)
    if divisor := divisor_of(arrays):
        return ArrayInputs(
            row_shape=row_shape,
            input_shape=input_shape_of(arrays),
            mean=(0.0,),
            scale=(divisor,),
            feature_names=names,
            rule=f"scaled by 1/{divisor:g}",
            padded=arrays.lengths is not None,
        )
    per_feature = len(row_shape) == 1 or is_sequence(arrays)
    mean, std = moments(arrays.x, train, per_feature=per_feature, lengths=arrays.lengths)
    constant = tuple(int(k) for k in np.flatnonzero(std == 0))
    each = "each feature " if per_feature else ""
    return ArrayInputs(
        row_shape=row_shape,
        input_shape=input_shape_of(arrays),
        mean=tuple(mean.tolist()),
        scale=tuple(np.where(std == 0, 1.0, std).tolist()),
        feature_names=names,
        rule=f"{each}standardised on the training rows",
        constant=constant,
        padded=arrays.lengths is not None,
    )


def moments(
    x: np.ndarray, rows: np.ndarray, *, per_feature: bool, lengths: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and deviation in float64, of each feature of the last axis or of everything.

    Steps after the end of a sequence, as `lengths` has it, do not count. Works
    through the rows in chunks, the deviation about the mean found first. What
    does not vary has a deviation of exactly 0, and its value as mean.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        mean = _chunked_mean(x, rows, per_feature, lengths, None)
        std = np.sqrt(_chunked_mean(x, rows, per_feature, lengths, mean))
    is_constant = std <= np.abs(mean) * np.finfo(np.float64).eps * 4
    first = np.ravel(x[rows[0]])[: len(mean)]
    return np.where(is_constant, first, mean), np.where(is_constant, 0.0, std)


def _chunked_mean(
    x: np.ndarray,
    rows: np.ndarray,
    per_feature: bool,
    lengths: np.ndarray | None,
    mean: np.ndarray | None,
) -> np.ndarray:
    total, size = np.zeros(1), 0
    for start in range(0, len(rows), CHUNK_ROWS):
        chosen = rows[start : start + CHUNK_ROWS]
        part = _values(x[chosen], per_feature, None if lengths is None else lengths[chosen])
        if mean is not None:
            part = np.square(part - mean)
        total, size = total + part.sum(axis=0), size + len(part)
    return total / size


def _values(x: np.ndarray, per_feature: bool, lengths: np.ndarray | None) -> np.ndarray:
    """Return float64 (values, features), or (values, 1)."""
    if lengths is not None:
        x = x[present(lengths, x.shape[1])]
    return x.astype(np.float64).reshape(-1, x.shape[-1] if per_feature else 1)


def feature_names_of(arrays: Arrays) -> tuple[str, ...]:
    """Return the features' names: their own, x1, x2, ..., or () for images and sequences."""
    if arrays.names or arrays.x.ndim != 2:
        return arrays.names
    return tuple(f"x{k + 1}" for k in range(arrays.x.shape[1]))


def divisor_of(arrays: Arrays) -> float | None:
    """Return the number to divide by: 255 for bytes, None to standardise."""
    if arrays.divisor or arrays.x.dtype == np.uint8:
        return arrays.divisor or 255.0
    whole = arrays.x.dtype.kind in "iu" and not arrays.are_sequences
    if whole and arrays.x.ndim > 2 and arrays.x.min() >= 0 and 1 < arrays.x.max() <= 255:
        return 255.0
    return None


def input_shape_of(arrays: Arrays) -> tuple[int, ...]:
    """Return the shape of one input: grey images get a channel axis, padded steps a mark."""
    shape = arrays.x.shape[1:]
    if arrays.lengths is not None:
        return (*shape[:-1], shape[-1] + 1)
    return (*shape, 1) if is_image_without_channels(arrays) else shape


def is_image_without_channels(arrays: Arrays) -> bool:
    """Return whether each row is a grey image: bytes, or as high as wide."""
    shape = arrays.x.shape[1:]
    if len(shape) != 2 or arrays.are_sequences:
        return False
    return divisor_of(arrays) is not None or shape[0] == shape[1]


def is_sequence(arrays: Arrays) -> bool:
    """Return whether each row is a sequence of steps."""
    return arrays.x.ndim == 3 and not is_image_without_channels(arrays)


def usable(x: object, *, what: str = "x") -> np.ndarray:
    """Return `x` as an array of numbers with a row axis and at least one feature.

    Raises:
        DataError: It is something else, too large, or not finite.
    """
    array = as_array(x, what=what)
    if array.dtype == bool:
        array = array.astype(np.uint8).astype(np.float32)
    if array.ndim == 0 or array.dtype.kind not in "iuf":
        raise DataError(
            f"`{what}` must be an array of numbers with one row per example. Received: "
            f"{array.dtype} of shape {array.shape}.",
            hint="turn texts into a table with column names, or into numbers",
        )
    array = array[:, None] if array.ndim == 1 else array
    if 0 in array.shape[1:]:
        raise DataError(f"`{what}` must have at least one feature. Received: shape {array.shape}.")
    at_most(f"`{what}` as float32", 4 * array.size, ARRAY_BYTES, hint="use fewer rows")
    check_numbers(array, what=what)
    return array


def as_array(x: object, *, what: str) -> np.ndarray:
    """Return `x` as an array of one type.

    Raises:
        DataError: Its rows have different lengths.
    """
    try:
        return np.asarray(x)
    except ValueError as error:
        raise DataError(
            f"`{what}` must have rows of equal length. Received: {type(x).__name__} with rows "
            "of different lengths.",
            hint="fill sequences up to one length, and say how long each is with `lengths`",
        ) from error


def check_numbers(x: np.ndarray, *, what: str = "x") -> None:
    """Raise if an array holds NaN, infinity, or numbers whose squares are infinite.

    Raises:
        DataError: Names the columns and the rows.
    """
    if x.dtype.kind != "f" or not len(x):
        return
    flat = x.reshape(len(x), -1)
    bad = np.zeros(flat.shape[1], dtype=np.int64)
    rows: list[int] = []
    for start in range(0, len(flat), CHUNK_ROWS):
        # NumPy would round a Python number to the array's type, in float32 to infinity.
        wrong = ~(np.abs(flat[start : start + CHUNK_ROWS]) <= np.float64(LARGEST_NUMBER))
        bad += wrong.sum(axis=0)
        rows += (np.flatnonzero(wrong.any(axis=1)) + start).tolist()
    if rows:
        received = too_large(False) if np.isfinite(flat[rows]).all() else "NaN or infinity"
        raise _not_finite(what, received, np.flatnonzero(bad), rows)


def _not_finite(
    what: str, received: str, columns: Sequence[int] | np.ndarray, rows: Sequence[int]
) -> DataError:
    return DataError(
        f"`{what}` must hold finite numbers. Received: {received} in "
        f"{count(len(columns), 'column')} ({listed(int(k) + 1 for k in columns)}) and "
        f"{rows_at(rows)}.",
        hint="correct or remove these rows; in a table, empty cells count as missing",
    )


def check_representable(x: np.ndarray) -> None:
    """Raise if scaling gave numbers that float32 cannot hold.

    Raises:
        DataError: Some are infinite.
    """
    if not np.isfinite(x).all():
        raise DataError(
            "Features must fit into float32 after scaling. Received: values too large in "
            f"{rows_at(np.flatnonzero(~np.isfinite(x.reshape(len(x), -1)).all(axis=1)))}.",
            hint="correct these values, or give them in larger units",
        )
