"""A Keras callback that TensorBoard can be watched by while a model trains."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np

from fathom.exports.trackers import tracker_package
from fathom.specs import typed


class TensorBoard(keras.callbacks.Callback):
    """Write losses, metrics, the learning rate and watched layers for TensorBoard, as they come.

    Without TensorFlow, which Keras's own callback of that name asks for. With
    `fathom.fit(..., watch="layers")` the measurements of every layer are written, too.

    Args:
        folder: Where TensorBoard looks: `tensorboard --logdir FOLDER`.

    Raises:
        SpecError: The package tensorboardX is not installed.

    Example:
        >>> fathom.fit(model, x, y, callbacks=[fathom.TensorBoard("logs")])  # doctest: +SKIP
    """

    @typed
    def __init__(self, folder: str | Path) -> None:
        super().__init__()
        self._package = tracker_package("tensorboard")
        self._folder = str(folder)
        self._writer: Any = None
        self._seen = 0
        # fathom.fit puts what looks at the layers here.
        self.watcher: Any = None

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        self._writer, self._seen = self._package.SummaryWriter(self._folder), 0

    def on_epoch_end(self, epoch: int, logs: Mapping[str, Any] | None = None) -> None:
        for name, value in (logs or {}).items():
            room = "validation" if name.startswith("val_") else "train"
            self._write(f"{room}/{name.removeprefix('val_')}", value, epoch + 1)
        model: Any = self.model
        rate = getattr(model.optimizer, "learning_rate", None)
        if rate is not None:
            self._write("train/learning_rate", np.asarray(rate), epoch + 1)
        self._write_layers()
        self._writer.flush()

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        self._write_layers()
        self._writer.close()

    def _write(self, name: str, value: Any, step: int) -> None:
        if np.ndim(value) == 0 and np.isfinite(value):
            self._writer.add_scalar(name, float(value), step)

    def _write_layers(self) -> None:
        """Write what was seen of the layers since the last time."""
        if self.watcher is None:
            return
        looks = self.watcher.looks
        for look in looks[self._seen :]:
            for measure, values in look.measured.items():
                for layer, value in zip(self.watcher.names, values):
                    self._write(f"layers/{layer}/{measure}", value, look.epoch)
        self._seen = len(looks)
