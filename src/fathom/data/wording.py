"""Numbers, names and lists as they are put in messages and notices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from fathom.data.limits import LARGEST_NUMBER

LONGEST_NAME = 60
LONGEST_LIST = 5


def short(text: object) -> str:
    """Return `text` on one line, cut in the middle if it is long.

    Example:
        >>> short("a" * 100)
        'aaaaaaaaaaaaaaaaaaaaaaaaaaaaa...aaaaaaaaaaaaaaaaaaaaaaaaaaaa'
    """
    line = str(text).replace("\n", " ").replace("\r", " ")
    if len(line) <= LONGEST_NAME:
        return line
    half = (LONGEST_NAME - 2) // 2
    return f"{line[:half]}...{line[-(half - 1) :]}"


def name_of(column: object) -> str:
    """Return a column's name as it is quoted in messages."""
    return f"`{short(column)}`"


def value_of(value: object) -> str:
    """Return a value as it is quoted in messages."""
    return f"'{short(value)}'"


def listed(items: Iterable[object], *, most: int = LONGEST_LIST) -> str:
    """Return the first items, and how many more there are.

    Example:
        >>> listed(["a", "b", "c"], most=2)
        'a, b and 1 more'
    """
    shown = [str(item) for item in items]
    text = ", ".join(shown[:most])
    return text if len(shown) <= most else f"{text} and {len(shown) - most:,} more"


def rows_at(positions: Sequence[int] | np.ndarray) -> str:
    """Return how many rows, and which, counted from 1 as a spreadsheet does.

    Args:
        positions: Row numbers counted from 0.

    Example:
        >>> rows_at([0, 4])
        '2 rows (row 1, 5)'
    """
    return f"{count(len(positions), 'row')} (row {listed([int(row) + 1 for row in positions])})"


def count(number: int, noun: str, *, plural: str = "") -> str:
    """Return a number with its noun.

    Example:
        >>> count(1, "row"), count(2000, "row")
        ('1 row', '2,000 rows')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def too_large(has_infinity: bool) -> str:
    """Return what numbers are called that are infinite, or become so when they are squared."""
    return "infinity" if has_infinity else f"numbers beyond {LARGEST_NUMBER:g}"
