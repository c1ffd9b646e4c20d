"""One network trained on a data set: what `fathom fit` does."""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from fathom import models
from fathom.api.diagnosing import diagnose
from fathom.api.fitting import fit
from fathom.errors import FathomError, FathomWarning, ModelError
from fathom.measure import Diagnosis, diagnosed, layer_records
from fathom.specs import DIVERGED, FINISHED, STOPPED_EARLY, LayerRecord, ModelSpec, StudySpec

if TYPE_CHECKING:
    from fathom.data import Dataset
    from fathom.measure import Course


@dataclass(frozen=True, kw_only=True)
class FitSettings:
    """How a network is trained.

    Args:
        optimizer: A Keras optimizer's name.
        learning_rate: Greater than 0.
        epochs: Passes over the training rows, at most.
        batch_size: Rows per step.
        patience: Epochs without a better validation loss before training stops; None for never.
        seed: Draws initial weights, batch orders and dropout.
    """

    optimizer: str
    learning_rate: float
    epochs: int
    batch_size: int
    patience: int | None
    seed: int = 0

    @classmethod
    def of(cls, spec: StudySpec) -> FitSettings:
        """Return the settings of a study of one network."""
        return cls(
            optimizer=spec.train.optimizer,
            learning_rate=spec.learning_rates[0],
            epochs=spec.train.epochs,
            batch_size=spec.train.batch_size,
            patience=spec.train.patience,
            seed=spec.seed,
        )


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a training is, after each epoch; before the first one the lists are empty.

    Args:
        epoch: Epochs trained.
        epochs: Epochs planned.
        metric: Name of the score: "accuracy" or "r2".
        train: Loss and score of each epoch on the training rows, by name.
        validation: The same on the validation rows.
        layers: All measurements of the layers so far.
        diagnosis: What is wrong, as far as can be seen by now.
        note: Why the layers are not watched; empty if they are.
    """

    epoch: int
    epochs: int
    metric: str
    train: dict[str, list[float]]
    validation: dict[str, list[float]]
    layers: tuple[LayerRecord, ...]
    diagnosis: Diagnosis
    note: str = ""

    @property
    def best_epoch(self) -> int | None:
        """Epoch, from 1, of the lowest finite validation loss; None if there is none."""
        losses = [loss if math.isfinite(loss) else math.inf for loss in self.validation["loss"]]
        best = min(losses, default=math.inf)
        return losses.index(best) + 1 if math.isfinite(best) else None


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A network, trained.

    Args:
        model: The network, from inputs to probabilities or the value, with the weights
            of the epoch that validated best.
        settings: How it was trained.
        progress: The course of the training.
        status: "finished", "stopped-early" or "diverged".
        test: Loss and score on the test rows; empty if it cannot predict.
        seconds: How long the training took.
        notices: What was said on the way.
    """

    model: keras.Model
    settings: FitSettings
    progress: Progress
    status: str
    test: dict[str, float]
    seconds: float
    notices: tuple[str, ...] = ()

    @property
    def can_predict(self) -> bool:
        """Whether there was an epoch with a finite validation loss, whose weights are kept."""
        return self.progress.best_epoch is not None


