"""`fathom study`: how deep should it be?"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, cast

from cyclopts import Parameter

from fathom.cli import interrupts
from fathom.cli.clusters import phase_of, ray_of
from fathom.cli.following import (
    checked_store,
    follow,
    from_home,
    hand_over,
    resume_command,
    screen_for,
    show_command,
    stopped,
)
from fathom.cli.options import (
    AnyData,
    Asked,
    DataOptions,
    NetworkOptions,
    OutputOptions,
    StudyOptions,
    TrainingOptions,
)
from fathom.cli.series import is_series, run_series
from fathom.cli.terminal import plain
from fathom.errors import StoreError, UnknownNameError
from fathom.store import Store, default_name

if TYPE_CHECKING:
    from fathom.cli.screen import Board
    from fathom.data import Dataset
    from fathom.specs import ModelSpec, StudySpec
    from fathom.studies import Event

EXAMPLES = """\
Examples:

  fathom study digits
  fathom study prices.csv --target price --report prices.html
  fathom study pictures/ --depths 0-4 --widths 32,128 --save best.keras
  fathom study digits --activation sigmoid --depths 0,4,8,16 --learning-rates 1e-4:1e-2:5
  fathom study digits --allocation halving               a third of the cost, the worst let go early
  fathom study prices.csv --target price --minutes 5     as much of it as five minutes allow
  fathom study digits --ray                              on a Ray cluster, started here
  fathom study digits --splits 5                         five splits, judged together
  fathom study digits --depths 2,8,16 --across normalization=none,batch
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

    started = time.perf_counter()
    asked = Asked(data=data, networks=networks, training=training, study=amount)
    options = asked.spec_options()
    loading = {**data.load_options(), "seed": amount.seed}
    written = from_home(written)
    store = checked_store(written)
    ray = ray_of(amount.ray)
    if is_series(asked):
        run_series(source, asked, written, store, ray=ray)
        return
    _refuse_unfinished_name(written, store)
    board = Board()
    interrupts.current().farewell = "Stopped before anything was trained; nothing was written."
    try:
        _run(source, loading, options, written, store, board, started, ray)
    except KeyboardInterrupt as error:
        raise stopped(board, store, written) from error
    result = board.result()
    show = show_command(result.header.name, written)
    interrupts.current().farewell = f"Stopped. The study is finished: {show}"
    hand_over(result, store, written)


def _run(
    source: str,
    loading: dict[str, Any],
    options: dict[str, Any],
    written: OutputOptions,
    store: Store,
    board: Board,
    started: float,
    ray: bool | str,
) -> None:
    """Run the study, from its options to its verdict, and show it."""
    with screen_for(board, written) as screen:
        screen.phase("starting")
        _check_options(options)
        screen.phase(f"reading {plain(source)}")
        dataset = _loaded(source, loading)
        screen.phase("starting Keras and JAX")
        spec = _spec(dataset, options)
        stream, networks = _stream(spec, dataset, written, store, started, ray)
        follow(stream, networks, board, screen, phase=phase_of(ray))


def _refuse_unfinished_name(written: OutputOptions, store: Store) -> None:
    """Raise if the name asked for is that of a study that could be gone on with."""
    if written.name is None:
        return
    with suppress(UnknownNameError):
        summary = store.open(written.name).summary()
        if summary.status in ("paused", "interrupted", "failed"):
            raise StoreError(
                f"A new study needs a name that no unfinished study has. Received: "
                f"{plain(summary.name)}, {summary.status} after {summary.runs} of "
                f"{summary.trainings} trainings.",
                hint=f"go on with it: {resume_command(summary.name, written)}; "
                "or choose another --name",
            )


def _check_options(options: dict[str, Any]) -> None:
    """Raise what is wrong with any data, before they are read."""
    from fathom.api import study_spec

    study_spec(cast("Dataset", AnyData()), **options)


def _loaded(source: str, loading: dict[str, Any]) -> Dataset:
    from fathom.data import load

    return load(source, **loading)


def _spec(dataset: Dataset, options: dict[str, Any]) -> StudySpec:
    from fathom.api import study_spec

    return study_spec(dataset, **options)


def _stream(
    spec: StudySpec,
    dataset: Dataset,
    written: OutputOptions,
    store: Store,
    started: float,
    ray: bool | str,
) -> tuple[Generator[Event, None, None], Sequence[ModelSpec]]:
    """Return the study's events to come, and the networks it compares."""
    from fathom.api import stream_study
    from fathom.studies import architectures

    name = written.name or default_name(dataset.name)
    stream = stream_study(spec, dataset, name=name, store=store, started=started, ray=ray)
    return stream, architectures(spec)
