"""Small charts made of characters: curves, bars, and a strip of heat for each layer."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

_EIGHTHS = " ▏▎▍▌▋▊▉█"
_LEVELS = "▁▂▃▄▅▆▇█"
# From little to much; told apart by those who do not see red or green, and each level has a height.
_HEAT = ("#4575b4", "#6e9bc5", "#98c4dc", "#c7dfe8", "#f6d98c", "#f9ae61", "#ee7f4b", "#d73027")
# Dots of a braille character by (column, row).
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_BLANK = 0x2800


def bar(value: float, largest: float, width: int) -> str:
    """Return a bar of `value`, at most `width` characters for `largest`.

    Example:
        >>> bar(0.5, 1.0, 4), bar(float("nan"), 1.0, 4)
        ('██', '')
    """
    if not math.isfinite(value) or largest <= 0 or value <= 0:
        return ""
    eighths = round(8 * width * min(value / largest, 1.0))
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")


def heat_strip(values: Sequence[float | None], *, low: float, high: float, width: int) -> Text:
    """Return values as characters whose height and colour grow with their logarithm.

    Args:
        values: From the earliest to the latest; None and 0 leave a gap.
        low: The value of the lowest level, greater than 0.
        high: The value of the highest.
        width: Most characters; more values than that are thinned out.
    """
    from rich.text import Text

    strip = Text()
    for value in thinned(values, width):
        if value is None or value <= 0 or not math.isfinite(value):
            strip.append("·", style="dim")
        else:
            level = _level(value, low, high)
            strip.append(_LEVELS[level], style=_HEAT[level])
    return strip


def _level(value: float, low: float, high: float) -> int:
    span = math.log(high / low) if high > low else 1.0
    share = math.log(value / low) / span
    return min(max(int(share * len(_LEVELS)), 0), len(_LEVELS) - 1)


def thinned(values: Sequence[float | None], width: int) -> list[float | None]:
    """Return at most `width` of the values, evenly spaced, the first and the last among them.

    Example:
        >>> thinned([1.0, 2.0, 3.0, 4.0, 5.0], 3)
        [1.0, 3.0, 5.0]
    """
    if len(values) <= width:
        return list(values)
    last = len(values) - 1
    return [values[round(place * last / (width - 1))] for place in range(width)]


def curves(
    series: Mapping[str, Sequence[float]], *, colours: Sequence[str], width: int, height: int
) -> list[Text]:
    """Return curves on a logarithmic scale, as `height` lines with their limits on the left.

    Args:
        series: Values from the first epoch on, by name; what is not finite or not above 0 is
            left out.
        colours: A colour for each.
        width: Characters of a line, its labels included.
        height: Lines.
    """
    from rich.text import Text

    usual = [value for values in series.values() for value in values if _is_drawable(value)]
    low, high = min(usual, default=1.0), max(usual, default=1.0)
    if high < 1.05 * low:  # a flat curve lies in the middle
        low, high = low / 1.05, high * 1.05
    labels = _labels(low, high, height)
    margin = max(map(len, labels)) + 2
    cells = _cells(series, low, high, width - margin, height)
    lines = []
    for row, label in enumerate(labels):
        line = Text(f"{label:>{margin - 2}} {'┤' if label else '│'}", style="dim")
        for column in range(width - margin):
            bits, owner = cells.get((column, row), (0, 0))
            character = chr(_BLANK + bits) if bits else " "
            line.append(character, style=f"not dim {colours[owner]}" if bits else "")
        line.rstrip()
        lines.append(line)
    return lines


def _is_drawable(value: float) -> bool:
    return math.isfinite(value) and value > 0


def _labels(low: float, high: float, height: int) -> list[str]:
    labels = [""] * height
    labels[0], labels[-1] = f"{high:.2g}", f"{low:.2g}"
    if height >= 5:
        labels[height // 2] = f"{math.sqrt(low * high):.2g}"
    return labels


def _cells(
    series: Mapping[str, Sequence[float]], low: float, high: float, columns: int, rows: int
) -> dict[tuple[int, int], tuple[int, int]]:
    """Return the dots of each character and which curve they belong to; the last one wins."""
    cells: dict[tuple[int, int], tuple[int, int]] = {}
    span = math.log(high / low)
    for owner, values in enumerate(series.values()):
        for x, y in _dots(values, low, span, 2 * columns, 4 * rows):
            place = (x // 2, y // 4)
            bits, before = cells.get(place, (0, owner))
            bits = bits if before == owner else 0
            cells[place] = (bits | _DOTS[x % 2][y % 4], owner)
    return cells


def _dots(
    values: Sequence[float], low: float, span: float, width: int, height: int
) -> list[tuple[int, int]]:
    """Return the dots of a curve, from the left; steps between its points are filled."""
    steps = max(len(values) - 1, 1)
    points = [
        (
            round(place * (width - 1) / steps),
            round((1 - math.log(value / low) / span) * (height - 1)),
        )
        for place, value in enumerate(values)
        if _is_drawable(value)
    ]
    dots = set(points)
    for (x0, y0), (x1, y1) in pairwise(points):
        length = max(abs(x1 - x0), abs(y1 - y0), 1)
        dots.update(
            (round(x0 + (x1 - x0) * i / length), round(y0 + (y1 - y0) * i / length))
            for i in range(length)
        )
    return sorted(dots)
