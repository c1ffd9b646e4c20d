"""A study's trainings as trackers have them: settings, curves by epoch, and what came of each."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from fathom.specs import LayerRecord, RunRecord

if TYPE_CHECKING:
    from fathom.studies import StudyResult

_MEASURES = tuple(f.name for f in fields(LayerRecord) if f.name not in ("layer", "epoch"))


@dataclass(frozen=True)
class Tracked:
    """One training.

    Args:
        name: Such as "depth-3_width-64_rate-0.001_seed-0".
        settings: Its hyperparameters, and those of the whole study.
        curves: From epoch, 0 for initialisation, to measurements by name.
        summary: What came of it; only finite numbers.
        tags: Study, data and outcome in words.
    """

    name: str
    settings: Mapping[str, int | float | str | bool]
    curves: Mapping[int, Mapping[str, float]]
    summary: Mapping[str, float]
    tags: Mapping[str, str]


def tracked_runs(result: StudyResult, *, study: str) -> tuple[Tracked, ...]:
    """Return every training of a study.

    Args:
        result: The study.
        study: Its name in the store.
    """
    return tuple(_tracked(run, result, study) for run in result.runs)


def _tracked(run: RunRecord, result: StudyResult, study: str) -> Tracked:
    return Tracked(
        name=f"depth-{run.depth}_width-{run.width}_rate-{run.learning_rate:g}_seed-{run.seed}",
        settings=_settings(run, result),
        curves=_curves(run, result.header.metric),
        summary=_summary(run, result),
        tags={
            "study": study,
            "source": str(result.header.dataset.get("source", "")),
            "status": run.status,
            "reason": run.reason,
        },
    )


def _settings(run: RunRecord, result: StudyResult) -> dict[str, int | float | str | bool]:
    model, train = result.spec.model, result.spec.train
    return {
        "depth": run.depth,
        "width": run.width,
        "learning_rate": run.learning_rate,
        "seed": run.seed,
        "family": model.family,
        "activation": model.activation,
        "normalization": model.normalization,
        "initializer": model.initializer,
        "dropout": model.dropout,
        "l1": model.l1,
        "l2": model.l2,
        "optimizer": train.optimizer,
        "batch_size": train.batch_size,
        "epochs": train.epochs,
        "decay": train.decay,
        "patience": "none" if train.patience is None else train.patience,
    }


def _curves(run: RunRecord, metric: str) -> dict[int, dict[str, float]]:
    told: dict[int, dict[str, float]] = defaultdict(dict)
    curves = {
        "train/loss": run.train_loss,
        "validation/loss": run.validation_losses,
        f"validation/{metric}": run.validation_scores,
    }
    for name, values in curves.items():
        for epoch, value in enumerate(values, 1):
            if value is not None:
                told[epoch][name] = value
    for layer in run.layers:
        for measure in _MEASURES:
            value = getattr(layer, measure)
            if value is not None:
                told[layer.epoch][f"layers/{_plain(layer.layer)}/{measure}"] = value
    return dict(sorted(told.items()))


def _plain(name: str) -> str:
    """Return a layer's name in the characters that all trackers take."""
    return re.sub(r"[^\w.-]", "_", name, flags=re.ASCII)


def _summary(run: RunRecord, result: StudyResult) -> dict[str, float]:
    tests = {(test.depth, test.width): test for test in result.tests}
    sizes = {(one.depth, one.width): one.parameters for one in result.architectures}
    test = tests.get((run.depth, run.width))
    is_chosen = test is not None and test.learning_rate == run.learning_rate
    values: dict[str, Any] = {
        "best/epoch": run.best_epoch,
        "best/validation_loss": run.validation_loss,
        f"best/validation_{result.header.metric}": run.validation_score,
        f"test/mean_{result.header.metric}": test.mean if test and is_chosen else None,
        "parameters": sizes.get((run.depth, run.width)),
        "train_seconds": run.train_seconds,
    }
    return {name: value for name, value in values.items() if value is not None}
