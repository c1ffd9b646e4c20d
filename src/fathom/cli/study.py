"""`fathom study`: how deep should it be?"""

from __future__ import annotations

import shlex
import sys
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from cyclopts import Parameter

from fathom.cli import interrupts
from fathom.cli.destinations import check_model_file, check_page
from fathom.cli.documents import print_document
from fathom.cli.failures import Stopped
from fathom.cli.options import (
    Asked,
    DataOptions,
    NetworkOptions,
    OutputOptions,
    StudyOptions,
    TrainingOptions,
)
from fathom.cli.terminal import is_live, plain
from fathom.errors import FathomError
from fathom.store import Store, default_name, write_output

if TYPE_CHECKING:
    from fathom.cli.screen import Board, Lines, LiveScreen
    from fathom.data import Dataset
    from fathom.specs import StudySpec
    from fathom.store import StoredStudy
    from fathom.studies import StudyResult

    Screen = Lines | LiveScreen

EXAMPLES = """\
Examples:

  fathom study digits
  fathom study prices.csv --target price --report prices.html
  fathom study pictures/ --depths 0-4 --widths 32,128 --save best.keras
  fathom study digits --activation sigmoid --depths 0,4,8,16 --learning-rates 1e-4:1e-2:5
  fathom study spiral --depths 1-6 --match-parameters --json > spiral.json"""


def study(
    source: Annotated[
        str,
        Parameter(
            help="A built-in name such as digits, iris, diabetes or spiral; a .csv, .tsv or "
            ".parquet file; a .npz file with x and y; or a folder of images, one sub-folder "
            "per class."
        ),
    ],
    /,
    *,
    data: DataOptions = DataOptions(),  # noqa: B008
    networks: NetworkOptions = NetworkOptions(),  # noqa: B008
    training: TrainingOptions = TrainingOptions(),  # noqa: B008
    amount: StudyOptions = StudyOptions(),  # noqa: B008
    written: OutputOptions = OutputOptions(),  # noqa: B008
) -> None:
    """Find out how deep a network your data need.

    Trains every depth at every learning rate from several seeds, picks the best rate for each
    depth on the validation rows, and names the shallowest depth within one standard error of the
    best. The table, the verdict, the figures and the best network are kept.
    """
    from fathom.cli.screen import Board

    asked = Asked(data=data, networks=networks, training=training, study=amount)
    options = asked.spec_options()
    loading = {**data.load_options(), "seed": amount.seed}
    written = _from_home(written)
    store = _checked(written)
    board = Board()
    interrupts.current().farewell = "Stopped before anything was trained; nothing was written."
    try:
        _run(source, loading, options, written, store, board)
    except KeyboardInterrupt as error:
        raise _stopped(board, store, written) from error
    result = board.result()
    show = _show(result.header.name, written)
    interrupts.current().farewell = f"Stopped. The study is finished: {show}"
    _hand_over(result, store, written)


def _from_home(written: OutputOptions) -> OutputOptions:
    """Return the options with `~` read as the user's home, which shells leave to us after `=`."""
    report, save = written.report, written.save
    return replace(written, report=report and report.expanduser(), save=save and save.expanduser())


def _checked(written: OutputOptions) -> Store:
    """Return the store, once all that is to be written is known to find a place."""
    store = Store(written.store)
    store.check_writable()
    if written.report is not None:
        check_page(written.report, option="--report")
    if written.save is not None:
        check_model_file(written.save)
    return store


def _run(
    source: str,
    loading: dict[str, Any],
    options: dict[str, Any],
    written: OutputOptions,
    store: Store,
    board: Board,
) -> None:
    """Run the study, from its options to its verdict, and show it."""
    with _screen(board, written) as screen:
        screen.phase("starting")
        _check_options(options)
        screen.phase(f"reading {plain(source)}")
        dataset = _loaded(source, loading)
        screen.phase("starting Keras and JAX")
        spec = _spec(dataset, options)
        _follow(spec, dataset, written, store, board, screen)


def _screen(board: Board, written: OutputOptions) -> Screen:
    from fathom.cli.screen import Lines, LiveScreen

    if not is_live():
        return Lines(board)
    return LiveScreen(board, stays=written.json or not sys.stdout.isatty())


def _check_options(options: dict[str, Any]) -> None:
    """Raise what is wrong with any data, before they are read."""
    from fathom.api import study_spec

    study_spec(cast("Dataset", _AnyData()), **options)


@dataclass(frozen=True)
class _AnyData:
    """Stands for the data while only the other settings are looked at."""

    input_shape: tuple[int, ...] = (1,)
    task: str = "regression"
    num_classes: int = 0
    train: range = range(1)


def _loaded(source: str, loading: dict[str, Any]) -> Dataset:
    from fathom.data import load

    return load(source, **loading)


def _spec(dataset: Dataset, options: dict[str, Any]) -> StudySpec:
    from fathom.api import study_spec

    return study_spec(dataset, **options)


def _follow(
    spec: StudySpec,
    dataset: Dataset,
    written: OutputOptions,
    store: Store,
    board: Board,
    screen: Screen,
) -> None:
    """Run the study and show what it tells."""
    from fathom.api import stream_study
    from fathom.studies import architectures

    screen.phase("compiling")
    name = written.name or default_name(dataset.name)
    board.networks = architectures(spec)
    stop = interrupts.current()
    stream = stream_study(spec, dataset, name=name, store=store)
    with stop.working(screen.announce_stopping), closing(stream) as events:
        for event in events:
            screen.take(event)
            stop.heed()


def _stopped(board: Board, store: Store, written: OutputOptions) -> Stopped:
    """Return what is said when the user stops a study: what is kept, and where."""
    from fathom.cli.screen import depths_text

    if board.header is None:
        return Stopped("Stopped before anything was trained.")
    name, depths = board.header.name, board.finished_depths
    folder = _shortest(store.root / name)
    hint = f"see what there is with: {_show(name, written)}"
    if not depths:
        return Stopped(f"Stopped before any depth was finished; begun in {folder}.", hint=hint)
    return Stopped(f"Stopped. Kept: {depths_text(depths)}, in {folder}.", hint=hint)


def _show(name: str, written: OutputOptions) -> str:
    store = "" if written.store is None else f" --store {shlex.quote(plain(written.store))}"
    return f"fathom runs show {shlex.quote(plain(name))}{store}"


def _shortest(path: Path) -> Path:
    """Return a path as seen from the current folder, if it lies inside."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


# -- at the end ------------------------------------------------------------------


def _hand_over(result: StudyResult, store: Store, written: OutputOptions) -> None:
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
    folder = _shortest(stored.folder)
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
        _save(stored, written.save)
        files["best network"] = written.save
    return files


def _save(stored: StoredStudy, path: Path) -> None:
    if not _has_model(stored):
        raise NoModelError(
            f"There is no best network to save to {path}: no depth learned anything.",
            hint=f"read why with: fathom runs show {stored.name}",
        )
    from fathom.api import BEST_MODEL

    write_output(path, stored.file(BEST_MODEL))


class NoModelError(FathomError, LookupError):
    """A study found no depth that learns, so there is nothing to save."""


def _has_model(stored: StoredStudy) -> bool:
    from fathom.api import BEST_MODEL

    return stored.has(BEST_MODEL)
