"""Figures of what whole layers have learned: probes, separation of classes, planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fathom.report import palette
from fathom.report.anatomy_figures import layer_probes
from fathom.report.feature_points import coloured_points
from fathom.report.figures.canvas import empty_figure, new_figure
from fathom.report.figures.panels import arrange, axes_of
from fathom.report.layer_lines import draw_layer_line, layer_axis
from fathom.report.markup import figure_text
from fathom.report.numbers import score_text
from fathom.report.signed_matrix import SMALL_AXIS
from fathom.studies.anatomy import Estimate
from fathom.studies.features import FeaturesResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST_POINTS = 5000  # of all planes together: each is drawn as one


def feature_probes(result: FeaturesResult) -> go.Figure:
    """Draw what a linear model reads from each layer, beside its three controls."""
    return layer_probes(result)


def feature_separation(result: FeaturesResult) -> go.Figure:
    """Draw, layer by layer, the share of variance between classes and the silhouette."""
    title = "How far apart the classes are in each layer"
    rows = [row for row in result.layers if not row.is_block]
    if result.between_input is None:
        return empty_figure(title, message=_no_classes(result))
    figure = new_figure(title, height=420)
    names = [row.name for row in rows]
    lines = {
        "between": ("variance between classes", palette.VALIDATION, result.between_input),
        "between_untrained": ("the same, untrained network", palette.TEST, None),
        "silhouette": ("silhouette", palette.CHOSEN, result.silhouette_input),
    }
    for name, (words, colour, raw) in lines.items():
        known = [(place, getattr(row, name)) for place, row in enumerate(rows, start=1)]
        points = [(0, raw), *known]
        estimated = [(place, one) for place, one in points if one is not None]
        draw_layer_line(figure, estimated, words, colour, layers=names, told=_mean_text)
    figure.add_hline(y=0, line={"color": palette.AXIS, "width": 1})
    figure.update_xaxes(layer_axis(names))
    figure.update_yaxes(title_text="share, and silhouette")
    return figure


def _no_classes(result: FeaturesResult) -> str:
    if result.task == "regression":
        return "A regression has no classes to set apart."
    return "Too few rows of two classes to compare."


def _mean_text(estimate: Estimate) -> str:
    return score_text(estimate.mean)


def feature_embedding(result: FeaturesResult) -> go.Figure:
    """Draw the same test rows in the plane, layer by layer."""
    shown = result.embedding
    names = {"pca": "principal components", "tsne": "t-SNE", "isomap": "Isomap"}
    figure = new_figure(f"The test rows, layer by layer ({names[shown.by]})")
    arrange(
        figure,
        [_plane_title(name, kept) for name, kept in zip(shown.names, shown.explained)],
        columns=3,
        panel_height=250,
        x_axis={"title": {"text": ""}, **_BARE},
        y_axis={"title": {"text": ""}, **_BARE},
        linked="",
    )
    rows = min(shown.points.shape[1], max(50, MOST_POINTS // len(shown.names)))
    for panel, points in enumerate(shown.points):
        _draw_plane(figure, panel, points[:rows], shown.labels[:rows], result)
    figure.update_layout(legend={"itemsizing": "constant"})
    return figure


_BARE = {**SMALL_AXIS, "tickmode": "array", "tickvals": [], "mirror": True, "showline": True}


def _plane_title(name: str, explained: float | None) -> str:
    kept = "" if explained is None else f", {100 * explained:.0f}% of the variance"
    return f"{figure_text(name, limit=24)}{kept}"


def _draw_plane(
    figure: go.Figure, panel: int, points: np.ndarray, labels: np.ndarray, result: FeaturesResult
) -> None:
    for trace in coloured_points(points, labels, result):
        figure.add_scatter(
            mode="markers",
            showlegend=panel == 0 and bool(result.classes),
            **{**trace, "marker": {"size": 5, "opacity": 0.75, **trace["marker"]}},
            **axes_of(panel),
        )
