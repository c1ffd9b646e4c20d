"""The epochs: compiled chunks between callbacks, in the order in which Keras calls them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import jax
import keras
import numpy as np

from fathom.train import keras_internals as internals
from fathom.train.fitting.chunks import DONATED_BYTES, Chunk, Walker
from fathom.train.fitting.compiled import Programs
from fathom.train.fitting.held import Held
from fathom.train.fitting.observers import Observers
from fathom.train.fitting.slabs import Slab
from fathom.train.fitting.sources import Source
from fathom.train.fitting.steps import metric_names, test_loop, tested_weights, train_loop
from fathom.train.fitting.watching import Watcher

Logs = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """Which epochs there are.

    Args:
        initial_epoch: The first, counted from 0.
        epochs: One past the last.
        validation_freq: Every how many epochs to validate, or after which, counted from 1.
    """

    initial_epoch: int
    epochs: int
    validation_freq: int | list[int]


class Training:
    """One training of one model.

    Args:
        model: Built and compiled.
        source: What it trains on.
        validation: Makes what it is validated on, when that is first needed; None for nothing.
        callbacks: Keras's list of them.
        watcher: Looks at the layers between epochs; None for nobody.
        bitwise: Whether layers compute as Keras writes them.
    """

    def __init__(
        self,
        model: keras.Model,
        source: Source,
        validation: Callable[[], Source] | None,
        callbacks: keras.callbacks.CallbackList,
        *,
        watcher: Watcher | None = None,
        bitwise: bool = False,
    ) -> None:
        self._model: Any = model
        self._source = source
        self._make_validation = validation
        self._validation: Source | None = None
        self._observers = Observers(callbacks)
        self._held = Held(model)
        self._watcher = watcher
        self._place = 0  # the epoch
        self._names = metric_names(model)
        self._programs = Programs(model, bitwise=bitwise)
        halting = self._observers.halting
        self._trainer = Walker(
            model,
            self._programs,
            f"train halting={halting} remembering={watcher is not None}",
            lambda: train_loop(model, halting=halting, remembering=watcher is not None),
            donate=watcher is None and self._held.num_bytes() > DONATED_BYTES,
        )
        self._tester = Walker(model, self._programs, "test", lambda: test_loop(model), donate=False)

    # -- epochs ---------------------------------------------------------------

    def run(self, schedule: Schedule) -> None:
        """Train, and leave the model as Keras's `fit` leaves it."""
        model, callbacks = self._model, self._observers.all
        model.stop_training = False
        callbacks.on_train_begin()
        logs: Logs = {}
        first = internals.first_epoch(model, schedule.initial_epoch)
        finished = False
        try:
            for epoch in range(first, schedule.epochs):
                logs = self._epoch(epoch, schedule)
                if model.stop_training:
                    break
            finished = True
        finally:
            self._end(schedule)
            if finished:
                callbacks.on_train_end(logs)

    def _end(self, schedule: Schedule) -> None:
        model = self._model
        if isinstance(model.optimizer, keras.optimizers.Optimizer) and schedule.epochs > 0:
            model.optimizer.finalize_variable_values(model.trainable_weights)
        internals.drop_stepwise_state(model)

    def _epoch(self, epoch: int, schedule: Schedule) -> Logs:
        self._held.reset_metrics()
        self._observers.all.on_epoch_begin(epoch)
        self._place = epoch
        logs = self._train() if self._watcher is None else self._watched(epoch, self._watcher)
        if self._make_validation and internals.is_due(self._model, epoch, schedule.validation_freq):
            logs |= {f"val_{name}": value for name, value in self._evaluate().items()}
        self._observers.all.on_epoch_end(epoch, logs)
        return logs

    def _watched(self, epoch: int, watcher: Watcher) -> Logs:
        """Train one epoch and look at the layers before and after."""
        held = self._held
        watcher.before_epoch(epoch, held.weights(), held.metrics())
        logs = self._train()
        before, loss = self._trainer.before, logs.get("loss")
        watcher.after_epoch(epoch, held.weights(), held.metrics(), before=before, loss=loss)
        return logs

    # -- training -------------------------------------------------------------

    def _train(self) -> Logs:
        """Train one epoch and return its logs."""
        each = bool(self._observers.of_batches)
        walk = self._walk_by_batch if each else self._walk_by_chunk
        try:
            return self._as_logs(walk(self._source.epoch(one_by_one=each)))
        finally:
            if self._trainer.weights is not None:
                self._held.give_back(self._trainer.weights, self._trainer.metrics)

    def _walk_by_chunk(self, slabs: Iterator[Slab]) -> Any:
        """Train in compiled chunks, telling only the callbacks that act on some batches."""
        self._trainer.begin(self._held.weights(), self._held.metrics())
        step, results = 0, None
        with ExitStack() as stack:
            stack.callback(_close, slabs)
            for slab in slabs:
                for chunk in self._chunks(self._trainer, slab, step):
                    results = chunk.results
                    step += chunk.steps
                    self._tell(chunk, step)
                    if self._model.stop_training:
                        return results
        return results

    def _chunks(self, walker: Walker, slab: Slab, before: int) -> Iterator[Chunk]:
        def pause(step: int, stop: int) -> int:
            return self._observers.next_pause(before + step, before + stop) - before

        if self._watcher is not None:
            self._watcher.before_step(self._place, slab.batches)
        return walker.walk(slab, pause)

    def _tell(self, chunk: Chunk, step: int) -> None:
        """Tell callbacks of a chunk that ended before `step`."""
        if not (chunk.halted or self._observers.halting or self._observers.watching_progress):
            return
        logs = internals.as_python(self._as_logs(chunk.results))
        if self._observers.saving:
            self._held.give_back(self._trainer.weights, self._trainer.metrics)
        self._observers.after_chunk(step - chunk.steps, step, logs)
        self._observers.after_halt(step - 1, logs)

    def _walk_by_batch(self, slabs: Iterator[Slab]) -> Any:
        """Train one batch at a time, with the model's variables up to date at every callback."""
        callbacks, trainer, held = self._observers.all, self._trainer, self._held
        results = None
        for step, slab in enumerate(slabs):
            callbacks.on_train_batch_begin(step)
            trainer.begin(held.weights(), held.metrics())
            for chunk in self._chunks(trainer, slab, step):
                results = chunk.results
            held.give_back(trainer.weights, trainer.metrics)
            trainer.begin(None, [])
            callbacks.on_train_batch_end(step, self._as_logs(results))
            if self._model.stop_training:
                _close(slabs)
                break
        return results

    # -- validation -------------------------------------------------------------

    def _evaluate(self) -> Logs:
        model, callbacks = self._model, self._observers.all
        if self._validation is None and self._make_validation is not None:
            self._validation = self._make_validation()
        source: Any = self._validation
        source.start_anew()
        model.stop_evaluating = False
        callbacks.on_test_begin()
        self._held.reset_metrics()
        each = bool(self._observers.of_test_batches)
        logs = internals.as_python(self._as_logs(self._test(source.epoch(one_by_one=each), each)))
        callbacks.on_test_end(logs)
        return logs

    def _test(self, slabs: Iterator[Slab], each: bool) -> Any:
        callbacks, tester, held = self._observers.all, self._tester, self._held
        results, step = None, 0
        for slab in slabs:
            if each:
                callbacks.on_test_batch_begin(step)
            fixed, changing = tested_weights(self._model, held.weights())
            tester.begin(changing, held.metrics(), fixed=fixed)
            for chunk in tester.walk(slab, lambda _, stop: stop):
                results, step = chunk.results, step + chunk.steps
            held.give_back(tester.weights, tester.metrics)
            if each:
                callbacks.on_test_batch_end(step - 1, self._as_logs(results))
            if self._model.stop_evaluating:
                _close(slabs)
                break
        return results

    def _as_logs(self, results: Any) -> Logs:
        """Return what a program says of the metrics by name, as arrays of NumPy."""
        if isinstance(results, list):
            results = dict(zip(self._names, results, strict=True))
        return {} if results is None else jax.tree.map(np.asarray, dict(results))


def _close(slabs: Any) -> None:
    close = getattr(slabs, "close", None)
    if close is not None:
        close()
