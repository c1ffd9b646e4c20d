"""`fathom features`: what has each layer learned?"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from fathom.cli.destinations import Page, checked_page
from fathom.cli.documents import print_document
from fathom.cli.examining import (
    Chosen,
    Depth,
    Model,
    Raw,
    Source,
    Width,
)
from fathom.cli.layers import print_cells
from fathom.cli.number_lists import whole_numbers
from fathom.cli.options import DataOptions, Json, StoreFolder
from fathom.cli.prose import WIDE, print_findings, print_notes
from fathom.cli.terminal import output, plain, print_where, tell
from fathom.errors import SpecError

if TYPE_CHECKING:
    from rich.console import Console

    from fathom.api.features import Features
    from fathom.studies.features import FeaturesResult

EXAMPLES = """\
Examples:

  fathom features digits-20261121-101500 --report features.html
  fathom features best.keras digits
  fathom features best.keras digits --layers dense_1 --units 3,17
  fathom features mine.keras mnist.npz --raw --picture 28x28 --report features.html"""

SMALL_LISTS = 4  # units of a layer that the terminal lists


def features(
    model: Model,
    source: Source = None,
    /,
    *,
    data: DataOptions = DataOptions(),  # noqa: B008
    raw: Raw = False,
    depth: Depth = None,
    width: Width = None,
    layers: Annotated[
        str | None,
        Parameter(help="Layers whose units are shown. Without it, all.", metavar="NAME,NAME"),
    ] = None,
    units: Annotated[
        str | None,
        Parameter(
            help="Numbers of the units that are shown. Without it, those that vary most.",
            metavar="LIST",
        ),
    ] = None,
    num_units: Annotated[
        int, Parameter(help="Units shown of each layer, at most.", metavar="NUMBER")
    ] = 8,
    top: Annotated[
        int, Parameter(help="Rows shown of those that excite a unit most.", metavar="NUMBER")
    ] = 9,
    embedding: Annotated[
        str, Parameter(help="How rows are drawn in the plane: pca, tsne or isomap.", metavar="NAME")
    ] = "pca",
    picture: Annotated[
        str | None,
        Parameter(
            help="Rows of numbers are pictures: height x width, or with channels.",
            metavar="28x28",
        ),
    ] = None,
    seed: Annotated[
        int, Parameter(help="Of the split, and of all that is drawn.", metavar="NUMBER")
    ] = 0,
    report: Page = None,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Tell what each layer of a trained network has learned.

    The first layer's filters; for units of every layer the rows that excite them most, and the
    input that they respond to most; how far a linear model gets from each layer, and how far
    apart the classes lie in it; which units carry the answer. Pictures are on the page that
    --report writes; --json has everything but pictures.
    """
    path = checked_page(report)
    chosen = Chosen(
        command="features", model=model, source=source, raw=raw, seed=seed, store=store, data=data
    )
    found = _features(
        chosen,
        depth=depth,
        width=width,
        layers=_names(layers),
        units=() if units is None else whole_numbers("units", units),
        num_units=num_units,
        top=top,
        embedding=embedding,
        picture=None if picture is None else _shape(picture),
    )
    if path is not None:
        found.report(path)
    if json:
        from fathom.report import features_document

        print_document(features_document(found.result) | {"report": path and path.absolute()})
    else:
        print_features(found.result, output())
        print_where("report", path)


def _features(chosen: Chosen, **options: Any) -> Features:
    subject, dataset = chosen.subject(), chosen.dataset()
    tell("starting Keras and JAX")
    from fathom.api.features import features

    tell("looking at what layers have learned")
    return features(subject, dataset, seed=chosen.seed, **options)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def _shape(text: str) -> tuple[int, ...]:
    if not re.fullmatch(r"\d{1,5}(\s*[x×,]\s*\d{1,5}){1,2}", text.strip()):
        raise SpecError(
            f"--picture takes height x width, or with channels. Received: {plain(text)}.",
            hint="such as --picture 28x28 or --picture 32x32x3",
        )
    return tuple(int(number) for number in re.findall(r"\d+", text))


def print_features(result: FeaturesResult, console: Console) -> None:
    """Print what layers have learned: a table, units, notes, and what was found."""
    from fathom.report import feature_cells, feature_unit_cells

    wide = console.width >= WIDE
    print_cells("What each layer has learned", feature_cells(result, with_spread=wide), console)
    shown = [unit for row in result.layers for unit in result.units_of(row.name)[:SMALL_LISTS]]
    if shown:
        title = "What units respond to most, those that vary most"
        print_cells(title, feature_unit_cells(result, shown), console)
    print_notes(_notes(result, wide=wide), console)
    print_findings(result.findings, console)


def _notes(result: FeaturesResult, *, wide: bool) -> list[str]:
    from fathom.report import feature_notes

    lines = ["± is half of the 95% interval over networks and rows."] if wide else []
    lines.append("● the representation is finished here: no later probe is better beyond chance.")
    if any(row.is_block for row in result.layers):
        lines.append("[Blocks] are residual.")
    return [*lines, *feature_notes(result), *result.notices]
