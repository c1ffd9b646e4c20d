"""Numbers of either sign as a figure: coloured cells with names on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.report import palette
from fathom.report.figures.canvas import COLOUR_BAR, new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_WRITTEN = 12  # columns beyond which cells are too narrow for numbers
WRITTEN_CELL, CELL, MOST_WIDTH = 48, 19, 900  # pixels of a column, and of a figure, at least
PALER = 1.8  # colours under numbers end short of the strongest
SMALL_AXIS = {"showgrid": False, "showline": False, "ticks": "", "zeroline": False}


def signed_matrix(
    title: str,
    values: np.ndarray,
    *,
    rows: Sequence[str],
    columns: Sequence[str],
    what: str,
    written: Sequence[Sequence[str]] | None = None,
) -> go.Figure:
    """Draw numbers of either sign as coloured cells with names on both sides."""
    is_written = len(columns) <= MOST_WRITTEN
    largest = float(np.nan_to_num(np.abs(values)).max(initial=0)) or 1.0
    largest *= PALER if is_written else 1
    text = written or [[short_text(value) for value in line] for line in values]
    figure = new_figure(title, height=max(24 * len(rows), 60) + 200)
    figure.add_heatmap(
        z=[[None if np.isnan(v) else float(f"{v:.4g}") for v in line] for line in values],
        zmin=-largest,
        zmax=largest,
        colorscale=palette.signed_scale(),
        colorbar={**COLOUR_BAR, "title": {"text": what, "side": "right"}},
        text=text,
        texttemplate="%{text}" if is_written else None,
        textfont={"size": 11, "color": palette.INK},
        customdata=[[[row, column] for column in columns] for row in rows],
        hovertemplate="%{customdata[0]}, %{customdata[1]}: %{text}<extra></extra>",
        hoverongaps=False,
        xgap=1,
        ygap=1,
    )
    cell = WRITTEN_CELL if is_written else CELL
    figure.update_layout(meta={"min_width": min(MOST_WIDTH, 170 + cell * len(columns))})
    axis = {**SMALL_AXIS, "tickmode": "array"}
    figure.update_xaxes(
        **axis,
        tickvals=list(range(len(columns))),
        ticktext=list(columns),
        tickangle=-40 if max(map(len, columns)) > 3 else 0,
    )
    figure.update_yaxes(
        **axis, tickvals=list(range(len(rows))), ticktext=list(rows), autorange="reversed"
    )
    return figure


def short_text(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value + 0.0:.3g}".replace("-", "−")
