"""Figures of a transfer experiment: scores, and their differences, against the layers kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fathom.report import palette
from fathom.report.figures.canvas import new_figure, note, ordinal_axis
from fathom.report.figures.marks import interval_bars, ring_choice
from fathom.report.markup import figure_text
from fathom.report.numbers import MINUS
from fathom.studies.anatomy import Estimate
from fathom.studies.transfer import (
    ARMS,
    FINE_TUNED,
    FROZEN,
    RANDOM,
    SELF,
    SELF_FINE_TUNED,
    TransferResult,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

METRICS = {"accuracy": "accuracy", "r2": "R²"}
SIDESTEP = 0.07  # places between kinds of networks that keep as many layers
MOST_NAMED = 12  # layers beyond which their names do not fit under the axis
PURPLE = palette.CATEGORIES[3]


@dataclass(frozen=True)
class Look:
    """How one line is drawn."""

    colour: str
    dash: str
    symbol: str


LOOKS = {
    FROZEN: Look(palette.VALIDATION, "solid", "circle"),
    FINE_TUNED: Look(palette.CHOSEN, "dash", "diamond"),
    SELF: Look(palette.TEST, "solid", "square"),
    SELF_FINE_TUNED: Look(PURPLE, "dash", "square-open"),
    RANDOM: Look(palette.MUTED, "dot", "x"),
}
DIFFERENCES = {
    "specificity": (f"specificity: BnB {MINUS} AnB", LOOKS[FROZEN]),
    "lost_coadaptation": (f"lost co-adaptation: baseB {MINUS} BnB", LOOKS[SELF]),
    "learned_benefit": (f"learned benefit: AnB {MINUS} RnB", LOOKS[FINE_TUNED]),
}


def transfer_scores(result: TransferResult) -> go.Figure:
    """Draw the score of every kind of network against the layers kept, with its interval."""
    metric = METRICS[result.metric]
    figure = new_figure(f"Score against layers kept ({metric} on test rows)", height=540)
    _draw_base(figure, result)
    for place, (name, words) in enumerate(ARMS.items()):
        arms = [cut.arms[name] for cut in result.cuts]
        steps = (place - 2) * SIDESTEP
        places = [at + steps for at in range(len(arms))]
        _draw(figure, places, [arm.test for arm in arms], f"{name}: {words}", LOOKS[name])
    _ring(figure, result)
    figure.update_xaxes(_cuts_axis(result))
    figure.update_yaxes(title_text=metric)
    return figure


def transfer_differences(result: TransferResult) -> go.Figure:
    """Draw specificity, lost co-adaptation and learned benefit against the layers kept."""
    metric = METRICS[result.metric]
    figure = new_figure(f"What the kinds of networks differ by ({metric})", height=500)
    figure.add_hline(y=0, line={"color": palette.AXIS, "width": 1.5})
    for place, (name, (words, look)) in enumerate(DIFFERENCES.items()):
        places = [at + (place - 1) * SIDESTEP for at in range(len(result.cuts))]
        _draw(figure, places, [getattr(cut, name) for cut in result.cuts], words, look)
    figure.update_xaxes(_cuts_axis(result))
    figure.update_yaxes(title_text=f"difference in {metric}")
    return figure


def _draw_base(figure: go.Figure, result: TransferResult) -> None:
    """Draw the network from scratch as a line across, with its interval as a band."""
    test = result.base.test
    figure.add_hrect(y0=test.low, y1=test.high, fillcolor=palette.BAND, line_width=0, layer="below")
    figure.add_hline(y=test.mean, line={"color": palette.INK, "dash": "dot", "width": 1.5})
    note(
        figure,
        "from scratch",
        x=0.995,
        xref="paper",
        xanchor="right",
        y=test.mean,
        yanchor="bottom",
    )


def _draw(
    figure: go.Figure, places: Sequence[float], estimates: Sequence[Estimate], name: str, look: Look
) -> None:
    figure.add_scatter(
        x=places,
        y=[one.mean for one in estimates],
        error_y=interval_bars(estimates, thickness=1.5, width=3),
        mode="lines+markers",
        name=name,
        line={"color": look.colour, "dash": look.dash, "width": 1.5},
        marker={"symbol": look.symbol, "size": 8, "color": look.colour},
        customdata=[[one.low, one.high] for one in estimates],
        hovertemplate="%{y:.3f} [%{customdata[0]:.3f}, %{customdata[1]:.3f}]<extra>%{fullData.name}"
        "</extra>",
    )


def _ring(figure: go.Figure, result: TransferResult) -> None:
    """Mark the best way to keep layers, if it is a gain."""
    choice = result.choice
    if choice.is_gain:
        place = choice.cut - 1 + (list(ARMS).index(choice.arm) - 2) * SIDESTEP
        ring_choice(figure, place, result.chosen_arm().test.mean, name="recommended")


def _cuts_axis(result: TransferResult) -> dict[str, Any]:
    """Return the axis of the layers kept: their number, and the name of the last of them."""
    labels = [str(cut.cut) for cut in result.cuts]
    if len(labels) <= MOST_NAMED:
        labels = [f"{cut.cut}<br>{figure_text(cut.layer, limit=12)}" for cut in result.cuts]
    return ordinal_axis(labels, title="layers kept, counted from the input")
