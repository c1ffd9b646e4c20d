"""What `x` may be: everything Keras takes, and any iterable of batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jax
import keras
import numpy as np

from fathom.errors import DataError
from fathom.train import keras_internals as internals


class IterableAdapter(internals.DataAdapter):
    """Serves Keras an iterable of batches that is neither a generator nor a data set of its own.

    An iterable that can be started anew is run through once per epoch; an
    iterator goes on where the epoch before stopped.
    """

    def __init__(self, batches: Iterable[Any]) -> None:
        self._batches = batches

    def get_jax_iterator(self) -> Iterator[Any]:
        """Yield the batches as tuples of arrays."""
        return internals.as_jax_batches(map(_as_tuple, self._batches))

    @property
    def num_batches(self) -> int | None:
        """Number of batches, None if the iterable does not tell."""
        length = getattr(self._batches, "__len__", None)
        return None if length is None else length()

    @property
    def batch_size(self) -> None:
        """Unknown before the batches come."""
        return None


def _as_tuple(batch: Any) -> Any:
    return tuple(batch) if isinstance(batch, list) else batch


class BatchAdapter(internals.DataAdapter):
    """Yields the batches that Keras's adapter of arrays would, made one by one from their rows."""

    def __init__(self, adapter: Any, batch: Callable[[np.ndarray], Any]) -> None:
        """Make a batch of its row numbers by `batch`."""
        self._adapter = adapter
        self._batch = batch

    def get_jax_iterator(self) -> Iterator[Any]:
        """Yield one epoch's batches, in the order in which Keras draws them."""
        for rows in internals.batch_rows(self._adapter):
            numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
            yield self._batch(numbers)

    @property
    def num_batches(self) -> int:
        """Number of batches, a partial one included."""
        return self._adapter.num_batches

    @property
    def batch_size(self) -> int:
        """Rows of a full batch."""
        return self._adapter.batch_size


def adapter(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int | None,
    steps_per_epoch: int | None,
    shuffle: Any,
    class_weight: dict[int, float] | None = None,
) -> Any:
    """Return Keras's adapter of the data.

    Raises:
        DataError: They are of no kind that can be trained on.
    """
    if _is_plain_iterable(x) and y is None and sample_weight is None:
        return IterableAdapter(x)
    try:
        return internals.data_adapter(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps_per_epoch=steps_per_epoch,
            shuffle=shuffle,
            class_weight=class_weight,
        )
    except (ValueError, TypeError, LookupError) as error:  # the last for what has no rows
        raise DataError(
            f"`x`, `y` and `sample_weight` must be arrays, or `x` a data set of batches. "
            f"Received: {_kinds(x=x, y=y, sample_weight=sample_weight) or 'none'}{_because(error)}",
            hint="pass NumPy arrays of equal length, a keras.utils.PyDataset, or an iterable "
            "of (x, y) or (x, y, sample_weight) batches",
        ) from None


def _is_plain_iterable(x: Any) -> bool:
    """Whether `x` can be run through and Keras knows nothing of its kind."""
    known = (str, bytes, dict, list, tuple, keras.utils.PyDataset, internals.DataAdapter)
    if x is None or isinstance(x, known) or hasattr(x, "__array__") or hasattr(x, "tocoo"):
        return False
    return hasattr(x, "__iter__") and not internals.is_known_data_set(x)


def _kinds(**values: Any) -> str:
    return ", ".join(f"{name} {kind(value)}" for name, value in values.items() if value is not None)


def kind(value: Any) -> str:
    """Return words for what a value is: `float32 (100, 4)` of an array, else its type."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {kind(part)}" for name, part in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(kind(part) for part in value[:4]) + ", ..." * (len(value) > 4) + "]"
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"{value.dtype} {tuple(value.shape)}"
    return type(value).__name__


def _because(error: Exception) -> str:
    """Return Keras's reason, unless it only shows again what was received."""
    says_nothing = isinstance(error, LookupError) or str(error).startswith("Unrecognized data type")
    return "." if says_nothing else f"; {_first_line(error)}"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else type(error).__name__


def standard_rows(adapter: Any) -> Any:
    """Return the rows of arrays as Keras hands them on: NumPy, floats as Keras's float type.

    Memory-mapped arrays stay on disk; floats of another size in them are
    converted as they are read.
    """
    return internals.tree_map(_standard_array, adapter._inputs)


def _standard_array(array: Any) -> np.ndarray:
    if isinstance(array, np.memmap):
        return array
    try:
        array = internals.as_numpy_rows(array)
    except (ValueError, TypeError):
        raise DataError(
            f"Data that are trained on must be numbers. Received: {kind(array)}.",
            hint="fathom.load turns the texts of a table into numbers",
        ) from None
    return np.asarray(array, jax.dtypes.canonicalize_dtype(array.dtype))
