"""Dates in text: which format all values of a column follow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

MONTH = r"[A-Za-z]{3,9}"

DAYS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"\d{4}-\d{1,2}-\d{1,2}", ("%Y-%m-%d",)),
    (r"\d{4}/\d{1,2}/\d{1,2}", ("%Y/%m/%d",)),
    (r"\d{1,2}\.\d{1,2}\.\d{4}", ("%d.%m.%Y",)),
    (r"\d{1,2}/\d{1,2}/\d{4}", ("%m/%d/%Y", "%d/%m/%Y")),
    (r"\d{1,2}-\d{1,2}-\d{4}", ("%d-%m-%Y", "%m-%d-%Y")),
    (rf"\d{{1,2}} {MONTH} \d{{4}}", ("%d %B %Y", "%d %b %Y")),
    (rf"\d{{1,2}}-{MONTH}-\d{{4}}", ("%d-%b-%Y", "%d-%B-%Y")),
    (rf"{MONTH} \d{{1,2}}, \d{{4}}", ("%B %d, %Y", "%b %d, %Y")),
)
"""How a day may look, and the formats it may follow, the preferred one first."""

CLOCK = re.compile(
    r"(?P<gap>[ T])\d{1,2}:\d{2}(?P<seconds>:\d{2})?(?P<fraction>\.\d+)?"
    r"(?P<zone>Z|[+-]\d{2}:?\d{2})?"
)


def candidates(text: str) -> list[str]:
    """Return the formats that `text` may follow, the preferred one first.

    Example:
        >>> candidates("2024-03-01T12:30:00")
        ['%Y-%m-%dT%H:%M:%S%.f']
        >>> candidates("north")
        []
    """
    for pattern, formats in DAYS:
        if found := re.match(pattern, text):
            clock = _clock_format(text[found.end() :])
            return [] if clock is None else [day + clock for day in formats]
    return []


def _clock_format(text: str) -> str | None:
    if not text:
        return ""
    found = CLOCK.fullmatch(text)
    if found is None:
        return None
    seconds = ":%S%.f" if found["seconds"] else ""
    return f"{found['gap']}%H:%M{seconds}{'%#z' if found['zone'] else ''}"


def formats_of(texts: pl.Series) -> list[str]:
    """Return the formats that every one of `texts` follows.

    Args:
        texts: Different texts, none of them missing.
    """
    import polars as pl

    if not len(texts):
        return []
    possible = candidates(texts[0])
    return [
        form
        for form in possible
        if texts.str.strptime(pl.Datetime("us"), form, strict=False).null_count() == 0
    ]


def is_ambiguous(formats: list[str]) -> bool:
    """Return whether day and month could be swapped."""
    return len({form.index("%d") < form.index("%m") for form in formats if "%m" in form}) > 1


def shown(form: str) -> str:
    """Return a format as people know it, without the reader's marks for optional parts.

    Example:
        >>> shown("%Y-%m-%dT%H:%M:%S%.f%#z")
        '%Y-%m-%dT%H:%M:%S%z'
    """
    return form.replace("%.f", "").replace("%#z", "%z")
