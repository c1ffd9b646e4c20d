"""Many small pictures side by side: as one picture in the page's colours, or as one image."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.report import palette
from fathom.report.figures.canvas import new_figure

if TYPE_CHECKING:
    import plotly.graph_objects as go

COLUMNS = 8
WIDTH = 760  # pixels that heights are reckoned for
LABEL_HEIGHT = 20
MARGIN = 100
DIGITS = 3


@dataclass(frozen=True)
class Grid:
    """Where tiles lie in one large array.

    Args:
        number: How many tiles.
        height: Of a tile, in cells.
        width: Of a tile, in cells.
        columns: Tiles side by side.
        gap_x: Cells between columns.
        gap_y: Cells between lines, with room for a label.
    """

    number: int
    height: int
    width: int
    columns: int
    gap_x: int
    gap_y: int

    @classmethod
    def of(cls, number: int, height: int, width: int, *, columns: int = COLUMNS) -> Grid:
        """Return a grid with room for a label above each tile."""
        columns = min(columns, number)
        gap_x = max(1, width // 8)
        cell = WIDTH / (columns * (width + gap_x))
        return cls(number, height, width, columns, gap_x, max(1, round(LABEL_HEIGHT / cell)))

    @property
    def lines(self) -> int:
        """Tiles one above the other."""
        return math.ceil(self.number / self.columns)

    @property
    def shape(self) -> tuple[int, int]:
        """Cells of the whole, lines and columns."""
        return (
            self.lines * (self.height + self.gap_y),
            self.columns * (self.width + self.gap_x) - self.gap_x,
        )

    @property
    def pixels(self) -> int:
        """Height on the page."""
        return round(WIDTH * self.shape[0] / self.shape[1])

    def corner(self, place: int) -> tuple[int, int]:
        """Return the first line and column of a tile."""
        line, column = divmod(place, self.columns)
        top = line * (self.height + self.gap_y) + self.gap_y
        return top, column * (self.width + self.gap_x)

    def laid(self, tiles: np.ndarray, empty: Any) -> np.ndarray:
        """Return tiles (number, height, width, ...) in one array, `empty` between them."""
        whole = np.full((*self.shape, *tiles.shape[3:]), empty, tiles.dtype)
        for place, tile in enumerate(tiles):
            top, left = self.corner(place)
            whole[top : top + self.height, left : left + self.width] = tile
        return whole


def signed_tiles(title: str, tiles: np.ndarray, labels: Sequence[str], *, unit: str) -> go.Figure:
    """Draw arrays of either sign, each relative to its own largest size.

    Args:
        title: Of the figure.
        tiles: Float (number, height, width), the first line on top.
        labels: Of each, in the figure's own markup.
        unit: What a value is a share of, in words.
    """
    largest = np.abs(tiles).max(axis=(1, 2), keepdims=True)
    shares = np.round(tiles / np.where(largest > 0, largest, 1), DIGITS).astype("float64")
    grid = Grid.of(len(tiles), *tiles.shape[1:])
    cells = grid.laid(shares, np.nan)
    figure = new_figure(title, height=grid.pixels + MARGIN)
    figure.add_heatmap(
        z=[[None if np.isnan(value) else float(value) for value in line] for line in cells],
        zmin=-1,
        zmax=1,
        colorscale=palette.signed_scale(),
        showscale=False,
        hoverongaps=False,
        hovertemplate=f"%{{z:.2f}} of {unit}<extra></extra>",
    )
    _as_a_sheet(figure, grid, labels)
    return figure


def picture_tiles(
    title: str,
    tiles: np.ndarray,
    labels: Sequence[str],
    *,
    words: Sequence[str],
    columns: int = COLUMNS,
) -> go.Figure:
    """Draw pictures as they are.

    Args:
        title: Of the figure.
        tiles: uint8 (number, height, width, 4).
        labels: Of each, in the figure's own markup; "" for none.
        words: What is told of each where the pointer rests, likewise.
        columns: Tiles side by side.
    """
    grid = Grid.of(len(tiles), *tiles.shape[1:3], columns=columns)
    figure = new_figure(title, height=grid.pixels + MARGIN)
    figure.add_image(source=png(grid.laid(tiles, 0)), colormodel="rgba256", hoverinfo="skip")
    centres = [grid.corner(place) for place in range(len(tiles))]
    figure.add_scatter(
        x=[left + (grid.width - 1) / 2 for _, left in centres],
        y=[top + (grid.height - 1) / 2 for top, _ in centres],
        mode="markers",
        marker={"opacity": 0, "size": max(8, round(0.8 * WIDTH / grid.columns)), "color": "#000"},
        text=list(words),
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    _as_a_sheet(figure, grid, labels)
    return figure


def png(pixels: np.ndarray) -> str:
    """Return an image uint8 (height, width, 4) as a data URL."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def as_pixels(pictures: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return pictures as uint8 (..., height, width, 4), the range of each channel from 0 to 255.

    Args:
        pictures: Float (..., height, width, channels), of 1, 3 or 4 channels.
        low: Of each channel, shown as 0.
        high: Of each channel, shown as 255.
    """
    span = np.where(high > low, high - low, 1)
    bright = np.rint(255 * np.clip((pictures - low) / span, 0, 1)).astype("uint8")
    if pictures.shape[-1] == 4:
        return bright
    colours = np.broadcast_to(bright, (*bright.shape[:-1], 3))
    opaque = np.full((*bright.shape[:-1], 1), 255, "uint8")
    return np.concatenate([colours, opaque], axis=-1)


def _as_a_sheet(figure: go.Figure, grid: Grid, labels: Sequence[str]) -> None:
    """Hide axes, keep cells square, and write a label above each tile."""
    lines, columns = grid.shape
    hidden = {"visible": False, "constrain": "domain", "constraintoward": "left"}
    figure.update_xaxes(**hidden, range=[-0.5, columns - 0.5])
    figure.update_yaxes(
        visible=False,
        constrain="domain",
        constraintoward="top",
        range=[lines - 0.5, -0.5],
        scaleanchor="x",
    )
    for place, label in enumerate(labels):
        if label:
            top, left = grid.corner(place)
            figure.add_annotation(
                text=label, x=left - 0.5, y=top - 0.5, xanchor="left", yanchor="bottom",
                showarrow=False, font={"size": 11, "color": palette.MUTED}, yshift=-1,
            )  # fmt: skip
    figure.update_layout(meta={"min_width": WIDTH}, margin={"l": 4, "r": 4, "b": 12})
