"""What kind of values each column holds, found out from all of its cells.

Nothing is changed in silence: whatever a cell becomes that is not plainly
what it says comes back as a notice.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from fathom.data.tables.cells import Cells
from fathom.data.tables.dates import formats_of, is_ambiguous, shown
from fathom.data.tables.readings import (
    BOOLEAN,
    CATEGORICAL,
    DATE,
    EMPTY,
    MISSING,
    NESTED,
    NUMERIC,
    Reading,
)
from fathom.data.wording import count, listed, name_of, value_of

if TYPE_CHECKING:
    import polars as pl

NOT_AVAILABLE = (
    *("NA", "N/A", "n/a", "na", "#N/A", "#NA", "<NA>", "NaN", "nan", "NAN", "-nan", "null"),
    *("NULL", "Null", "None", "none", "nil", "missing", "Missing", "-", "--", "."),
)
"""Texts that are a missing value among numbers and dates, and a value among texts."""

ANY_MISSING = (*MISSING, *NOT_AVAILABLE)

BOOLEANS = (("true", "false"), ("yes", "no"), ("t", "f"), ("y", "n"))

KEPT_AS_TEXT = r"^\s*[+-]?(0\d|\d{16,}\s*$)"
"""Leading zeros, and whole numbers too long to be held exactly."""

DECIMAL_COMMA = r"^[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?([eE][+-]?\d+)?$"
THOUSANDS_COMMA = r"^[+-]?([1-9]\d{0,2}(,\d{3})+|\d{1,3})(\.\d+)?$"
DOTS_OF_THREE = r"^[+-]?[1-9]\d{0,2}(\.\d{3})+$"

MOSTLY = 0.95
"""Share of the cells that must be numbers for the rest to count as missing."""

MOST_STRANGERS = 10
"""... and the rest must be so few different texts."""


@dataclass(frozen=True)
class Tokens:
    """The different texts of a column, stripped, without the missing ones.

    Args:
        name: The column's name.
        texts: String (tokens,).
        rows: Rows each token stands in.
        is_target: Whether the column is to be predicted.
        separator: What separates the fields of the file; "" where the
            source has types.
    """

    name: str
    texts: pl.Series
    rows: pl.Series
    is_target: bool = False
    separator: str = ""

    @cached_property
    def numbers(self) -> pl.Series:
        """The texts as Float64, null where they are not numbers."""
        import polars as pl

        return self.texts.cast(pl.Float64, strict=False).fill_nan(None)

    @cached_property
    def is_not_available(self) -> pl.Series:
        """Whether each text says that a number is missing."""
        return self.texts.is_in(list(NOT_AVAILABLE))

    @cached_property
    def said(self) -> pl.Series:
        """The texts that say something, even among numbers."""
        return self.texts.filter(~self.is_not_available)

    @cached_property
    def are_numbers(self) -> bool:
        """Whether all the texts that say something are numbers."""
        unread = self.numbers.is_null() & ~self.is_not_available
        return len(self.said) > 0 and not unread.any()

    def rows_where(self, chosen: pl.Series) -> int:
        """Return the number of rows that hold the chosen tokens."""
        return int(self.rows.filter(chosen).sum())


@dataclass(frozen=True)
class Found:
    """A reading, and what to say about it."""

    reading: Reading
    notices: tuple[str, ...] = ()


def detect(cells: Cells, *, target: str | None = None) -> tuple[list[Reading], list[str]]:
    """Return how each column is read, and what is worth saying about it.

    Args:
        cells: Columns of text or of any type.
        target: The column to be predicted: nothing in it is taken for
            missing because the rest are numbers.
    """
    plain = _plain_numbers(cells) if cells.separator else [False] * len(cells.names)
    found = [
        Found(Reading(name=name, kind=NUMERIC))
        if plain[k]
        else _detect_column(cells.frame[str(k)], name, name == target, cells.separator)
        for k, name in enumerate(cells.names)
    ]
    readings = [each.reading for each in found]
    notices = [text for each in found for text in each.notices]
    notices += [*_question_marks(cells), *_spaces(cells, readings)]
    return readings, notices + _ambiguous_dots(cells, readings)


def _plain_numbers(cells: Cells) -> list[bool]:
    """Return which columns of text hold finite numbers and empty cells only."""
    import polars as pl

    texts = [k for k, dtype in enumerate(cells.frame.dtypes) if dtype == pl.String]
    plain = [False] * cells.frame.width
    if not texts:
        return plain
    columns = [str(k) for k in texts]
    numbers, empties, kept = (
        cells.frame.select(expression).row(0)
        for expression in (
            pl.col(columns).str.strip_chars().cast(pl.Float64, strict=False).is_finite().sum(),
            pl.col(columns).str.strip_chars().is_in(list(MISSING)).sum(),
            pl.col(columns).str.contains(KEPT_AS_TEXT).any(),
        )
    )
    for at, k in enumerate(texts):
        complete = numbers[at] + empties[at] == cells.frame.height
        plain[k] = complete and numbers[at] > 0 and not kept[at]
    return plain


def _detect_column(column: pl.Series, name: str, is_target: bool, separator: str) -> Found:
    import polars as pl

    if column.dtype != pl.String:
        return _detect_typed(column, name)
    tokens = replace(tokens_of(column, name), is_target=is_target, separator=separator)
    if not len(tokens.texts):
        return Found(Reading(name=name, kind=EMPTY))
    for detector in DETECTORS if separator else TYPED_TEXT_DETECTORS:
        if found := detector(tokens):
            return found
    return _as_text(tokens)


def tokens_of(column: pl.Series, name: str) -> Tokens:
    """Return the different texts of a column and how often each stands there."""
    counted = column.str.strip_chars().alias("text").value_counts(name="rows")
    counted = counted.filter(
        counted["text"].is_not_null() & ~counted["text"].is_in(list(MISSING))
    ).sort("text")
    return Tokens(name, counted["text"], counted["rows"])


def _detect_typed(column: pl.Series, name: str) -> Found:
    import polars as pl

    dtype = column.dtype
    if column.null_count() == len(column) or dtype == pl.Null:
        return Found(Reading(name=name, kind=EMPTY))
    if dtype == pl.Boolean:
        return Found(Reading(name=name, kind=BOOLEAN))
    if dtype.is_numeric() or dtype in (pl.Duration, pl.Time):
        return Found(Reading(name=name, kind=NUMERIC))
    if dtype.is_temporal():
        return Found(Reading(name=name, kind=DATE))
    if dtype in (pl.Categorical, pl.Enum):
        return Found(Reading(name=name, kind=CATEGORICAL))
    return Found(Reading(name=name, kind=NESTED))


def _leading_zeros(tokens: Tokens) -> Found | None:
    if not tokens.are_numbers:
        return None
    kept = tokens.texts.str.contains(KEPT_AS_TEXT)
    if not kept.any():
        return None
    example = value_of(tokens.texts.filter(kept)[0])
    why = (
        "leading zeros would be lost"
        if tokens.texts.str.contains(r"^[+-]?0\d").any()
        else "numbers as long as these cannot be held exactly"
    )
    notice = f"{name_of(tokens.name)}: kept as text such as {example}, because {why}"
    return Found(Reading(name=tokens.name, kind=CATEGORICAL), (notice, *_kept_values(tokens)))


def _numbers(tokens: Tokens) -> Found | None:
    if not tokens.are_numbers:
        return None
    return Found(
        Reading(name=tokens.name, kind=NUMERIC, missing=ANY_MISSING),
        _read_as_missing(tokens, tokens.is_not_available),
    )


def _numbers_with_commas(tokens: Tokens) -> Found | None:
    said = tokens.said
    if not len(said) or not re.match(r"[+-]?\d", said[0]) or not said.str.contains(",").any():
        return None
    could_be_thousands = bool(said.str.contains(THOUSANDS_COMMA).all())
    could_be_decimal = bool(said.str.contains(DECIMAL_COMMA).all())
    unsure = could_be_thousands and could_be_decimal
    if could_be_thousands and (not unsure or tokens.separator == ","):
        unless = ", which could also be decimal commas" if unsure else ""
        return _comma_found(tokens, f"commas separate thousands{unless}", thousands=",")
    if could_be_decimal:
        unless = ", which could also separate thousands" if unsure else ""
        dots = "." if said.str.contains(".", literal=True).any() else ""
        meaning = f"commas are decimal commas{unless}"
        return _comma_found(tokens, meaning, decimal=",", thousands=dots)
    return None


def _comma_found(tokens: Tokens, meaning: str, **form: str) -> Found:
    with_comma = tokens.said.filter(tokens.said.str.contains(",", literal=True))
    notice = f"{name_of(tokens.name)}: {meaning} ({value_of(with_comma[0])})"
    reading = Reading(name=tokens.name, kind=NUMERIC, missing=ANY_MISSING, **form)
    return Found(reading, (notice, *_read_as_missing(tokens, tokens.is_not_available)))


def _booleans(tokens: Tokens) -> Found | None:
    folded = {text.lower() for text in tokens.said.head(5)}
    for true, false in BOOLEANS:
        if folded == {true, false}:
            reading = Reading(
                name=tokens.name, kind=BOOLEAN, true=true, false=false, missing=ANY_MISSING
            )
            return Found(reading, _read_as_missing(tokens, tokens.is_not_available))
    return None


def _dates(tokens: Tokens) -> Found | None:
    formats = formats_of(tokens.said)
    if not formats:
        return None
    notice = f"{name_of(tokens.name)}: dates written as {shown(formats[0])}"
    if is_ambiguous(formats):
        notice += f" (month and day could also be the other way round, {shown(formats[1])})"
    if formats[0].endswith("z"):
        notice += ", converted to UTC"
    reading = Reading(name=tokens.name, kind=DATE, date_format=formats[0], missing=ANY_MISSING)
    return Found(reading, (notice, *_read_as_missing(tokens, tokens.is_not_available)))


def _mostly_numbers(tokens: Tokens) -> Found | None:
    """Take a few texts among many numbers for missing values, aloud."""
    strangers = tokens.numbers.is_null()
    if tokens.is_target or int(strangers.sum()) > MOST_STRANGERS:
        return None
    if tokens.rows_where(~strangers) < MOSTLY * int(tokens.rows.sum()):
        return None
    if tokens.texts.str.contains(KEPT_AS_TEXT).any():
        return None
    missing = (*MISSING, *tokens.texts.filter(strangers))
    return Found(
        Reading(name=tokens.name, kind=NUMERIC, missing=missing),
        _read_as_missing(tokens, strangers),
    )


DETECTORS: tuple[Callable[[Tokens], Found | None], ...] = (
    _leading_zeros,
    _numbers,
    _numbers_with_commas,
    _booleans,
    _dates,
    _mostly_numbers,
)
"""Asked in this order; the first that finds its kind decides."""

TYPED_TEXT_DETECTORS: tuple[Callable[[Tokens], Found | None], ...] = (_booleans, _dates)
"""For text in a source that has types: what looks like a number there is meant as text."""


def _question_marks(cells: Cells) -> list[str]:
    """Return how many cells of each column are a question mark, read as missing."""
    return [
        f"{name_of(cells.names[k])}: '?' read as missing, {count(rows, 'row')}"
        for k, rows in _rows_where(cells, lambda text: text.str.strip_chars() == "?")
    ]


def _spaces(cells: Cells, readings: list[Reading]) -> list[str]:
    """Return how many cells of each categorical column had spaces around their text."""
    return [
        f"{name_of(cells.names[k])}: spaces around values removed, {count(rows, 'row')}"
        for k, rows in _rows_where(cells, lambda text: text != text.str.strip_chars())
        if readings[k].kind == CATEGORICAL
    ]


def _rows_where(cells: Cells, test: Callable[[pl.Expr], pl.Expr]) -> list[tuple[int, int]]:
    """Return the positions of columns of text where cells pass a test, and how many do."""
    import polars as pl

    texts = [k for k, dtype in enumerate(cells.frame.dtypes) if dtype == pl.String]
    if not texts:
        return []
    rows = cells.frame.select(test(pl.col([str(k) for k in texts])).sum()).row(0)
    return [(k, number) for k, number in zip(texts, rows) if number]


def _ambiguous_dots(cells: Cells, readings: list[Reading]) -> list[str]:
    """Return a notice for `1.234` in a file that has decimal commas elsewhere."""
    if not any(reading.decimal == "," for reading in readings):
        return []
    return [
        f"{name_of(reading.name)}: {value_of(example)} read with a decimal point, though other "
        "columns have decimal commas"
        for k, reading in enumerate(readings)
        if reading.kind == NUMERIC and reading.decimal == "."
        if (example := _dotted(cells.frame[str(k)])) is not None
    ]


def _dotted(column: pl.Series) -> str | None:
    text = column.str.strip_chars()
    with_dot = text.filter(text.str.contains(".", literal=True))
    are_groups = len(with_dot) and with_dot.str.contains(DOTS_OF_THREE).all()
    return with_dot[0] if are_groups else None


def _as_text(tokens: Tokens) -> Found:
    notices = (*_kept_values(tokens), *_mixed(tokens))
    return Found(Reading(name=tokens.name, kind=CATEGORICAL), notices)


def _read_as_missing(tokens: Tokens, chosen: pl.Series) -> tuple[str, ...]:
    texts = tokens.texts.filter(chosen)
    if not len(texts):
        return ()
    rows = count(tokens.rows_where(chosen), "row")
    values = listed(value_of(text) for text in texts)
    return (f"{name_of(tokens.name)}: {values} read as missing, {rows}",)


def _kept_values(tokens: Tokens) -> tuple[str, ...]:
    texts = tokens.texts.filter(tokens.is_not_available)
    if not len(texts):
        return ()
    rows = count(tokens.rows_where(tokens.is_not_available), "row")
    values = listed(value_of(text) for text in texts)
    return (f"{name_of(tokens.name)}: {values} kept as a value, {rows}",)


def _mixed(tokens: Tokens) -> tuple[str, ...]:
    are_numbers = tokens.numbers.is_not_null()
    share = tokens.rows_where(are_numbers) / int(tokens.rows.sum())
    if not share:
        return ()
    what = f"mixed types, {share:.0%} of the values are numbers" if share < 1 else "numbers"
    return (f"{name_of(tokens.name)}: {what}, all kept as text",)
