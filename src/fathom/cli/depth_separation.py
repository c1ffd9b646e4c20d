"""`fathom depth-separation`: which functions does depth help with?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from fathom.cli import number_lists
from fathom.cli.destinations import Page, checked_page
from fathom.cli.documents import print_document
from fathom.cli.options import OUTPUT, TRAINING, Json
from fathom.cli.prose import print_notes, print_paragraph
from fathom.cli.terminal import output, print_where
from fathom.cli.training import followed

if TYPE_CHECKING:
    from rich.console import Console

    from fathom.studies.depth_separation import FunctionResult, SeparationResult

EXAMPLES = """\
Examples:

  fathom depth-separation
  fathom depth-separation tents:3 tents:5 --depths 1-6 --budgets 200,800
  fathom depth-separation parity:6 --report parity.html"""

LEAVE_OUT = ("before", "rate", "most possible", "parameters")


@Parameter(name="*", group=TRAINING)
@dataclass(frozen=True, kw_only=True)
class SeparationTraining:
    """What is compared, and how networks are trained."""

    depths: Annotated[
        str, Parameter(metavar="LIST", help="Hidden layers to compare, such as 1-8 or 1,2,4.")
    ] = "1-8"
    budgets: Annotated[
        str,
        Parameter(
            metavar="LIST",
            help="Parameters that no network exceeds; each depth is as wide as that allows.",
        ),
    ] = "150,500"
    learning_rates: Annotated[
        str,
        Parameter(
            metavar="LIST",
            allow_leading_hyphen=True,
            help="Tried for every network, such as 1e-3,1e-2, or LOW:HIGH:COUNT.",
        ),
    ] = "2e-3,6e-3,2e-2"
    seeds: Annotated[
        int, Parameter(metavar="NUMBER", help="Networks of every kind, from as many seeds.")
    ] = 5
    steps: Annotated[
        int, Parameter(metavar="NUMBER", help="Optimisation steps of every training, about.")
    ] = 4000
    batch_size: Annotated[int, Parameter(metavar="NUMBER", help="Rows per step.")] = 64
    rows: Annotated[
        int, Parameter(metavar="NUMBER", help="Of every function; 70% are for training.")
    ] = 7000
    lines: Annotated[
        int, Parameter(metavar="NUMBER", help="Lines along which linear regions are counted.")
    ] = 8
    seed: Annotated[
        int, Parameter(metavar="NUMBER", help="The first of the seeds, and that of the rows.")
    ] = 0

    def numbers(self) -> dict[str, Any]:
        """Return all of them, lists parsed.

        Raises:
            SpecError: A list cannot be read.
        """
        return {
            **asdict(self),
            "depths": number_lists.whole_numbers("depths", self.depths),
            "budgets": number_lists.whole_numbers("budgets", self.budgets),
            "learning_rates": tuple(number_lists.learning_rates(self.learning_rates)),
        }


def depth_separation(
    *functions: Annotated[
        str,
        Parameter(
            metavar="FUNCTION",
            help="tents (or tents:5 for the tent map composed 5 times), parity (or parity:10 for "
            "10 bits), spirals. Without any: all three.",
        ),
    ],
    training: SeparationTraining = SeparationTraining(),
    report: Annotated[Page, Parameter(group=OUTPUT)] = None,
    json: Json = False,
) -> None:
    """Tell by experiment which functions depth helps to learn, beside what theory says.

    Networks of every depth, as wide as some numbers of parameters allow, learn tent maps, parity
    or spirals; told are their errors, and the linear regions they make along lines.
    """
    path = checked_page(report)
    numbers = training.numbers()
    from fathom.studies.depth_separation import SeparationSpec

    chosen = {"functions": functions} if functions else {}
    spec = SeparationSpec(**chosen, **numbers)
    from fathom.api.separating import stream_separation

    found = followed(stream_separation(spec))
    if path is not None:
        found.report(path)
    if json:
        from fathom.report import separation_document

        print_document(separation_document(found.result) | {"report": path and path.absolute()})
    else:
        print_separation(found.result, output())
        print_where("report", path)


# -- in the terminal -------------------------------------------------------------------


def print_separation(result: SeparationResult, console: Console) -> None:
    """Print a table for each function, and what was found."""
    from fathom.studies.depth_separation import headline

    for found in result.functions:
        _print_table(found, console)
    _print_legend(result, console)
    print_paragraph(f"{headline(result)}.", console, style="bold")
    for paragraph in [*result.findings.values(), *result.notices]:
        print_paragraph(paragraph, console, style="dim" if paragraph in result.notices else "")


def _print_table(found: FunctionResult, console: Console) -> None:
    from rich.text import Text

    from fathom.cli.screen import plain_table
    from fathom.report import separation_cells
    from fathom.studies.depth_separation import error_name

    rows = separation_cells(found)
    words = found.target.words
    title = f"{words[0].upper()}{words[1:]}: {error_name(found.target)} by budget and depth"
    console.print()
    console.print(Text(title, style="bold"))
    console.print(
        plain_table(rows, console, right=list(rows[0]), shrinks="budget", leave_out=LEAVE_OUT)
    )


def _print_legend(result: SeparationResult, console: Console) -> None:
    words = (
        f"Median over {result.spec.seeds} seeds at the best rate; best of all seeds and rates, "
        "chosen on validation rows. Regions along a line after and before training; most possible "
        "is (units + 1)^depth."
    )
    print_notes([words], console)
