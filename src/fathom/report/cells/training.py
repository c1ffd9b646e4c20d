"""A training in a notebook: its curves, its layers, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from fathom.measure import Diagnosis
from fathom.report.cells.frame import framed, table
from fathom.report.cells.line_chart import Line, line_chart
from fathom.report.cells.strips import layer_strips, strip_cells
from fathom.report.markup import Markup, element, plain
from fathom.report.numbers import counted, score_text
from fathom.specs import LayerRecord

Logs = Mapping[str, Sequence[float]]

VALIDATION = "val_"
HEALTHY = "Nothing is wrong with this training, as far as could be seen."


def history_cell(
    logs: Logs, *, layers: Sequence[LayerRecord], diagnosis: Diagnosis | None, note: str = ""
) -> str:
    """Return a training as HTML.

    Args:
        logs: Losses and metrics of each epoch by name, those of validation after "val_".
        layers: What was measured of the layers; () if they were not watched.
        diagnosis: What is wrong; None if nothing can be said.
        note: Why the layers were not watched; empty if they were, or nobody asked.
    """
    score = score_name(logs)
    names = ["loss", *([score] if score else [])]
    strips = layer_strips(layers)
    return framed(
        element("p", _reached(logs, names), class_="head"),
        element(
            "div",
            [_chart(logs, name) for name in names if _is_drawable(logs, name)],
            class_="charts",
        ),
        _key(logs),
        table(map(strip_cells, strips)),
        element("p", note, class_="quiet") if note else None,
        findings(diagnosis) if diagnosis else None,
    )


def score_name(logs: Logs) -> str | None:
    """Return the metric that is shown beside the loss: accuracy, R², or the first there is."""
    names = [name for name in logs if name not in ("loss", "learning_rate", "lr")]
    names = [name for name in names if not name.startswith(VALIDATION)]
    known = [name for name in names if "acc" in name or name in ("r2", "r2_score")]
    return next(iter([*known, *names]), None)


def findings(diagnosis: Diagnosis) -> Markup:
    """Return what is wrong as a list, the most serious first."""
    items = [
        element(
            "li",
            element("strong", plain(one.name.replace("-", " "))),
            f": {plain(one.sentence, limit=600)} ",
            element("span", f"To mend it: {plain(one.mend, limit=600)}.", class_="quiet"),
            class_=one.severity,
        )
        for one in diagnosis.findings
    ] or [element("li", HEALTHY, class_="healthy")]
    unseen = [element("li", plain(text, limit=600), class_="quiet") for text in diagnosis.unseen]
    return element("ul", items, unseen, class_="findings")


def _reached(logs: Logs, names: Sequence[str]) -> str:
    epochs = len(logs.get("loss", ()))
    if not epochs:
        return "No epoch was trained."
    parts = []
    for name in names:
        for key, word in ((name, name), (VALIDATION + name, f"validation {name}")):
            if logs.get(key):
                parts.append(f"{word} {_number(logs[key][-1], name)}")
    return f"{counted(epochs, 'epoch')}: {', '.join(parts)}"


def _number(value: float, name: str) -> str:
    if not math.isfinite(value):
        return "diverged"
    return f"{value:.4g}" if name == "loss" else score_text(value)


def _is_drawable(logs: Logs, name: str) -> bool:
    values = [*logs.get(name, ()), *logs.get(VALIDATION + name, ())]
    return any(math.isfinite(value) for value in values)


def _chart(logs: Logs, name: str) -> Markup:
    lines = [
        Line(name=words, points=_points(logs[key], len(logs["loss"])), kind=kind)
        for key, words, kind in (
            (name, f"training {name}", "train"),
            (VALIDATION + name, f"validation {name}", "validation"),
        )
        if logs.get(key)
    ]
    return line_chart(
        lines, title=name, x_title="epoch", is_log_y=None if name == "loss" else False
    )


def _points(values: Sequence[float], epochs: int) -> list[tuple[float, float]]:
    """Return values by epoch; a validation every few epochs has fewer of them."""
    step = max(epochs // len(values), 1)
    return [((place + 1) * step, value) for place, value in enumerate(values)]


def _key(logs: Logs) -> Markup:
    names = {"train": "training"}
    if logs.get("val_loss"):
        names["validation"] = "validation"
    keys = [
        element("span", element("i", class_="swatch"), word, class_=kind)
        for kind, word in names.items()
    ]
    return element("p", keys, class_="key quiet")
