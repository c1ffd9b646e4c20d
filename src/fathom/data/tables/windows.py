"""Windows of a time series: rows that follow each other as one input, fitted and applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.data.limits import ARRAY_BYTES, at_most
from fathom.data.tables.cells import Cells
from fathom.data.tables.deciding import Decision
from fathom.data.tables.inputs import (
    TableInputs,
    check_columns,
    encode_table,
    fit_table,
    read_table_rows,
)
from fathom.data.tables.opening import Table, only
from fathom.data.tables.readings import Reading, parse_strictly
from fathom.data.wording import count, listed, name_of, rows_at, value_of
from fathom.errors import DataError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Windows:
    """Windows of a table whose rows follow each other in time.

    Args:
        table: The rows, the earliest first.
        ends: int64 (n,), the last row of each window.
        size: Rows of a window.
        horizon: Rows from a window's last to the one that holds its target.
        time: How the column of times is read.
        target: Name of the target column.
    """

    table: Table
    ends: np.ndarray
    size: int
    horizon: int
    time: Reading
    target: str

    def __len__(self) -> int:
        return len(self.ends)

    def rows_of(self, windows: np.ndarray) -> np.ndarray:
        """Return int64 rows that some windows read, ascending, each once."""
        read = np.zeros(len(self.table), bool)
        for back in range(self.size):
            read[self.ends[windows] - back] = True
        return np.flatnonzero(read)


@dataclass(frozen=True, kw_only=True)
class WindowInputs:
    """How the rows of a time series become inputs (size, features).

    Args:
        table: How each row becomes features.
        size: Rows of a window.
        horizon: Rows from a window's last to the one that holds its target.
        time: How the column of times is read.
    """

    table: TableInputs
    size: int
    horizon: int
    time: Reading

    @property
    def input_shape(self) -> tuple[int, int]:
        """Shape of one input."""
        return (self.size, len(self.table.feature_names))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the features of each step."""
        return self.table.feature_names

    def last_values(self, x: np.ndarray, name: str | None) -> np.ndarray | None:
        """Return a column's value in the last row of each window, in its own units.

        Args:
            x: Windows (n, size, features).
            name: The column's name.

        Returns:
            float64 (n,); None where it is no column of numbers among the inputs.
        """
        if name not in self.table.feature_names:
            return None
        place = self.table.feature_names.index(name)
        mean, scale = self.table.scaling()
        return x[:, -1, place].astype(np.float64) * scale[place] + mean[place]


def fit_windows(windows: Windows, train: np.ndarray) -> tuple[WindowInputs, list[Decision]]:
    """Return inputs fitted on the rows that training windows read, and what became of columns.

    Args:
        windows: All windows.
        train: int64, the training windows.

    Raises:
        DataError: No column can be used, or the windows take too much memory.
    """
    table, decisions = fit_table(windows.table, windows.rows_of(train))
    inputs = WindowInputs(
        table=table, size=windows.size, horizon=windows.horizon, time=windows.time
    )
    size = 4 * len(windows) * windows.size * len(table.feature_names)
    at_most("The windows", size, ARRAY_BYTES, hint="use shorter windows, or fewer rows or columns")
    return inputs, decisions


def encode_windows(inputs: WindowInputs, windows: Windows, chosen: np.ndarray) -> np.ndarray:
    """Return float32 (windows, size, features) of some windows."""
    rows = windows.rows_of(np.unique(chosen))
    encoded = encode_table(inputs.table, windows.table, rows)
    ends = np.searchsorted(rows, windows.ends[chosen])
    return encoded[ends[:, None] + np.arange(1 - inputs.size, 1)]


def read_windows(inputs: WindowInputs, cells: Cells) -> tuple[np.ndarray, tuple[str, ...], list]:
    """Return every window of new rows, the time of each one's last row, and notices.

    Raises:
        DataError: A column is missing, cells cannot be read, times are missing
            or repeat, or there are fewer rows than a window has.
    """
    check_columns(cells, [inputs.time.name])
    times = parse_strictly(only(cells, [inputs.time.name]), [inputs.time]).to_series()
    order = order_in_time(times, inputs.time)
    if len(order) < inputs.size:
        raise DataError(
            f"New rows must fill a window of {count(inputs.size, 'row')}. "
            f"Received: {count(len(order), 'row')}.",
            hint="give the rows before these as well",
        )
    x, _, notices = read_table_rows(inputs.table, cells, None)
    ends = np.arange(inputs.size - 1, len(order))
    windows = x[order][ends[:, None] + np.arange(1 - inputs.size, 1)]
    known = [notice for notice in notices if name_of(inputs.time.name) not in notice]
    return windows, tuple(str(times[int(order[end])]) for end in ends), known


def order_in_time(times: pl.Series, reading: Reading) -> np.ndarray:
    """Return int64 positions of the rows, the earliest first.

    Raises:
        DataError: A time is missing, or stands twice.
    """
    missing = np.flatnonzero(times.is_null().to_numpy())
    if len(missing):
        raise DataError(
            f"Every row of a time series needs its time. Received: none in {rows_at(missing)} of "
            f"{name_of(reading.name)}.",
            hint="leave these rows out, or fill in their times",
        )
    order = times.arg_sort().to_numpy().astype(np.int64)
    again = np.flatnonzero(np.diff(times[order].to_physical().to_numpy()) == 0)
    if len(again):
        examples = listed(value_of(times[int(order[k])]) for k in again)
        raise DataError(
            f"The times of one series must be different. Received: {name_of(reading.name)} repeats "
            f"{examples} in {count(len(again), 'row')}.",
            hint="a file of several series must be split into one file each, or averaged",
        )
    return order


def spacing_in_words(times: Sequence[float] | np.ndarray, name: str) -> list[str]:
    """Return a notice if times are not evenly spaced.

    Args:
        times: Ascending, in any unit.
        name: The column's name.
    """
    steps = np.diff(np.asarray(times, np.float64))
    usual = float(np.median(steps))
    uneven = int((~np.isclose(steps, usual)).sum())
    if not uneven:
        return []
    return [
        f"time: {count(uneven, 'step')} of {name_of(name)} {'is' if uneven == 1 else 'are'} longer "
        "or shorter than usual; a window counts rows, not time"
    ]
