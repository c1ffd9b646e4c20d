"""A running fit as a picture: losses, their curves, the layers, and what is wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fathom.cli.fitting.charts import bar, curves, heat_strip
from fathom.cli.terminal import plain
from fathom.report import ratio_text, score_text

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

    from fathom.api.network import Progress
    from fathom.measure import Diagnosis
    from fathom.specs import LayerRecord

TRAIN, VALIDATION = "cyan", "magenta"
WIDE = 120
NARROWEST_BAR = 10
# Beside the curves: two bars, two blank lines, and a title.
_LINES_OF_LOSSES = 5
FEWEST_LAYERS = 3
WIDEST_NAME = 22
# The share of dead or saturated units from which it stands out.
MANY = 0.5
MORE = "..."
_STYLES = {"critical": "bold red", "warning": "bold yellow", "note": "bold"}


def picture(
    progress: Progress, *, width: int, height: int, tells_findings: bool = True
) -> RenderableType:
    """Return all there is to see, in two columns where there is room for them.

    Args:
        progress: Where the training is.
        width: Characters of the terminal.
        height: Lines that may be taken.
        tells_findings: Whether what is wrong is told.
    """
    from rich.console import Group
    from rich.text import Text

    told = [Text(), findings(progress.diagnosis)] if tells_findings else []
    below = _height_of(told, width)
    if width >= WIDE:
        return Group(_side_by_side(progress, width, height - below), *told)
    curve = 7 if height - below >= 22 else 4
    drawn = losses(progress, width, curve)
    room = height - below - curve - _LINES_OF_LOSSES
    return Group(drawn, Text(), layers(progress, width, room), *told)


def _side_by_side(progress: Progress, width: int, height: int) -> RenderableType:
    from rich.table import Table

    left, right = (width - 4) * 9 // 20, (width - 4) * 11 // 20
    grid = Table.grid(padding=(0, 4, 0, 0))
    grid.add_column(width=left)
    grid.add_column(width=right)
    curve = max(min(height - _LINES_OF_LOSSES, 14), 4)
    grid.add_row(losses(progress, left, curve), layers(progress, right, height))
    return grid


def _height_of(parts: Sequence[RenderableType], width: int) -> int:
    """Return how many lines these parts take."""
    from rich.console import Console, Group

    measuring = Console(width=width, height=1000, highlight=False, markup=False, emoji=False)
    return len(measuring.render_lines(Group(*parts), pad=False)) if parts else 0


# -- losses ----------------------------------------------------------------------------


def losses(progress: Progress, width: int, height: int) -> RenderableType:
    """Return the present losses as bars, and all of them as curves."""
    from rich.console import Group
    from rich.text import Text

    both = {"train": progress.train["loss"], "validation": progress.validation["loss"]}
    if not progress.epoch:
        return Text("no epoch yet", style="dim")
    largest = max((v for values in both.values() for v in values if math.isfinite(v)), default=0.0)
    scores = (progress.train[progress.metric], progress.validation[progress.metric])
    lines = [
        _loss_line(name, values[-1], largest, progress.metric, score[-1], colour, width)
        for (name, values), score, colour in zip(both.items(), scores, (TRAIN, VALIDATION))
    ]
    axis = Text(f"loss on a log scale, epochs 1 to {progress.epoch}", style="dim")
    drawn = curves(both, colours=(TRAIN, VALIDATION), width=width, height=height)
    return Group(*lines, Text(), axis, *drawn)


def _loss_line(
    name: str, loss: float, largest: float, metric: str, score: float, colour: str, width: int
) -> Text:
    from rich.text import Text

    numbers = f"{_loss_text(loss):>9}  {metric} {score_text(score)}"
    room = max(width - len(numbers) - 13, NARROWEST_BAR)
    drawn = bar(loss, largest, room)
    return Text.assemble((f"{name:<11}", colour), (f"{drawn:<{room}}", colour), numbers)


def _loss_text(loss: float) -> str:
    return f"{loss:.4g}" if math.isfinite(loss) else "diverged"


# -- layers ----------------------------------------------------------------------------


def layers(progress: Progress, width: int, most: int) -> RenderableType:
    """Return a line for each layer: how much gradient reached it, epoch by epoch, and its units.

    Args:
        progress: Where the training is.
        width: Characters of a line.
        most: Lines that may be taken; layers in the middle are left out for it.
    """
    from rich.console import Group
    from rich.text import Text

    if not progress.layers:
        return Text(plain(progress.note) or "no layer was looked at", style="dim")
    by_layer = _by_layer(progress.layers)
    shown = _shown(list(by_layer), max(most - 1, FEWEST_LAYERS))
    names = max(len(_cut(name)) for name in shown)
    strip = max(width - names - 34, 8)
    limits = _limits(progress.layers)
    title = f"{'gradient, every epoch':<{names + strip + 3}}{'now':>8}{'update':>9}  units"
    return Group(
        Text(title, style="dim"),
        *(
            _layer_line(_cut(name).ljust(names), by_layer[name], limits, strip)
            if name in by_layer
            else Text(MORE, style="dim")
            for name in shown
        ),
    )


def _layer_line(
    name: str, records: Sequence[LayerRecord], limits: tuple[float, float], width: int
) -> Text:
    from rich.text import Text

    gradients = [record.activation_gradient for record in records]
    strip = heat_strip(gradients, low=limits[0], high=limits[1], width=width)
    strip.pad_right(width - len(strip))
    now = records[-1]
    gradient, update = ratio_text(now.activation_gradient), ratio_text(now.update_ratio)
    return Text.assemble(f"{name}  ", strip, f" {gradient:>8}{update:>9}  ", _units(now))


def _by_layer(records: Sequence[LayerRecord]) -> dict[str, list[LayerRecord]]:
    found: dict[str, list[LayerRecord]] = {}
    for record in records:
        found.setdefault(record.layer, []).append(record)
    return found


def _shown(names: list[str], most: int) -> list[str]:
    """Return the names there is room for: the first ones, and the last ones."""
    if len(names) <= most:
        return names
    first = (most - 1) // 2
    return [*names[:first], MORE, *names[len(names) - (most - 1 - first) :]]


def _cut(name: str) -> str:
    clean = plain(name)
    return clean if len(clean) <= WIDEST_NAME else f"...{clean[3 - WIDEST_NAME :]}"


def _limits(records: Sequence[LayerRecord]) -> tuple[float, float]:
    """Return the smallest and largest gradient, at least two powers of ten apart."""
    known = [r.activation_gradient for r in records if r.activation_gradient]
    low, high = min(known, default=1.0), max(known, default=1.0)
    if high < 100 * low:
        middle = math.sqrt(low * high)
        return middle / 10, middle * 10
    return low, high


def _units(record: LayerRecord) -> Text:
    """Return the share of dead or saturated units, where the layer can have any."""
    from rich.text import Text

    for share, word in ((record.dead, "dead"), (record.saturated, "saturated")):
        if share is not None:
            return Text(f"{share:.0%} {word}", style="red" if share >= MANY else "")
    return Text()


# -- diagnosis ----------------------------------------------------------------------------


def findings(diagnosis: Diagnosis) -> RenderableType:
    """Return what is wrong, the most serious first."""
    from rich.console import Group
    from rich.text import Text

    if diagnosis.is_healthy:
        return Text("Nothing wrong so far.", style="green")
    lines = []
    for finding in diagnosis.findings:
        style = _STYLES.get(finding.severity, "bold")
        sentence, mend = plain(finding.sentence), plain(finding.mend)
        lines.append(Text.assemble((sentence, style), f" To mend it: {mend}."))
    return Group(*lines)
