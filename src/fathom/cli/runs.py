"""`fathom runs`: what is kept."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from fathom.cli.documents import print_document
from fathom.cli.failures import UsageError
from fathom.cli.options import Json, StoreFolder
from fathom.cli.series import show_series
from fathom.cli.stored import open_stored
from fathom.cli.terminal import messages, output, plain, print_where
from fathom.exports import TRACKERS, export_curves, export_to_tracker
from fathom.specs import one_of
from fathom.store import EXPORT_FORMATS, SeriesSummary, Store, compare, export

if TYPE_CHECKING:
    from fathom.store import ComparisonRow, StoredStudy, Summary
    from fathom.studies import StudyResult

NONE = "–"
Name = Annotated[str, Parameter(help="The study's name.")]


def commands() -> App:
    """Return the commands about stored studies."""
    app = App(name="runs", help="List, show, compare, export and delete stored studies.")
    for place, command in enumerate((list_runs, show, compare_runs, export_runs, delete)):
        name = command.__name__.removesuffix("_runs")
        app.command(command, name=name)
        app[name].sort_key = place
    return app


# -- list --------------------------------------------------------------------------


def list_runs(
    matching: Annotated[
        str | None, Parameter(help="Only those with these letters in name, source or status.")
    ] = None,
    /,
    *,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """List the stored studies, newest first."""
    kept_in = Store(store)
    studies, series = kept_in.list(matching=matching), kept_in.list_series(matching=matching)
    if json:
        print_document({"store": kept_in.root, "studies": studies, "sweeps": series})
    elif not studies and not series:
        which = "" if matching is None else f" with {plain(matching)!r} in them"
        output().print(f"No studies{which} in {plain(kept_in.root)}.", soft_wrap=True)
    else:
        rows = sorted([*studies, *series], key=lambda row: (row.created, row.name), reverse=True)
        _print_list_of(rows)


def _print_list_of(rows: Sequence[Summary]) -> None:
    from fathom.cli.screen import plain_table

    console = output()
    table = plain_table(
        map(_list_cells, rows),
        console,
        right=("depth", "score", "trainings", "time", "size"),
        shrinks="source",
        leave_out=("size", "source", "time", "when", "trainings"),
    )
    console.print(table)


def _list_cells(study: Summary) -> dict[str, str]:
    from fathom.report import count_text, duration_text, score_text, size_text

    seconds = study.wall_seconds
    done, planned = count_text(study.runs), count_text(study.trainings)
    return {
        "name": study.name,
        "source": study.source,
        "status": _status(study),
        "depth": NONE if study.depth is None else str(study.depth),
        "score": NONE
        if study.score is None
        else f"{_metric(study.metric)} {score_text(study.score)}",
        "trainings": planned if study.runs == study.trainings else f"{done} of {planned}",
        "time": NONE if seconds is None else duration_text(seconds),
        "size": size_text(study.size_bytes),
        "when": f"{study.created.astimezone():%Y-%m-%d %H:%M}",
    }


def _status(study: Summary) -> str:
    """Return the status; that of a sweep with its studies, which are not listed themselves."""
    if not isinstance(study, SeriesSummary):
        return study.status
    done = "" if study.finished == study.studies else f"{study.finished} of "
    return f"{study.status}, {done}{study.studies} studies"


def _metric(name: str) -> str:
    return {"r2": "R²"}.get(name, name)


# -- show --------------------------------------------------------------------------


def show(name: Name, /, *, store: StoreFolder = None, json: Json = False) -> None:
    """Show a study: its table and verdict, what was decided about the data, what made it."""
    if Store(store).has_series(name):
        show_series(Store(store).open_series(name), json=json)
        return
    stored, result = open_stored(name, store)
    if json:
        from fathom.cli.study_document import study_document

        print_document(study_document(result, stored))
        return
    from fathom.cli.screen import print_study

    _print_heading(stored, result)
    print_study(result)
    _print_provenance(stored, result)


def _print_heading(stored: StoredStudy, result: StudyResult) -> None:
    from fathom.cli.screen import heading

    console = output()
    console.print(plain(stored.name), style="bold")
    for line in heading(result.header):
        console.print(line)


def _print_provenance(stored: StoredStudy, result: StudyResult) -> None:
    header, summary = result.header, stored.summary()
    versions = ", ".join(f"{name} {version}" for name, version in header.versions.items())
    machine = ", ".join(f"{name} {value}" for name, value in header.machine.items())
    console = output()
    _print_list("The data", [*header.dataset["notices"], *_unused(header.dataset["columns"])])
    _print_list(
        "Where it comes from",
        [
            f"source: {header.dataset['source']}",
            f"made: {summary.created.astimezone():%Y-%m-%d %H:%M}, status {summary.status}",
            f"seeds: split {header.dataset['seed']}, networks from {result.spec.seed}",
            f"versions: {versions}",
            f"machine: {machine}",
            f"kept in: {stored.folder}",
        ],
    )
    _print_list("Damage", stored.notices)
    console.print()


def _unused(columns: Sequence[dict[str, object]]) -> list[str]:
    unused = [one for one in columns if not one["used"] and one["kind"] not in ("target", "split")]
    return [f"column {one['name']} is left out: {one['decision']}" for one in unused]


def _print_list(title: str, texts: Sequence[str]) -> None:
    if not texts:
        return
    console = output()
    console.print()
    console.print(title, style="bold")
    for text in texts:
        console.print(f"  {plain(text)}", soft_wrap=not console.is_terminal)


# -- compare -----------------------------------------------------------------------


def compare_runs(
    *names: Annotated[str, Parameter(help="Names of studies, two or more.")],
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Put studies side by side: what each chose, and how well that does."""
    if len(names) < 2:
        raise UsageError(
            f"A comparison needs at least two studies. Received: {len(names)}.",
            hint="fathom runs list shows what there is",
        )
    kept_in = Store(store)
    rows = compare([kept_in.open(name) for name in names])
    if json:
        print_document({"store": kept_in.root, "studies": rows})
    else:
        _print_comparison(rows)


