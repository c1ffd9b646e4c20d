"""Parquet: what a file announces is read and bounded before its data are.

The footer is Thrift's compact protocol; only the numbers needed here are kept.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

from fathom.data.limits import ARRAY_BYTES, at_most
from fathom.data.tables.cells import Cells, cells_of
from fathom.data.tables.panics import reading_parquet
from fathom.errors import DataError

MAGIC = b"PAR1"
DEEPEST = 16

BOOLEANS, BYTE, INTEGERS, DOUBLE, BINARY, LISTS, MAP, STRUCT = (
    (1, 2),
    3,
    (4, 5, 6),
    7,
    8,
    (9, 10),
    11,
    12,
)


def read_parquet(path: Path) -> Cells:
    """Return a Parquet file as columns of its own types.

    Raises:
        DataError: The file is broken, or holds more than the limit.
    """
    import polars as pl

    check_announced_size(path)
    with reading_parquet(path), path.open("rb") as file:
        frame = pl.read_parquet(io.BytesIO(file.read()))
    layout = f"{path.name}: Parquet, the columns have types"
    return cells_of(frame, frame.columns, notices=[layout])


def check_announced_size(path: Path) -> None:
    """Raise if the file says that it holds more than the limit, or contradicts itself.

    Raises:
        DataError: Too large, or the footer or a page's header is broken.
    """
    try:
        footer, end = _footer(path)
        metadata = _Thrift(footer).struct()
        announced = _announced(metadata)
        _check_limits(path, announced)
        _check_pages(path, metadata, end)
    except BROKEN as error:
        raise _broken(path, "announcements that cannot be true") from error


class _ContradictionError(Exception):
    """The footer and a page's header say different things."""


BROKEN = (IndexError, KeyError, TypeError, AttributeError, RecursionError, _ContradictionError)
"""What reading a damaged footer or header raises."""


@dataclass(frozen=True)
class Announced:
    """What a footer says: rows, columns, and bytes after unpacking."""

    rows: int
    columns: int
    bytes: int


def _announced(metadata: dict[int, Any]) -> Announced:
    """Return what the footer says, the larger number where it says it twice."""
    groups = metadata.get(4, [])
    rows = max(metadata[3], sum(group[3] for group in groups))
    columns = max([len(group[1]) for group in groups], default=0)
    chunks = [chunk[3][6] for group in groups for chunk in group[1]]
    return Announced(rows, columns, max(sum(chunks), sum(group[2] for group in groups)))


def _check_limits(path: Path, announced: Announced) -> None:
    hint = "save fewer rows or columns"
    at_most(f"The data of {path.name}", announced.bytes, ARRAY_BYTES, hint=hint)
    cells = 8 * announced.rows * announced.columns
    at_most(f"The rows and columns of {path.name}", cells, ARRAY_BYTES, hint=hint)


def _check_pages(path: Path, metadata: dict[int, Any], end: int) -> None:
    """Raise if a page's header announces more than the footer does for its column."""
    groups = metadata.get(4, [])
    if not groups:
        return
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        for chunk in (chunk[3] for group in groups for chunk in group[1]):
            _check_chunk(data, chunk, end)


def _check_chunk(data: mmap, chunk: dict[int, Any], end: int) -> None:
    at = min(chunk[9], chunk.get(11) or chunk[9])
    values = unpacked = 0
    while values < chunk[5]:
        if not 4 <= at < end:
            raise _ContradictionError("a page outside the file")
        reader = _Thrift(data, at)
        page = reader.struct()
        if page[2] < 0 or page[3] < 0:
            raise _ContradictionError("a page of negative size")
        values += _values_in(page)
        unpacked += page[2]
        at = reader.at + page[3]
    if at > end or values != chunk[5] or unpacked > chunk[6]:
        raise _ContradictionError("pages that hold something else than announced")


def _values_in(page: dict[int, Any]) -> int:
    """Return the number of values of a data page, 0 for a dictionary."""
    header = page.get(5) or page.get(8)
    return header[1] if header else 0


def _footer(path: Path) -> tuple[bytes, int]:
    """Return the footer, and where it begins."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if size < 12 or file.read(4) != MAGIC:
            raise _broken(path, "another beginning than Parquet has")
        file.seek(size - 8)
        length, magic = int.from_bytes(file.read(4), "little"), file.read(4)
        if magic != MAGIC or length > size - 12:
            raise _broken(path, "no end")
        file.seek(size - 8 - length)
        return file.read(length), size - 8 - length


def _broken(path: Path, received: str) -> DataError:
    return DataError(
        f"A .parquet file must be complete. Received: {path.name} has {received}.",
        hint="write the file again",
    )


class _Thrift:
    """A reader of Thrift's compact protocol, for structs as dicts by field number."""

    def __init__(self, data: bytes | mmap, at: int = 0) -> None:
        self.data = data
        self.at = at

    def struct(self, depth: int = 0) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != 0:
            number = number + (head >> 4) if head >> 4 else self._zigzag()
            fields[number] = self._value(head & 15, depth + 1)
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if depth > DEEPEST:
            raise RecursionError("nested too deep")
        if kind in BOOLEANS:
            return kind == 1
        if kind in INTEGERS:
            return self._zigzag()
        if kind in LISTS:
            return self._list(depth)
        return self._rarer(kind, depth)

    def _rarer(self, kind: int, depth: int) -> Any:
        if kind == BYTE:
            return self._byte()
        if kind == DOUBLE:
            return self._skip(8)
        if kind == BINARY:
            return self._skip(self._varint())
        if kind == STRUCT:
            return self.struct(depth)
        raise TypeError(f"kind {kind}")

    def _list(self, depth: int) -> list[Any]:
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._varint()
        if size > len(self.data):  # each item takes a byte or more
            raise IndexError("longer than the footer")
        kind = head & 15
        if kind in BOOLEANS:
            return [self._byte() == 1 for _ in range(size)]
        return [self._value(kind, depth + 1) for _ in range(size)]

    def _byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def _skip(self, length: int) -> None:
        if length < 0 or self.at + length > len(self.data):
            raise IndexError("longer than the footer")
        self.at += length

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise IndexError("a number too long")

    def _zigzag(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
