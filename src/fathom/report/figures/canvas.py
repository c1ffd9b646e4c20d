"""The empty figure that every figure starts from."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from fathom.report import palette

if TYPE_CHECKING:
    import plotly.graph_objects as go

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
HEIGHT = 480
COLOUR_BAR = {"thickness": 10, "outlinewidth": 0, "tickfont": {"size": 11}}
NO_RUNS = "No member has been trained yet."


def new_figure(title: str, *, height: int = HEIGHT) -> go.Figure:
    """Return a figure with Fathom's look, a title in words, and nothing drawn."""
    import plotly.graph_objects as go

    figure = go.Figure(layout={"template": _template()})
    figure.update_layout(title_text=title, height=height)
    return figure


def empty_figure(title: str, *, message: str = NO_RUNS) -> go.Figure:
    """Return a figure that says why there is nothing to draw."""
    figure = new_figure(title, height=200)
    figure.update_xaxes(visible=False)
    figure.update_yaxes(visible=False)
    figure.add_annotation(
        text=message, x=0.5, y=0.5, xref="paper", yref="paper", font_size=15, showarrow=False
    )
    return figure


def note(figure: go.Figure, text: str, **place: Any) -> None:
    """Write a quiet word into the figure."""
    figure.add_annotation(
        **{"text": text, "showarrow": False, "font": {"size": 12, "color": palette.MUTED}, **place}
    )


def log_axis(values: Iterable[float], *, written: Callable[[float], str]) -> dict[str, Any]:
    """Return a log axis for `values`, with a handful of ticks however far they span.

    Args:
        values: What will be drawn, all positive.
        written: How a tick is written.
    """
    known = list(values) or [1.0]
    ticks = _log_ticks(min(known), max(known))
    return {
        "type": "log",
        "tickmode": "array",
        "tickvals": ticks,
        "ticktext": [written(tick) for tick in ticks],
    }


def _log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2, 5 of every power of ten, or powers of ten alone over long ranges."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    if math.log10(high / low) < 1.7:
        return [
            float(f"{digit}e{power}") for power in range(first, last + 1) for digit in (1, 2, 5)
        ]
    step = max(1, math.ceil((last - first) / 8))
    anchor = last - last % step
    return [
        float(f"1e{power}") for power in range(anchor - 40 * step, last + 1, step) if power >= first
    ]


def ordinal_axis(labels: list[str], *, title: str) -> dict[str, Any]:
    """Return an axis with one evenly spaced place per label, at 0, 1, 2, ..."""
    return {
        "title": {"text": title},
        "tickmode": "array",
        "tickvals": list(range(len(labels))),
        "ticktext": labels,
        "tickangle": 0,
        "range": [-0.5, len(labels) - 0.5],
        "showgrid": False,
    }


def _template() -> dict[str, Any]:
    return {
        "layout": {
            "font": {"family": FONT, "size": 13, "color": palette.INK},
            "title": {
                "font": {"size": 17},
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "y": 0.98,
                "yref": "container",
                "yanchor": "top",
            },
            "paper_bgcolor": palette.SURFACE,
            "plot_bgcolor": palette.SURFACE,
            "colorway": list(palette.CATEGORIES),
            "margin": {"l": 64, "r": 24, "t": 112, "b": 56},
            "hoverlabel": {"align": "left", "font": {"family": FONT, "size": 13}},
            "legend": _legend(),
            "xaxis": _axis(),
            "yaxis": _axis(),
            "hovermode": "closest",
            "separators": ".,",
            # Plotly's own default offers to upload the figure's data.
            "modebar": {"remove": ["sendChartToCloud"]},
        }
    }


def _legend() -> dict[str, Any]:
    return {
        "orientation": "h",
        "x": 0,
        "xanchor": "left",
        "y": 1.02,
        "yanchor": "bottom",
        "bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12},
    }


def _axis() -> dict[str, Any]:
    return {
        "gridcolor": palette.GRID,
        "linecolor": palette.AXIS,
        "tickcolor": palette.AXIS,
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "zeroline": False,
        "automargin": True,
        "title": {"standoff": 10, "font": {"size": 13}},
        "tickfont": {"size": 12, "color": palette.MUTED},
    }
