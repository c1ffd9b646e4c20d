"""Shallow against deep as one HTML document: nothing is loaded from anywhere else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from fathom.report.document import self_contained
from fathom.report.exhibits import exhibit_of
from fathom.report.markup import Markup, element, fragment, plain
from fathom.report.numbers import count_text, counted, duration_text, rate_text
from fathom.report.parts import (
    exhibit,
    found_part,
    masthead_of,
    notices_part,
    part,
    provenance_part,
    scrolling,
    sentences_part,
)
from fathom.report.separation_figures import separation_errors, separation_regions
from fathom.report.separation_table import separation_cells
from fathom.studies.depth_separation import FunctionResult, SeparationResult, headline, marks

ERRORS = (
    "Look at one number of parameters, and compare one hidden layer with several. Filled: the "
    "median over seeds at the rate that validates best; hollow: the best of all trainings, chosen "
    "by validation. Dashed: what theory names."
)
REGIONS = (
    "Look how far the solid lines stay below the dashed ones: weights that fold the line at every "
    "layer exist, but training neither begins near them nor ends there."
)
TABLE = (
    "Median: over seeds, at the rate with the lowest median on validation rows. Best: of all seeds "
    "and rates. Regions: along a line, after and before training. Errors are on test rows."
)


def separation_page(result: SeparationResult) -> str:
    """Return the comparison as one HTML document that works from a file, offline."""
    names = ", ".join(found.target.name for found in result.functions)
    return self_contained(f"{plain(names, limit=80)} · Fathom depth-separation", _body(result))


def _body(result: SeparationResult) -> Markup:
    return fragment(
        masthead_of("Fathom depth-separation", headline(result), _facts(result)),
        element(
            "main",
            found_part(result.findings.values()),
            [_function(found) for found in result.functions],
            sentences_part("What theory says", _theory(result)),
            sentences_part("How it was done", _method(result)),
            notices_part(result.notices),
            provenance_part(asdict(result.spec)),
        ),
    )


def _facts(result: SeparationResult) -> dict[str, object]:
    spec = result.spec
    return {
        "functions": ", ".join(found.target.name for found in result.functions),
        "hidden layers": depths_text(sorted(spec.depths)),
        "parameters, at most": ", ".join(map(count_text, sorted(spec.budgets))),
        "trainings": count_text(spec.trainings),
        "wall time": None if result.seconds is None else duration_text(result.seconds),
    }


def depths_text(depths: Sequence[int]) -> str:
    """Return "1 to 8", or the depths with commas between."""
    if len(depths) > 2 and list(depths) == list(range(depths[0], depths[-1] + 1)):
        return f"{depths[0]} to {depths[-1]}"
    return ", ".join(map(str, depths))


def _function(found: FunctionResult) -> Markup:
    name = found.target.name.replace(":", "-")
    return fragment(
        exhibit(exhibit_of(f"{name}-errors", ERRORS, separation_errors(found))),
        exhibit(exhibit_of(f"{name}-regions", REGIONS, separation_regions(found))),
        _table(found, name),
    )


def _table(found: FunctionResult, name: str) -> Markup:
    rows = separation_cells(found)
    headers = list(rows[0])
    head = element("tr", [element("th", header, scope="col") for header in headers])
    body = [element("tr", [element("td", row[header]) for header in headers]) for row in rows]
    table = element("table", element("thead", head), element("tbody", body), class_="fathom-table")
    title = f"{found.target.words}, in numbers"
    scroll = scrolling(table, title)
    title = title[0].upper() + title[1:]
    return part(title, scroll, caption=TABLE, name=f"{name}-table", kind="wide")


def _theory(result: SeparationResult) -> list[str]:
    sentences = [
        f"{found.target.name}: {mark.words}, {counted(mark.parameters, 'parameter')} "
        f"({mark.source})."
        for found in result.functions
        for mark in marks(found.target)
    ]
    return [
        *sentences,
        "Along any line a network of L layers of m ReLUs makes at most (m + 1)^L linear pieces, "
        "because each unit bends every piece of the layer before at most once (Telgarsky 2016 "
        "counts so, and finds (2m)^L). Some weights reach m^(L−1) (m + 1): all layers but the last "
        "fold the line m times (Montúfar, Pascanu, Cho, Bengio, NeurIPS 2014, Theorem 4 for one "
        "input). Networks as they are drawn have about as many as they have units, whatever their "
        "depth (Hanin, Rolnick, “Complexity of Linear Regions in Deep Networks”, ICML 2019).",
    ]


def _method(result: SeparationResult) -> list[str]:
    spec = result.spec
    rates = ", ".join(map(rate_text, spec.learning_rates))
    return [
        "Every depth is as wide as the number of parameters allows: hidden layers of one width "
        "with ReLUs, He's weights, and biases drawn from −1 to 1, so that kinks are spread over "
        "the data from the start. The tent map is 2x up to ½ and 2 − 2x beyond, composed with "
        "itself; its error is the mean squared error over the variance. Parity and spirals are "
        "told apart by a sigmoid; their error is the share of wrong rows.",
        f"Each shape was trained from {counted(spec.seeds, 'seed')} at the learning rates {rates} "
        f"by Adam, about {count_text(spec.steps)} steps of {spec.batch_size} rows, on 70% of "
        f"{count_text(spec.rows)} rows; the weights of the epoch with the lowest validation loss "
        "were kept. A shape's rate is the one with the lowest median error on validation rows; "
        "errors are read on test rows.",
        "Regions are counted exactly: along a line every pre-activation is linear between kinks, "
        "so each new kink is where one of them crosses zero. The line is the whole range of the "
        f"input where it is one number, else {counted(spec.lines, 'line')} between two test rows, "
        "whose mean is told.",
    ]
