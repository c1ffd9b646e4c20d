"""What trackers get of a study is what was recorded, read back from what was written."""

from __future__ import annotations

import json
import struct
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import polars as pl
import pytest
from support.made_studies import make_study
from tensorboardX.proto.event_pb2 import Event

import fathom
from fathom.errors import SpecError, StoreError
from fathom.exports import export_curves, export_to_tracker
from fathom.specs import RunRecord
from fathom.studies import StudyResult

BLOCK = 32 * 1024  # of LevelDB's logs


@pytest.fixture(scope="module")
def result() -> StudyResult:
    return make_study(depths=(0, 1, 2), rates=(1e-3, 1e-2), seeds=2, epochs=5)


def test_tensorboard_gets_the_curves_of_every_training(result, tmp_path):
    written = export_to_tracker(result, tmp_path / "logs", study="made", to="tensorboard")

    folders = sorted((tmp_path / "logs").iterdir())
    assert written == len(folders) == len(result.runs) == 12
    for run in result.runs:
        scalars, _ = _read(tmp_path / "logs" / _name(run))
        for tag, curve in [
            ("train/loss", run.train_loss),
            ("validation/loss", run.validation_losses),
            ("validation/accuracy", run.validation_scores),
        ]:
            known = {epoch: value for epoch, value in enumerate(curve, 1) if value is not None}
            assert scalars[tag] == pytest.approx(known)
        for layer in run.layers:
            told = scalars[f"layers/{layer.layer}/weight_norm"]
            assert told[layer.epoch] == pytest.approx(layer.weight_norm)


def test_tensorboard_gets_the_hyperparameters(result, tmp_path):
    export_to_tracker(result, tmp_path / "logs", study="made", to="tensorboard")

    _, settings = _read(tmp_path / "logs" / "depth-2_width-64_rate-0.01_seed-1")

    assert settings["depth"] == 2 and settings["learning_rate"] == 0.01
    assert settings["optimizer"] == result.spec.train.optimizer


@pytest.fixture(scope="module")
def small() -> StudyResult:
    return make_study(depths=(0, 1), rates=(1e-3,), seeds=1, epochs=3)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its own
def test_wandb_gets_every_training_in_its_own_records(small, tmp_path):
    pytest.importorskip("wandb")
    written = export_to_tracker(small, tmp_path / "logs", study="made", to="wandb")

    runs = {}
    for file in (tmp_path / "logs" / "wandb").glob("offline-run-*/*.wandb"):
        told = _wandb_run(file)
        runs[told["name"]] = told
    assert written == len(runs) == 2
    for run in small.runs:
        told = runs[_name(run)]
        assert told["group"] == "made" and told["config"]["depth"] == run.depth
        assert told["config"]["learning_rate"] == run.learning_rate
        assert told["config"]["optimizer"] == small.spec.train.optimizer
        assert told["train/loss"] == _known(run.train_loss)
        assert told["validation/accuracy"] == _known(run.validation_scores)
        assert told["summary"]["best/epoch"] == run.best_epoch


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # its own
def test_mlflow_gets_every_training_as_its_own_client_reads_it(small, tmp_path):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("alembic")
    written = export_to_tracker(small, tmp_path / "logs", study="made", to="mlflow")

    client = mlflow.tracking.MlflowClient(f"sqlite:///{tmp_path}/logs/mlflow.db")
    experiment = client.get_experiment_by_name("made")
    runs = {one.info.run_name: one for one in client.search_runs([experiment.experiment_id])}
    assert written == len(runs) == 2
    for run in small.runs:
        told = runs[_name(run)]
        assert told.info.status == "FINISHED"
        assert told.data.params["depth"] == str(run.depth)
        assert float(told.data.params["learning_rate"]) == run.learning_rate
        assert told.data.tags["status"] == run.status
    run = small.runs[-1]
    history = client.get_metric_history(runs[_name(run)].info.run_id, "train/loss")
    assert {one.step: one.value for one in history} == pytest.approx(_known(run.train_loss))


def _name(run: RunRecord) -> str:
    return f"depth-{run.depth}_width-{run.width}_rate-{run.learning_rate:g}_seed-{run.seed}"


def _known(curve: Sequence[float | None]) -> dict[int, float]:
    return {epoch: value for epoch, value in enumerate(curve, 1) if value is not None}


def _wandb_run(file: Path) -> dict[str, Any]:
    """Return what an offline run holds, its records read by wandb's own classes."""
    from wandb.proto.wandb_internal_pb2 import Record

    told: dict[str, Any] = defaultdict(dict)
    for data in _log_records(file.read_bytes()):
        _take_wandb(Record.FromString(data), told)
    return told


