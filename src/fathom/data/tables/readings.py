"""How the cells of a column become values: decided once, the same for new rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fathom.data.tables.cells import Cells
from fathom.data.tables.dates import shown
from fathom.data.wording import count, listed, name_of, value_of
from fathom.errors import DataError

if TYPE_CHECKING:
    import polars as pl

MISSING = ("", "?")
"""Texts that are a missing value in any column."""

NUMERIC, BOOLEAN, DATE, CATEGORICAL = "numeric", "boolean", "date", "categorical"
NESTED, EMPTY = "nested", "empty"


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How one column is read.

    Args:
        name: The column's name.
        kind: "numeric", "boolean", "date", "categorical", "nested" or "empty".
        missing: Texts that are a missing value here.
        decimal: Character before the fraction.
        thousands: Character between groups of three digits, "" for none.
        true: Text of true, in small letters, in a column of text.
        false: Text of false.
        date_format: How dates are written (strftime) in a column of text.
    """

    name: str
    kind: str
    missing: tuple[str, ...] = MISSING
    decimal: str = "."
    thousands: str = ""
    true: str = ""
    false: str = ""
    date_format: str = ""


def parse(cells: Cells, readings: Sequence[Reading]) -> pl.DataFrame:
    """Return the columns as Float64, Boolean, Datetime or String, null where missing.

    Args:
        cells: Columns in the order of `readings`.
        readings: How each is read.
    """
    return cells.frame.with_columns(
        [_expression(positions, *key) for key, positions in _alike(cells, readings).items()]
    )


def _alike(
    cells: Cells, readings: Sequence[Reading]
) -> dict[tuple[Reading, pl.DataType], list[str]]:
    """Return the positions of columns that are read alike, so that one expression reads them."""
    types = cells.frame.dtypes
    alike: dict[tuple[Reading, pl.DataType], list[str]] = {}
    for k, reading in enumerate(readings):
        alike.setdefault((replace(reading, name=""), types[k]), []).append(str(k))
    return alike


def _expression(positions: list[str], reading: Reading, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    columns = pl.col(positions)
    if reading.kind in (NESTED, EMPTY):
        return pl.when(False).then(columns).cast(pl.String, strict=False).cast(pl.Float64)
    if dtype == pl.String:
        return FROM_TEXT[reading.kind](columns.str.strip_chars(), reading)
    return FROM_TYPED[reading.kind](columns, dtype)


def present(text: pl.Expr, missing: Sequence[str]) -> pl.Expr:
    """Return stripped texts, null where they are missing."""
    import polars as pl

    return pl.when(~text.is_in(list(missing))).then(text)


def _numbers_from_text(text: pl.Expr, reading: Reading) -> pl.Expr:
    """Return numbers; of the texts for missing values only NaN would pass for one."""
    import polars as pl

    if reading.thousands:
        text = text.str.replace_all(reading.thousands, "", literal=True)
    if reading.decimal != ".":
        text = text.str.replace(reading.decimal, ".", literal=True)
    return text.cast(pl.Float64, strict=False).fill_nan(None)


def _booleans_from_text(text: pl.Expr, reading: Reading) -> pl.Expr:
    import polars as pl

    folded = text.str.to_lowercase()
    return pl.when(folded.is_in([reading.true, reading.false])).then(folded == reading.true)


def _dates_from_text(text: pl.Expr, reading: Reading) -> pl.Expr:
    import polars as pl

    read = text.str.strptime(pl.Datetime("us"), reading.date_format, strict=False)
    return read.dt.replace_time_zone(None) if reading.date_format.endswith("z") else read


def _text(text: pl.Expr, reading: Reading) -> pl.Expr:
    return present(text, reading.missing)


def _numbers_from_typed(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    if dtype == pl.Duration:
        return column.dt.total_microseconds().cast(pl.Float64) / 1e6
    if dtype == pl.Time:
        return column.cast(pl.Int64).cast(pl.Float64) / 1e9
    return column.cast(pl.Float64, strict=False).fill_nan(None)


def _booleans_from_typed(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    return column.cast(pl.Boolean, strict=False)


def _dates_from_typed(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    read = column.cast(pl.Datetime("us", getattr(dtype, "time_zone", None)), strict=False)
    if getattr(dtype, "time_zone", None):
        return read.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    return read


def _text_from_typed(column: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    return column.cast(pl.String, strict=False)


FROM_TEXT = {
    NUMERIC: _numbers_from_text,
    BOOLEAN: _booleans_from_text,
    DATE: _dates_from_text,
    CATEGORICAL: _text,
}

FROM_TYPED = {
    NUMERIC: _numbers_from_typed,
    BOOLEAN: _booleans_from_typed,
    DATE: _dates_from_typed,
    CATEGORICAL: _text_from_typed,
}


def parse_strictly(cells: Cells, readings: Sequence[Reading]) -> pl.DataFrame:
    """Return what `parse` returns, unless a cell that is there could not be read.

    Raises:
        DataError: Names the column and the cells.
    """
    import polars as pl

    parsed = parse(cells, readings)
    there = cells.frame.with_columns(
        [_is_there(positions, *key) for key, positions in _alike(cells, readings).items()]
    )
    before, after = there.sum().row(0), parsed.select(pl.all().count()).row(0)
    bad = [k for k in range(len(readings)) if after[k] < before[k]]
    if bad:
        lost = there[str(bad[0])] & parsed[str(bad[0])].is_null()
        raise _not_readable(readings[bad[0]], cells.frame[str(bad[0])].filter(lost), len(bad) - 1)
    return parsed


def _is_there(positions: list[str], reading: Reading, dtype: pl.DataType) -> pl.Expr:
    import polars as pl

    column = pl.col(positions)
    if dtype == pl.String:
        return ~column.str.strip_chars().is_in(list(reading.missing)).fill_null(True)
    return (column.fill_nan(None) if dtype.is_float() else column).is_not_null()


def _not_readable(reading: Reading, lost: pl.Series, more: int) -> DataError:
    import polars as pl

    examples = lost.cast(pl.String, strict=False).unique(maintain_order=True)
    return DataError(
        f"Column {name_of(reading.name)} is {described(reading)}. Received: "
        f"{listed(value_of(text) for text in examples)} in {count(len(lost), 'row')}"
        f"{_and_more(more)}.",
        hint="write these values as the first file had them, or leave them empty",
    )


def _and_more(columns: int) -> str:
    return f", and {count(columns, 'more column')} like it" if columns else ""


def described(reading: Reading) -> str:
    """Return what the column holds, in words."""
    if reading.kind == BOOLEAN and reading.true:
        return f"boolean ({reading.true}/{reading.false})"
    if reading.kind == DATE and reading.date_format:
        return f"dates written as {shown(reading.date_format)}"
    if reading.kind == NUMERIC and reading.decimal == ",":
        return "numeric with decimal commas"
    return reading.kind