@dataclass
class Fitting:
    """A network about to be trained, or in training.

    Args:
        model: From inputs to probabilities or the value.
        dataset: What it is trained on.
        settings: How.
        on_progress: Called before the first epoch and after each one; an
            exception from it ends the training.
    """

    model: keras.Model
    dataset: Dataset
    settings: FitSettings
    on_progress: Callable[[Progress], None] = lambda progress: None
    progress: Progress | None = None
    _watching: Any = field(default=None, repr=False)

    def train(self) -> Trained:
        """Train the network; it keeps the weights of the epoch that validates best.

        Raises:
            FathomError: The network does not fit the data.
        """
        view = self._compiled()
        keras.utils.set_random_seed(self.settings.seed)
        self._watching = watching = _Watching(self, view)
        data, began = self.dataset, time.monotonic()
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", FathomWarning)
            history = fit(
                view,
                data.train.x,
                data.train.y,
                batch_size=self.settings.batch_size,
                epochs=self.settings.epochs,
                validation_data=(data.validation.x, data.validation.y),
                callbacks=[watching, watching.stopping, keras.callbacks.TerminateOnNaN()],
                verbose=0,
                watch="layers",
            )
        self.progress = replace(watching.progress(), diagnosis=diagnose(history))
        return self._trained(view, time.monotonic() - began, _messages(caught))

    def keep_best(self) -> int | None:
        """Give an interrupted network its best weights so far; return their epoch, if any."""
        stopping = None if self._watching is None else self._watching.stopping
        best = None if self.progress is None else self.progress.best_epoch
        if stopping is not None and stopping.best_weights is not None and best is not None:
            stopping.model.set_weights(stopping.best_weights)
        return best

    def ready_to_use(self) -> keras.Model:
        """Return the network compiled as it is, to be saved and used."""
        return models.ready_to_use(
            self.model,
            task=self.dataset.task,
            optimizer=self.settings.optimizer,
            learning_rate=self.settings.learning_rate,
        )

    def _compiled(self) -> keras.Model:
        return models.compile_for(
            self.model,
            task=self.dataset.task,
            optimizer=self.settings.optimizer,
            learning_rate=self.settings.learning_rate,
        )

    def _trained(self, view: Any, seconds: float, notices: tuple[str, ...]) -> Trained:
        assert self.progress is not None  # noqa: S101
        progress, test = self.progress, self.dataset.test
        logs = {}
        if progress.best_epoch is not None:
            batch = max(self.settings.batch_size, 256)
            logs = view.evaluate(test.x, test.y, batch_size=batch, verbose=0, return_dict=True)
        return Trained(
            model=self.ready_to_use(),
            settings=self.settings,
            progress=progress,
            status=_status(progress),
            test={name: float(value) for name, value in logs.items()},
            seconds=seconds,
            notices=notices,
        )


def network_of(spec: StudySpec) -> ModelSpec:
    """Return the one network of a study of one depth and width."""
    return replace(spec.model, depth=spec.depths[0], width=spec.widths[0])


def check_fits(model: keras.Model, dataset: Dataset) -> None:
    """Raise ModelError unless a model takes the inputs of a data set, and gives its outputs."""
    shapes = [tuple(tensor.shape[1:]) for tensor in model.inputs or ()]
    taken = ", ".join(map(str, shapes)) or "unknown ones"
    if shapes != [dataset.input_shape] and not _agree(shapes, dataset.input_shape):
        raise ModelError(
            f"The model must take the data's inputs, of shape {dataset.input_shape} per row. "
            f"Received: {model.name!r}, which takes {taken}.",
            hint="choose other data, or a network of a family with --family and --depth",
        )
    units = int(model.outputs[0].shape[-1] or 0)
    wanted = _outputs(dataset)
    if units not in wanted or len(model.outputs[0].shape) != 2:
        counts = " or ".join(map(str, wanted))
        raise ModelError(
            f"The model must end in {counts} units for {_task(dataset)}. "
            f"Received: {model.name!r}, which ends in shape {tuple(model.outputs[0].shape[1:])}.",
            hint="choose other data, or a network of a family with --family and --depth",
        )


def _agree(shapes: list[tuple[int | None, ...]], wanted: tuple[int, ...]) -> bool:
    """Return whether one input of a shape that may be open in places takes what is wanted."""
    return (
        len(shapes) == 1
        and len(shapes[0]) == len(wanted)
        and all(size in (None, other) for size, other in zip(shapes[0], wanted))
    )


def _outputs(dataset: Dataset) -> tuple[int, ...]:
    if dataset.task == "regression":
        return (1,)
    return (1, 2) if dataset.num_classes == 2 else (dataset.num_classes,)


