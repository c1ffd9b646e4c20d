"""Figures of what single units have learned: the first layer's filters, and what excites units."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.report.feature_points import known_layer, missing
from fathom.report.figures.canvas import empty_figure
from fathom.report.markup import figure_text
from fathom.report.signed_matrix import short_text, signed_matrix
from fathom.report.tiles import as_pixels, picture_tiles, signed_tiles
from fathom.studies.features import FeaturesResult, Filters, UnitFeatures

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_NAMED = 60  # inputs in a figure
HEADING = "rows that excite it, strongest first"


def feature_filters(result: FeaturesResult) -> go.Figure:
    """Draw the first layer's weights, unit by unit; why not where there are none."""
    filters = result.filters
    if filters is None:
        return empty_figure("First-layer filters", message=missing(result, "filters"))
    if filters.values.ndim == 2:
        return _named_weights(result, filters)
    shown = len(filters.units)
    some = "" if shown == filters.total else f", {shown} of {filters.total}"
    title = f"Filters of {figure_text(filters.layer)}{some}"
    labels = [f"unit {unit}" for unit in filters.units]
    if filters.values.shape[-1] == 3:
        size = np.abs(filters.values).max(axis=(1, 2, 3), keepdims=True)
        relative = filters.values / np.where(size > 0, size, 1)
        return picture_tiles(
            title, as_pixels(relative, np.array(-1.0), np.array(1.0)), labels, words=labels
        )
    tiles = filters.values.mean(axis=-1)
    return signed_tiles(title, tiles, labels, unit="the unit's largest weight")


def _named_weights(result: FeaturesResult, filters: Filters) -> go.Figure:
    """Draw weights by the name of their input, those that matter most."""
    values = filters.values.astype("float64")
    order = np.argsort(-np.square(values).sum(axis=0), kind="stable")[:MOST_NAMED]
    order = np.sort(order)
    names = [figure_text(result.inputs.names[place], limit=24) for place in order]
    return signed_matrix(
        f"Weights of {figure_text(filters.layer)} by input",
        values[:, order],
        rows=[f"unit {unit}" for unit in filters.units],
        columns=names,
        what="weight",
    )


def feature_units(result: FeaturesResult, layer: str | None = None) -> go.Figure:
    """Draw the input found for each unit of a layer, and the rows that excite it most."""
    shown = list(dict.fromkeys(unit.layer for unit in result.units))
    name = (
        shown[0] if layer is None else known_layer(result, layer, among=shown, what="shown layer")
    )
    units = result.units_of(name)
    title = f"What the units of {figure_text(name)} respond to"
    if result.inputs.kind in ("picture", "sequence"):
        return _pictured_units(result, units, title)
    return _listed_units(result, units, title)


def _pictured_units(result: FeaturesResult, units: Sequence[UnitFeatures], title: str) -> go.Figure:
    columns = 1 + max(1, *(len(unit.rows) for unit in units))
    clear = np.zeros_like(_pixels(result, result.inputs.mean[None])[0])  # transparent
    tiles, labels, words = [], [], []
    for place, unit in enumerate(units):
        found = clear if unit.maximiser is None else _pixels(result, unit.maximiser[None])[0]
        rows = list(_pixels(result, unit.inputs))
        blank = [clear] * (columns - 1 - len(rows))
        head = HEADING if place == 0 else ""
        tiles += [found, *rows, *blank]
        labels += [f"unit {unit.unit}", head, *[""] * (columns - 2)]
        words += [_found_words(unit), *_row_words(unit), *[""] * len(blank)]
    return picture_tiles(title, np.stack(tiles), labels, words=words, columns=columns)


def _pixels(result: FeaturesResult, inputs: np.ndarray) -> np.ndarray:
    """Return inputs as uint8 pictures; of sequences features are lines."""
    low, high = result.inputs.low, result.inputs.high
    if result.inputs.kind == "sequence":
        span = np.where(high > low, high - low, 1)
        lines = ((inputs - low) / span).swapaxes(1, 2)[..., None]
        return as_pixels(lines, np.array(0.0), np.array(1.0))
    return as_pixels(inputs, low, high)


def _found_words(unit: UnitFeatures) -> str:
    if unit.reached is None:
        return f"unit {unit.unit}: no input was found"
    return f"unit {unit.unit}, found by ascent: responds {unit.reached:.3g}"


def _row_words(unit: UnitFeatures) -> list[str]:
    where = [f", most at {_place(one)}" if one else "" for one in unit.positions]
    return [
        f"unit {unit.unit}, row {row}, {figure_text(label)}: responds {response:.3g}{place}"
        for row, label, response, place in zip(
            unit.rows, unit.labels, unit.responses, where or [""] * len(unit.rows)
        )
    ]


def _place(position: tuple[int, ...]) -> str:
    if len(position) == 1:
        return f"step {position[0]}"
    return "line {}, column {} of its map".format(*position)


def _listed_units(result: FeaturesResult, units: Sequence[UnitFeatures], title: str) -> go.Figure:
    """Draw, for tables, how inputs differ from the mean row: found, and of the top rows."""
    inputs = result.inputs
    deviation = np.where(inputs.deviation > 0, inputs.deviation, 1)
    none = np.full(inputs.shape, np.nan)
    found = np.stack([none if unit.maximiser is None else unit.maximiser for unit in units])
    tops = np.stack([unit.inputs.mean(axis=0) if unit.rows else none for unit in units])
    apart = np.nan_to_num(np.abs(np.stack([found, tops]) - inputs.mean) / deviation)
    columns = np.sort(np.argsort(-apart.max(axis=(0, 1)), kind="stable")[:MOST_NAMED])
    rows, values = [], []
    for unit, one, mean in zip(units, found, tops):
        rows += [f"unit {unit.unit}, found", f"unit {unit.unit}, top rows"]
        values += [one, mean]
    shown = np.stack(values)[:, columns]
    scaled = (shown - inputs.mean[columns]) / deviation[columns]
    return signed_matrix(
        title,
        scaled,
        rows=rows,
        columns=[figure_text(inputs.names[place], limit=24) for place in columns],
        what="deviations from the mean row",
        written=[[short_text(value) for value in line] for line in shown],
    )
