"""A fit as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fathom.api.network import Trained
    from fathom.data import Dataset


def fit_document(
    trained: Trained, dataset: Dataset, *, network: str, written: Mapping[str, Path]
) -> dict[str, Any]:
    """Return what `fathom fit --json` writes; the JSON writer makes null of what is not finite."""
    progress, settings = trained.progress, trained.settings
    return {
        "network": network,
        "source": dataset.source,
        "task": dataset.task,
        "metric": progress.metric,
        "rows": {name: len(split) for name, split in dataset.splits.items()},
        "parameters": sum(_size(v) for v in trained.model.trainable_variables),
        "settings": settings,
        "status": trained.status,
        "epochs": progress.epoch,
        "best_epoch": progress.best_epoch,
        "train": progress.train,
        "validation": progress.validation,
        "test": trained.test or None,
        "layers": progress.layers,
        "diagnosis": {
            "text": progress.diagnosis.text,
            "findings": progress.diagnosis.findings,
            "unseen": progress.diagnosis.unseen,
        },
        "notices": [*dataset.notices, *trained.notices],
        "wall_seconds": trained.seconds,
        "written": {name: path.absolute() for name, path in written.items()},
    }


def _size(variable: Any) -> int:
    size = 1
    for length in variable.shape:
        size *= length
    return size
