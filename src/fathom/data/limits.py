"""How much is read at most, so that no file can fill the memory.

A file says in its header how much it holds; the limits are compared with
that before anything is unpacked.
"""

from __future__ import annotations

from fathom.errors import DataError

GIB = 2**30

TEXT_BYTES = 2 * GIB
"""Largest CSV or TSV file. Reading one takes four times its size in memory (measured with a
million rows of ten numbers), or eight times where it is thousands of columns wide."""

ARRAY_BYTES = 4 * GIB
"""Largest array: as stored, and as float32 after preprocessing."""

LARGEST_NUMBER = 1e150
"""Largest number of a feature or target, of either sign: the squares of larger ones, which
scaling takes, are infinite."""

HEADER_BYTES = 10_000
"""Longest header of an array inside an .npz file."""

IMAGE_PIXELS = 50_000_000
"""Largest single image."""

STORED_BYTES = 64 * 2**20
"""Largest stored preprocessing, packed and unpacked."""


def at_most(what: str, size: int, limit: int, *, hint: str) -> None:
    """Raise if `what` would take more than `limit` bytes.

    Raises:
        DataError: `size > limit`.
    """
    if size > limit:
        raise DataError(
            f"{what} must not take more than {in_words(limit)}. Received: {in_words(size)}.",
            hint=hint,
        )


def in_words(size: int) -> str:
    """Return a number of bytes for people.

    Example:
        >>> in_words(3 * 2**30)
        '3.0 GiB'
    """
    value, units = float(size), ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.0f} {units[0]}" if units[0] == "bytes" else f"{value:.1f} {units[0]}"
