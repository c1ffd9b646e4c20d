"""Lines of estimates from the input through the layers, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fathom.report.figures.marks import interval_bars
from fathom.report.markup import figure_text
from fathom.studies.anatomy import Estimate

if TYPE_CHECKING:
    import plotly.graph_objects as go


def draw_layer_line(
    figure: go.Figure,
    points: Sequence[tuple[int, Estimate]],
    words: str,
    colour: str,
    *,
    layers: Sequence[str],
    told: Callable[[Estimate], str],
) -> None:
    """Draw one quantity, layer by layer; nothing if there are no points.

    Args:
        figure: Gets the line.
        points: Places, 0 for the input and from 1 for layers, and what was estimated there.
        words: The line's name.
        colour: Its colour.
        layers: Names of the layers.
        told: What is told of an estimate under the pointer.
    """
    if not points:
        return
    estimates = [one for _, one in points]
    names = ["input", *map(figure_text, layers)]
    figure.add_scatter(
        x=[place for place, _ in points],
        y=[one.mean for one in estimates],
        error_y=interval_bars(estimates, thickness=1.2, width=4),
        mode="lines+markers",
        name=words,
        line={"color": colour, "width": 2},
        marker={"size": 7},
        customdata=[[names[place], told(one)] for place, one in points],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>%{fullData.name}</extra>",
    )


def layer_axis(layers: Sequence[str]) -> dict[str, Any]:
    """Return the axis below such lines: the input, then every layer by its name."""
    labels = ["input", *(figure_text(name, limit=20) for name in layers)]
    return {
        "tickmode": "array",
        "tickvals": list(range(len(labels))),
        "ticktext": labels,
        "range": [-0.4, len(labels) - 0.6],
        "showgrid": False,
    }
