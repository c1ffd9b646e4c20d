"""`fathom transfer`: how many layers of a trained network carry over to another task?"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from fathom.cli import number_lists
from fathom.cli.destinations import Page, check_model_file, checked_page
from fathom.cli.documents import print_document
from fathom.cli.examining import MODEL, Chosen, Depth, Raw, Width
from fathom.cli.options import OUTPUT, TRAINING, DataOptions, Json, StoreFolder
from fathom.cli.prose import WIDE, print_paragraph
from fathom.cli.terminal import output, print_where
from fathom.cli.training import followed

if TYPE_CHECKING:
    from rich.console import Console

    from fathom.api.transferring import Transfer
    from fathom.studies.transfer import TransferResult

EXAMPLES = """\
Examples:

  fathom transfer best.keras new-task.npz
  fathom transfer best.keras new-task.npz --labels 100 --save new.keras --report new.html
  fathom transfer digits-20261121-101500 letters.csv --target letter"""

KEPT = "kept up to"


@Parameter(name="*", group=TRAINING)
@dataclass(frozen=True, kw_only=True)
class TransferTraining:
    """How networks are trained."""

    labels: Annotated[
        int | None,
        Parameter(
            metavar="NUMBER",
            help="Training rows that have labels, drawn anew for every seed; all without it.",
        ),
    ] = None
    seeds: Annotated[
        int, Parameter(metavar="NUMBER", help="Networks of every kind, from as many seeds.")
    ] = 5
    learning_rates: Annotated[
        str,
        Parameter(
            metavar="LIST",
            allow_leading_hyphen=True,
            help="Tried for every kind of network, such as 1e-3,1e-2, or LOW:HIGH:COUNT.",
        ),
    ] = "3e-4,1e-3,3e-3,1e-2"
    epochs: Annotated[
        int, Parameter(metavar="NUMBER", help="Passes over the training rows, at most.")
    ] = 200
    batch_size: Annotated[int, Parameter(metavar="NUMBER", help="Rows per step, at most.")] = 32
    patience: Annotated[
        int,
        Parameter(
            metavar="NUMBER",
            help="Epochs without improvement before a network stops; its best epoch is kept.",
        ),
    ] = 20
    seed: Annotated[
        int, Parameter(metavar="NUMBER", help="Of the split, and the first of the seeds.")
    ] = 0

    def numbers(self) -> dict[str, Any]:
        """Return all of them, lists parsed.

        Raises:
            SpecError: The list of rates cannot be read.
        """
        rates = number_lists.learning_rates(self.learning_rates)
        return {**asdict(self), "learning_rates": tuple(rates)}


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True, kw_only=True)
class TransferOutput:
    """What is written where."""

    save: Annotated[
        Path | None,
        Parameter(
            metavar="FILE.keras",
            help="Write the network that the verdict recommends, for Keras to load.",
        ),
    ] = None
    report: Page = None
    store: StoreFolder = None
    json: Json = False


def transfer(
    model: Annotated[
        str,
        Parameter(help="The source network: a .keras file, or a study's name.", metavar=MODEL),
    ],
    source: Annotated[
        str, Parameter(help="The data of the new task, as for fathom study.", metavar="SOURCE")
    ],
    /,
    *,
    data: DataOptions = DataOptions(),  # noqa: B008
    raw: Raw = False,
    depth: Depth = None,
    width: Width = None,
    training: TransferTraining = TransferTraining(),
    outputs: TransferOutput = TransferOutput(),
) -> None:
    """Tell how many layers of a trained network carry over to another task.

    For every number of layers, networks that keep the source's, frozen or fine-tuned, are
    compared with networks that keep their own, or random ones, and with training from scratch.
    The verdict says how many to keep, if any.
    """
    outputs = _checked(outputs)
    numbers = training.numbers()
    from fathom.studies.transfer import TransferSpec

    spec = TransferSpec(**numbers)
    chosen = Chosen(
        command="transfer",
        model=model,
        source=source,
        raw=raw,
        seed=training.seed,
        store=outputs.store,
        data=data,
    )
    subject, dataset = chosen.subject(), chosen.dataset()
    from fathom.api.transferring import stream_transfer

    found = followed(stream_transfer(subject, dataset, spec, depth=depth, width=width))
    _write(found, outputs)
    if outputs.json:
        print_document(_document(found, outputs))
    else:
        print_transfer(found.result, output())
        how = "with layers kept" if found.is_gain else "trained from scratch"
        print_where(f"network {how}", outputs.save)
        print_where("report", outputs.report)


def _checked(outputs: TransferOutput) -> TransferOutput:
    """Return where is written, once it is known that it can be."""
    save = outputs.save and outputs.save.expanduser()
    if save is not None:
        check_model_file(save)
    return replace(outputs, save=save, report=checked_page(outputs.report))


def _write(found: Transfer, outputs: TransferOutput) -> None:
    if outputs.save is not None:
        found.save(outputs.save)
    if outputs.report is not None:
        found.report(outputs.report)


def _document(found: Transfer, outputs: TransferOutput) -> dict[str, Any]:
    from fathom.report import transfer_document

    return {
        **transfer_document(found.result),
        "written": outputs.save and outputs.save.absolute(),
        "report": outputs.report and outputs.report.absolute(),
    }


# -- in the terminal -------------------------------------------------------------------


def print_transfer(result: TransferResult, console: Console) -> None:
    """Print the scores, the differences, and what was found."""
    from fathom.report import interval_text, transfer_differences_cells, transfer_score_cells

    digits = 3 if console.width >= WIDE else 2
    scratch = interval_text(*result.base.test, digits=digits)
    of = {"accuracy": "accuracy", "r2": "R²"}[result.metric]
    title = f"{of} on test rows ± half of the 95% interval; from scratch {scratch}"
    _print_table(title[0].upper() + title[1:], transfer_score_cells(result, digits=digits), console)
    _print_kinds(console)
    title = "Specificity, lost co-adaptation and learned benefit [95% interval]"
    _print_table(title, transfer_differences_cells(result, digits=digits), console)
    for place, paragraph in enumerate([*result.text.split("\n\n"), *result.notices]):
        style = "bold" if place == 0 else "dim" if paragraph in result.notices else ""
        print_paragraph(paragraph, console, style=style)


def _print_table(title: str, rows: list[dict[str, str]], console: Console) -> None:
    from rich.text import Text

    from fathom.cli.screen import plain_table

    console.print()
    console.print(Text(title, style="bold"))
    right = [header for header in rows[0] if header != KEPT]
    console.print(plain_table(rows, console, right=right, shrinks=KEPT, leave_out=(KEPT,)))


def _print_kinds(console: Console) -> None:
    from rich.text import Text

    from fathom.studies.transfer import ARMS

    kinds = "; ".join(f"{name}: {words}" for name, words in ARMS.items())
    console.print(Text(f"Kept layers of {kinds}.", style="dim"))
