"""A training made ready: data adapted, model built, everything that can be refused refused."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import keras
import numpy as np

from fathom.errors import DataError
from fathom.train import keras_internals as internals
from fathom.train.fitting import checks
from fathom.train.fitting.adapters import adapter
from fathom.train.fitting.failures import explaining
from fathom.train.fitting.held import weights_now
from fathom.train.fitting.loop import Schedule, Training
from fathom.train.fitting.sources import Source, source
from fathom.train.fitting.watching import Watcher
from fathom.train.probe import Statistics

Data = tuple[Any, Any, Any]  # x, y, sample_weight


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The arguments of `keras.Model.fit` that say what is trained on, and for how long."""

    data: Data
    validation: Any
    batch_size: int | None
    epochs: int
    validation_split: float
    shuffle: Any
    class_weight: dict[int, float] | None
    initial_epoch: int
    steps_per_epoch: int | None
    validation_steps: int | None
    validation_batch_size: int | None
    validation_freq: int | list[int]


@dataclass(frozen=True)
class Prepared:
    """A training that can begin.

    Args:
        model: Built.
        asked: What was asked for.
        source: What it is trained on.
        validation: Makes what it is validated on; None for nothing.
        initial_weights: The weights before, in the order of `model.get_weights()`.
        notes: What the user should be told.
    """

    model: keras.Model
    asked: Asked
    source: Source
    validation: Callable[[], Source] | None
    initial_weights: list[np.ndarray]
    notes: tuple[str, ...]

    @property
    def steps(self) -> int | None:
        """Steps of an epoch, None if only the end of the data tells."""
        return self.source.batches.num_batches

    def watcher(self, statistics: Statistics) -> Watcher:
        """Return who looks at the layers between epochs."""
        return Watcher(self.model, self.source, statistics)

    def run(
        self,
        callbacks: keras.callbacks.CallbackList,
        *,
        watcher: Watcher | None = None,
        bitwise: bool = False,
    ) -> None:
        """Train as Keras's `fit` does."""
        asked = self.asked
        schedule = Schedule(
            initial_epoch=asked.initial_epoch,
            epochs=asked.epochs,
            validation_freq=asked.validation_freq,
        )
        training = Training(
            self.model,
            self.source,
            self.validation,
            callbacks,
            watcher=watcher,
            bitwise=bitwise,
        )
        training.run(schedule)


def prepare(model: keras.Model, asked: Asked) -> Prepared:
    """Make a training ready.

    Raises:
        FathomError: It cannot be done: names the argument, what arrived, and the mend.
    """
    checks.check_given(*asked.data)
    data, validation = _split(asked)
    training = _source(
        model,
        data,
        batch_size=asked.batch_size,
        steps=asked.steps_per_epoch,
        shuffle=asked.shuffle,
        class_weight=asked.class_weight,
    )
    checks.check_has_loss(model)
    _check_arrays(model, training, ("x", "y"))
    with explaining(model, _or_nothing(training.arrays(), data), batch_axes=1):
        internals.build_for(model, training.batches)
    return Prepared(
        model,
        asked,
        training,
        _validation(model, validation, asked),
        weights_now(model),
        _notes(asked, training),
    )


def _or_nothing(arrays: Any, data: Data) -> Any:
    return arrays if arrays is not None else tuple(p for p in data if hasattr(p, "shape"))


def _split(asked: Asked) -> tuple[Data, Any]:
    """Return what is trained on and what is validated on, as Keras tells them apart."""
    if not asked.validation_split or asked.validation is not None:
        return asked.data, asked.validation
    try:
        training, validation = internals.validation_split(asked.data, asked.validation_split)
    except ValueError as error:
        raise DataError(
            f"`validation_split` needs arrays with rows enough for two parts. "
            f"Received: validation_split={asked.validation_split!r}; {error}",
            hint="pass validation_data=(x, y) instead",
        ) from None
    return training, validation


def _source(
    model: Any,
    data: Data,
    *,
    batch_size: int | None,
    steps: int | None,
    shuffle: Any,
    class_weight: dict[int, float] | None = None,
) -> Source:
    adapted = adapter(
        *data,
        batch_size=batch_size,
        steps_per_epoch=steps,
        shuffle=shuffle,
        class_weight=class_weight,
    )
    return source(
        adapted,
        steps_per_epoch=steps,
        steps_per_execution=model.steps_per_execution,
        check=functools.partial(checks.check_rows, model),
    )


def _validation(model: Any, validation: Any, asked: Asked) -> Callable[[], Source] | None:
    """Return what makes the validation's source, once it is known to be fit for use."""
    if validation is None:
        return None
    try:
        data = keras.utils.unpack_x_y_sample_weight(validation)
    except ValueError:
        raise DataError(
            "`validation_data` must be (x, y), (x, y, sample_weight) or a data set of batches. "
            f"Received: a tuple of {len(validation)}.",
            hint="pass validation_data=(x_validation, y_validation)",
        ) from None

    checks.check_given(*data)

    def make() -> Source:
        return _source(
            model,
            data,
            batch_size=asked.validation_batch_size or asked.batch_size,
            steps=asked.validation_steps,
            shuffle=False,
        )

    if not _is_read_once(data[0]):
        made = make()
        _check_arrays(model, made, ("validation_data", "validation_data"))
        return lambda: made
    return make


def _is_read_once(x: Any) -> bool:
    """Whether looking at the data takes something of them away, as of a generator."""
    return hasattr(x, "__next__")


def _check_arrays(model: keras.Model, made: Source, names: tuple[str, str]) -> None:
    if (arrays := made.arrays()) is not None:
        checks.check_rows(model, arrays, names=names)


def _notes(asked: Asked, training: Source) -> tuple[str, ...]:
    arrays = training.arrays()
    if arrays is None:
        return ()
    note = checks.note_large_batch(asked.batch_size, jax.tree.leaves(arrays)[0].shape[0])
    return (note,) if note else ()
