"""CSV and TSV: text to columns of text, nothing converted yet.

Everything is read as text so that `00123` is still there when the type of a
column is decided.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fathom.data.limits import TEXT_BYTES, at_most
from fathom.data.tables.cells import Cells, cells_of
from fathom.data.tables.encodings import to_utf8
from fathom.data.wording import count, listed, rows_at
from fathom.errors import DataError

if TYPE_CHECKING:
    import polars as pl

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
SAMPLE_BYTES = 2**16
SAMPLE_LINES = 50
BLANK = b" \r"
"""What a line without fields may hold; a tab is a separator."""


def read_delimited(path: Path) -> Cells:
    """Return a CSV or TSV file as columns of text.

    Raises:
        DataError: The file is empty, too large, not text, or its rows have
            different numbers of fields.
    """
    at_most(f"{path.name}", path.stat().st_size, TEXT_BYTES, hint="save it as Parquet")
    data, encoding = to_utf8(path.read_bytes())
    data = _with_line_feeds(data).lstrip(b"\n")
    if not data or data.isspace():
        raise DataError(
            f"A table needs a line of column names and rows. Received: {path.name} is empty.",
            hint="check that the file was written completely",
        )
    return _parse(data, path, encoding)


def _parse(data: bytes, path: Path, encoding: str) -> Cells:
    quote = quote_character(data)
    separator = find_separator(data, quote, tab_first=path.suffix.lower() == ".tsv")
    frame = _read_frame(data, separator, quote)
    check_fields(data, frame, separator, quote)
    names, name_notices = column_names(frame.row(0))
    body, row_numbers, blank = _without_blank_rows(frame.slice(1))
    layout = f"{path.name}: encoding {encoding}, fields separated by {SEPARATORS[separator]}"
    if quote == "'":
        layout += ", quoted by '"
    return cells_of(
        body,
        names,
        row_numbers=row_numbers,
        notices=[layout, *name_notices, *blank],
        separator=separator,
    )


def _with_line_feeds(data: bytes) -> bytes:
    """Return text whose lines end in a line feed; old Macs ended them in a carriage return."""
    if b"\n" not in data[:SAMPLE_BYTES] and b"\r" in data[:SAMPLE_BYTES]:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return data.lstrip(b"\r\n")


def quote_character(data: bytes) -> str:
    """Return the character fields are quoted by, "" if no field begins with one.

    It is ' if the first line begins and ends with it. A quote inside a field,
    as in `5" pipe`, is a character like any other.
    """
    first = data[:SAMPLE_BYTES].split(b"\n", 1)[0].strip()
    if first.startswith(b"'") and first.endswith(b"'") and len(first) > 1:
        return "'"
    return '"' if b'"' in data and re.search(rb'(?:\A|[,;\t|\n])"', data) else ""


def without_quoted(data: bytes, quote: str) -> bytes:
    """Return `data` with its quoted fields cut out."""
    if not quote:
        return data
    mark = quote.encode()
    inside = b"[^" + mark + b"]*"
    field = mark + inside + b"(?:" + mark + mark + inside + b")*" + mark
    return re.sub(b"(?:(?<=[,;\t|\n])|\\A)" + field, b"", data)


def find_separator(data: bytes, quote: str, *, tab_first: bool) -> str:
    """Return the separator that cuts the lines into equal numbers of fields.

    Args:
        data: UTF-8 text.
        quote: Character that quotes fields.
        tab_first: Whether a tab wins where several separators do as well.
    """
    lines = _sample_lines(data, quote)
    marks = ["\t", *SEPARATORS] if tab_first else list(SEPARATORS)
    scores = {mark: score for mark in marks if (score := _score(lines, mark))}
    if not scores:
        return "\t" if tab_first else ","
    return max(scores, key=lambda mark: scores[mark])


def _sample_lines(data: bytes, quote: str) -> list[bytes]:
    whole = without_quoted(data[:SAMPLE_BYTES], quote)
    lines = [line for line in whole.split(b"\n") if line.strip(BLANK)]
    cut_short = len(data) > SAMPLE_BYTES and len(lines) > 1
    return (lines[:-1] if cut_short else lines)[:SAMPLE_LINES]


def _score(lines: list[bytes], mark: str) -> tuple[float, int] | None:
    counts = [line.count(mark.encode()) for line in lines]
    if not counts or counts[0] == 0:
        return None
    return sum(n == counts[0] for n in counts) / len(counts), counts[0]


def _read_frame(data: bytes, separator: str, quote: str) -> pl.DataFrame:
    import polars as pl

    try:
        return pl.read_csv(
            data,
            has_header=False,
            infer_schema=False,
            empty_string_is_null=False,
            separator=separator,
            quote_char=quote or None,
        )
    except pl.exceptions.PolarsError as error:
        raise _broken_rows(data, separator, quote) from error


def _broken_rows(data: bytes, separator: str, quote: str) -> DataError:
    """Return what is wrong with rows that could not be read."""
    if quote and data.count(quote.encode()) % 2:
        return DataError(
            f"Each quoted field must end in a quote. Received: an odd number of {quote} "
            "in the file.",
            hint=f"look for a lone {quote}; inside a quoted field it is written twice",
        )
    return ragged(data, separator, quote) or DataError(
        f"Quoted fields must hold {quote} only in pairs. Received: a field with text after its "
        "closing quote.",
        hint=f"inside a quoted field write {quote}{quote}",
    )


def check_fields(data: bytes, frame: pl.DataFrame, separator: str, quote: str) -> None:
    """Raise if a row has fewer fields than the first line.

    The reader fills short rows up without a word, and a file cut off in the
    middle ends in one.

    Raises:
        DataError: Names the rows.
    """
    if frame.width == 1:
        return
    found = without_quoted(data, quote).count(separator.encode())
    if found != (frame.width - 1) * frame.height:
        error = ragged(data, separator, quote)
        if error is not None:
            raise error


def ragged(data: bytes, separator: str, quote: str) -> DataError | None:
    """Return the error that names rows with another number of fields, if there are any."""
    lines = without_quoted(data, quote).split(b"\n")
    fields = [line.count(separator.encode()) + 1 if line.strip(BLANK) else 0 for line in lines]
    odd = [row for row, number in enumerate(fields) if number and number != fields[0]]
    if not odd:
        return None
    return DataError(
        f"Each row must have as many fields as the first line ({fields[0]}). Received: "
        f"{fields[odd[0]]} fields in row {odd[0]:,}"
        f"{f', and {len(odd) - 1:,} more rows like it' if len(odd) > 1 else ''}.",
        hint="check that the file was written completely, and that fields which hold "
        f"{SEPARATORS[separator]} are quoted",
    )


def column_names(header: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return the names of the first line, nameless columns named by position."""
    stripped = [name.strip() for name in header]
    nameless = [position for position, name in enumerate(stripped) if not name]
    names = [name or f"column {position + 1}" for position, name in enumerate(stripped)]
    if not nameless:
        return names, []
    named = listed(names[position] for position in nameless)
    return names, [f"{count(len(nameless), 'column')} without a name, called {named}"]


def _without_blank_rows(
    body: pl.DataFrame,
) -> tuple[pl.DataFrame, np.ndarray | None, list[str]]:
    """Return the rows that hold anything, and their numbers if some are left out."""
    import polars as pl

    if body.width == 1 or body.height == 0 or not (body[:, 0] == "").any():
        return body, None, []
    blank = body.select(pl.all_horizontal(pl.all() == "")).to_series().to_numpy()
    kept = np.flatnonzero(~blank)
    if len(kept) == body.height:
        return body, None, []
    skipped = rows_at(np.flatnonzero(blank))
    return body.filter(~pl.Series(blank)), kept, [f"rows without any value skipped: {skipped}"]
