"""Which columns the networks see, and how: decided on the training rows alone."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.data.tables.readings import BOOLEAN, CATEGORICAL, DATE, EMPTY, NESTED, NUMERIC, Reading
from fathom.data.wording import count, value_of

if TYPE_CHECKING:
    import polars as pl

NAMED_LIKE_AN_IDENTIFIER = re.compile(
    r"(^|[\s_.\-/#])(id|ids|uuid|guid|key|index|idx|rowid|row|rownames|number|no|nr|num)$"
    r"|[a-z](Id|ID|Key|Index|Nr|No)$|^unnamed: \d+$|^column \d+$",
)

MOST_CATEGORIES = 10_000
"""Texts with more different values are left out."""

FREE_TEXT_SHARE = 0.5
"""Texts where more of the rows than this have a value of their own are left out ..."""

FREE_TEXT_VALUES = 20
"""... if there are more different values than this."""

PARTS = ("year", "month", "day of week", "day of year", "hour", "time")
"""What a date is taken apart into; `time` is the whole of it, in days since 1970."""


@dataclass(frozen=True, kw_only=True)
class FittedColumn:
    """One column that the networks see.

    Args:
        reading: How its cells become values.
        categories: The different texts of the training rows, for categorical
            columns.
        has_missing: Whether a training row misses its value.
        parts: What a date is taken apart into.
    """

    reading: Reading
    categories: tuple[str, ...] = ()
    has_missing: bool = False
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What becomes of one column: `fitted` is None where it is left out."""

    reading: Reading
    words: str
    fitted: FittedColumn | None = None


def decide(train: pl.DataFrame, readings: Sequence[Reading]) -> list[Decision]:
    """Return what becomes of each column.

    Args:
        train: Typed columns of the training rows, in the order of `readings`.
        readings: How each was read.
    """
    facts = _numeric_facts(train, readings)
    return [
        _decide_numeric(train[str(k)], reading, facts[k])
        if k in facts
        else DECIDERS[reading.kind](train[str(k)], reading)
        for k, reading in enumerate(readings)
    ]


@dataclass(frozen=True)
class _Facts:
    missing: int
    low: float | None
    high: float | None


def _numeric_facts(train: pl.DataFrame, readings: Sequence[Reading]) -> dict[int, _Facts]:
    """Return the facts of all numeric columns, asked for together because there may be many."""
    import polars as pl

    positions = [k for k, reading in enumerate(readings) if reading.kind in (NUMERIC, BOOLEAN)]
    if not positions:
        return {}
    columns = pl.col([str(k) for k in positions])
    missing, low, high = (
        train.select(fact).row(0) for fact in (columns.null_count(), columns.min(), columns.max())
    )
    return {k: _Facts(missing[at], low[at], high[at]) for at, k in enumerate(positions)}


def _decide_numeric(column: pl.Series, reading: Reading, facts: _Facts) -> Decision:
    if facts.missing == len(column):
        return _left_out(reading, "every value is missing")
    if facts.low == facts.high and not facts.missing:
        return _left_out(reading, f"constant, {_shown(facts.low)} in every training row")
    if reading.kind == NUMERIC and _is_identifier(column, reading.name):
        return _left_out(reading, "looks like an identifier (every value different)")
    filled = ""
    if facts.missing:
        filled = f"; {count(facts.missing, 'missing value')} filled with the median and marked"
    how = "0 and 1, standardised" if reading.kind == BOOLEAN else "standardised"
    if reading.true:
        how = f"{reading.true} = 1, {reading.false} = 0, standardised"
    return _used(reading, f"{how}{filled}", has_missing=facts.missing > 0)


def _shown(value: float | bool | None) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _is_identifier(column: pl.Series, name: str) -> bool:
    """Return whether these are whole numbers, all different, under an identifier's name."""
    if not NAMED_LIKE_AN_IDENTIFIER.search(name) and not NAMED_LIKE_AN_IDENTIFIER.search(
        name.lower()
    ):
        return False
    present = column.drop_nulls()
    return present.n_unique() == len(present) > 2 and bool((present == present.floor()).all())


