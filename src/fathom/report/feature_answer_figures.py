"""Figures of how answers come about: responses over the plane, and conductance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fathom.report.feature_points import coloured_points, known_layer, missing
from fathom.report.figures.canvas import empty_figure, new_figure
from fathom.report.markup import figure_text
from fathom.report.signed_matrix import signed_matrix
from fathom.report.tiles import signed_tiles
from fathom.studies.features import FeaturesResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_UNITS = 48  # of a layer in the figure of conductance


def feature_surfaces(result: FeaturesResult, layer: str | None = None) -> go.Figure:
    """Draw every unit's response over the plane of two features."""
    surfaces = result.surfaces
    title = "What each unit responds to, over the plane of the data"
    if surfaces is None:
        return empty_figure(title, message=missing(result, "surfaces"))
    name = None if layer is None else known_layer(result, layer, among=surfaces.layers)
    tiles, labels = [], []
    for place, own in enumerate(surfaces.layers):
        if name in (None, own):
            tiles += list(surfaces.values[place][:, ::-1])  # the second feature grows upwards
            labels += [f"{figure_text(own, limit=14)}:{unit}" for unit in surfaces.units[place]]
    return signed_tiles(title, np.stack(tiles), labels, unit="the unit's largest response")


def feature_plane(result: FeaturesResult) -> go.Figure:
    """Draw the rows of two features, as the surfaces lie under them."""
    surfaces = result.surfaces
    title = "The data"
    if surfaces is None:
        return empty_figure(title, message=missing(result, "surfaces"))
    figure = new_figure(title, height=420)
    for trace in coloured_points(surfaces.points, surfaces.labels, result):
        figure.add_scatter(mode="markers", **trace)
    first, second = (figure_text(name, limit=30) for name in result.inputs.names)
    ends = [float(surfaces.x[0]), float(surfaces.x[-1])]
    figure.update_xaxes(title_text=first, range=ends)
    figure.update_yaxes(title_text=second, range=[float(surfaces.y[0]), float(surfaces.y[-1])])
    return figure


def feature_conductance(result: FeaturesResult, layer: str | None = None) -> go.Figure:
    """Draw how much of the answer for each class passes through each unit of a layer."""
    found = result.conductance
    if found is None:
        return empty_figure("Conductance", message=missing(result, "conductance"))
    name = _last_hidden(result) if layer is None else known_layer(result, layer, among=found.layers)
    values = found.values[found.layers.index(name)].astype("float64")
    order = np.argsort(-np.abs(values).max(axis=0), kind="stable")[:MOST_UNITS]
    order = np.sort(order)
    some = "" if len(order) == values.shape[1] else f", {len(order)} of {values.shape[1]}"
    return signed_matrix(
        f"How much of each answer passes through the units of {figure_text(name)}{some}",
        values[:, order],
        rows=[figure_text(target, limit=24) for target in found.targets],
        columns=[str(unit) for unit in order],
        what="conductance",
    )


def _last_hidden(result: FeaturesResult) -> str:
    names = result.conductance.layers if result.conductance else ()
    rows = [row.name for row in result.layers if not row.is_block and row.name in names]
    return rows[-2] if len(rows) > 1 else rows[-1]
