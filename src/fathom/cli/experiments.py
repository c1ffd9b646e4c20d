"""`fathom experiments`: statements about depth and learning, each run and judged."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from fathom.cli import interrupts
from fathom.cli.destinations import check_markdown, check_page
from fathom.cli.documents import print_document
from fathom.cli.failures import Stopped
from fathom.cli.options import Json
from fathom.cli.prose import print_paragraph, print_prose, prose_width
from fathom.cli.terminal import messages, output, plain, print_where, tell
from fathom.errors import SpecError

if TYPE_CHECKING:
    from rich.console import Console

    from fathom.studies.experiments import Experiment, ExperimentResult

EXAMPLES = """\
Examples:

  fathom experiments                               what there is
  fathom experiments three-units
  fathom experiments naive-skips --report skips.html
  fathom experiments mnist-94-96 --data mnist.npz
  fathom experiments --all --markdown experiments.md"""

STYLES = {"holds": "green", "does not hold": "red", "depends": "blue", "undecided": "yellow"}


def experiments(
    *names: Annotated[
        str, Parameter(help="Which to run. Without any, they are listed.", metavar="NAME")
    ],
    all: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Run all of them.")
    ] = False,
    data: Annotated[
        Path | None,
        Parameter(
            metavar="MNIST.npz",
            help="The file of MNIST, for experiments about it. Without it they run on digits, and "
            "say so.",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        Parameter(
            help="Networks of each setting, at least 2. Without it, what each experiment asks "
            "for: 5 or more.",
            metavar="NUMBER",
        ),
    ] = None,
    seed: Annotated[
        int, Parameter(help="Of data and splits; the first of the seeds.", metavar="NUMBER")
    ] = 0,
    report: Annotated[
        Path | None, Parameter(metavar="FILE.html", help="Write one self-contained page.")
    ] = None,
    markdown: Annotated[
        Path | None,
        Parameter(
            metavar="FILE.md",
            help="Write a Markdown page, with its figures in a folder of the same name.",
        ),
    ] = None,
    force: Annotated[
        bool,
        Parameter(
            negative=(), show_default=False, help="Replace the page even if it is no page of ours."
        ),
    ] = False,
    json: Json = False,
) -> None:
    """Put statements about depth and learning to the test: each is run with seeds, and judged.

    A statement holds, does not hold, or depends on something, with the size of the effect and
    its interval. Test rows are scored once; what is chosen is chosen on validation rows.
    """
    from fathom.studies.experiments import EXPERIMENTS, experiment_named

    _check_choice(names, all=all)
    chosen = EXPERIMENTS if all else [experiment_named(name) for name in dict.fromkeys(names)]
    if not chosen:
        _check_nothing_to_write(report, markdown)
        _list(EXPERIMENTS, as_json=json)
        return
    _check_destinations(report, markdown, force=force)
    interrupts.current().farewell = "Stopped before anything was trained."
    found = _run(chosen, seeds=seeds, seed=seed, data=data)
    written = _write(found, report, markdown)
    if json:
        documents = [one.data_document() for one in found]
        print_document({"experiments": documents, "written": written})
        return
    if len(found) > 1:
        _print_table(found, output())
    else:
        print_experiment(found[0], output())
    for kind, path in written.items():
        print_where(kind, path)


def _check_choice(names: Sequence[str], *, all: bool) -> None:
    if names and all:
        raise SpecError(
            f"Name experiments or run --all, not both. Received: --all and {plain(names[0])}.",
            hint="leave one out",
        )


def _check_nothing_to_write(report: Path | None, markdown: Path | None) -> None:
    for option, path in (("--report", report), ("--markdown", markdown)):
        if path is not None:
            raise SpecError(
                f"{option} needs an experiment that is run. Received: none.",
                hint=f"fathom experiments --all {option} {plain(path)}",
            )


def _check_destinations(report: Path | None, markdown: Path | None, *, force: bool) -> None:
    if report is not None:
        check_page(report.expanduser(), option="--report", force=force)
    if markdown is not None:
        check_markdown(markdown.expanduser())


# -- listed ------------------------------------------------------------------------------


def _list(every: Sequence[Experiment], *, as_json: bool) -> None:
    if as_json:
        kept = ("name", "theme", "claim", "source", "seconds", "playground")
        print_document(
            {"experiments": [{name: getattr(one, name) for name in kept} for one in every]}
        )
        return
    console = output()
    from rich.padding import Padding
    from rich.text import Text

    theme = ""
    for one in every:
        if one.theme != theme:
            theme = one.theme
            console.print()
            console.print(theme, style="bold")
        line = Text.assemble((one.name, "cyan"), (f"  {one.seconds:.0f} s", "dim"))
        console.print(Padding(line, (0, 0, 0, 2)))
        console.print(Padding(Text(one.claim), (0, 0, 0, 4)), width=prose_width(console))
    total = sum(one.seconds for one in every) / 60
    print_paragraph(
        f"{len(every)} statements; all take about {total:.0f} minutes on two cores. Run one: "
        f"fathom experiments {every[0].name}",
        console,
    )


# -- run ---------------------------------------------------------------------------------


def _run(
    chosen: Sequence[Experiment], *, seeds: int | None, seed: int, data: Path | None
) -> list[ExperimentResult]:
    """Run experiments one after another, with a line on each that is done."""
    found: list[ExperimentResult] = []
    tell("starting Keras and JAX")
    try:
        with interrupts.current().working(_announce_stopping):
            for number, experiment in enumerate(chosen, start=1):
                place = f"{number} of {len(chosen)}: " if len(chosen) > 1 else ""
                result = _followed(experiment, place, seeds=seeds, seed=seed, data=data)
                found.append(result)
                if len(chosen) > 1:
                    _print_line(result, messages())
    except KeyboardInterrupt as error:
        done = f"{len(found)} of {len(chosen)} statements were tested"
        raise Stopped(f"Stopped: {done}; nothing was written.") from error
    return found


def _announce_stopping() -> None:
    messages().print("Stopping. Ctrl-C again exits at once.")


def _followed(experiment: Experiment, place: str, **options: Any) -> ExperimentResult:
    from fathom.api.experiments import stream_experiment
    from fathom.studies.experiments import ExperimentResult

    stop, arm = interrupts.current(), ""
    with closing(stream_experiment(experiment, **options)) as steps:
        for step in steps:
            if isinstance(step, ExperimentResult):
                return step
            if step.arm != arm:
                arm = step.arm
                tell(f"{place}{experiment.name}: {arm} ({step.number} of {step.arms})")
            stop.heed()
    raise RuntimeError("an experiment ended without a result")


def _write(
    found: Sequence[ExperimentResult], report: Path | None, markdown: Path | None
) -> dict[str, Path]:
    from fathom import report as views
    from fathom.store import write_output

    written: dict[str, Path] = {}
    if report is not None:
        path = report.expanduser().absolute()
        addresses = {one.name: _address(one.playground) for one in found if one.playground}
        write_output(path, views.experiments_page(found, playground=addresses).encode())
        written["report"] = path
    if markdown is not None:
        path = markdown.expanduser().absolute()
        folder = path.with_suffix("")
        folder.mkdir(exist_ok=True)
        for one in found:
            figure = views.experiment_figure(one, alone=True)
            write_output(folder / f"{one.name}.svg", f"{figure}\n".encode())
        write_output(path, views.experiments_markdown(found, figures=folder.name).encode())
        written["markdown"] = path
    return written


def _address(fragment: str) -> str:
    """Return where a playground that runs on this machine shows an experiment."""
    from fathom.web.running import DEFAULT_PORT, LOCAL_HOST

    return f"http://{LOCAL_HOST}:{DEFAULT_PORT}/{fragment}"


# -- in the terminal -----------------------------------------------------------------------


def print_experiment(result: ExperimentResult, console: Console) -> None:
    """Print what was claimed, the verdict, its parts, and the numbers behind it."""
    from rich.text import Text

    from fathom.report import verdict_text

    print_paragraph(result.claim, console, style="bold")
    print_prose(result.source, console, style="dim")
    console.print()
    console.print(Text(plain(verdict_text(result)), style=f"bold {STYLES[result.verdict]}"))
    _print_parts(result, console)
    console.print()
    _print_numbers(result, console)
    console.print()
    for words in (result.because, *result.notices):
        print_prose(words, console)
    told = f"{result.trainings:,} networks in {result.seconds:.0f} s. {'; '.join(result.data)}."
    print_prose(told, console, style="dim")
    if result.playground:
        console.print(
            f"While `fathom playground` runs: {_address(result.playground)}", soft_wrap=True
        )


def _print_parts(result: ExperimentResult, console: Console) -> None:
    from rich.table import Table
    from rich.text import Text

    from fathom.report import effect_text, mark_of

    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for finding in result.findings:
        text = Text(f"{plain(finding.says)}: ")
        text.append(effect_text(finding), style="bold")
        text.append("" if finding.votes else " (beside the claim)", style="dim")
        table.add_row(Text(mark_of(finding), style=STYLES[finding.outcome]), text)
    console.print(table, width=prose_width(console))


def _print_numbers(result: ExperimentResult, console: Console) -> None:
    from rich.text import Text

    from fathom.cli.screen import plain_table
    from fathom.report import rate_text, value_text

    for quantity in result.quantities:
        rows = []
        for value in result.of(quantity):
            rate = value.learning_rate
            rows.append(
                {
                    "setting": value.arm,
                    "mean [95% interval]": value_text(value),
                    "learning rate": rate_text(rate) if rate else "",
                }
            )
        if not any(row["learning rate"] for row in rows):
            rows = [{k: v for k, v in row.items() if k != "learning rate"} for row in rows]
        console.print(Text(plain(quantity), style="bold"))
        console.print(plain_table(rows, console, right=tuple(rows[0])[1:]))


def _print_line(result: ExperimentResult, console: Console) -> None:
    from rich.text import Text

    from fathom.report import verdict_text

    line = Text.assemble(
        (f"{result.name}: ", "bold"),
        (plain(verdict_text(result)), STYLES[result.verdict]),
        (f"  {result.seconds:.0f} s", "dim"),
    )
    console.print(line, soft_wrap=True)


def _print_table(found: Sequence[ExperimentResult], console: Console) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from fathom.report import effect_text, verdict_text

    width = prose_width(console)
    for result in found:
        print_paragraph(result.claim, console, style="bold")
        words = Text.assemble(
            (plain(verdict_text(result)), STYLES[result.verdict]), (f"  ({result.name})", "dim")
        )
        console.print(Padding(words, (0, 0, 0, 2)), width=width)
        decisive = result.findings[0]
        line = f"{decisive.says}: {effect_text(decisive)}"
        console.print(Padding(Text(plain(line)), (0, 0, 0, 2)), width=width)
    seconds, trainings = sum(r.seconds for r in found), sum(r.trainings for r in found)
    console.print()
    console.print(f"{len(found)} statements, {trainings:,} networks, {seconds:.0f} s")
