"""What each layer did, epoch by epoch, as a strip of colours with its present numbers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from fathom.report.cells.frame import HEAT_STEPS
from fathom.report.markup import Markup, element, plain
from fathom.report.numbers import ratio_text, share_text
from fathom.specs import LayerRecord

MOST_STEPS = 60
# The share of dead or saturated units from which it stands out.
MANY = 0.5


@dataclass(frozen=True, kw_only=True)
class LayerStrip:
    """One layer of a training.

    Args:
        name: The layer's name.
        levels: Level from 0 to 7 of the gradient's logarithm, from the first look to the last,
            on one scale for all layers; None where there was no gradient.
        gradient: The last gradient, in words.
        update: The last update over the weights, in words.
        units: Dead or saturated units, in words.
        is_bad: Whether half of the units or more are dead or saturated.
    """

    name: str
    levels: tuple[int | None, ...]
    gradient: str
    update: str
    units: str
    is_bad: bool


def layer_strips(records: Sequence[LayerRecord]) -> list[LayerStrip]:
    """Return a strip for each layer, from input to output.

    Args:
        records: A record per layer and epoch, in the order of epochs.
    """
    by_layer: dict[str, list[LayerRecord]] = defaultdict(list)
    for record in records:
        by_layer[record.layer].append(record)
    low, high = _limits([record.activation_gradient for record in records])
    return [_strip(name, own, low, high) for name, own in by_layer.items()]


def _strip(name: str, records: Sequence[LayerRecord], low: float, high: float) -> LayerStrip:
    last = records[-1]
    share, word = (last.dead, "dead") if last.dead is not None else (last.saturated, "saturated")
    return LayerStrip(
        name=plain(name, limit=40),
        levels=tuple(_level(one.activation_gradient, low, high) for one in _thinned(records)),
        gradient=ratio_text(last.activation_gradient),
        update=ratio_text(last.update_ratio),
        units="" if share is None else f"{share_text(share)} {word}",
        is_bad=share is not None and share >= MANY,
    )


def _thinned(records: Sequence[LayerRecord]) -> list[LayerRecord]:
    """Return at most 60 records, evenly spaced, the first and the last among them."""
    if len(records) <= MOST_STEPS:
        return list(records)
    step = (len(records) - 1) / (MOST_STEPS - 1)
    return [records[round(place * step)] for place in range(MOST_STEPS)]


def _limits(gradients: Sequence[float | None]) -> tuple[float, float]:
    """Return the smallest and largest gradient, at least two powers of ten apart."""
    known = [g for g in gradients if g is not None and math.isfinite(g) and g > 0]
    low, high = min(known, default=1.0), max(known, default=1.0)
    if high < 100 * low:
        middle = math.sqrt(low) * math.sqrt(high)
        return middle / 10, middle * 10
    return low, high


def _level(gradient: float | None, low: float, high: float) -> int | None:
    if gradient is None or not math.isfinite(gradient) or gradient <= 0:
        return None
    share = (math.log(gradient) - math.log(low)) / (math.log(high) - math.log(low))
    return min(max(int(share * HEAT_STEPS), 0), HEAT_STEPS - 1)


def strip_drawing(strip: LayerStrip) -> Markup:
    """Return the levels of a strip as an SVG element."""
    paths = []
    for level in range(HEAT_STEPS):
        runs = "".join(
            f"M{place} 0h1.03v1h-1.03z" for place, one in enumerate(strip.levels) if one == level
        )
        if runs:
            paths.append(element("path", d=runs, class_=f"heat-{level}"))
    return element(
        "svg",
        element("title", f"Gradient of {strip.name}, from the first look to the last"),
        paths,
        viewBox=f"0 0 {len(strip.levels)} 1",
        preserveAspectRatio="none",
        role="img",
        class_="strip",
    )


def strip_cells(strip: LayerStrip) -> dict[str, object]:
    """Return a strip as a row of a table."""
    many = element("span", strip.units, class_="many") if strip.is_bad else strip.units
    return {
        "layer": strip.name,
        "gradient, every epoch": strip_drawing(strip),
        "now": strip.gradient,
        "update ÷ weights": strip.update,
        "units": many,
    }
