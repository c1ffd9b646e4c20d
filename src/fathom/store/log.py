"""The log of a study: a line per record, each with its checksum, only ever appended to.

    1f3c9a07 {"kind":"status","version":1,"status":"running",...}

The checksum is the CRC-32 of the JSON's bytes, in eight hexadecimal digits. A
line that does not match it is left out and said; so is a last line that was
cut short, which is what a crash leaves.
"""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom.errors import FathomError, SpecError, StoreError
from fathom.specs import Record, decode_record, encode_record
from fathom.store.disk import disk_errors, write_all

LOG = "log.jsonl"
_MAX_NAMED_LINES = 5


@dataclass(frozen=True, kw_only=True)
class LogContents:
    """What a log holds.

    Args:
        lines: Line number, counted from 1, and JSON of each sound record.
        damaged: Numbers of the lines that do not match their checksum.
        torn_bytes: Bytes after the last line end: a line that was cut short.
        whole_bytes: Bytes up to and with the last line end.
    """

    lines: tuple[tuple[int, bytes], ...]
    damaged: tuple[int, ...]
    torn_bytes: int
    whole_bytes: int


EMPTY_LOG = LogContents(lines=(), damaged=(), torn_bytes=0, whole_bytes=0)


def encode_line(record: Record) -> bytes:
    """Return the log's line for `record`, line end included.

    Raises:
        SpecError: It is not a record, or has a number that is not finite or
            a value that JSON cannot hold.
    """
    payload = _encode_json(record)
    return b"%08x %s\n" % (zlib.crc32(payload), payload)


def _encode_json(record: Record) -> bytes:
    data = record_data(record)
    try:
        return json_text(data).encode()
    except UnicodeEncodeError:  # a file name that is not UTF-8 has lone surrogates
        return json_text(data, ensure_ascii=True).encode()
    except TypeError as error:
        raise _not_json(record, error) from error
    except ValueError as error:
        raise _not_finite(record, data) or _not_json(record, error) from error


def json_text(data: Any, **options: Any) -> str:
    """Return JSON without spaces, unicode as it is; raises ValueError at NaN and infinity."""
    options = {"ensure_ascii": False, "separators": (",", ":"), **options}
    return json.dumps(data, allow_nan=False, **options)


def record_data(record: Record) -> dict[str, Any]:
    """Return `record` as JSON data.

    Raises:
        SpecError: It is not a record, or cannot be stored.
    """
    if not isinstance(record, Record):
        raise SpecError(
            f"Only records are stored. Received: {type(record).__name__}.",
            hint="Progress is for those who watch; append a RunRecord or StatusRecord",
        )
    try:
        return encode_record(record)
    except TypeError as error:
        raise _not_json(record, error) from error


def _not_json(record: Record, error: Exception) -> SpecError:
    return SpecError(f"A {type(record).__name__} holds what JSON cannot. Received: {error}.")


def _not_finite(record: Record, data: dict[str, Any]) -> SpecError | None:
    for path, number in _numbers(data):
        if not math.isfinite(number):
            return SpecError(
                "A record's numbers must be finite. "
                f"Received: {path}={number} in a {type(record).__name__}.",
                hint="store None, beside a status that says why",
            )
    return None


def _numbers(data: Any, path: str = "") -> Iterator[tuple[str, float]]:
    if isinstance(data, float):
        yield path, data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield from _numbers(value, f"{path}.{key}" if path else str(key))
    elif isinstance(data, (list, tuple)):
        for position, value in enumerate(data):
            yield from _numbers(value, f"{path}[{position}]")


