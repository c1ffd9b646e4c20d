"""`fathom study --splits` and `--across`: several studies, followed one after another."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.cli import interrupts
from fathom.cli.clusters import phase_of
from fathom.cli.documents import print_document
from fathom.cli.failures import Stopped
from fathom.cli.following import NoModelError, resume_command, shortest, show_command
from fathom.cli.options import Asked, OutputOptions
from fathom.cli.series_screen import SeriesScreen
from fathom.cli.series_summary import print_series, print_series_next
from fathom.cli.terminal import plain
from fathom.errors import StoreError
from fathom.store import Store, default_name, write_output

if TYPE_CHECKING:
    from fathom.api.series import Sweep
    from fathom.api.series_running import SeriesEvent
    from fathom.store import StoredSeries

Stream = Generator["SeriesEvent", None, None]


def is_series(asked: Asked) -> bool:
    """Return whether more than one study was asked for."""
    return asked.study.splits != 1 or asked.study.across is not None


def run_series(
    source: str, asked: Asked, written: OutputOptions, store: Store, *, ray: bool | str = False
) -> None:
    """Run what was asked for, and hand over what it found.

    Raises:
        FathomError: It cannot be done; nothing was trained.
        Stopped: The user stopped it.
    """
    from fathom.studies.series import asked as parsed

    _refuse_unfinished_name(written, store)
    wanted = None if asked.study.across is None else parsed(asked.study.across)
    options, usual = asked.spec_options(), Asked().spec_options()
    loading = {**asked.data.load_options(), "seed": asked.study.seed}
    interrupts.current().farewell = "Stopped before anything was trained; nothing was written."

    def stream(screen: SeriesScreen) -> Stream:
        screen.phase(f"reading {plain(source)}")
        from fathom.api.series_drawing import drawing

        draw = drawing(source, **loading)
        name = written.name or default_name(draw({}).name)
        screen.phase("starting Keras and JAX")
        from fathom.api.series_running import planned_series, stream_series
        from fathom.studies.series import Asked as Comparison

        setting, values = wanted or (None, ())
        comparison = Comparison(setting=setting, values=values, splits=asked.study.splits)
        record = planned_series(comparison, draw, name=name, options=options, usual=usual)
        _tell_cluster(screen, ray)
        return stream_series(record, draw, store=store, ray=ray)

    _hand_over(_followed(stream, written, store), written)


def resume_series(
    name: str,
    written: OutputOptions,
    store: Store,
    *,
    depths: tuple[int, ...] = (),
    widths: tuple[int, ...] = (),
    ray: bool | str = False,
) -> None:
    """Go on with a series, and hand over what it found.

    Raises:
        FathomError: It cannot be gone on with.
        Stopped: The user stopped it.
    """
    stored = store.open_series(name)
    show = show_command(stored.name, written)
    interrupts.current().farewell = f"Stopped. See what there is: {show}"

    def stream(screen: SeriesScreen) -> Stream:
        screen.phase("starting Keras and JAX")
        from fathom.api.series_drawing import reloading
        from fathom.api.series_running import stream_resumed_series

        draw = reloading(stored)
        _tell_cluster(screen, ray)
        return stream_resumed_series(
            stored.name, draw, store=store, depths=depths, widths=widths, ray=ray
        )

    _hand_over(_followed(stream, written, store), written)


def _tell_cluster(screen: SeriesScreen, ray: bool | str) -> None:
    if ray:
        screen.phase(phase_of(ray))


def show_series(stored: StoredSeries, *, json: bool) -> None:
    """Print a stored series: its table, its verdict, its studies."""
    from fathom.api.series import Sweep

    sweep = Sweep(stored)
    if json:
        print_document(_document(sweep, {}))
        return
    print_series(sweep, with_studies=True)


def report_series(stored: StoredSeries, path: Path) -> None:
    """Write a stored series as one page.

    Raises:
        StoreError: `path` cannot be written.
    """
    from fathom.api.series import Sweep

    Sweep(stored).report(path)


def _refuse_unfinished_name(written: OutputOptions, store: Store) -> None:
    """Raise if the name asked for is that of a series that could be gone on with."""
    if written.name is None or not store.has_series(written.name):
        return
    summary = store.open_series(written.name).summary()
    if summary.status in ("paused", "interrupted", "failed"):
        raise StoreError(
            f"A new sweep needs a name that no unfinished sweep has. Received: "
            f"{plain(summary.name)}, {summary.status} after {summary.finished} of "
            f"{summary.studies} studies.",
            hint=f"go on with it: {resume_command(summary.name, written)}; "
            "or choose another --name",
        )


def _followed(
    begin: Callable[[SeriesScreen], Stream], written: OutputOptions, store: Store
) -> Sweep:
    """Run a series, show what it tells, and return it."""
    stop = interrupts.current()
    with SeriesScreen(written) as screen:
        try:
            stream = begin(screen)
            with stop.working(screen.announce_stopping), closing(stream) as events:
                for event in events:
                    screen.take(event)
                    stop.heed()
        except KeyboardInterrupt as error:
            raise _stopped(screen.name, store, written) from error
    from fathom.api.series import Sweep

    name = screen.name or ""
    stop.farewell = f"Stopped. The sweep is finished: {show_command(name, written)}"
    return Sweep(store.open_series(name))


def _stopped(name: str | None, store: Store, written: OutputOptions) -> Stopped:
    """Return what is said when the user stops a series: what is kept, and where."""
    if name is None:
        return Stopped("Stopped before anything was trained.")
    summary = store.open_series(name).summary()
    return Stopped(
        f"Stopped. Kept: {summary.finished} of {summary.studies} studies, and what is finished of "
        f"the next, in {shortest(store.root / name)}.",
        hint=f"go on with: {resume_command(name, written)}",
    )


def _hand_over(sweep: Sweep, written: OutputOptions) -> None:
    """Print the series, and write the files that were asked for."""
    if written.json:
        print_document(_document(sweep, _write_files(sweep, written)))
        return
    print_series(sweep)
    files = _write_files(sweep, written)
    print_series_next(sweep, files, store=written.store)


def _write_files(sweep: Sweep, written: OutputOptions) -> dict[str, Path]:
    files: dict[str, Path] = {}
    if written.report is not None:
        sweep.report(written.report)
        files["report"] = written.report
    if written.save is not None:
        _save(sweep, written.save)
        files["best network"] = written.save
    return files


def _save(sweep: Sweep, path: Path) -> None:
    if sweep.verdict is None or sweep.verdict.depth is None:
        raise NoModelError(
            f"There is no best network to save to {path}: nothing learned anything.",
            hint=f"read why with: fathom runs show {sweep.name}",
        )
    from fathom import models

    write_output(path, models.model_bytes(sweep.best_model()))


def _document(sweep: Sweep, files: Mapping[str, Path]) -> dict[str, Any]:
    from fathom.report import series_document

    verdict = sweep.verdict
    return {
        "sweep": sweep.name,
        "folder": sweep.folder,
        "status": sweep.summary().status,
        "wall_seconds": sweep.summary().wall_seconds,
        **series_document(sweep.result),
        "verdict": verdict,
        "written": dict(files),
    }
