"""Figures of shallow against deep: errors against parameters, regions against depth."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from fathom.report import palette
from fathom.report.figures.canvas import log_axis, new_figure, note, ordinal_axis
from fathom.report.numbers import count_text
from fathom.studies.depth_separation import (
    FunctionResult,
    Mark,
    NetworkResult,
    error_name,
    marks,
    most_pieces,
    reachable_pieces,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

SMALLEST = 1e-6  # of a regression: a log axis knows no zero
MARGIN = 0.06  # powers of ten beside the smallest and the largest network
MEDIAN, BEST = "solid", "dot"


def separation_errors(found: FunctionResult) -> go.Figure:
    """Draw error against parameters, a line per depth, with theory's numbers of parameters."""
    name = error_name(found.target)
    figure = new_figure(f"{_title(found)}: {name} against parameters (both log)", height=560)
    colours, least = palette.depth_colours(len(found.depths)), _least(found)
    for depth, colour in zip(found.depths, colours):
        networks = found.at_depth(depth)
        words = f"{depth} layer{'s' * (depth != 1)}"
        _draw_errors(figure, networks, lambda one: one.median, words, colour, MEDIAN, least)
        _draw_errors(figure, networks, lambda one: one.best, words, colour, BEST, least)
    _explain(figure, {"median over seeds": MEDIAN, "best of all trainings": BEST})
    theory = marks(found.target)
    for place, mark in enumerate(theory):
        _draw_mark(figure, mark, height=0.02 + 0.08 * place)
    sizes = [one.parameters for one in found.networks] + [mark.parameters for mark in theory]
    figure.update_xaxes(
        **log_axis(sizes, written=lambda tick: count_text(round(tick))),
        title_text="parameters",
        range=[math.log10(min(sizes)) - MARGIN, math.log10(max(sizes)) + MARGIN],
    )
    told = [e for one in found.networks for e in (one.median, one.best) if e is not None]
    errors = [max(error, least) for error in told]
    figure.update_yaxes(**log_axis(errors, written=lambda tick: f"{tick:g}"), title_text=name)
    return figure


def separation_regions(found: FunctionResult) -> go.Figure:
    """Draw the regions along a line against depth, trained and not, with theory's bounds."""
    figure = new_figure(f"{_title(found)}: linear regions along a line (log)", height=540)
    counted: list[float] = []
    for place, budget in enumerate(found.budgets):
        networks, colour = found.within(budget), palette.category(place)
        words = f"{count_text(budget)} parameters"
        counted += _draw_counts(figure, networks, words, colour)
    styles = {
        "after training": "solid",
        "before training": "dot",
        "reachable by some weights, and most possible": "dash",
    }
    _explain(figure, styles)
    if found.target.kind == "tents":
        _draw_pieces(figure, 2**found.target.size)
    figure.update_xaxes(ordinal_axis([str(depth) for depth in found.depths], title="hidden layers"))
    figure.update_yaxes(
        **log_axis(counted, written=_count_tick),
        title_text="regions along a line",
    )
    return figure


def _title(found: FunctionResult) -> str:
    words = found.target.words
    return words[0].upper() + words[1:]


def _least(found: FunctionResult) -> float:
    """Return where an error of nothing is drawn: at half a row, for shares of rows."""
    return SMALLEST if found.target.task == "regression" else 0.5 / found.rows.get("test", 1)


def _draw_errors(
    figure: go.Figure,
    networks: Sequence[NetworkResult],
    error_of: Callable[[NetworkResult], float | None],
    name: str,
    colour: str,
    dash: str,
    least: float,
) -> None:
    known = [(one, error) for one in networks if (error := error_of(one)) is not None]
    figure.add_scatter(
        x=[one.parameters for one, _ in known],
        y=[max(error, least) for _, error in known],
        mode="lines+markers",
        name=name,
        legendgroup=name,
        showlegend=dash == MEDIAN,
        line={"color": colour, "dash": dash, "width": 2 if dash == MEDIAN else 1.2},
        marker={
            "symbol": "circle" if dash == MEDIAN else "circle-open",
            "size": 8,
            "color": colour,
        },
        customdata=[[one.units, error, one.learning_rate] for one, error in known],
        hovertemplate="%{x:,} parameters, %{customdata[0]} units a layer<br>"
        f"{'median' if dash == MEDIAN else 'best'}"
        " %{customdata[1]:.2g}, rate %{customdata[2]:g}<extra>%{fullData.name}</extra>",
    )


def _draw_mark(figure: go.Figure, mark: Mark, *, height: float) -> None:
    """Draw a number of parameters that theory names."""
    line = {"color": palette.MUTED, "dash": "dash", "width": 1}
    figure.add_vline(x=mark.parameters, line=line)
    layers = f"{mark.depth} layer{'s' * (mark.depth != 1)} of {mark.units}"
    enough = "is enough" if mark.depth == 1 else "are enough"
    note(
        figure,
        f" theory: {layers} {'needed' if mark.is_needed else enough}",
        x=math.log10(mark.parameters),  # as annotations on a log axis want it
        xref="x",
        xanchor="left",
        y=height,
        yref="paper",
        yanchor="bottom",
    )


def _draw_counts(
    figure: go.Figure, networks: Sequence[NetworkResult], name: str, colour: str
) -> list[float]:
    """Draw the counts of one budget; return what was drawn."""
    lines: dict[str, list[float | None]] = {
        "solid": [one.median_regions for one in networks],
        "dot": [one.median_regions_before for one in networks],
        "dash": [float(reachable_pieces(one.units, one.depth)) for one in networks],
        "longdash": [float(most_pieces(one.units, one.depth)) for one in networks],
    }
    for dash, counts in lines.items():
        is_measured = dash in ("solid", "dot")
        figure.add_scatter(
            x=list(range(len(networks))),
            y=counts,
            mode="lines+markers" if is_measured else "lines",
            name=name,
            legendgroup=name,
            showlegend=dash == "solid",
            line={
                "color": colour,
                "dash": "dash" if dash == "longdash" else dash,
                "width": 2 if dash == "solid" else 1.2,
            },
            marker={"symbol": "circle" if dash == "solid" else "circle-open", "size": 7},
            customdata=[[one.units] for one in networks],
            hovertemplate="%{y:,.0f} regions, %{customdata[0]} units a layer<br>"
            f"{_KINDS_OF_LINES[dash]}<extra>%{{fullData.name}}</extra>",
        )
    return [count for counts in lines.values() for count in counts if count]


def _count_tick(tick: float) -> str:
    return f"{tick:,.0f}" if tick < 1e5 else f"10<sup>{round(math.log10(tick))}</sup>"


_KINDS_OF_LINES = {
    "solid": "after training",
    "dot": "before training",
    "dash": "reachable by some weights",
    "longdash": "most possible",
}


def _draw_pieces(figure: go.Figure, pieces: int) -> None:
    figure.add_hline(y=pieces, line={"color": palette.MUTED, "dash": "dash", "width": 1})
    note(
        figure,
        f"the function has {pieces:,} pieces",
        x=0.005,
        xref="paper",
        xanchor="left",
        y=math.log10(pieces),
        yref="y",
        yanchor="top",
    )


def _explain(figure: go.Figure, styles: dict[str, Any]) -> None:
    """Add legend entries for what all lines share."""
    for words, dash in styles.items():
        figure.add_scatter(
            x=[None],
            y=[None],
            mode="lines+markers",
            name=words,
            line={"color": palette.MUTED, "dash": dash, "width": 1.5},
            marker={"symbol": "circle" if dash == "solid" else "circle-open", "size": 7},
        )