def _print_comparison(rows: Sequence[ComparisonRow]) -> None:
    from fathom.cli.screen import plain_table

    console = output()
    table = plain_table(
        map(_comparison_cells, rows),
        console,
        right=("depth", "width", "parameters", "test [95% interval]", "trainings", "time"),
        shrinks="source",
        leave_out=("trainings", "time", "source", "width", "score"),
    )
    console.print(table)


def _comparison_cells(row: ComparisonRow) -> dict[str, str]:
    from fathom.report import count_text, duration_text, interval_text

    def counted(count: int | None) -> str:
        return NONE if count is None else count_text(count)

    return {
        "name": row.name,
        "source": row.source,
        "score": _metric(row.metric),
        "depth": counted(row.depth),
        "width": counted(row.width if row.depth else None),  # the linear model has none
        "parameters": counted(row.parameters),
        "test [95% interval]": interval_text(row.test_mean, row.test_low, row.test_high),
        "trainings": counted(row.trainings),
        "time": NONE if row.wall_seconds is None else duration_text(row.wall_seconds),
    }


# -- export ------------------------------------------------------------------------


def export_runs(
    name: Name,
    /,
    *,
    to: Annotated[
        str | None,
        Parameter(
            metavar="FORMAT",
            help=f"{', '.join(EXPORT_FORMATS)}, or a folder for {', '.join(TRACKERS)}; without "
            "it, as the file's name ends, else csv.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        Parameter(metavar="FILE|FOLDER", help="Where to. Without it, NAME.FORMAT here."),
    ] = None,
    curves: Annotated[
        bool,
        Parameter(
            negative=(),
            show_default=False,
            help="A row per training and epoch, with its losses and layers.",
        ),
    ] = False,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Write a study's trainings for other tools: a table with a row each, or a tracker's folder.

    What trackers get holds settings and curves, and stays on this machine until they are told
    to send it.
    """
    stored, result = open_stored(name, store)
    ending = to or (out.suffix.removeprefix(".").lower() if out else "") or "csv"
    one_of("format", ending, (*EXPORT_FORMATS, *TRACKERS))
    path = Path(f"{stored.name.replace('/', '-')}.{ending}") if out is None else out.expanduser()
    if ending in TRACKERS:
        export_to_tracker(result, path, study=stored.name, to=ending)
    elif curves:
        export_curves(result, path, study=stored.name, to=ending)
    else:
        export(stored, path, format=ending)
    if json:
        print_document({"study": stored.name, "export": path.absolute(), "format": ending})
    else:
        what = "curves" if curves and ending not in TRACKERS else "trainings"
        print_where(what, path)


# -- delete ------------------------------------------------------------------------


def delete(
    *names: Annotated[str, Parameter(help="Names of studies.")],
    yes: Annotated[
        bool, Parameter(negative=(), show_default=False, help="Do not ask whether you are sure.")
    ] = False,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Remove studies and all they keep, for good."""
    if not names:
        raise UsageError(
            "Name the studies to delete. Received: none.", hint="fathom runs list shows all"
        )
    kept_in = Store(store)
    for name in names:  # all are there, or nothing is deleted
        if not kept_in.has_series(name):
            kept_in.open(name)
    if not (yes or _confirmed(names)):
        messages().print("Nothing was deleted.")
        return
    for name in names:
        kept_in.delete(name)
    if json:
        print_document({"store": kept_in.root, "deleted": names})
    else:
        output().print(f"deleted: {plain(', '.join(names))}", soft_wrap=True)


def _confirmed(names: Sequence[str]) -> bool:
    """Ask on the terminal; raise where nobody can answer."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise UsageError(
            "Deleting is for good, and there is no terminal to ask on.",
            hint="say so with --yes",
        )
    messages().print(f"Delete {plain(', '.join(names))} for good? [y/N] ", end="")
    return sys.stdin.readline().strip().lower() in ("y", "yes")
