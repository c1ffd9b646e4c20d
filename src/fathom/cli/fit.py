"""`fathom fit`: train one network, and see every layer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

from cyclopts import Parameter

from fathom.cli import interrupts
from fathom.cli.destinations import check_model_file
from fathom.cli.documents import print_document
from fathom.cli.failures import Stopped, UsageError
from fathom.cli.fit_options import FitNetworkOptions, FitOutputOptions, FitTrainingOptions
from fathom.cli.options import AnyData, DataOptions
from fathom.cli.terminal import is_live, plain

if TYPE_CHECKING:
    import keras

    from fathom.api.network import Fitting, Trained
    from fathom.cli.fitting import FitBoard, FitLines, FitScreen
    from fathom.data import Dataset
    from fathom.specs import StudySpec

    Screen = FitLines | FitScreen

EXAMPLES = """\
Examples:

  fathom fit digits                                   an mlp with two hidden layers
  fathom fit digits --depth 12 --activation sigmoid   see why it does not learn
  fathom fit prices.csv --target price --family residual --depth 4 --save prices.keras
  fathom fit model.keras pictures/ --epochs 10 --save trained.keras
  fathom fit spiral --learning-rate 0.3 --json > fit.json"""


def fit(
    model: Annotated[
        str,
        Parameter(
            help="A .keras file to train on; left out where a network of a family is trained.",
            metavar="[MODEL.keras]",
        ),
    ],
    source: Annotated[
        str | None,
        Parameter(
            help="A built-in name such as digits, iris, diabetes or spiral; a table, a .npz file "
            "or a folder of images.",
            metavar="SOURCE",
        ),
    ] = None,
    /,
    *,
    data: DataOptions = DataOptions(),  # noqa: B008
    network: FitNetworkOptions = FitNetworkOptions(),  # noqa: B008
    training: FitTrainingOptions = FitTrainingOptions(),  # noqa: B008
    written: FitOutputOptions = FitOutputOptions(),  # noqa: B008
) -> None:
    """Train one network, see what each layer does, and be told what is wrong.

    Takes a .keras file and the data, or the data alone: then a network of a family is trained.
    Shows losses, the gradient that reaches each layer and its dead or saturated units after
    every epoch, and the diagnosis as it emerges. The weights of the best epoch are kept.
    """
    from fathom.cli.fitting import FitBoard

    path, source = (None, model) if source is None else (model, source)
    _check_network(path, network)
    options = {**network.spec_options(), **training.spec_options()}
    loading = {**data.load_options(), "seed": training.seed}
    save = written.save and written.save.expanduser()
    if save is not None:
        check_model_file(save)
    board = FitBoard()
    interrupts.current().farewell = "Stopped before anything was trained; nothing was written."
    try:
        trained, dataset = _run(path, source, loading, options, board, json=written.json)
    except KeyboardInterrupt as error:
        raise _stopped(board, save) from error
    interrupts.current().farewell = "Stopped. The training is finished, and may not be saved."
    _hand_over(trained, dataset, path or network.family or "mlp", written, save)


def _check_network(path: str | None, network: FitNetworkOptions) -> None:
    """Refuse options of a family beside a file, and a model without data."""
    typed = network.typed()
    if path is not None and typed:
        name = next(iter(typed)).replace("_", "-")
        raise UsageError(
            f"A .keras file says itself what its network is. Received: {path} and --{name}.",
            hint=f"leave out --{name}, or the file",
        )


# -- the training ------------------------------------------------------------------------


def _run(
    path: str | None,
    source: str,
    loading: dict[str, Any],
    options: dict[str, Any],
    board: FitBoard,
    *,
    json: bool,
) -> tuple[Trained, Dataset]:
    """Train the network, from its options to its weights, and show it."""
    with _screen(board, json=json) as screen:
        screen.phase("starting")
        _check_options(options)
        screen.phase(f"reading {plain(source)}")
        dataset = _loaded(path, source, loading)
        screen.phase("starting Keras and JAX")
        fitting = _fitting(path, dataset, options, screen)
        board.fitting = fitting
        screen.phase("compiling")
        with interrupts.current().working(screen.announce_stopping):
            return fitting.train(), dataset


def _screen(board: FitBoard, *, json: bool) -> Screen:
    from fathom.cli.fitting import FitLines, FitScreen

    if not is_live():
        return FitLines(board)
    return FitScreen(board, tells_findings=json or not sys.stdout.isatty())


def _check_options(options: dict[str, Any]) -> None:
    """Raise what is wrong with any data, before they are read."""
    _spec(cast("Dataset", AnyData(input_shape=(8, 8, 1))), options)


def _loaded(path: str | None, source: str, loading: dict[str, Any]) -> Dataset:
    from fathom.data import load

    if path is None and source.lower().endswith(".keras"):
        raise UsageError(
            f"A model is trained on data. Received: {source} alone.",
            hint=f"fathom fit {source} SOURCE, where SOURCE is digits, a table, ...",
        )
    return load(source, **loading)


def _spec(dataset: Dataset, options: dict[str, Any]) -> StudySpec:
    from fathom.api import study_spec

    return study_spec(dataset, **options)


def _fitting(
    path: str | None, dataset: Dataset, options: dict[str, Any], screen: Screen
) -> Fitting:
    from fathom.api.network import FitSettings, Fitting, check_fits, network_of
    from fathom.cli.fitting.board import heading

    spec = _spec(dataset, options)
    settings = FitSettings.of(spec)
    model = _read(path) if path is not None else _built(network_of(spec), settings.seed)
    check_fits(model, dataset)
    name = Path(path).name if path is not None else _described(spec)
    screen.begin(heading(dataset, name, _parameters(model), settings))
    stop = interrupts.current()

    def on_progress(progress: Any) -> None:
        screen.take(progress)
        stop.heed()

    return Fitting(model=model, dataset=dataset, settings=settings, on_progress=on_progress)


def _read(path: str) -> keras.Model:
    from fathom import models

    return models.load_model(path)


def _built(network: Any, seed: int) -> keras.Model:
    import keras

    from fathom import models

    keras.utils.set_random_seed(seed)
    return models.build(network)


def _described(spec: StudySpec) -> str:
    return f"{spec.model.family}, depth {spec.depths[0]}, width {spec.widths[0]}"


def _parameters(model: keras.Model) -> int:
    from fathom.models import count_trainable

    return count_trainable(model)


# -- at the end ----------------------------------------------------------------------------


def _stopped(board: FitBoard, save: Path | None) -> Stopped:
    """Keep the weights so far, where that was asked for; return what is said."""
    fitting = board.fitting
    epoch = None if fitting is None else fitting.keep_best()
    if epoch is None:
        return Stopped("Stopped before an epoch was finished; nothing was written.")
    done = board.progress.epoch if board.progress else epoch
    if save is None:
        return Stopped(
            f"Stopped after epoch {done}; the weights were not saved.",
            hint="name a file with --save to keep them",
        )
    _save(board.fitting.ready_to_use(), save)
    return Stopped(
        f"Stopped after epoch {done}. Kept: the weights of epoch {epoch}, in {save}.",
        hint=f"go on with: fathom fit {save} SOURCE",
    )


def _save(model: keras.Model, path: Path) -> None:
    from fathom import models
    from fathom.store import write_output

    write_output(path, models.model_bytes(model))


def _hand_over(
    trained: Trained, dataset: Dataset, network: str, written: FitOutputOptions, save: Path | None
) -> None:
    """Print the training, and write the file that was asked for."""
    from fathom.cli.fitting import fit_document, print_fit

    if not written.json:
        print_fit(trained)
    files = _write(trained, save)
    if written.json:
        print_document(fit_document(trained, dataset, network=network, written=files))
        return
    from fathom.cli.screen import print_written

    print_written(files)


def _write(trained: Trained, save: Path | None) -> dict[str, Path]:
    if save is None:
        return {}
    if not trained.can_predict:
        from fathom.api.network import NoWeightsError

        raise NoWeightsError(
            f"There is no network to save to {save}: the loss was never finite.",
            hint="the diagnosis says why; a smaller --learning-rate is the usual mend",
        )
    _save(trained.model, save)
    return {"network": save}
