"""An experiment's figure as SVG: a few kilobytes that follow the reader's light or dark.

Arms that have a place on an axis are drawn as lines, others as one row each; the dots are
seeds, the bars 95% intervals of the mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from fathom.report import palette
from fathom.report.experiment_words import amount_text
from fathom.report.markup import Markup, element
from fathom.report.numbers import power_text
from fathom.report.svg import drawn_line, drawn_text
from fathom.studies.experiments import ExperimentResult, Value
from fathom.studies.experiments.frame import DECADES, SHARE

WIDTH = 400
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 34, 44
PLOT_HEIGHT, ROW = 190, 36
DODGE = 5  # pixels between lines at the same place, so that their bars can be told apart
LETTER = 6.4  # pixels of a letter, about
FONT = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
LINES = ("validation", "test", "chosen", "muted")


@dataclass(frozen=True)
class Scale:
    """From values to pixels.

    Args:
        low: Value at the first pixel.
        high: Value at the last.
        start: First pixel.
        stop: Last pixel.
    """

    low: float
    high: float
    start: float
    stop: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value, rounded so that files stay small."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.stop - self.start), 1)


def experiment_figure(result: ExperimentResult, *, alone: bool = False) -> Markup:
    """Return the figure of a result as an SVG element, a panel for each quantity.

    Args:
        result: What was found.
        alone: Whether it is a file of its own, with colours of its own for light and dark.
    """
    panels, top = [], 0.0
    for quantity in result.quantities:
        values = result.of(quantity)
        draw = _lines if _has_places(result, values) else _rows
        drawn, height = draw(result, quantity, values)
        panels.append(element("g", drawn, transform=f"translate(0 {top:g})"))
        top += height
    return element(
        "svg",
        element("title", f"{result.claim} {result.verdict}."),
        _style(alone=alone),
        element("rect", width=WIDTH, height=f"{top:g}", class_="paper") if alone else None,
        panels,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {top:g}",
        width=WIDTH if alone else None,
        height=f"{top:g}" if alone else None,
        role="img",
        class_="experiment-figure",
    )


def _has_places(result: ExperimentResult, values: Sequence[Value]) -> bool:
    return bool(result.axis) and all(value.at is not None for value in values)


# -- one row for each arm ------------------------------------------------------------------


def _rows(
    result: ExperimentResult, quantity: str, values: Sequence[Value]
) -> tuple[list[Markup], float]:
    height = TOP + ROW * len(values) + BOTTOM - 12
    low, high = _range(values, _limits(result, quantity))
    scale = Scale(low, high, 12, WIDTH - 64)
    drawn = [_heading(quantity), *_ticks_below(scale, values[0], TOP, height - 32)]
    drawn += _limit_marks(result, quantity, scale, TOP, height - 32)
    for place, value in enumerate(values):
        y = TOP + ROW * place + 26
        drawn += [
            drawn_text(12, y - 10, value.arm),
            *(_dot(scale(seed), y, 2.2, "seed") for seed in value.seeds),
            drawn_line(scale(value.low), y, scale(value.high), y, "bar c0"),
            _dot(scale(value.mean), y, 4.5, "mean c0"),
            drawn_text(
                WIDTH - 8, y + 4, amount_text(value.mean, value.unit, digits=value.digits), "end"
            ),
        ]
    return drawn, height


def _ticks_below(scale: Scale, like: Value, top: float, bottom: float) -> list[Markup]:
    drawn = []
    for tick in _ticks(scale.low, scale.high, like.unit):
        x = scale(tick)
        drawn.append(drawn_line(x, top, x, bottom, "grid"))
        drawn.append(drawn_text(x, bottom + 16, _tick_text(tick, like.unit), "middle", "tick"))
    return drawn


# -- lines over an axis -----------------------------------------------------------------


def _lines(
    result: ExperimentResult, quantity: str, values: Sequence[Value]
) -> tuple[list[Markup], float]:
    names = list(dict.fromkeys(value.line for value in values))
    legend = 20 * math.ceil(len(names) / 2) if any(names) and len(names) > 1 else 0
    top = TOP + legend
    height = top + PLOT_HEIGHT + BOTTOM + 8
    low, high = _range(values, _limits(result, quantity))
    y = Scale(low, high, top + PLOT_HEIGHT, top)
    places = sorted({_place(result, value) for value in values})
    pad = 0.06 * (places[-1] - places[0] or 1)
    x = Scale(places[0] - pad, places[-1] + pad, LEFT, WIDTH - RIGHT)
    drawn = [_heading(quantity)]
    for tick in _ticks(low, high, values[0].unit):
        drawn.append(drawn_line(LEFT, y(tick), WIDTH - RIGHT, y(tick), "grid"))
        drawn.append(
            drawn_text(LEFT - 8, y(tick) + 4, _tick_text(tick, values[0].unit), "end", "tick")
        )
    drawn += _places(result, values, x, top + PLOT_HEIGHT)
    for limit in _limits(result, quantity):
        drawn.append(drawn_line(LEFT, y(limit), WIDTH - RIGHT, y(limit), "limit"))
    for number, name in enumerate(names):
        own = [value for value in values if value.line == name]
        aside = DODGE * (number - (len(names) - 1) / 2)
        shifted = Scale(x.low, x.high, x.start + aside, x.stop + aside)
        drawn += _one_line(result, own, shifted, y, f"c{number % len(LINES)}")
        if legend:
            drawn += _legend(number, name)
    return drawn, height


def _one_line(
    result: ExperimentResult, values: Sequence[Value], x: Scale, y: Scale, colour: str
) -> list[Markup]:
    path = [(x(_place(result, value)), y(value.mean)) for value in values]
    points = " ".join(f"{left:g},{down:g}" for left, down in path)
    drawn = [element("polyline", points=points, class_=f"line {colour}")]
    for value, (left, down) in zip(values, path):
        drawn += [_dot(left, y(seed), 2.0, "seed") for seed in value.seeds]
        drawn.append(drawn_line(left, y(value.low), left, y(value.high), f"bar {colour}"))
        drawn.append(_dot(left, down, 4, f"mean {colour}"))
    return drawn


def _places(
    result: ExperimentResult, values: Sequence[Value], x: Scale, bottom: float
) -> list[Markup]:
    """Return the axis below, with a label at each place that has room."""
    drawn, last = [drawn_line(LEFT, bottom, WIDTH - RIGHT, bottom, "axis")], -math.inf
    labels = {_place(result, value): _place_text(result, value) for value in values}
    for place in sorted(labels):
        half = LETTER * len(labels[place]) / 2
        if x(place) - half > last + 4:
            drawn.append(drawn_text(x(place), bottom + 17, labels[place], "middle", "tick"))
            last = x(place) + half
    middle = (LEFT + WIDTH - RIGHT) / 2
    return [*drawn, drawn_text(middle, bottom + 38, result.axis, "middle", "tick")]


def _place(result: ExperimentResult, value: Value) -> float:
    at = value.at or 0.0
    return math.log10(at) if result.is_log and at > 0 else at


def _place_text(result: ExperimentResult, value: Value) -> str:
    if result.axis != "layer":
        return f"{value.at:g}"
    layer = value.arm.rpartition(", ")[2]
    return layer.removeprefix("layer ").removesuffix(" layer")


def _legend(number: int, name: str) -> list[Markup]:
    left, down = 12 + 194 * (number % 2), TOP + 2 + 20 * (number // 2)
    return [
        _dot(left + 4, down - 4, 4, f"mean c{number % len(LINES)}"),
        drawn_text(left + 14, down, name),
    ]


# -- what both have ---------------------------------------------------------------------


def _limits(result: ExperimentResult, quantity: str) -> list[float]:
    """Return the limits that levels of a quantity are held against."""
    found = [
        limit
        for finding in result.findings
        if finding.of == quantity and not finding.is_difference
        for limit in (finding.at_least, finding.at_most)
        if limit is not None
    ]
    return sorted(set(found))


def _limit_marks(
    result: ExperimentResult, quantity: str, scale: Scale, top: float, bottom: float
) -> list[Markup]:
    return [
        drawn_line(scale(limit), top, scale(limit), bottom, "limit")
        for limit in _limits(result, quantity)
    ]


def _range(values: Sequence[Value], limits: Sequence[float]) -> tuple[float, float]:
    ends = [*limits]
    for value in values:
        ends += [value.low, value.high, *value.seeds]
    low, high = min(ends), max(ends)
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 0.5
    if values[0].unit == SHARE:
        return max(low - pad, -pad / 2 if low >= 0 else low - pad), high + pad
    return low - pad, high + pad


def _ticks(low: float, high: float, unit: str) -> list[float]:
    """Return about four round numbers within a range."""
    step = 10 ** math.floor(math.log10((high - low) / 3))
    step *= next((k for k in (1, 2, 5, 10) if (high - low) / (step * k) <= 6), 10)
    step = max(step, 1.0) if unit == DECADES and high - low > 2 else step
    first = math.ceil(low / step)
    return [round(step * k, 10) for k in range(first, math.floor(high / step) + 1)]


def _tick_text(tick: float, unit: str) -> str:
    if unit == SHARE:
        return f"{round(100 * tick, 1):g}%".replace("-", "−")
    return power_text(float(f"{10**tick:.2g}")) if unit == DECADES else f"{tick:g}"


def _heading(quantity: str) -> Markup:
    return element("text", quantity, x=12, y=18, class_="heading")


def _dot(x: float, y: float, radius: float, kind: str) -> Markup:
    return element("circle", cx=f"{x:g}", cy=f"{y:g}", r=f"{radius:g}", class_=kind)


def _style(*, alone: bool) -> Markup:
    colours = "".join(
        f".experiment-figure .c{place}{{--mark:var(--{name})}}" for place, name in enumerate(LINES)
    )
    return element("style", Markup((_own_colours() if alone else "") + _RULES + colours))


def _own_colours() -> str:
    names = {
        "surface": palette.SURFACE,
        "ink": palette.INK,
        "muted": palette.MUTED,
        "grid": palette.GRID,
        "axis": palette.AXIS,
        "validation": palette.VALIDATION,
        "test": palette.TEST,
        "chosen": palette.CHOSEN,
    }
    night = palette.night_colours()
    day = "".join(f"--{name}:{colour};" for name, colour in names.items())
    dark = "".join(f"--{name}:{night[colour]};" for name, colour in names.items())
    return f"svg{{{day}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}"


_RULES = "".join(
    f".experiment-figure {rule}"
    for rule in (
        f"text{{font-family:{FONT};font-size:12.5px;fill:var(--ink);"
        "paint-order:stroke;stroke:var(--surface);stroke-width:3px;stroke-linejoin:round}}",
        ".heading{font-weight:600;font-size:13px}",
        ".tick{fill:var(--muted);font-size:11.5px}",
        ".grid{stroke:var(--grid)}",
        ".axis{stroke:var(--axis)}",
        ".limit{stroke:var(--muted);stroke-dasharray:4 4}",
        ".seed{fill:var(--muted);fill-opacity:.45}",
        ".mean{fill:var(--mark)}",
        ".bar{stroke:var(--mark);stroke-width:2.5;stroke-linecap:round}",
        ".line{fill:none;stroke:var(--mark);stroke-width:1.6;stroke-opacity:.7}",
        ".paper{fill:var(--surface)}",
    )
)
