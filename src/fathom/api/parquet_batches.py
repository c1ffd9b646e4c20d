"""A Parquet file as batches for `fit`, read while it trains."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fathom.data import reading_parquet
from fathom.errors import DataError
from fathom.specs import at_least, typed

# Rows that are read at once: batches in order then cost one read for many.
ROWS_READ = 65_536


class ParquetBatches(keras.utils.PyDataset):
    """Serves the rows of a Parquet file in batches of `(x, y)`, never all at once.

    Rows come in the file's order. `fit` shuffles the batches, as of any
    `PyDataset`; with `shuffle=False` the file is read from front to back, which is quicker.

    Args:
        file: A Parquet file of numbers.
        target: The column of targets, or several.
        features: The columns of inputs; all others if None.
        sample_weight: A column of row weights.
        batch_size: Rows per batch; the last batch may have fewer.

    Raises:
        DataError: The file cannot be read, or a column is missing or holds no numbers.
        SpecError: `batch_size` is below 1.
    """

    @typed
    def __init__(
        self,
        file: str | Path,
        *,
        target: str | Sequence[str],
        features: Sequence[str] | None = None,
        sample_weight: str | None = None,
        batch_size: int = 32,
    ) -> None:
        super().__init__()
        at_least("batch_size", batch_size, 1, hint="use batch_size=32")
        self._file = Path(file)
        self._batch_size = batch_size
        types, self._rows = _described(self._file)
        self._targets = [target] if isinstance(target, str) else list(target)
        self._is_single = isinstance(target, str)
        self._weight = sample_weight
        taken = {*self._targets, sample_weight}
        self._features = list(features or [name for name in types if name not in taken])
        _check_columns(types, [*self._targets, *filter(None, [sample_weight]), *self._features])
        self._start, self._read = -1, {}

    def __len__(self) -> int:
        """Return the number of batches."""
        return -(-self._rows // self._batch_size)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        """Return batch `index`: inputs (rows, features), targets (rows,) or (rows, targets)."""
        step = max(1, ROWS_READ // self._batch_size) * self._batch_size
        first = index * self._batch_size
        if self._start != first // step * step:
            self._start = first // step * step
            self._read = self._columns(self._start, step)
        rows = slice(first - self._start, first - self._start + self._batch_size)
        return tuple(part[rows] for part in self._read.values())

    def _columns(self, start: int, count: int) -> dict[str, np.ndarray]:
        """Return inputs, targets and weights of some rows."""
        import polars

        with reading_parquet(self._file):
            frame = polars.scan_parquet(self._file).slice(start, count).collect()
        floats = keras.config.floatx()
        y = frame[self._targets[0]] if self._is_single else frame.select(self._targets)
        parts: dict[str, Any] = {"x": frame.select(self._features), "y": y}
        if self._weight is not None:
            parts["sample_weight"] = frame[self._weight]
        arrays = {name: part.to_numpy() for name, part in parts.items()}
        return {
            name: array if np.issubdtype(array.dtype, np.integer) else array.astype(floats)
            for name, array in arrays.items()
        }


def _described(file: Path) -> tuple[dict[str, Any], int]:
    """Return the types of the columns and the number of rows."""
    import polars

    with reading_parquet(file):
        scan = polars.scan_parquet(file)
        types = dict(scan.collect_schema())
        rows = scan.select(polars.len()).collect().item()
    return types, rows


def _check_columns(types: dict[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if name not in types:
            raise DataError(
                f"The file has no column {name!r}. Received: a file with {', '.join(types)}.",
                hint="name one of its columns",
            )
        if not (types[name].is_numeric() or types[name] == _boolean()):
            raise DataError(
                f"Columns must hold numbers. Received: column {name!r} of {types[name]}.",
                hint="leave it out of `features`, or encode it first (fathom.load does)",
            )


def _boolean() -> Any:
    import polars

    return polars.Boolean
