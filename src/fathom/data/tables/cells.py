"""A table as it was read: columns by position, with the names they had."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fathom.data.wording import listed, name_of
from fathom.errors import DataError

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class Cells:
    """Columns of text (from CSV) or of any type (from Parquet and dataframes).

    Args:
        frame: Columns named "0", "1", ... so that no name means anything to
            the dataframe library.
        names: The columns' own names, all different.
        row_numbers: int64 (rows,), numbers of the rows in the source where
            some were skipped; None otherwise.
        notices: What was detected and decided while reading.
        separator: What separates the fields of a text file; "" where the
            source has types.
    """

    frame: pl.DataFrame
    names: tuple[str, ...]
    row_numbers: np.ndarray | None = None
    notices: tuple[str, ...] = ()
    separator: str = ""

    def column(self, name: str) -> pl.Series:
        """Return the column called `name`."""
        return self.frame[str(self.names.index(name))]


def cells_of(
    frame: pl.DataFrame,
    names: list[str],
    *,
    row_numbers: np.ndarray | None = None,
    notices: list[str] | None = None,
    separator: str = "",
) -> Cells:
    """Return `frame` with its columns named by position.

    Raises:
        DataError: Two columns have the same name, or there is no row.
    """
    check_distinct(names)
    check_has_rows(frame.height, names)
    frame = frame.clone()
    frame.columns = [str(position) for position in range(frame.width)]
    return Cells(
        frame=frame,
        names=tuple(names),
        row_numbers=row_numbers,
        notices=tuple(notices or ()),
        separator=separator,
    )


def check_distinct(names: Sequence[str]) -> None:
    """Raise if a name stands twice.

    Raises:
        DataError: Names the columns.
    """
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        raise DataError(
            "Column names must be different. Received: "
            f"{listed(name_of(name) for name in twice)} more than once.",
            hint=NO_NAMES if are_numbers(names) else "rename or remove the repeated columns",
        )


NO_NAMES = "the first line holds numbers: does the file lack a line of column names?"


def are_numbers(names: Sequence[str]) -> bool:
    """Return whether all names are numbers, as if they were the first row of data."""
    try:
        [float(name) for name in names]
    except ValueError:
        return False
    return True


def check_has_rows(rows: int, names: Sequence[str]) -> None:
    """Raise if a table has columns and nothing under them.

    Raises:
        DataError: There is no row.
    """
    if rows == 0:
        raise DataError(
            "A table needs rows. Received: only the column names "
            f"({listed(name_of(name) for name in names)}), no row.",
            hint="check that the file was written completely",
        )
