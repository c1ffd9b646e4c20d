"""Cells to a table: the target and the split taken out, the rest typed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from fathom.data.limits import LARGEST_NUMBER
from fathom.data.material import Material, Options, RawTarget, part_codes
from fathom.data.tables.cells import NO_NAMES, Cells, are_numbers
from fathom.data.tables.detecting import detect
from fathom.data.tables.readings import (
    BOOLEAN,
    CATEGORICAL,
    DATE,
    EMPTY,
    NESTED,
    NUMERIC,
    Reading,
    parse,
)
from fathom.data.wording import count, listed, name_of, rows_at, too_large, value_of
from fathom.errors import DataError
from fathom.specs import closest

if TYPE_CHECKING:
    import polars as pl

SPLIT_COLUMN = "split"


@dataclass(frozen=True, kw_only=True)
class Table:
    """The features of a table, typed.

    Args:
        frame: Columns "0", "1", ...: Float64, Boolean, Datetime or String.
        readings: How each of them was read.
        order: Names of all the columns of the source, in their order.
        target: Name of the target column, if it is one of them.
        split: Name of the split column, if there is one.
    """

    frame: pl.DataFrame
    readings: tuple[Reading, ...]
    order: tuple[str, ...]
    target: str | None = None
    split: str | None = None

    def __len__(self) -> int:
        return self.frame.height


def open_table(cells: Cells, options: Options, *, name: str, source: str) -> Material:
    """Return the features, target and splits of a table with its target in it.

    Raises:
        DataError: The target is not there, has missing values, or a feature
            is infinite.
    """
    target = choose_target(cells, options.target)
    split, parts = choose_split(cells, options.split, target)
    readings, notices = detect(without(cells, [split]), target=target)
    by_name = {reading.name: reading for reading in readings}
    raw = raw_target(only(cells, [target]), by_name[target])
    features = [each for each in cells.names if each not in (target, split)]
    return Material(
        name=name,
        source=source,
        features=make_table(cells, [by_name[each] for each in features], target, split),
        target=raw,
        parts=parts,
        parts_rule=f"column {name_of(split)}" if split else "`split`",
        row_numbers=cells.row_numbers,
        notices=(*cells.notices, *notices),
    )


def open_features(cells: Cells) -> tuple[Table, tuple[str, ...]]:
    """Return a table without a target in it, and the notices of its reading."""
    readings, notices = detect(cells)
    return make_table(cells, readings), (*cells.notices, *notices)


def make_table(
    cells: Cells,
    readings: Sequence[Reading],
    target: str | None = None,
    split: str | None = None,
) -> Table:
    """Return the columns of `readings` as the features of a table.

    Raises:
        DataError: There is no column, or one holds infinity.
    """
    features = only(cells, [reading.name for reading in readings])
    if not readings:
        raise DataError(
            "A table needs a column beside the target. Received: "
            f"{listed(name_of(name) for name in cells.names)} only.",
            hint="add columns to predict from; if there are more, check the file's separator",
        )
    frame = parse(features, readings)
    check_finite(frame, readings)
    return Table(
        frame=frame, readings=tuple(readings), order=cells.names, target=target, split=split
    )


def only(cells: Cells, names: Sequence[str]) -> Cells:
    """Return the named columns, in that order, under new positions."""
    position = {name: str(k) for k, name in enumerate(cells.names)}
    frame = cells.frame.select([position[name] for name in names])
    frame.columns = [str(k) for k in range(len(names))]
    return replace(cells, frame=frame, names=tuple(names))


def without(cells: Cells, names: Sequence[str | None]) -> Cells:
    """Return all columns but the named ones."""
    return only(cells, [name for name in cells.names if name not in names])


def choose_target(cells: Cells, target: object) -> str:
    """Return the target's name.

    Raises:
        DataError: No target was given, or no column has its name.
    """
    columns = listed((name_of(name) for name in cells.names), most=20)
    if target is None:
        raise DataError(
            f"A table needs `target`, the column to predict. Received: none; the columns are "
            f"{columns}.",
            hint=f"use target={cells.names[-1]!r} to predict the last column"
            if len(cells.names[-1]) < 60
            else None,
        )
    if str(target) in cells.names:
        return str(target)
    meant = closest(str(target), cells.names)
    hint = NO_NAMES if are_numbers(cells.names) else None
    raise DataError(
        f"`target` must be a column of the table. Received: target={value_of(target)}; the "
        f"columns are {columns}.",
        hint=f"did you mean {value_of(meant)}?" if meant else hint,
    )


def choose_split(cells: Cells, split: object, target: str) -> tuple[str | None, np.ndarray | None]:
    """Return the split column's name and the part each row is in, if there is one.

    Raises:
        DataError: `split` names no column, or one whose values are not parts.
    """
    if split is None:
        return _own_split(cells, target)
    if not isinstance(split, str):
        return None, given_parts(split, cells.frame.height)
    if split not in cells.names or split == target:
        meant = closest(split, [name for name in cells.names if name != target])
        raise DataError(
            f"`split` must be a column of the table, other than the target. "
            f"Received: split={value_of(split)}.",
            hint=f"did you mean {value_of(meant)}?" if meant else None,
        )
    return split, given_parts(_texts(cells, split), cells.frame.height)


def _own_split(cells: Cells, target: str) -> tuple[str | None, np.ndarray | None]:
    if SPLIT_COLUMN not in cells.names or target == SPLIT_COLUMN:
        return None, None
    parts = _codes(_texts(cells, SPLIT_COLUMN))
    return (None, None) if parts is None else (SPLIT_COLUMN, parts)


def _texts(cells: Cells, name: str) -> pl.Series:
    import polars as pl

    return cells.column(name).cast(pl.String, strict=False).fill_null("")


def _codes(texts: pl.Series) -> np.ndarray | None:
    import polars as pl

    names = texts.unique()
    codes = part_codes(names.to_list())
    if codes is None:
        return None
    return texts.replace_strict(names, pl.Series(codes)).to_numpy().astype(np.int8)


def given_parts(split: object, rows: int) -> np.ndarray:
    """Return the part of each row from the caller's own list of parts.

    Args:
        split: "train", "validation" or "test" for each row.
        rows: Number of rows there are.

    Raises:
        DataError: Another length, or another word.
    """
    import polars as pl

    if not isinstance(split, Iterable):
        raise DataError(
            "`split` must name a column, or hold one entry per row. "
            f"Received: split of type {type(split).__name__}."
        )
    names = split if isinstance(split, pl.Series) else pl.Series([str(each) for each in split])  # type: ignore[attr-defined]
    if len(names) != rows:
        raise DataError(
            f"`split` must have one entry per row. Received: {len(names):,} entries for "
            f"{count(rows, 'row')}.",
        )
    codes = _codes(names)
    if codes is None:
        strange = [name for name in names.unique() if part_codes([name]) is None]
        raise DataError(
            "A split column must hold train, validation and test only. Received: "
            f"{listed(value_of(name) for name in sorted(strange))}.",
            hint="leave `split` out to split by seed",
        )
    return codes


def raw_target(cells: Cells, reading: Reading) -> RawTarget:
    """Return the target column as numbers or as names with codes.

    Args:
        cells: The target's column alone.
        reading: How it is read.

    Raises:
        DataError: It holds dates or nested values, or nothing at all.
    """
    import polars as pl

    if reading.kind in (DATE, NESTED, EMPTY):
        what = {DATE: "dates", NESTED: "nested values", EMPTY: "no value at all"}[reading.kind]
        raise DataError(
            f"A target must hold numbers or class names. Received: {name_of(reading.name)} holds "
            f"{what}.",
            hint="choose another target",
        )
    missing = "empty, '?' or NA" if cells.separator else "null or NaN"
    if reading.kind == BOOLEAN and cells.frame.dtypes[0] == pl.String:
        reading = replace(reading, kind=CATEGORICAL)
    column = parse(cells, [reading]).to_series()
    if reading.kind == NUMERIC:
        numbers = column.fill_null(float("nan")).to_numpy()
        return RawTarget(name=reading.name, values=numbers, missing=missing)
    return _named_target(column, reading.name, missing)


def _named_target(column: pl.Series, name: str, missing: str) -> RawTarget:
    import polars as pl

    texts = column.cast(pl.String)
    names = texts.drop_nulls().unique().sort()
    codes = texts.cast(pl.Enum(names)).to_physical().cast(pl.Int64).fill_null(-1)
    return RawTarget(name=name, values=codes.to_numpy(), names=tuple(names), missing=missing)


def target_of_new_rows(cells: Cells, name: str) -> RawTarget | None:
    """Return the target of new rows, or None if it is not there or not complete."""
    if name not in cells.names:
        return None
    column = only(cells, [name])
    (reading,), _ = detect(column, target=name)
    if reading.kind in (DATE, NESTED, EMPTY):
        return None
    return raw_target(column, reading)


def check_finite(frame: pl.DataFrame, readings: Sequence[Reading]) -> None:
    """Raise if a numeric column holds infinity, or numbers whose squares are infinite.

    Raises:
        DataError: Names the columns, and the rows of the first.
    """
    import polars as pl

    numeric = [k for k, dtype in enumerate(frame.dtypes) if dtype == pl.Float64]
    if not numeric:
        return
    columns = pl.col([str(k) for k in numeric])
    large = frame.select((columns.abs() > LARGEST_NUMBER).sum()).row(0)
    found = [(k, rows) for k, rows in zip(numeric, large) if rows]
    if found:
        first = frame[str(found[0][0])]
        where = rows_at(np.flatnonzero((first.abs() > LARGEST_NUMBER).fill_null(False).to_numpy()))
        what = too_large(bool(first.is_infinite().any()))
        more = [f"{name_of(readings[k].name)} in {count(rows, 'row')}" for k, rows in found[1:]]
        raise DataError(
            f"Features must be finite. Received: {what} in {name_of(readings[found[0][0]].name)} "
            f"in {where}{', ' if more else ''}{listed(more)}.",
            hint="correct these values, or leave them empty to count as missing",
        )
