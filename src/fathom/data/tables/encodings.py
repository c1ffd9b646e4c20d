"""Bytes of a text file to UTF-8, with the encoding found out and said."""

from __future__ import annotations

import codecs
import re

from fathom.errors import DataError

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8 with a byte order mark"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)

PACKED = (
    (b"\x1f\x8b", "gzip-compressed"),
    (b"\x28\xb5\x2f\xfd", "zstd-compressed"),
    (b"BZh", "bzip2-compressed"),
    (b"\xfd7zXZ", "xz-compressed"),
    (b"PK\x03\x04", "a zip archive or a spreadsheet (.xlsx)"),
    (b"PAR1", "a Parquet file"),
)

CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
WINDOWS = re.compile(rb"[\x80-\x9f]")
CHUNK = 2**24


def to_utf8(data: bytes) -> tuple[bytes, str]:
    """Return text as UTF-8 without a byte order mark, and its encoding in words.

    Raises:
        DataError: The bytes are packed, or are not text.
    """
    refuse_packed(data)
    for mark, codec, words in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return decoded(data, codec, words), words
    if codec := _utf16_without_mark(data):
        return decoded(data, codec, "UTF-16"), "UTF-16 without a byte order mark"
    if is_utf8(data):
        _refuse_nul(data)
        return data, "UTF-8"
    return _single_byte(data)


def refuse_packed(data: bytes) -> None:
    """Raise if the bytes begin as a compressed file does.

    Raises:
        DataError: Names the kind of file.
    """
    for magic, words in PACKED:
        if data.startswith(magic):
            raise DataError(
                f"A .csv or .tsv file must be plain text. Received: {words}.",
                hint="unpack it or save it as CSV first",
            )


def decoded(data: bytes, codec: str, words: str) -> bytes:
    """Return `data` in UTF-8.

    Raises:
        DataError: The bytes do not follow the encoding they announce.
    """
    try:
        return data.decode(codec).encode("utf-8")
    except UnicodeError as error:
        raise _unreadable(f"bytes that are not {words}, as the file's beginning says") from error


def is_utf8(data: bytes) -> bool:
    """Return whether `data` is valid UTF-8, without a copy of it."""
    decoder, view = codecs.getincrementaldecoder("utf-8")(), memoryview(data)
    try:
        for start in range(0, len(data), CHUNK):
            decoder.decode(view[start : start + CHUNK])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _utf16_without_mark(data: bytes) -> str | None:
    """Return the codec of Latin text whose every second byte is zero."""
    sample = data[:4096]
    half = len(sample) // 2
    if half < 2 or len(data) % 2:
        return None
    if sample[1::2].count(0) > 0.7 * half and sample[::2].count(0) < 0.1 * half:
        return "utf-16-le"
    if sample[::2].count(0) > 0.7 * half and sample[1::2].count(0) < 0.1 * half:
        return "utf-16-be"
    return None


def _single_byte(data: bytes) -> tuple[bytes, str]:
    if found := CONTROL.search(data):
        raise _unreadable(f"byte {found.group()[0]:#04x} at position {found.start():,}")
    if WINDOWS.search(data):
        try:
            return data.decode("cp1252").encode("utf-8"), "not UTF-8: read as Windows-1252"
        except UnicodeDecodeError:
            pass
    return data.decode("latin-1").encode("utf-8"), "not UTF-8: read as Latin-1"


def _refuse_nul(data: bytes) -> None:
    if (position := data.find(b"\0")) >= 0:
        raise _unreadable(f"byte 0x00 at position {position:,}")


def _unreadable(received: str) -> DataError:
    return DataError(
        f"A .csv or .tsv file must be text in UTF-8, UTF-16 or Latin-1. Received: {received}.",
        hint="save the file as CSV in UTF-8",
    )
