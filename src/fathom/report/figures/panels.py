"""Small multiples: equal panels in a grid that a page may fold into fewer columns.

`style` is what the page needs to fold them: page.js places panels by the same rule.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fathom.report import palette

if TYPE_CHECKING:
    import plotly.graph_objects as go

GAP_WIDTH = 0.035  # of the figure's width, between columns
GAP_HEIGHT = 64  # pixels between rows, for tick labels and the next panel's title
MARGINS = 176  # pixels above and below the grid, for the figure's title and legend


def arrange(
    figure: go.Figure,
    titles: list[str],
    *,
    columns: int,
    panel_height: int,
    x_axis: dict[str, Any],
    y_axis: dict[str, Any],
    linked: str = "xy",
) -> None:
    """Lay out one pair of axes per title; panel i is drawn on `axes_of(i)`.

    Args:
        x_axis: What every x axis has in common; its title goes on the lowest panel of a column.
        y_axis: What every y axis has in common; its title goes on the first panel of a row.
        linked: The axes that show one range in all panels, "xy" or "y".
    """
    columns = min(columns, len(titles))
    style = {
        "panels": len(titles),
        "columns": columns,
        "panel_height": panel_height,
        "x_title": _title_of(x_axis),
        "y_title": _title_of(y_axis),
    }
    for place, title in enumerate(titles):
        _add_panel(figure, place, title, x_axis, y_axis, linked=linked)
    figure.update_layout(
        meta={**(figure.layout.meta or {}), "panels": style}, **placement(style, columns)
    )


def axes_of(panel: int) -> dict[str, str]:
    """Return the `xaxis` and `yaxis` of a trace in `panel`, counted from 0."""
    number = "" if panel == 0 else str(panel + 1)
    return {"xaxis": f"x{number}", "yaxis": f"y{number}"}


def placement(style: dict[str, Any], columns: int) -> dict[str, Any]:
    """Return the layout that puts the panels into `columns` columns."""
    rows = math.ceil(style["panels"] / columns)
    inner = rows * style["panel_height"] + (rows - 1) * GAP_HEIGHT
    layout: dict[str, Any] = {"height": inner + MARGINS, "legend": {"y": 1 + 26 / inner}}
    width = (1 - (columns - 1) * GAP_WIDTH) / columns
    height = style["panel_height"] / inner
    gap_height = GAP_HEIGHT / inner
    for panel in range(style["panels"]):
        row, column = divmod(panel, columns)
        left = column * (width + GAP_WIDTH)
        top = 1 - row * (height + gap_height)
        is_lowest = panel + columns >= style["panels"]
        names = axes_of(panel)
        layout[_layout_key(names["xaxis"])] = {
            "domain": [left, min(left + width, 1)],
            "title": {"text": style["x_title"] if is_lowest else ""},
        }
        layout[_layout_key(names["yaxis"])] = {
            "domain": [max(top - height, 0), min(top, 1)],
            "title": {"text": style["y_title"] if column == 0 else ""},
            "showticklabels": column == 0,
        }
    return layout


def _add_panel(
    figure: go.Figure,
    panel: int,
    title: str,
    x_axis: dict[str, Any],
    y_axis: dict[str, Any],
    *,
    linked: str,
) -> None:
    names = axes_of(panel)
    link_x = {"matches": "x"} if "x" in linked and panel else {}
    link_y = {"matches": "y"} if "y" in linked and panel else {}
    figure.update_layout(
        {
            _layout_key(names["xaxis"]): {**x_axis, **link_x, "anchor": names["yaxis"]},
            _layout_key(names["yaxis"]): {**y_axis, **link_y, "anchor": names["xaxis"]},
        }
    )
    figure.add_annotation(
        text=title,
        x=0,
        xref=f"{names['xaxis']} domain",
        xanchor="left",
        y=1,
        yref=f"{names['yaxis']} domain",
        yanchor="bottom",
        yshift=4,
        showarrow=False,
        font={"size": 13, "color": palette.INK},
    )


def _layout_key(axis: str) -> str:
    return f"{axis[0]}axis{axis[1:]}"


def _title_of(axis: dict[str, Any]) -> str:
    return axis.get("title", {}).get("text", "")
