"""Trainings written for TensorBoard, Weights & Biases and MLflow, on this machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.errors import SpecError, StoreError
from fathom.exports.tracking import Tracked, tracked_runs
from fathom.specs import one_of
from fathom.store import check_output

if TYPE_CHECKING:
    from fathom.studies import StudyResult

_PACKAGES = {"tensorboard": "tensorboardX", "wandb": "wandb", "mlflow": "mlflow"}
TRACKERS = tuple(_PACKAGES)
_MOST_METRICS = 1000  # that MLflow takes in one call


def export_to_tracker(result: StudyResult, folder: Path, *, study: str, to: str) -> int:
    """Write every training of a study for a tracker.

    Nothing is sent anywhere: TensorBoard reads the folder, `wandb sync` sends it,
    and `mlflow ui` shows it.

    Args:
        result: The study.
        folder: A folder that is not there yet, or is empty.
        study: The study's name in the store.
        to: "tensorboard", "wandb" or "mlflow".

    Returns:
        How many trainings were written.

    Raises:
        SpecError: The tracker is unknown, or its package is not installed.
        StoreError: The folder cannot be written, or holds something.
    """
    package = tracker_package(one_of("to", to, TRACKERS))
    _check_folder(folder)
    runs = tracked_runs(result, study=study)
    folder.mkdir(parents=True, exist_ok=True)
    _WRITERS[to](package, runs, folder, study)
    return len(runs)


def tracker_package(tracker: str) -> Any:
    """Return the package that writes for a tracker.

    Raises:
        SpecError: It is not installed.
    """
    try:
        return import_module(_PACKAGES[tracker])
    except ImportError as error:
        raise SpecError(
            f"What {tracker} reads is written by the package {_PACKAGES[tracker]}. "
            "Received: it is not installed.",
            hint="pip install 'fathom-nn[export]'",
        ) from error


def _check_folder(folder: Path) -> None:
    if folder.is_dir():
        if any(folder.iterdir()):
            raise StoreError(
                f"{folder} is there already, and holds something.",
                hint="name another folder with --out, or remove it first",
            )
        check_output(folder / "x")
        return
    check_output(folder)


def _tensorboard(package: Any, runs: Sequence[Tracked], folder: Path, study: str) -> None:
    for run in runs:
        with package.SummaryWriter(str(folder / run.name)) as writer:
            _note_settings(package, writer, run)
            for epoch, values in run.curves.items():
                for name, value in values.items():
                    writer.add_scalar(name, value, epoch)
            for name, value in run.summary.items():
                writer.add_scalar(name, value, 0)
            for name, text in run.tags.items():
                writer.add_text(name, text)


def _note_settings(package: Any, writer: Any, run: Tracked) -> None:
    """Write what the tab of hyperparameters shows, into the run's own folder."""
    hparams = import_module(f"{package.__name__}.summary").hparams
    summary = hparams(dict(run.settings), dict.fromkeys(run.summary, 0))
    for part in summary:
        writer.file_writer.add_summary(part)


def _wandb(package: Any, runs: Sequence[Tracked], folder: Path, study: str) -> None:
    is_used = package.run is not None
    for run in runs:
        written = package.init(
            project="fathom",
            group=study,
            name=run.name,
            config={**run.settings},
            notes=f"{run.tags['status']}: {run.tags['reason']}",
            tags=[run.tags["status"]],
            dir=str(folder),
            mode="offline",
            settings=package.Settings(silent=True, console="off", x_disable_stats=True),
        )
        for epoch, values in run.curves.items():
            written.log(dict(values), step=epoch)
        written.summary.update(dict(run.summary))
        written.finish()
    if not is_used:
        # Its service writes what finished runs logged after `finish` has returned.
        package.teardown()


def _mlflow(package: Any, runs: Sequence[Tracked], folder: Path, study: str) -> None:
    entities = package.entities
    client = _mlflow_client(package, folder)
    artifacts = (folder.absolute() / "artifacts").as_uri()
    experiment = client.create_experiment(study, artifact_location=artifacts)
    for run in runs:
        made = client.create_run(experiment, run_name=run.name, tags={**run.tags})
        now = int(time.time() * 1000)
        metrics = [
            entities.Metric(name, value, now, epoch)
            for epoch, values in run.curves.items()
            for name, value in values.items()
        ]
        metrics += [entities.Metric(name, value, now, 0) for name, value in run.summary.items()]
        params = [entities.Param(name, str(value)) for name, value in run.settings.items()]
        client.log_batch(made.info.run_id, params=params)
        for part in _parts(metrics):
            client.log_batch(made.info.run_id, metrics=part)
        client.set_terminated(made.info.run_id)


def _mlflow_client(package: Any, folder: Path) -> Any:
    """Return what writes into a data base in the folder, the kind of store that MLflow keeps up.

    Raises:
        SpecError: Only mlflow-skinny is installed, which has none.
    """
    try:
        return package.tracking.MlflowClient(f"sqlite:///{folder.absolute()}/mlflow.db")
    except package.exceptions.MlflowException as error:
        raise SpecError(
            "Studies are written into MLflow's own data base. "
            f"Received: this MLflow cannot open one: {error}.",
            hint="pip install 'fathom-nn[export]'",
        ) from error


def _parts(metrics: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (metrics[k : k + _MOST_METRICS] for k in range(0, len(metrics), _MOST_METRICS))


_WRITERS: dict[str, Callable[[Any, Sequence[Tracked], Path, str], None]] = {
    "tensorboard": _tensorboard,
    "wandb": _wandb,
    "mlflow": _mlflow,
}
