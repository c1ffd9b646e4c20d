"""Figures of what whole layers have learned: probes, separation of classes, planes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fathom.report import palette
from fathom.report.anatomy_figures import layer_probes
from fathom.report.feature_points import coloured_points
from fathom.report.figures.canvas import empty_figure, new_figure
from fathom.report.figures.panels import arrange, axes_of
from fathom.report.markup import figure_text
from fathom.report.numbers import score_text
from fathom.report.signed_matrix import SMALL_AXIS
from fathom.studies.anatomy import Estimate
from fathom.studies.features import FeaturesResult, LayerFeatures

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
    lines = {
        "between": ("variance between classes", palette.VALIDATION, result.between_input),
        "between_untrained": ("the same, untrained network", palette.TEST, None),
        "silhouette": ("silhouette", palette.CHOSEN, result.silhouette_input),
    }
    for name, (words, colour, raw) in lines.items():
        known = [(place, getattr(row, name)) for place, row in enumerate(rows, start=1)]
        points = [(0, raw), *known]
        _estimates(figure, [(x, one) for x, one in points if one is not None], words, colour, rows)
    figure.add_hline(y=0, line={"color": palette.AXIS, "width": 1})
    labels = ["input", *(figure_text(row.name, limit=20) for row in rows)]
    figure.update_xaxes(
        tickmode="array",
        tickvals=list(range(len(labels))),
        ticktext=labels,
        range=[-0.4, len(labels) - 0.6],
        showgrid=False,
    )
    figure.update_yaxes(title_text="share, and silhouette")
    return figure


def _no_classes(result: FeaturesResult) -> str:
    if result.task == "regression":
        return "A regression has no classes to set apart."
    return "Too few rows of two classes to compare."


def _estimates(
    figure: go.Figure,
    points: Sequence[tuple[int, Estimate]],
    words: str,
    colour: str,
    rows: Sequence[LayerFeatures],
) -> None:
    if not points:
        return
    figure.add_scatter(
        x=[place for place, _ in points],
        y=[one.mean for _, one in points],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [one.high - one.mean for _, one in points],
            "arrayminus": [one.mean - one.low for _, one in points],
            "thickness": 1.2,
            "width": 4,
        },
        mode="lines+markers",
        name=words,
        line={"color": colour, "width": 2},
        marker={"size": 7},
        customdata=[
            ["input" if place == 0 else figure_text(rows[place - 1].name), score_text(one.mean)]
            for place, one in points
        ],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra>%{fullData.name}</extra>",
    )


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
