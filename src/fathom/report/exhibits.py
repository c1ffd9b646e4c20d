"""The page's figures after the first, each with a sentence on what to look at."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fathom.report import figures
from fathom.report.facts import is_finished
from fathom.studies import StudyResult

if TYPE_CHECKING:
    import plotly.graph_objects as go

TOP = 36  # pixels above a figure whose title is a heading of the page
TITLE_SPACE = 40


@dataclass(frozen=True)
class Exhibit:
    """A figure on the page.

    Args:
        name: Identifier within the page.
        title: In words; shown as a heading, not inside the figure.
        caption: What to look at.
        drawing: Plotly's JSON data: traces and layout.
    """

    name: str
    title: str
    caption: str
    drawing: dict[str, Any]


_Draw = Callable[[StudyResult], "go.Figure | None"]


def first_exhibit(result: StudyResult) -> Exhibit:
    """Return the figure that answers the question."""
    caption = (
        "Look for where the line stops rising: the chosen depth is the shallowest whose validation "
        "score reaches the band."
        if is_finished(result)
        else "The depths trained so far; the choice waits for the rest."
    )
    return exhibit_of("depth-curve", caption, figures.depth_curve(result))


def other_exhibits(result: StudyResult) -> list[Exhibit]:
    """Return the figures behind the answer; those that have nothing to show are left out."""
    drawn = [(name, caption, draw(result)) for name, (draw, caption) in _OTHERS.items()]
    return [exhibit_of(name, caption, figure) for name, caption, figure in drawn if figure]


_OTHERS: dict[str, tuple[_Draw, str]] = {
    "learning-rates": (
        figures.learning_rates,
        "Look whether the outlined best rates lie inside the grid: one at its edge may have a "
        "better neighbour that was not tried.",
    ),
    "learning-curves": (
        figures.learning_curves,
        "Look at the gap between training and validation loss: where it opens the network "
        "overfits, and where both stay high it does not learn.",
    ),
    "gradient-flow": (
        figures.gradient_flow,
        "Look at the left end of each line: a first layer that gets a thousandth of the last "
        "layer's gradient hardly learns.",
    ),
    "layer-health": (
        figures.layer_health,
        "Look for strongly coloured cells: most units there pass hardly any gradient on.",
    ),
    "cost": (
        figures.cost,
        "Look for the leftmost point that is still high: the cheapest network that is good enough. "
        "The broad line joins the networks that score more than every cheaper one.",
    ),
    "shallow-against-deep": (
        figures.shallow_against_deep,
        "Look at points with the same number of parameters: the difference between them is what "
        "depth itself gives.",
    ),
}


def exhibit_of(name: str, caption: str, figure: go.Figure) -> Exhibit:
    """Return a figure as the page shows it: its title is a heading of the page."""
    drawing = json.loads(str(figure.to_json(validate=False, engine="json")))
    title = drawing["layout"].pop("title")["text"]
    drawing["layout"].setdefault("margin", {})["t"] = TOP
    drawing["layout"]["height"] -= TITLE_SPACE
    return Exhibit(name, title, caption, drawing)