def _log_records(data: bytes) -> Iterator[bytes]:
    """Yield the records of a log in LevelDB's format, behind the seven bytes of wandb's header."""
    assert data[:4] == b":W&B"
    place, parts = 7, b""
    while place < len(data):
        if (left := BLOCK - place % BLOCK) < 7:
            place += left
            continue
        _, length, kind = struct.unpack_from("<IHB", data, place)
        parts += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield parts
            parts = b""


def _take_wandb(record: Any, told: dict[str, Any]) -> None:
    kind = record.WhichOneof("record_type")
    if kind == "run":
        told["name"], told["group"] = record.run.display_name, record.run.run_group
        told["config"] |= {one.key: json.loads(one.value_json) for one in record.run.config.update}
    elif kind == "history":
        items = {
            one.key or "/".join(one.nested_key): json.loads(one.value_json)
            for one in record.history.item
        }
        for name in ("train/loss", "validation/accuracy"):
            if name in items:
                told[name][record.history.step.num] = items[name]
    elif kind == "summary":
        for one in record.summary.update:
            told["summary"][one.key or "/".join(one.nested_key)] = json.loads(one.value_json)


def test_curves_are_a_row_per_training_and_epoch(result, tmp_path):
    for ending in ("parquet", "csv", "jsonl", "json"):
        export_curves(result, tmp_path / f"curves.{ending}", study="=made", to=ending)

    table = pl.read_parquet(tmp_path / "curves.parquet")
    run = result.runs[-1]
    own = table.filter(
        (pl.col("depth") == run.depth)
        & (pl.col("learning_rate") == run.learning_rate)
        & (pl.col("seed") == run.seed)
        & (pl.col("epoch") > 0)
    )
    assert own["train/loss"].to_list() == list(run.train_loss)
    assert own["validation/loss"].to_list() == list(run.validation_losses)
    assert pl.read_csv(tmp_path / "curves.csv")["study"].unique().to_list() == ["'=made"]
    lines = (tmp_path / "curves.jsonl").read_text().splitlines()
    whole = json.loads((tmp_path / "curves.json").read_text())
    assert len(lines) == len(whole) == len(table)


@pytest.mark.parametrize("tracker", ["tensorboard", "wandb", "mlflow"])
def test_a_missing_package_is_named_with_how_to_get_it(result, tmp_path, monkeypatch, tracker):
    for package in ("tensorboardX", "wandb", "mlflow"):
        monkeypatch.setitem(sys.modules, package, None)

    with pytest.raises(SpecError, match=r"pip install 'fathom-nn\[export\]'"):
        export_to_tracker(result, tmp_path / "logs", study="made", to=tracker)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(result, tmp_path):
    (tmp_path / "mine").write_text("keep")

    with pytest.raises(StoreError, match="holds something"):
        export_to_tracker(result, tmp_path, study="made", to="tensorboard")
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


def test_the_callback_writes_as_a_model_trains(tmp_path):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, keras.layers.Dense(1, name="only")(inputs))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
    board = fathom.TensorBoard(tmp_path / "logs")

    history = fathom.fit(
        model,
        x,
        x[:, :1],
        validation_split=0.25,
        epochs=3,
        verbose=0,
        watch="layers",
        callbacks=[board],
    )

    scalars, _ = _read(tmp_path / "logs")
    losses = history.history["loss"]
    assert scalars["train/loss"] == pytest.approx(dict(enumerate(losses, 1)))
    assert scalars["validation/loss"] == pytest.approx(
        dict(enumerate(history.history["val_loss"], 1))
    )
    assert scalars["train/learning_rate"] == pytest.approx({1: 0.1, 2: 0.1, 3: 0.1})
    assert list(scalars["layers/only/weight_norm"]) == [0, 1, 2, 3]


def _read(folder: Path) -> tuple[dict[str, dict[int, float]], dict[str, Any]]:
    """Return scalars by name and step, and hyperparameters, of a folder's one event file."""
    (file,) = folder.iterdir()
    scalars: dict[str, dict[int, float]] = defaultdict(dict)
    settings: dict[str, Any] = {}
    for event in _events(file.read_bytes()):
        for value in event.summary.value:
            if value.HasField("simple_value"):
                scalars[value.tag][event.step] = value.simple_value
            elif value.tag == "_hparams_/session_start_info":
                settings |= _hyperparameters(value.metadata.plugin_data.content)
    return scalars, settings


def _events(data: bytes) -> list[Any]:
    """Return the events of a file: records of length, checksum, bytes, checksum."""
    events, place = [], 0
    while place < len(data):
        (length,) = struct.unpack_from("<Q", data, place)
        events.append(Event.FromString(data[place + 12 : place + 12 + length]))
        place += length + 16
    return events


def _hyperparameters(content: bytes) -> dict[str, Any]:
    from tensorboardX.proto.plugin_hparams_pb2 import HParamsPluginData

    found = HParamsPluginData.FromString(content).session_start_info.hparams
    return {name: getattr(v, str(v.WhichOneof("kind"))) for name, v in found.items()}
