"""What `fathom.fit(..., watch="layers")` keeps of a training, for `fathom.diagnose`."""

from __future__ import annotations

from typing import Any

import keras

from fathom.api.diagnosing import loss_name
from fathom.measure import guess_accuracy, guess_loss, layer_records
from fathom.specs import WatchedTraining
from fathom.train.fitting import Watcher


def watched_training(
    model: keras.Model, watcher: Watcher, *, y: Any, steps: int | None
) -> WatchedTraining:
    """Return what the watcher saw, and how well a guess would do on the targets.

    Args:
        model: The model that was trained.
        watcher: Who looked at its layers.
        y: The targets as they were given; None if they came with the inputs.
        steps: Steps of an epoch, None if not known.
    """
    records = [
        record
        for look in watcher.looks
        for record in layer_records(watcher.names, look.measured, epoch=look.epoch)
    ]
    name = loss_name(model)
    return WatchedTraining(
        layers=tuple(records),
        activations=watcher.activations,
        first_cause=watcher.first_cause,
        guess_loss=guess_loss(name, y) if y is not None else None,
        guess_score=guess_accuracy(name, y) if y is not None else None,
        steps_per_epoch=steps,
        note=watcher.note,
    )
