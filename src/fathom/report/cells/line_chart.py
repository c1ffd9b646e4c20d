"""A small line chart as SVG, in the colours of the cell around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fathom.report.markup import Markup, element, plain
from fathom.report.numbers import power_text
from fathom.report.svg import drawn_line, drawn_text

WIDTH, HEIGHT = 400, 190
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 26, 36
# A line that spans more than this is drawn on a logarithmic scale.
WIDE = 20.0

Point = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of a chart.

    Args:
        name: In words, shown when the pointer rests on it.
        points: x and y; what is not finite parts the line.
        kind: Whose colour it has: "train", "validation", "test" or "chosen".
        bars: x, low and high of intervals.
        has_dots: Whether each point is marked.
    """

    name: str
    points: Sequence[Point]
    kind: str
    bars: Sequence[tuple[float, float, float]] = ()
    has_dots: bool = False


@dataclass(frozen=True, kw_only=True)
class Axis:
    """From values to pixels, evenly or by their logarithms."""

    low: float
    high: float
    start: float
    stop: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; values beyond the ends are drawn at the ends."""
        low, high, at = map(self._bent, (self.low, self.high, min(max(value, self.low), self.high)))
        return round(self.start + (at - low) / (high - low) * (self.stop - self.start), 1)

    def _bent(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


def line_chart(
    lines: Sequence[Line],
    *,
    title: str,
    x_title: str,
    is_log_x: bool = False,
    is_log_y: bool | None = None,
    highest: float | None = None,
    marks: Sequence[tuple[float, str, str]] = (),
) -> Markup:
    """Return lines as an SVG element.

    Args:
        lines: What is drawn, at least one finite point in all.
        title: Of the values.
        x_title: Of the places.
        is_log_x: Whether places are spread by their logarithms.
        is_log_y: Whether values are; None to see by their span.
        highest: Values above it are drawn at it.
        marks: Places with a vertical line: x, its name and its kind.
    """
    x = _axis(_places(lines), LEFT, WIDTH - RIGHT, is_log=is_log_x)
    is_whole = all(place % 1 == 0 for place in _places(lines))
    values = _values(lines, highest)
    y = _value_axis(values, is_log=_is_wide(values) if is_log_y is None else is_log_y)
    return element(
        "svg",
        element("title", plain(title)),
        element("text", plain(title, limit=60), x=0, y=12, class_="title"),
        [_level(y, tick) for tick in _ticks(y)],
        [_place(x, tick) for tick in _ticks(x) if not is_whole or tick % 1 == 0],
        drawn_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 2, x_title, "middle", "tick"),
        [_mark(x, *mark) for mark in marks],
        [_drawn(line, x, y) for line in lines],
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
    )


def _places(lines: Sequence[Line]) -> list[float]:
    return [place for line in lines for place, _ in line.points]


def _values(lines: Sequence[Line], highest: float | None) -> list[float]:
    points = [value for line in lines for _, value in line.points]
    ends = [end for line in lines for bar in line.bars for end in bar[1:]]
    top = math.inf if highest is None else highest
    return [min(value, top) for value in (*points, *ends) if math.isfinite(value)]


def _is_wide(values: Sequence[float]) -> bool:
    return bool(values) and min(values) > 0 and max(values) / min(values) > WIDE


def _axis(values: Sequence[float], start: float, stop: float, *, is_log: bool) -> Axis:
    low, high = min(values, default=0.0), max(values, default=1.0)
    if high <= low:
        low, high = (low / 2, high * 2) if is_log else (low - 0.5, high + 0.5)
    return Axis(low=low, high=high, start=start, stop=stop, is_log=is_log)


def _value_axis(values: Sequence[float], *, is_log: bool) -> Axis:
    low, high = min(values, default=0.0), max(values, default=1.0)
    if not is_log:
        pad = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
        low, high = (0.0 if 0 <= low < 0.5 * high else low - pad), high + pad
    return _axis([low, high], HEIGHT - BOTTOM, TOP, is_log=is_log)


def _ticks(axis: Axis) -> list[float]:
    """Return about four round values within an axis."""
    if axis.is_log:
        first, last = math.ceil(math.log10(axis.low)), math.floor(math.log10(axis.high))
        step = max(1, math.ceil((last - first) / 4))
        powers = [10.0**power for power in range(first, last + 1, step)]
        return powers if len(powers) > 1 else [axis.low, axis.high]
    span = axis.high - axis.low
    step = 10 ** math.floor(math.log10(span / 3))
    step *= next((k for k in (1, 2, 5, 10) if span / (step * k) <= 6), 10)
    first, last = math.ceil(axis.low / step), math.floor(axis.high / step)
    return [round(step * k, 10) for k in range(first, last + 1)]


def _level(y: Axis, tick: float) -> Markup:
    words = power_text(float(f"{tick:.2g}")) if y.is_log else f"{tick:g}"
    line = drawn_line(LEFT, y(tick), WIDTH - RIGHT, y(tick), "grid")
    return element("g", line, drawn_text(LEFT - 6, y(tick) + 4, words, "end", "tick"))


def _place(x: Axis, tick: float) -> Markup:
    words = power_text(float(f"{tick:.2g}")) if x.is_log else f"{tick:g}"
    return drawn_text(x(tick), HEIGHT - BOTTOM + 16, words, "middle", "tick")


def _mark(x: Axis, place: float, name: str, kind: str) -> Markup:
    line = drawn_line(x(place), TOP, x(place), HEIGHT - BOTTOM, "limit")
    return element("g", element("title", name), line, class_=kind)


def _drawn(line: Line, x: Axis, y: Axis) -> Markup:
    at = [(x(place), y(value)) for place, value in line.points if math.isfinite(value)]
    has_dots = line.has_dots or len(at) == 1
    return element(
        "g",
        element("title", plain(line.name)),
        element("path", d=_path(line, x, y), class_="line"),
        [drawn_line(x(place), y(low), x(place), y(high), "bar") for place, low, high in line.bars],
        [element("circle", cx=left, cy=down, r=3.2, class_="dot") for left, down in at if has_dots],
        class_=line.kind,
    )


def _path(line: Line, x: Axis, y: Axis) -> str:
    parts, is_open = [], False
    for place, value in line.points:
        if is_drawn := math.isfinite(value) and (value > 0 or not y.is_log):
            parts.append(f"{'L' if is_open else 'M'}{x(place):g} {y(value):g}")
        is_open = is_drawn
    return "".join(parts)