def read_log(path: Path) -> LogContents:
    """Read a log, leaving out what is damaged.

    Raises:
        FileNotFoundError: There is no log.
        OSError: It cannot be read, or is a link.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    with os.fdopen(descriptor, "rb") as file:
        data = file.read()
    *raw_lines, torn = data.split(b"\n")
    payloads = [(number, _payload(raw)) for number, raw in enumerate(raw_lines, start=1)]
    return LogContents(
        lines=tuple((number, payload) for number, payload in payloads if payload is not None),
        damaged=tuple(number for number, payload in payloads if payload is None),
        torn_bytes=len(torn),
        whole_bytes=len(data) - len(torn),
    )


def _payload(raw: bytes) -> bytes | None:
    stated, _, payload = raw.partition(b" ")
    return payload if stated == b"%08x" % zlib.crc32(payload) else None


def notices(log: LogContents) -> tuple[str, ...]:
    """Return what a reader of `log` should be told, in sentences."""
    told = []
    if log.damaged:
        told.append(_damage_notice(log.damaged))
    if log.torn_bytes:
        told.append(
            f"The last line of {LOG} was cut short after {log.torn_bytes:,} bytes and is left "
            "out: Fathom was stopped while writing it."
        )
    return tuple(told)


def _damage_notice(damaged: tuple[int, ...]) -> str:
    named = ", ".join(map(str, damaged[:_MAX_NAMED_LINES]))
    more = f" and {len(damaged) - _MAX_NAMED_LINES} more" if len(damaged) > _MAX_NAMED_LINES else ""
    if len(damaged) == 1:
        return f"Line {named} of {LOG} does not match its checksum and is left out."
    return f"Lines {named}{more} of {LOG} do not match their checksums and are left out."


def decode_lines(path: Path, lines: Iterable[tuple[int, bytes]]) -> tuple[Record, ...]:
    """Return the records of a log's sound lines.

    Args:
        path: The log; named in errors.
        lines: Line numbers and JSON, as in `LogContents.lines`.

    Raises:
        StoreError: A line is sound, but not a record this Fathom knows.
    """
    return tuple(_decode_line(path, number, payload) for number, payload in lines)


def _decode_line(path: Path, number: int, payload: bytes) -> Record:
    try:
        return decode_record(json.loads(payload))
    except (FathomError, ValueError, AttributeError, TypeError) as error:
        message = error.message if isinstance(error, FathomError) else f"{error}."
        raise StoreError(
            f"Line {number} of {path} cannot be understood. {message}",
            hint=getattr(error, "hint", None) or "was it written by another version of Fathom?",
        ) from error


class LogFile:
    """A log opened for appending by the one process that holds the study's lock.

    Args:
        path: The log; made if there is none.
        whole_bytes: Bytes to keep: what follows them was cut short by a crash.
    """

    def __init__(self, path: Path, *, whole_bytes: int) -> None:
        self.path = path
        self._bytes = whole_bytes
        self._synced_bytes = whole_bytes
        self._is_torn = False
        self._descriptor = os.open(
            path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666
        )
        os.ftruncate(self._descriptor, whole_bytes)

    def append(self, lines: bytes, *, durable: bool) -> None:
        """Append whole lines, or nothing.

        Args:
            lines: One or more encoded lines.
            durable: Whether they, and all before them, must outlive a power
                failure when this returns; a crash of Fathom they outlive anyway.

        Raises:
            StoreError: The disk is full or cannot be written; the log is as before.
        """
        before = self._bytes
        with disk_errors(self.path, needs_bytes=len(lines)):
            if self._is_torn:
                self._go_back_to(before)
            try:
                write_all(self._descriptor, lines)
                self._bytes += len(lines)
                if durable:
                    self._sync()
            except BaseException:
                self._go_back_to(before)
                raise

    def sync(self) -> None:
        """Make what was appended so far outlive a power failure."""
        with disk_errors(self.path):
            self._sync()

    def _sync(self) -> None:
        if self._synced_bytes < self._bytes:
            os.fsync(self._descriptor)
            self._synced_bytes = self._bytes

    def _go_back_to(self, size: int) -> None:
        self._bytes = size
        self._is_torn = True
        os.ftruncate(self._descriptor, size)
        self._is_torn = False
        self._synced_bytes = min(self._synced_bytes, size)

    def close(self) -> None:
        """Close the file, whatever is on its way to the disk."""
        os.close(self._descriptor)
