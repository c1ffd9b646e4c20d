"""Marks that several figures share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fathom.report import palette
from fathom.studies import DepthRow
from fathom.studies.anatomy import Estimate

if TYPE_CHECKING:
    import plotly.graph_objects as go


def error_bars(rows: Sequence[DepthRow]) -> dict[str, Any] | None:
    """Return bars of one standard error; None if every row has a single seed."""
    errors = [row.validation.se for row in rows]
    if all(error is None for error in errors):
        return None
    return {"type": "data", "array": errors, "thickness": 1.5, "width": 4}


def interval_bars(estimates: Sequence[Estimate | None], **style: Any) -> dict[str, Any]:
    """Return bars from the low to the high end of intervals; none where there is no estimate."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [0 if one is None else one.high - one.mean for one in estimates],
        "arrayminus": [0 if one is None else one.mean - one.low for one in estimates],
        **style,
    }


def ring_choice(
    figure: go.Figure, x: float, y: float, *, name: str = "chosen depth", **trace: Any
) -> None:
    """Draw a ring around what was chosen."""
    figure.add_scatter(
        x=[x],
        y=[y],
        mode="markers",
        name=name,
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
