"""A series in the terminal: its table, its verdict, its studies, and what to type next."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.cli.following import shortest
from fathom.cli.prose import print_notes, print_paragraph
from fathom.cli.terminal import output, plain

if TYPE_CHECKING:
    from rich.console import Console

    from fathom.api.series import Sweep
    from fathom.report import SeriesRow

MARKS = {"best": "**", "enough": "*"}


def print_series(sweep: Sweep, *, with_studies: bool = False) -> None:
    """Print a series' table and verdict on stdout, as far as it got."""
    from fathom.report import series_notes, series_rows

    console = output()
    rows = series_rows(sweep.result)
    if not rows:
        console.print("No study of this sweep is finished yet.")
    else:
        _print_table(rows, console)
        notes = series_notes(sweep.result)
        if sweep.result.record.setting is not None:
            notes.append("** the best combination, * enough for its value.")
        print_notes(notes, console)
    _print_verdict(sweep, console)
    if with_studies:
        _print_studies(sweep, console)


def _print_table(rows: list[SeriesRow], console: Console) -> None:
    from fathom.cli.screen import plain_table

    cells = [_marked(row) for row in rows]
    headers = list(cells[0])
    console.print()
    console.print(
        plain_table(cells, console, right=headers, leave_out=("parameters", "alone", "difference"))
    )


def _marked(row: SeriesRow) -> dict[str, str]:
    is_matrix = "depth" not in row.marks and len(row.cells) > 1
    marks = {header: MARKS[mark] for header, mark in row.marks.items()}
    if not is_matrix:
        marks = {"depth": "*"} if row.marks else {}
    return {
        header: f"{marks[header]} {text}" if header in marks else text
        for header, text in row.cells.items()
    }


def _print_verdict(sweep: Sweep, console: Console) -> None:
    from fathom.report import series_headline

    if sweep.verdict is None:
        print_paragraph(series_headline(sweep.result), console, style="bold")
        return
    for place, text in enumerate(sweep.verdict.text.split("\n\n")):
        print_paragraph(text, console, style="bold" if place == 0 else "")


def _print_studies(sweep: Sweep, console: Console) -> None:
    from fathom.cli.screen import plain_table
    from fathom.report import count_text

    done = {member.name for member in sweep.result.finished}
    rows = [
        {
            "study": f"{sweep.name}/{member.name}",
            "training rows": count_text(member.training_rows),
            "status": "finished" if member.name in done else "not finished",
        }
        for member in sweep.result.record.members
    ]
    console.print()
    console.print(plain_table(rows, console, right=("training rows",)))
    console.print(f"\nkept in: {plain(sweep.folder)}", soft_wrap=True)


def print_series_next(sweep: Sweep, files: Mapping[str, Path], *, store: Path | None) -> None:
    """Print what was written where, and what to type next."""
    from rich.text import Text

    from fathom.cli.screen import print_written

    console = output()
    print_written(files)
    end = "" if store is None else f" --store {shlex.quote(plain(store))}"
    name = shlex.quote(plain(sweep.name))
    first = shlex.quote(plain(f"{sweep.name}/{sweep.result.record.members[0].name}"))
    commands = {
        f"fathom report {name}{end}": "all of it on one page",
        f"fathom runs show {name}{end}": "this table and verdict again",
        f"fathom runs show {first}{end}": "one of its studies",
    }
    console.print()
    console.print(Text(f"Kept in {plain(shortest(sweep.folder))}. Next:"), soft_wrap=True)
    widest = max(map(len, commands))
    for command, purpose in commands.items():
        line = Text.assemble("  ", (command.ljust(widest), "bold"), f"  {purpose}")
        console.print(line, soft_wrap=True)