def _task(dataset: Dataset) -> str:
    return "regression" if dataset.task == "regression" else f"{dataset.num_classes} classes"


def _messages(caught: list[warnings.WarningMessage]) -> tuple[str, ...]:
    """Return what Fathom said; pass on what others did."""
    for one in caught:
        if not issubclass(one.category, FathomWarning):
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return tuple(str(one.message) for one in caught if issubclass(one.category, FathomWarning))


def _status(progress: Progress) -> str:
    losses = [*progress.train["loss"], *progress.validation["loss"]]
    if not all(map(math.isfinite, losses)):
        return DIVERGED
    return FINISHED if progress.epoch >= progress.epochs else STOPPED_EARLY


class _Watching(keras.callbacks.Callback):
    """Tells of each epoch as it ends.

    Attributes:
        watcher: Who looks at the layers; given by `fit`.
        stopping: Keeps the weights of the best epoch, and ends training when it waits too long.
    """

    def __init__(self, fitting: Fitting, view: keras.Model) -> None:
        super().__init__()
        self.watcher: Any = None
        self._fitting = fitting
        settings = fitting.settings
        self.stopping: Any = keras.callbacks.EarlyStopping(
            monitor="val_loss",
            mode="min",
            patience=settings.patience or settings.epochs + 1,
            restore_best_weights=True,
        )
        self._metric = "accuracy" if fitting.dataset.task == "classification" else "r2"
        self._logs: dict[str, list[float]] = {
            f"{prefix}{name}": [] for prefix in ("", "val_") for name in ("loss", self._metric)
        }
        self._guess = _guess(view, fitting.dataset)

    def on_train_begin(self, logs: Any = None) -> None:
        """Tell that training begins."""
        self._tell()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Tell of the epoch."""
        for name, values in self._logs.items():
            values.append(float((logs or {}).get(name, math.nan)))
        self._tell()

    def _tell(self) -> None:
        self._fitting.progress = self.progress()
        self._fitting.on_progress(self._fitting.progress)

    def progress(self) -> Progress:
        """Return where the training is."""
        layers = self._layers()
        logs = self._logs
        return Progress(
            epoch=len(logs["loss"]),
            epochs=self._fitting.settings.epochs,
            metric=self._metric,
            train={name: list(logs[name]) for name in ("loss", self._metric)},
            validation={name: list(logs[f"val_{name}"]) for name in ("loss", self._metric)},
            layers=layers,
            diagnosis=diagnosed(self._course(layers)),
            note=self.watcher.note if self.watcher else "",
        )

    def _layers(self) -> tuple[LayerRecord, ...]:
        if self.watcher is None:
            return ()
        return tuple(
            record
            for look in self.watcher.looks
            for record in layer_records(self.watcher.names, look.measured, epoch=look.epoch)
        )

    def _course(self, layers: tuple[LayerRecord, ...]) -> Course:
        from fathom.measure import Course

        loss, score = self._guess
        return Course(
            loss=tuple(self._logs["loss"]),
            validation_loss=tuple(self._logs["val_loss"]),
            validation_score=tuple(self._logs[f"val_{self._metric}"]) if score is not None else (),
            layers=layers,
            activations=self.watcher.activations if self.watcher else {},
            learning_rate=self._fitting.settings.learning_rate,
            guess_loss=loss,
            guess_score=score,
            first_cause=self.watcher.first_cause if self.watcher else None,
        )


def _guess(view: Any, dataset: Dataset) -> tuple[float | None, float | None]:
    from fathom.api.diagnosing import loss_name
    from fathom.measure import guess_accuracy, guess_loss

    name, y = loss_name(view), np.asarray(dataset.train.y)
    return guess_loss(name, y), guess_accuracy(name, y)


class NoWeightsError(FathomError, LookupError):
    """A training gave no weights that predict, so there is nothing to save."""
