"""Arrays of sequences: what their axes are, and how many of their steps are there."""

from __future__ import annotations

import numpy as np

from fathom.data.arrays import as_array, present, usable
from fathom.data.material import Arrays
from fathom.data.wording import rows_at
from fathom.errors import DataError
from fathom.specs import one_of

AUTO, VECTORS, SEQUENCES, IMAGES = "auto", "vectors", "sequences", "images"
READINGS = (AUTO, VECTORS, SEQUENCES, IMAGES)


def arrays_of(
    x: object,
    *,
    inputs: str | None = None,
    lengths: object = None,
    names: tuple[str, ...] = (),
) -> Arrays:
    """Return `x` checked, with the axes that it is said to have.

    Args:
        x: Numbers, one row per example.
        inputs: What a row is: "vectors", "sequences" or "images"; None to
            tell by its shape, or by `lengths`, which sequences alone have.
        lengths: How many steps of each sequence are there, one per row; what
            stands after them is not looked at.
        names: Names of the features of vectors.

    Raises:
        DataError: The axes or lengths do not fit, or a number is not finite.
        SpecError: `inputs` is unknown.
    """
    reading = one_of("inputs", inputs or AUTO, READINGS)
    if lengths is not None:
        return _padded(x, reading, lengths)
    shaped = _SHAPED[reading](usable(x))
    return Arrays(x=shaped, names=names, are_sequences=reading == SEQUENCES)


def _padded(x: object, reading: str, lengths: object) -> Arrays:
    if reading not in (AUTO, SEQUENCES):
        raise DataError(
            f"Only sequences have lengths. Received: `lengths` and inputs={reading!r}.",
            hint="leave one of them out",
        )
    array = _as_sequences(as_array(x, what="x"))
    steps = checked_lengths(lengths, rows=len(array), steps=array.shape[1])
    return Arrays(x=usable(zero_after(array, steps)), are_sequences=True, lengths=steps)


def checked_lengths(lengths: object, *, rows: int, steps: int) -> np.ndarray:
    """Return lengths as int64 (rows,).

    Raises:
        DataError: There is not one whole number from 1 to `steps` per row.
    """
    array = as_array(lengths, what="lengths")
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.shape != (rows,) or array.dtype.kind not in "iuf":
        raise DataError(
            f"`lengths` must have one number per row. Received: {array.dtype} of shape "
            f"{array.shape} for {rows:,} rows.",
            hint="the length of a sequence is the number of its steps that are there",
        )
    with np.errstate(invalid="ignore"):
        bad = np.flatnonzero(~((array >= 1) & (array <= steps) & (array == np.floor(array))))
    if len(bad):
        raise DataError(
            f"Every length must be a whole number from 1 to {steps}, the steps of x. Received: "
            f"{array[bad[0]]:g} and such in {rows_at(bad)}.",
            hint="leave out sequences without a step, and keep x as long as the longest",
        )
    return array.astype(np.int64)


def zero_after(x: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return a copy of `x`, zero at the steps after each sequence's end."""
    if x.dtype.kind not in "biuf":
        return x
    return np.where(present(lengths, x.shape[1])[:, :, None], x, np.zeros((), x.dtype))


def _as_they_are(x: np.ndarray) -> np.ndarray:
    return x


def _as_vectors(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _as_sequences(x: np.ndarray) -> np.ndarray:
    """Return (rows, steps, features); of numbers a step each, or of grey images a line each."""
    if x.ndim == 2:
        return x[:, :, None]
    if x.ndim == 4 and x.shape[3] == 1:
        return x[:, :, :, 0]
    if x.ndim != 3:
        raise _unfit("Sequences", "(rows, steps) or (rows, steps, features)", x)
    return x


def _as_images(x: np.ndarray) -> np.ndarray:
    """Return (rows, height, width, channels)."""
    if x.ndim == 3:
        return x[:, :, :, None]
    if x.ndim != 4:
        raise _unfit("Images", "(rows, height, width) or (rows, height, width, channels)", x)
    return x


_SHAPED = {
    AUTO: _as_they_are,
    VECTORS: _as_vectors,
    SEQUENCES: _as_sequences,
    IMAGES: _as_images,
}


def _unfit(what: str, wanted: str, x: np.ndarray) -> DataError:
    return DataError(
        f"{what} must be an array {wanted}. Received: shape {x.shape}.",
        hint="leave `inputs` out to read it by its shape",
    )
