"""What callbacks ask of an epoch: where it must pause, and whether every batch must be seen.

Keras's own callbacks that have a method for batches need few of them, and
which ones is known. Anybody else's gets each batch, one compiled step at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from fathom.train import keras_internals as internals

BATCH_METHODS = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")
TEST_METHODS = ("on_test_batch_begin", "on_test_batch_end")
# Keras's own methods that act on few batches, or, as the progress bar, on the last one alone.
SAVING = (
    keras.callbacks.ModelCheckpoint.on_train_batch_end,
    keras.callbacks.BackupAndRestore.on_train_batch_end,
)
SHOWING = (
    keras.callbacks.ProgbarLogger.on_train_batch_end,
    keras.callbacks.ProgbarLogger.on_test_batch_end,
)
HALTING = (keras.callbacks.TerminateOnNaN.on_batch_end,)


class Observers:
    """The callbacks of one training, sorted by what they need.

    Args:
        callbacks: Keras's list of them.
    """

    def __init__(self, callbacks: keras.callbacks.CallbackList) -> None:
        each: list[Any] = callbacks.callbacks
        self.all = callbacks
        self._saving = [one for one in each if _uses(one, SAVING) and _saves_by_batch(one)]
        self._showing = [one for one in each if _uses(one, SHOWING)]
        self._halting = [one for one in each if _uses(one, HALTING)]
        self.of_batches = [one for one in each if _needs_each(one, BATCH_METHODS)]
        self.of_test_batches = [one for one in each if _needs_each(one, TEST_METHODS)]

    @property
    def halting(self) -> bool:
        """Whether training ends with the first loss that is not finite."""
        return bool(self._halting)

    @property
    def saving(self) -> bool:
        """Whether weights are saved within epochs."""
        return bool(self._saving)

    @property
    def watching_progress(self) -> bool:
        """Whether somebody reads the logs of a chunk."""
        return bool(self._showing or self._saving)

    def next_pause(self, step: int, stop: int) -> int:
        """Return the step before `stop`, counted in the epoch, up to which nobody must look."""
        for callback in self._saving:
            left = callback.save_freq - callback._batches_seen_since_last_saving
            stop = min(stop, step + max(1, left))
        return stop

    def after_chunk(self, start: int, stop: int, logs: dict[str, Any]) -> None:
        """Tell the callbacks that need it of the steps from `start` to `stop`."""
        for callback in self._saving:
            for step in range(start, stop):
                callback.on_train_batch_end(step, logs)
        for callback in self._showing:
            callback.on_train_batch_end(stop - 1, logs)

    def after_halt(self, step: int, logs: dict[str, Any]) -> None:
        """Tell the callbacks that end training of a loss that is not finite."""
        for callback in self._halting:
            callback.on_batch_end(step, logs)


def _uses(callback: Any, methods: Sequence[Any]) -> bool:
    names = {method.__name__ for method in methods}
    return any(_function(callback, name) in methods for name in names)


def _function(callback: Any, name: str) -> Any:
    method = getattr(callback, name, None)
    return getattr(method, "__func__", method)


def _saves_by_batch(callback: Any) -> bool:
    return not isinstance(callback.save_freq, str) and bool(callback.save_freq)


def _needs_each(callback: Any, methods: Sequence[str]) -> bool:
    """Whether one of these methods is neither Keras's empty one nor one that is known."""
    known = (*SAVING, *SHOWING, *HALTING)
    return any(
        internals.is_overridden(callback, name) and _function(callback, name) not in known
        for name in methods
    )
