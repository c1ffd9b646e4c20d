"""Rows as points in the colours of their classes, and what feature figures have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fathom.errors import UnknownNameError
from fathom.report import palette
from fathom.report.markup import figure_text
from fathom.report.signed_matrix import short_text
from fathom.specs import closest
from fathom.studies.features import FeaturesResult

SYMBOLS = ("circle", "x", "triangle-up", "square", "diamond", "cross", "star")
# Classes that are colours are drawn in them.
_NAMED = {"blue": palette.VALIDATION, "orange": palette.TEST}


def known_layer(
    result: FeaturesResult, name: str, *, among: Sequence[str] | None = None, what: str = "layer"
) -> str:
    """Return a layer's name if it is one.

    Raises:
        UnknownNameError: It is not; the message lists those there are.
    """
    names = [row.name for row in result.layers] if among is None else list(among)
    if name in names:
        return name
    meant = closest(name, names)
    raise UnknownNameError(
        f"There is no {what} {name!r}. There are: {', '.join(names) or 'none'}.",
        hint=f"did you mean {meant!r}?" if meant else None,
    )


def missing(result: FeaturesResult, name: str) -> str:
    """Return why something is not drawn."""
    return f"Not drawn: {figure_text(result.notes.get(name, 'there are none'), limit=160)}."


def coloured_points(
    points: np.ndarray, labels: np.ndarray, result: FeaturesResult
) -> list[dict[str, Any]]:
    """Return traces of points: one per class, or one in the colours of the target."""
    shown = rounded(points)
    if not result.classes:
        scale = [[place / 23, colour] for place, colour in enumerate(palette.DEPTHS)]
        marker = {"colorscale": scale, "showscale": False}
        return [
            {
                "x": shown[:, 0].tolist(),
                "y": shown[:, 1].tolist(),
                "marker": {**marker, "color": rounded(labels).tolist()},
                "customdata": [short_text(value) for value in labels],
                "hovertemplate": "%{customdata}<extra></extra>",
                "name": figure_text(result.target or "target"),
            }
        ]
    colours = len(palette.CATEGORIES)
    return [
        {
            "x": shown[labels == number, 0].tolist(),
            "y": shown[labels == number, 1].tolist(),
            "marker": {
                "color": _NAMED.get(name, palette.category(number)),
                "symbol": SYMBOLS[number // colours % len(SYMBOLS)],
            },
            "name": figure_text(name, limit=24),
            "legendgroup": str(number),
            "hovertemplate": "%{fullData.name}<extra></extra>",
        }
        for number, name in enumerate(result.classes)
        if (labels == number).any()
    ]


def rounded(values: np.ndarray) -> np.ndarray:
    """Return numbers to four digits of the largest, which is more than a figure shows."""
    size = float(np.abs(values).max(initial=0))
    return np.round(values, 4 - int(np.floor(np.log10(size)))) if size > 0 else values
