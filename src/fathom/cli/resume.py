"""`fathom resume`: go on where a study stopped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from fathom.cli import interrupts, number_lists
from fathom.cli.clusters import phase_of, ray_of
from fathom.cli.following import (
    checked_store,
    follow,
    from_home,
    hand_over,
    screen_for,
    show_command,
    stopped,
)
from fathom.cli.options import Json, OutputOptions, RayAddress, StoreFolder
from fathom.cli.series import resume_series
from fathom.cli.stored import open_stored
from fathom.cli.terminal import plain

if TYPE_CHECKING:
    from fathom.cli.screen import Board
    from fathom.store import Store, StoredStudy
    from fathom.studies import StudyResult

EXAMPLES = """\
Examples:

  fathom resume digits-20261121-101500                   after Ctrl-C, a crash or a power failure
  fathom resume digits-20261121-101500 --depths 9-12     more depths for a study that ended"""


def resume(
    name: Annotated[str, Parameter(help="The study's name; fathom runs list shows all.")],
    /,
    *,
    depths: Annotated[
        str, Parameter(metavar="LIST", help="Depths to add, such as 9-12 or 16,32.")
    ] = "",
    widths: Annotated[str, Parameter(metavar="LIST", help="Widths to add.")] = "",
    report: Annotated[
        Path | None,
        Parameter(metavar="FILE.html", help="Write the study as one self-contained page."),
    ] = None,
    save: Annotated[
        Path | None,
        Parameter(metavar="BEST.keras", help="Write the best network, for Keras to load."),
    ] = None,
    ray: RayAddress = None,
    store: StoreFolder = None,
    json: Json = False,
) -> None:
    """Go on with a study that stopped, or add depths to one that ended.

    What was tested is not trained again. A network whose training was cut short begins anew, so
    that the study ends with the same table and the same weights as if it had never stopped.
    """
    from fathom.cli.screen import Board

    written = from_home(OutputOptions(report=report, save=save, name=name, store=store, json=json))
    more = _More(_numbers("depths", depths), _numbers("widths", widths))
    kept_in, on_ray = checked_store(written), ray_of(ray)
    if kept_in.has_series(name):
        resume_series(name, written, kept_in, depths=more.depths, widths=more.widths, ray=on_ray)
        return
    name, kept_in, written = _in_its_store(name, kept_in, written)
    stored, result = open_stored(name, kept_in.root)
    interrupts.current().farewell = f"Stopped. See what there is: {show_command(name, written)}"
    board = Board()
    if _is_finished(result, more):
        hand_over(result, kept_in, written)
        return
    try:
        _run(stored, result, more, kept_in, board, written, on_ray)
    except KeyboardInterrupt as error:
        raise stopped(board, kept_in, written) from error
    hand_over(board.result(), kept_in, written)


def _in_its_store(
    name: str, store: Store, written: OutputOptions
) -> tuple[str, Store, OutputOptions]:
    """Return a study's name in its own store; SERIES/STUDY is kept in the store of its series."""
    series, _, member = name.partition("/")
    if not member or not store.has_series(series):
        return name, store, written
    inside = store.open_series(series).store
    return member, inside, replace(written, name=member, store=inside.root)


@dataclass(frozen=True)
class _More:
    """What is added to a study."""

    depths: tuple[int, ...]
    widths: tuple[int, ...]


def _numbers(option: str, text: str) -> tuple[int, ...]:
    return number_lists.whole_numbers(option, text) if text else ()


def _is_finished(result: StudyResult, more: _More) -> bool:
    is_told = result.status is not None and result.status.status == "finished"
    spec = result.spec
    return is_told and set(more.depths) <= set(spec.depths) and set(more.widths) <= set(spec.widths)


def _run(
    stored: StoredStudy,
    result: StudyResult,
    more: _More,
    store: Store,
    board: Board,
    written: OutputOptions,
    ray: bool | str,
) -> None:
    with screen_for(board, written) as screen:
        screen.phase(f"reading {plain(result.header.dataset.get('source', ''))} again")
        from fathom.api import extended, reloaded, stream_resumed
        from fathom.studies import architectures

        spec = extended(result.spec, depths=more.depths, widths=more.widths)
        dataset = reloaded(stored)
        screen.phase("starting Keras and JAX")
        stream = stream_resumed(
            stored.name, dataset, store=store, depths=more.depths, widths=more.widths, ray=ray
        )
        follow(stream, architectures(spec), board, screen, phase=phase_of(ray))
