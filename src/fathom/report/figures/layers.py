"""What the layers did: how much gradient reaches each, and how many units are stuck."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

from fathom.report import palette
from fathom.report.facts import architecture_label, depth_words, has_several_widths
from fathom.report.figures.canvas import COLOUR_BAR, log_axis, new_figure
from fathom.report.figures.panels import arrange, axes_of
from fathom.report.markup import figure_text
from fathom.report.numbers import power_text, share_text
from fathom.specs import LayerRecord, RunRecord
from fathom.studies import DepthRow, StudyResult, layers_at

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOMENTS = ("At initialisation", "After training")
SMALLEST = 1e-38  # float32 knows no smaller gradient
MOST_WRITTEN = 12  # layers beyond which cells are too narrow for numbers

Profile = list[tuple[str, float | None]]  # (layer, value), from input to output


def gradient_flow(result: StudyResult) -> go.Figure | None:
    """Draw the gradient that reaches each layer, relative to the last layer.

    A line per depth, geometric mean over the seeds at the chosen rate; lines
    end together at the output. None if no network of two layers was watched.
    """
    profiles = [
        [(row, _gradients(result.runs_at_best(row), moment)) for row in result.rows()]
        for moment in (_first_epoch, _last_epoch)
    ]
    drawn = [[(row, profile) for row, profile in one if len(profile) > 1] for one in profiles]
    if not drawn[0]:
        return None
    figure = new_figure("How much gradient reaches each layer")
    arrange(
        figure,
        list(MOMENTS),
        columns=2,
        panel_height=360,
        x_axis={"title": {"text": "layers before the output"}, **_layers_axis(drawn[0])},
        y_axis={"title": {"text": "gradient relative to the last layer"}, **_gradient_axis(drawn)},
    )
    rows = sorted((row for row, _ in drawn[0]), key=_key)
    colours = dict(zip(map(_key, rows), palette.depth_colours(len(rows))))
    for panel, lines in enumerate(drawn):
        for row, profile in lines:
            _draw_gradient(figure, panel, result, row, profile, colours[_key(row)])
    return figure


def layer_health(result: StudyResult) -> go.Figure | None:
    """Draw the share of dead units (ReLU family) or saturated activations (bounded) by layer.

    Mean over the seeds at the chosen rate. None if neither was measured.
    """
    rows = result.rows()
    for attribute, title in _STUCK.items():
        tables = [
            [_shares(result.runs_at_best(row), moment, attribute) for row in rows]
            for moment in (_first_epoch, _last_epoch)
        ]
        if any(table_row for table_row in tables[0]):
            return _health_figure(result, rows, tables, title)
    return None


_STUCK = {
    "dead": "Dead units by layer",
    "saturated": "Saturated activations by layer",
}


def _first_epoch(run: RunRecord) -> int:
    return min(layer.epoch for layer in run.layers)


def _last_epoch(run: RunRecord) -> int:
    return max(layer.epoch for layer in run.layers)


def _measured(
    runs: Sequence[RunRecord], moment: Callable[[RunRecord], int]
) -> list[list[LayerRecord]]:
    """Return each watched run's layers at a moment of its own."""
    return [layers_at(run, moment(run)) for run in runs if run.layers]


def _gradients(runs: Sequence[RunRecord], moment: Callable[[RunRecord], int]) -> Profile:
    relative = [_relative(layers) for layers in _measured(runs, moment)]
    return _over_runs([one for one in relative if one], _geometric_mean)


def _relative(layers: Sequence[LayerRecord]) -> Profile:
    """Return gradients over the last layer's; nothing where that is zero or unknown."""
    last = layers[-1].activation_gradient if layers else None
    if not last:
        return []
    return [
        (
            layer.layer,
            None if (value := layer.activation_gradient) is None else max(value, SMALLEST) / last,
        )
        for layer in layers
    ]


def _shares(
    runs: Sequence[RunRecord], moment: Callable[[RunRecord], int], attribute: str
) -> Profile:
    profiles = [
        [(layer.layer, getattr(layer, attribute)) for layer in layers]
        for layers in _measured(runs, moment)
    ]
    return [pair for pair in _over_runs(profiles, fmean) if pair[1] is not None]


