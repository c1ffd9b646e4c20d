"""A study in full: its table, verdict, baselines, and what to type next."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.cli.prose import prose_width
from fathom.cli.screen.tables import Line, line_of, plain_table, study_table
from fathom.cli.terminal import output, plain, print_where
from fathom.report import table_rows

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from fathom.report import DisplayRow
    from fathom.studies import StudyResult

_FIRST_SENTENCE = re.compile(r"(.+?[.!?])(\s+(?=[A-Z]).*|)$", re.DOTALL)


def print_study(result: StudyResult) -> None:
    """Print a study's table, verdict and baselines on stdout, as far as it got."""
    console = output()
    rows = table_rows(result)
    _print_networks([row for row in rows if not row.is_baseline], console)
    _print_verdict(result, console)
    _print_baselines([row for row in rows if row.is_baseline], console)


def _print_networks(rows: Sequence[DisplayRow], console: Console) -> None:
    lines = [line_of(row) for row in rows]
    if not lines:
        console.print("Nothing has been trained yet.")
        return
    console.print()
    console.print(study_table(lines, console))
    if any(line.mark for line in lines):
        console.print()
        console.print("* the shallowest within one standard error of the best", style="dim")


def _print_verdict(result: StudyResult, console: Console) -> None:
    from fathom.report import headline, progress_text

    console.print()
    if result.verdict is None:
        texts = [headline(result), progress_text(result) or ""]
    else:
        texts = plain(result.verdict.text).split("\n\n")
    for place, text in enumerate(filter(None, texts)):
        if place:
            console.print()
        console.print(_prose(text, is_first=place == 0), width=prose_width(console))


def _prose(paragraph: str, *, is_first: bool) -> Text:
    from rich.text import Text

    text = plain(paragraph).replace("\n", " ")
    found = _FIRST_SENTENCE.match(text) if is_first else None
    if found is None:
        return Text(text)
    return Text.assemble((found[1], "bold"), found[2])


def _print_baselines(rows: Sequence[DisplayRow], console: Console) -> None:
    lines: list[Line] = [line_of(row) for row in rows]
    if not lines:
        return
    console.print()
    numbers = ("validation", "test [95% interval]")
    cells = [
        {
            "on the same split": line.cells["depth"],
            "validation": line.cells["validation"],
            "test [95% interval]": line.cells["test"],
        }
        for line in lines
    ]
    console.print(plain_table(cells, console, right=numbers))


def print_written(files: Mapping[str, Path]) -> None:
    """Print what was written where, such as {"report": Path("digits.html")}."""
    if files:
        output().print()
    for what, path in files.items():
        print_where(what, path)


def print_next(name: str, folder: Path, *, store: Path | None, has_model: bool) -> None:
    """Print where a study is kept, and what to type next.

    Args:
        name: The study's name.
        folder: Where it is kept.
        store: The store, if it was named with --store.
        has_model: Whether the study has a best network to predict with.
    """
    from rich.text import Text

    console = output()
    console.print()
    console.print(Text(f"Kept in {plain(folder)}. Next:"), soft_wrap=True)
    commands = _commands(name, store, has_model=has_model)
    widest = max(len(command) for command, _ in commands)
    for command, purpose in commands:
        line = Text.assemble("  ", (command.ljust(widest), "bold"), f"  {purpose}")
        console.print(line, soft_wrap=True)


def _commands(name: str, store: Path | None, *, has_model: bool) -> list[tuple[str, str]]:
    end = "" if store is None else f" --store {shlex.quote(plain(store))}"
    quoted = shlex.quote(plain(name))
    opened = f"{plain(name)!r}" if store is None else f"{plain(name)!r}, store={plain(store)!r}"
    with_model = [
        (f"fathom predict {quoted} FILE{end}", "predictions for new rows"),
        (f"fathom.open_study({opened}).best_model()", "the best network, in Python"),
    ]
    return [
        (f"fathom report {quoted}{end}", "all figures on one page"),
        *(with_model[:1] if has_model else []),
        (f"fathom runs show {quoted}{end}", "this table and verdict again"),
        *(with_model[1:] if has_model else []),
    ]
