"""`fathom trim`: remove what is worth nothing, and save the rest."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from fathom.cli.destinations import check_model_file
from fathom.cli.documents import print_document
from fathom.cli.examining import MODEL, Chosen, Raw, Source
from fathom.cli.options import DataOptions, Json, StoreFolder
from fathom.cli.prose import print_prose
from fathom.cli.terminal import output, print_where, tell

if TYPE_CHECKING:
    from rich.console import Console

    from fathom.api.trimming import Trimmed
    from fathom.studies.trim import Trimming

EXAMPLES = """\
Examples:

  fathom trim best.keras digits
  fathom trim best.keras digits --tolerance 0.01 --save small.keras
  fathom trim digits-20261121-101500 --epochs 0"""


def trim(
    model: Annotated[
        str,
        Parameter(help="A .keras file, or a study's name for its best network.", metavar=MODEL),
    ],
    source: Source = None,
    /,
    *,
    data: DataOptions = DataOptions(),  # noqa: B008
    raw: Raw = False,
    tolerance: Annotated[
        float,
        Parameter(help="By how much accuracy or R² may fall, from 0 to below 1.", metavar="NUMBER"),
    ] = 0.005,
    epochs: Annotated[
        int,
        Parameter(
            help="Epochs, at most, of the short training that mends a removal; 0 for none.",
            metavar="NUMBER",
        ),
    ] = 10,
    seed: Annotated[
        int, Parameter(help="Of the split, and of the training.", metavar="NUMBER")
    ] = 0,
    save: Annotated[
        Path | None,
        Parameter(
            metavar="FILE.keras", help="The smaller model. Without it, NAME-trimmed.keras here."
        ),
    ] = None,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Remove the layers and blocks that a trained network can do without.

    One by one, judged on validation rows; what costs too much is mended by a short training, or
    stays. Test rows are read once, at the end. If nothing can go, nothing is written.
    """
    path = (save or Path(f"{Path(model).stem}-trimmed.keras")).expanduser()
    check_model_file(path)
    chosen = Chosen(
        command="trim", model=model, source=source, raw=raw, seed=seed, store=store, data=data
    )
    subject, dataset = chosen.subject(), chosen.dataset()
    tell("trimming")
    from fathom.api.trimming import trim as trimmed

    found = trimmed(subject, dataset, tolerance=tolerance, epochs=epochs, seed=seed)
    written = _write(found, path)
    if json:
        print_document({**asdict(found.trimming), "written": written and written.absolute()})
    else:
        print_trimming(found.trimming, output())
        print_where("smaller model", written)


def _write(found: Trimmed, path: Path) -> Path | None:
    if not found.trimming.is_smaller:
        return None
    found.save(path)
    return path


def print_trimming(trimming: Trimming, console: Console) -> None:
    """Print what went, and what it saved and cost."""
    from fathom.cli.screen import plain_table

    if trimming.steps:
        console.print()
        console.print(plain_table(_steps(trimming), console, right=("validation",)))
        console.print()
        console.print(plain_table(_sizes(trimming), console, right=("before", "after")))
    console.print()
    for place, sentence in enumerate(trimming.text.split(". ")):
        ending = "" if sentence.endswith(".") else "."
        print_prose(sentence + ending, console, style="" if place else "bold")


def _steps(trimming: Trimming) -> list[dict[str, str]]:
    first = {
        "removed": "nothing",
        "training": "",
        "validation": f"{trimming.validation_before:.3f}",
    }
    return [first] + [
        {
            "removed": step.name,
            "training": "a short one" if step.trained else "none",
            "validation": f"{step.validation:.3f}",
        }
        for step in trimming.steps
    ]


def _sizes(trimming: Trimming) -> list[dict[str, str]]:
    before, after = trimming.before, trimming.after
    pairs = {
        "layers": (f"{before.layers}", f"{after.layers}"),
        "parameters": (f"{before.parameters:,}", f"{after.parameters:,}"),
        "operations per row": (f"{before.flops:,}", f"{after.flops:,}"),
        "ms for 256 rows": (f"{before.milliseconds:.2f}", f"{after.milliseconds:.2f}"),
        "score on test rows": (f"{trimming.test_before:.3f}", f"{trimming.test:.3f}"),
    }
    return [{"": name, "before": b, "after": a} for name, (b, a) in pairs.items()]
