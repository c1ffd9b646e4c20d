"""A study as it runs on screen, and what is handed over at its end."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.cli import interrupts
from fathom.cli.destinations import check_model_file, check_page
from fathom.cli.documents import print_document
from fathom.cli.failures import Stopped
from fathom.cli.options import OutputOptions
from fathom.cli.terminal import is_live, plain
from fathom.errors import FathomError
from fathom.store import Store, write_output

if TYPE_CHECKING:
    from fathom.cli.screen import Board, Lines, LiveScreen
    from fathom.specs import ModelSpec
    from fathom.store import StoredStudy
    from fathom.studies import Event, StudyResult

    Screen = Lines | LiveScreen


def from_home(written: OutputOptions) -> OutputOptions:
    """Return the options with `~` read as the user's home, which shells leave to us after `=`."""
    report, save = written.report, written.save
    return replace(written, report=report and report.expanduser(), save=save and save.expanduser())


def checked_store(written: OutputOptions) -> Store:
    """Return the store, once all that is to be written is known to find a place."""
    store = Store(written.store)
    store.check_writable()
    if written.report is not None:
        check_page(written.report, option="--report")
    if written.save is not None:
        check_model_file(written.save)
    return store


def screen_for(board: Board, written: OutputOptions) -> Screen:
    from fathom.cli.screen import Lines, LiveScreen

    if not is_live():
        return Lines(board)
    return LiveScreen(board, stays=written.json or not sys.stdout.isatty())


def follow(
    stream: Generator[Event, None, None],
    networks: Sequence[ModelSpec],
    board: Board,
    screen: Screen,
    *,
    phase: str = "compiling",
) -> None:
    """Run a study and show what it tells.

    Args:
        stream: What it tells.
        networks: What it compares.
        board: Where it is noted.
        screen: Where it is shown.
        phase: What happens before it tells anything, in words.
    """
    screen.phase(phase)
    board.networks = networks
    stop = interrupts.current()
    with stop.working(screen.announce_stopping), closing(stream) as events:
        for event in events:
            screen.take(event)
            stop.heed()


def stopped(board: Board, store: Store, written: OutputOptions) -> Stopped:
    """Return what is said when the user stops a study: what is kept, and where."""
    from fathom.cli.screen import depths_text

    if board.header is None:
        return Stopped("Stopped before anything was trained.")
    name, depths = board.header.name, board.finished_depths
    folder = shortest(store.root / name)
    hint = f"go on with: {resume_command(name, written)}"
    if not depths:
        return Stopped(f"Stopped before any depth was finished; begun in {folder}.", hint=hint)
    return Stopped(f"Stopped. Kept: {depths_text(depths)}, in {folder}.", hint=hint)


def show_command(name: str, written: OutputOptions) -> str:
    """Return the command that shows a study."""
    return _command("runs show", name, written)


def resume_command(name: str, written: OutputOptions) -> str:
    """Return the command that goes on with a study."""
    return _command("resume", name, written)


def _command(command: str, name: str, written: OutputOptions) -> str:
    store = "" if written.store is None else f" --store {shlex.quote(plain(written.store))}"
    return f"fathom {command} {shlex.quote(plain(name))}{store}"


def shortest(path: Path) -> Path:
    """Return a path as seen from the current folder, if it lies inside."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


# -- at the end ------------------------------------------------------------------


def hand_over(result: StudyResult, store: Store, written: OutputOptions) -> None:
    """Print the study, and write the files that were asked for."""
    stored = store.open(result.header.name)
    if written.json:
        from fathom.cli.study_document import study_document

        files = _write_files(result, stored, written)
        print_document(study_document(result, stored, written=files))
        return
    from fathom.cli.screen import print_next, print_study, print_written

    print_study(result)
    print_written(_write_files(result, stored, written))
    folder = shortest(stored.folder)
    print_next(stored.name, folder, store=written.store, has_model=_has_model(stored))


def _write_files(
    result: StudyResult, stored: StoredStudy, written: OutputOptions
) -> dict[str, Path]:
    """Write what was asked for, and return where it is."""
    files: dict[str, Path] = {}
    if written.report is not None:
        from fathom import report

        write_output(written.report, report.page(result, notices=stored.notices).encode())
        files["report"] = written.report
    if written.save is not None:
        _save(result, stored, written.save)
        files["best network"] = written.save
    return files


def _save(result: StudyResult, stored: StoredStudy, path: Path) -> None:
    from fathom.api import BEST_MODEL, why_none

    if not _has_model(stored):
        raise NoModelError(
            f"There is no best network to save to {path}: {why_none(result)}.",
            hint=f"read why with: fathom runs show {stored.name}",
        )
    write_output(path, stored.file(BEST_MODEL))


class NoModelError(FathomError, LookupError):
    """A study chose no depth, so there is nothing to save."""


def _has_model(stored: StoredStudy) -> bool:
    from fathom.api import BEST_MODEL

    return stored.has(BEST_MODEL)
