"""`fathom layers`: what is each layer worth?"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from fathom.cli.documents import print_document
from fathom.cli.options import DataOptions, Json, StoreFolder
from fathom.cli.terminal import is_live, messages, output, plain
from fathom.errors import SpecError

if TYPE_CHECKING:
    from rich.console import Console

    from fathom.api.anatomy import Anatomy
    from fathom.api.features import Features
    from fathom.data import Dataset
    from fathom.studies.anatomy import AnatomyResult

EXAMPLES = """\
Examples:

  fathom layers digits-20261121-101500
  fathom layers best.keras digits
  fathom layers mine.keras data.npz --raw
  fathom layers best.keras digits --report layers.html
  fathom layers digits-20261121-101500 --depth 8 --json > layers.json"""

WIDE = 100
WIDEST_PROSE = 88


def layers(
    model: Annotated[
        str, Parameter(help="A .keras file, or a study's name.", metavar="FILE.keras|STUDY")
    ],
    source: Annotated[
        str | None,
        Parameter(
            help="The data it was trained on, as for fathom study. A study knows its own.",
            metavar="SOURCE",
        ),
    ] = None,
    /,
    *,
    data: DataOptions = DataOptions(),  # noqa: B008
    raw: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="Take the numbers of a .npz as they stand: for a model that was not trained by "
            "fathom study.",
        ),
    ] = False,
    depth: Annotated[
        int | None, Parameter(help="Of a study: this depth, not the chosen one.", metavar="NUMBER")
    ] = None,
    width: Annotated[
        int | None, Parameter(help="Of a study: this width.", metavar="NUMBER")
    ] = None,
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
    report: Annotated[
        Path | None,
        Parameter(help="Write all of it as one self-contained HTML page.", metavar="FILE.html"),
    ] = None,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Tell what each layer of a trained network is worth, and what it has learned.

    Each layer in turn gets its initial weights, fresh weights, is passed by, silenced, or
    replaced by its mean; a linear model reads the target from its output; its output is compared
    with the others'. All with intervals.
    """
    path = checked_page(report)
    chosen = Chosen(model=model, source=source, raw=raw, seed=seed, store=store, data=data)
    found = chosen.anatomy(
        depth=depth, width=width, draws=draws, recalibrate=recalibrate, probe_rows=probe_rows
    )
    if path is not None:
        found.report(path)
    if json:
        print_document(
            anatomy_document(found.result) | {"report": None if path is None else path.absolute()}
        )
    else:
        print_anatomy(found.result, output())
        tell_page(path)


def checked_page(path: Path | None) -> Path | None:
    """Return where a page is to be written, once it is known that it can be."""
    if path is None:
        return None
    from fathom.cli.destinations import check_page

    expanded = path.expanduser()
    check_page(expanded, option="--report")
    return expanded


def tell_page(path: Path | None) -> None:
    """Print where a page was written, if one was."""
    if path is not None:
        output().print(f"report written to {plain(path)}", soft_wrap=True)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The model and the data that a command is about.

    Args:
        model: A `.keras` file or a study's name.
        source: What `fathom.load` reads; None for a study's own data.
        raw: Whether arrays are taken as they stand.
        seed: Of the split and of draws.
        store: Where studies are kept.
        data: The options of `fathom.load`.
        command: The command, for hints.
    """

    model: str
    source: str | None
    raw: bool
    seed: int
    store: Path | None
    data: DataOptions
    command: str = "layers"

    def subject(self) -> Any:
        """Return the study or the path of the file."""
        if self.model.lower().endswith(".keras"):
            return Path(self.model).expanduser()
        from fathom.api import open_study

        return open_study(self.model, store=self.store)

    def dataset(self) -> Dataset | None:
        """Return the data, None for a study's own."""
        if self.source is None:
            self._check_own()
            return None
        _tell(f"reading {plain(self.source)}")
        from fathom.data import load

        dataset = load(self.source, **self.data.load_options(), seed=self.seed)
        if not self.raw:
            return dataset
        from fathom.api.subjects import without_scaling

        return without_scaling(dataset)

    def _check_own(self) -> None:
        if self.raw or self.data != DataOptions():
            raise SpecError(
                "Options of the data need a source. Received: none.",
                hint=f"fathom {self.command} {plain(self.model)} SOURCE",
            )

    def anatomy(self, **options: Any) -> Anatomy:
        """Return the anatomy of what was chosen."""
        subject = self.subject()
        dataset = self.dataset()
        _tell("starting Keras and JAX")
        from fathom.api.anatomy import anatomy

        _tell("examining layers")
        return anatomy(subject, dataset, seed=self.seed, **options)

    def features(self, **options: Any) -> Features:
        """Return what the layers of what was chosen have learned."""
        subject = self.subject()
        dataset = self.dataset()
        _tell("starting Keras and JAX")
        from fathom.api.features import features

        _tell("looking at what layers have learned")
        return features(subject, dataset, seed=self.seed, **options)


def _tell(words: str) -> None:
    if is_live():
        messages().print(f"{words} ...", style="dim")


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
    _print_notes(result, console, wide=wide)
    _print_findings(result, console)


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


def _print_notes(result: AnatomyResult, console: Console, *, wide: bool) -> None:
    from rich.text import Text

    from fathom.report import anatomy_notes

    spread = "± is half of the 95% interval over networks and rows. " if wide else ""
    lines = [f"{spread}Worth: what doing without a layer costs in the way that costs least."]
    if any(row.is_block for row in result.layers):
        lines.append("[Blocks] are residual: passed by means that the branch adds nothing.")
    lines += [*anatomy_notes(result), *result.notices]
    console.print()
    for line in lines:
        console.print(Text(plain(line), style="dim"), width=min(console.width, WIDEST_PROSE))


def _print_findings(result: AnatomyResult, console: Console) -> None:
    from rich.text import Text

    for name, paragraph in result.findings.items():
        console.print()
        style = "bold" if name == "score" else ""
        console.print(Text(plain(paragraph), style=style), width=min(console.width, WIDEST_PROSE))