def _decide_date(column: pl.Series, reading: Reading) -> Decision:
    present = column.drop_nulls()
    if not len(present):
        return _left_out(reading, "every value is missing")
    varying = _varying_parts(present)
    if not varying:
        return _left_out(reading, f"constant, {present[0]} in every training row")
    missing = len(column) - len(present)
    filled = f"; {count(missing, 'missing value')} filled and marked" if missing else ""
    words = f"taken apart into {', '.join(varying)}; standardised{filled}"
    return _used(reading, words, has_missing=missing > 0, parts=varying)


def _varying_parts(dates: pl.Series) -> tuple[str, ...]:
    import polars as pl

    parts = [date_part(pl.col("date"), part).n_unique().alias(part) for part in PARTS]
    different = dates.to_frame("date").select(parts).row(0, named=True)
    return tuple(part for part in PARTS if different[part] > 1)


def date_part(dates: pl.Expr, part: str) -> pl.Expr:
    """Return one part of each date as Float64, null where the date is missing."""
    import polars as pl

    return DATE_PARTS[part](dates).cast(pl.Float64)


DATE_PARTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "year": lambda dates: dates.dt.year(),
    "month": lambda dates: dates.dt.month(),
    "day of week": lambda dates: dates.dt.weekday(),
    "day of year": lambda dates: dates.dt.ordinal_day(),
    "hour": lambda dates: dates.dt.hour(),
    "time": lambda dates: dates.dt.epoch("us") / 86_400e6,
}


def _decide_categorical(column: pl.Series, reading: Reading) -> Decision:
    present = column.drop_nulls()
    missing, different = len(column) - len(present), present.n_unique()
    if not len(present):
        return _left_out(reading, "every value is missing")
    if different == 1 and not missing:
        return _left_out(reading, f"constant, {value_of(present[0])} in every training row")
    if different == len(present) and different > 2:
        return _left_out(reading, "looks like an identifier (every value different)")
    if different > FREE_TEXT_VALUES and different > FREE_TEXT_SHARE * len(present):
        return _left_out(reading, f"looks like free text ({different:,} different values)")
    if different > MOST_CATEGORIES:
        return _left_out(reading, f"too many categories ({different:,})")
    categories = tuple(present.unique().sort())
    return _used(reading, "one-hot", has_missing=missing > 0, categories=categories)


def _decide_nested(column: pl.Series, reading: Reading) -> Decision:
    return _left_out(reading, "values that are neither numbers, texts nor dates")


def _decide_empty(column: pl.Series, reading: Reading) -> Decision:
    return _left_out(reading, "every value is missing")


DECIDERS: dict[str, Callable[[pl.Series, Reading], Decision]] = {
    DATE: _decide_date,
    CATEGORICAL: _decide_categorical,
    NESTED: _decide_nested,
    EMPTY: _decide_empty,
}


def _left_out(reading: Reading, why: str) -> Decision:
    return Decision(reading=reading, words=f"left out: {why}")


def _used(
    reading: Reading,
    words: str,
    *,
    has_missing: bool,
    categories: tuple[str, ...] = (),
    parts: tuple[str, ...] = (),
) -> Decision:
    fitted = FittedColumn(
        reading=reading, categories=categories, has_missing=has_missing, parts=parts
    )
    return Decision(reading=reading, words=words, fitted=fitted)


def rare_below(rows: int) -> int:
    """Return how many training rows a category needs for a feature of its own.

    One row in a hundred, at least 2 and at most 10.

    Example:
        >>> rare_below(30), rare_below(500), rare_below(1_000_000)
        (2, 5, 10)
    """
    return max(2, min(10, math.ceil(rows / 100)))
