"""`fathom layers`: what is each layer worth?"""

from __future__ import annotations

from dataclasses import asdict
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
from fathom.cli.options import DataOptions, Json, StoreFolder
from fathom.cli.prose import WIDE, print_findings, print_notes
from fathom.cli.terminal import output, print_where, tell

if TYPE_CHECKING:
    from rich.console import Console

    from fathom.api.anatomy import Anatomy
    from fathom.studies.anatomy import AnatomyResult

EXAMPLES = """\
Examples:

  fathom layers digits-20261121-101500
  fathom layers best.keras digits
  fathom layers mine.keras data.npz --raw
  fathom layers best.keras digits --report layers.html
  fathom layers digits-20261121-101500 --depth 8 --json > layers.json"""


def layers(
    model: Model,
    source: Source = None,
    /,
    *,
    data: DataOptions = DataOptions(),  # noqa: B008
    raw: Raw = False,
    depth: Depth = None,
    width: Width = None,
    draws: Annotated[
        int, Parameter(help="Fresh weights that each layer is given.", metavar="NUMBER")
    ] = 5,
    recalibrate: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Compute batch normalisation anew for every changed network, too.",
        ),
    ] = False,
    probe_rows: Annotated[
        int, Parameter(help="Training rows, at most, that are looked at.", metavar="NUMBER")
    ] = 4096,
    seed: Annotated[
        int, Parameter(help="Of the split, the draws and the intervals.", metavar="NUMBER")
    ] = 0,
    report: Page = None,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Tell what each layer of a trained network is worth, and what it has learned.

    Each layer in turn gets its initial weights, fresh weights, is passed by, silenced, or
    replaced by its mean; a linear model reads the target from its output; its output is compared
    with the others'. All with intervals.
    """
    path = checked_page(report)
    chosen = Chosen(
        command="layers", model=model, source=source, raw=raw, seed=seed, store=store, data=data
    )
    found = _anatomy(
        chosen,
        depth=depth,
        width=width,
        draws=draws,
        recalibrate=recalibrate,
        probe_rows=probe_rows,
    )
    if path is not None:
        found.report(path)
    if json:
        print_document(anatomy_document(found.result) | {"report": path and path.absolute()})
    else:
        print_anatomy(found.result, output())
        print_where("report", path)


def _anatomy(chosen: Chosen, **options: Any) -> Anatomy:
    subject, dataset = chosen.subject(), chosen.dataset()
    tell("starting Keras and JAX")
    from fathom.api.anatomy import anatomy

    tell("examining layers")
    return anatomy(subject, dataset, seed=chosen.seed, **options)


def anatomy_document(result: AnatomyResult) -> dict[str, Any]:
    """Return an anatomy as JSON data."""
    return {**asdict(result), "layers": [_row_document(row) for row in result.layers]} | {
        "score": result.score._asdict(),
        "probe_input": result.probe_input and result.probe_input._asdict(),
        "text": result.text,
    }


def _row_document(row: Any) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in vars(row).items():
        if name == "recalibrated":
            cells[name] = {key: one._asdict() for key, one in value.items()}
        else:
            cells[name] = value._asdict() if hasattr(value, "_asdict") else value
    return cells


# -- in the terminal -------------------------------------------------------------------


def print_anatomy(result: AnatomyResult, console: Console) -> None:
    """Print an anatomy: tables, notes, and what was found."""
    from fathom.report import content_cells, cost_cells, recalibrated_cells, structure_cells

    wide = console.width >= WIDE
    print_cells("What each layer is", structure_cells(result), console)
    costs = cost_cells(result, with_spread=wide)
    of = {"accuracy": "accuracy", "r2": "R²"}[result.metric]
    print_cells(f"What {of} falls by when a layer is changed", costs, console)
    if result.layers[0].recalibrated:
        title = "The same, before / after batch normalisation is computed anew"
        print_cells(title, recalibrated_cells(result), console)
    contents = content_cells(result, with_spread=wide)
    print_cells("What a linear model reads from it, and how alike outputs are", contents, console)
    print_notes(_notes(result, wide=wide), console)
    print_findings(result.findings, console)


_WORDS = ("layer", "type", "shape", "unit", "top rows")
# Columns that go where there is no room, the first one first.
_LEAST = ("shape", "type", "mean", "shuffled", "between, untrained", "untrained")


def print_cells(title: str, rows: list[dict[str, str]], console: Console) -> None:
    """Print rows of one kind under a title; columns in which nothing stands are left out."""
    from fathom.cli.screen import plain_table

    console.print()
    console.print(title, style="bold")
    headers = list(rows[0])
    numbers = [header for header in headers if header not in _WORDS]
    empty = [h for h in headers if all(row[h] in ("–", "") for row in rows)]
    kept = [{h: text for h, text in row.items() if h not in empty} for row in rows]
    table = plain_table(
        kept,
        console,
        right=[header for header in numbers if header not in empty],
        shrinks="layer",
        leave_out=[header for header in _LEAST if header in kept[0]],
    )
    console.print(table)


def _notes(result: AnatomyResult, *, wide: bool) -> list[str]:
    from fathom.report import anatomy_notes

    spread = "± is half of the 95% interval over networks and rows. " if wide else ""
    lines = [f"{spread}Worth: what doing without a layer costs in the way that costs least."]
    if any(row.is_block for row in result.layers):
        lines.append("[Blocks] are residual: passed by means that the branch adds nothing.")
    return [*lines, *anatomy_notes(result), *result.notices]