def _over_runs(profiles: Sequence[Profile], mean: Callable[[list[float]], float]) -> Profile:
    """Return the mean profile of runs of one architecture."""
    averaged: Profile = []
    for layer in zip(*profiles):
        known = [value for _, value in layer if value is not None]
        averaged.append((layer[0][0], mean(known) if known else None))
    return averaged


def _geometric_mean(values: list[float]) -> float:
    return math.exp(fmean(map(math.log, values)))


def _key(row: DepthRow) -> tuple[int, int]:
    return row.depth, row.width


def _draw_gradient(
    figure: go.Figure,
    panel: int,
    result: StudyResult,
    row: DepthRow,
    profile: Profile,
    colour: str,
) -> None:
    figure.add_scatter(
        x=[place - len(profile) + 1 for place in range(len(profile))],
        y=[value for _, value in profile],
        mode="lines+markers",
        name=f"depth {architecture_label(result, row)}",
        legendgroup=str(_key(row)),
        showlegend=panel == 0,
        line={"color": colour, "width": 2},
        marker={"size": 5},
        text=[figure_text(name) for name, _ in profile],
        hovertemplate="%{fullData.name}, %{text}: %{y:.2g}<extra></extra>",
        **axes_of(panel),
    )


def _layers_axis(lines: list[tuple[DepthRow, Profile]]) -> dict[str, object]:
    longest = max(len(profile) for _, profile in lines)
    step = max(1, math.ceil(longest / 10))
    back = list(range(0, longest, step))
    return {
        "tickmode": "array",
        "tickvals": [-place for place in back],
        "ticktext": ["output" if place == 0 else str(place) for place in back],
        "range": [0.4 - longest, 0.4],
        "showgrid": False,
    }


def _gradient_axis(panels: list[list[tuple[DepthRow, Profile]]]) -> dict[str, object]:
    """Return a log axis of at least two powers of ten."""
    values = [0.1, 10.0]
    for lines in panels:
        for _, profile in lines:
            values += [value for _, value in profile if value is not None]
    low, high = math.log10(min(values)), math.log10(max(values))
    return {**log_axis(values, written=power_text), "range": [low - 0.15, high + 0.15]}


def _health_figure(
    result: StudyResult, rows: Sequence[DepthRow], tables: list[list[Profile]], title: str
) -> go.Figure:
    shown = [place for place, profile in enumerate(tables[0]) if profile]
    longest = max(len(profile) for table in tables for profile in table)
    labels = [architecture_label(result, rows[place]) for place in shown]
    figure = new_figure(title)
    depth_title = "depth × width" if has_several_widths(result) else depth_words(result)
    quiet = {"showgrid": False, "showline": False, "ticks": ""}
    arrange(
        figure,
        list(MOMENTS),
        columns=2,
        panel_height=max(120, 34 * len(shown)),
        x_axis={
            "title": {"text": "layer, from the input"},
            "dtick": max(1, longest // 10),
            **quiet,
        },
        y_axis={
            "title": {"text": depth_title},
            "tickmode": "array",
            "tickvals": list(range(len(shown))),
            "ticktext": labels,
            **quiet,
        },
    )
    for panel, table in enumerate(tables):
        _draw_health(figure, panel, [table[place] for place in shown], labels, longest)
    return figure


def _draw_health(
    figure: go.Figure, panel: int, table: list[Profile], labels: list[str], longest: int
) -> None:
    shares = [
        [value for _, value in profile] + [None] * (longest - len(profile)) for profile in table
    ]
    names = [
        [figure_text(name) for name, _ in profile] + [""] * (longest - len(profile))
        for profile in table
    ]
    written = [["" if share is None else share_text(share) for share in line] for line in shares]
    figure.add_heatmap(
        x=list(range(1, longest + 1)),
        y=list(range(len(table))),
        z=shares,
        zmin=0,
        zmax=1,
        text=written,
        texttemplate="%{text}" if longest <= MOST_WRITTEN else None,
        textfont={"size": 11, "color": palette.INK},
        customdata=[[[label, name] for name in line] for label, line in zip(labels, names)],
        hovertemplate="depth %{customdata[0]}, %{customdata[1]}: %{text}<extra></extra>",
        hoverongaps=False,
        colorscale=palette.heat_scale(),
        showscale=panel == 0 and longest > MOST_WRITTEN,
        colorbar={"tickformat": ".0%", **COLOUR_BAR},
        xgap=2,
        ygap=2,
        name=MOMENTS[panel].lower(),
        **axes_of(panel),
    )
