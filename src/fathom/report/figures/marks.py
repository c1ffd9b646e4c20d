"""Marks that several figures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fathom.report import palette
from fathom.studies import DepthRow

if TYPE_CHECKING:
    import plotly.graph_objects as go


def error_bars(rows: Sequence[DepthRow]) -> dict[str, Any] | None:
    """Return bars of one standard error; None if every row has a single seed."""
    errors = [row.validation.se for row in rows]
    if all(error is None for error in errors):
        return None
    return {"type": "data", "array": errors, "thickness": 1.5, "width": 4}


def ring_choice(figure: go.Figure, x: float, y: float, **trace: Any) -> None:
    """Draw a ring around the chosen depth."""
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        name="chosen depth",
        legendgroup="chosen",
        marker={
            "symbol": "circle-open",
            "size": 20,
            "color": palette.CHOSEN,
            "line": {"width": 3, "color": palette.CHOSEN},
        },
        hoverinfo="skip",
        **trace,
    )
