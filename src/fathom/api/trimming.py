"""Smaller networks: without the weights, units or layers that count least."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.api.subjects import dataset_for, trained
from fathom.specs import above, at_least, typed
from fathom.store import write_output

if TYPE_CHECKING:
    import keras
    import plotly.graph_objects as go

    from fathom.data import Dataset
    from fathom.studies.pruning import Pruning
    from fathom.studies.trim import Trimming

BATCH_SIZE, LEARNING_RATE, PATIENCE = 64, 5e-4, 3


@dataclass(frozen=True)
class Pruned:
    """A network without some of its weights or units.

    Args:
        model: The pruned model; a copy.
        pruning: What was removed, and what it cost at every share.
    """

    model: keras.Model
    pruning: Pruning

    @property
    def text(self) -> str:
        """What was done and what it cost."""
        return self.pruning.text

    def plot(self) -> go.Figure:
        """Draw the score against the share that is removed."""
        from fathom import report

        return report.pruning_curve(self.pruning)

    def __repr__(self) -> str:
        return f"<Pruned: {self.text}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.pruning_cell(self.pruning)


@dataclass(frozen=True)
class Trimmed:
    """A network without the layers that count for nothing.

    Args:
        model: The trimmed model; the one that was given if nothing could go.
        trimming: What was removed, saved and lost.
    """

    model: keras.Model
    trimming: Trimming

    @property
    def text(self) -> str:
        """What was done, saved and lost."""
        return self.trimming.text

    @typed
    def save(self, path: str | Path) -> None:
        """Write the model as a `.keras` file that Keras alone can load.

        Raises:
            StoreError: `path` cannot be written.
        """
        from fathom import models

        write_output(Path(path), models.model_bytes(self.model))

    def __repr__(self) -> str:
        return f"<Trimmed: {self.text}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.trimming_cell(self.trimming)


@typed
def prune(
    model: Any,
    share: float,
    data: Any = None,
    *,
    by: str = "magnitude",
    units: bool = False,
    seed: int = 0,
) -> Pruned:
    """Remove the weights or units that count least, and measure the score at every share.

    Args:
        model: A Keras model, a `.keras` file, a `Study` (its best network), or the history that
            `fathom.fit` returned. It stays as it is.
        share: Share of the weights of all layers together, or of the units of each layer, in
            [0, 1).
        data: As for `fathom.anatomy`.
        by: Importance: "magnitude", "taylor" (first order, squared by batch) or "fisher".
        units: Whether whole units and filters go, which makes dense and convolutional layers
            smaller; else single weights become zero.
        seed: Of the intervals.

    Raises:
        SpecError: `share` or `by` is out of range.
        ModelError: No layer can lose units, or the model cannot be followed.
        DataError: The data do not fit the model.
    """
    from fathom.studies.pruning import PruneSpec, pruned

    spec = PruneSpec(share=share, by=by, units=units, seed=seed)
    dataset = dataset_for(data, model=model)
    return Pruned(*pruned(_one(model), dataset, spec))


@typed
def trim(
    model: Any,
    data: Any = None,
    *,
    tolerance: float = 0.005,
    epochs: int = 10,
    batch_size: int = BATCH_SIZE,
    learning_rate: float = LEARNING_RATE,
    seed: int = 0,
) -> Trimmed:
    """Remove layers and blocks as long as the score stays within a tolerance.

    Greedy, judged on validation rows; where a removal costs too much, a short training
    tries to mend it. The test rows are read once, at the end.

    Args:
        model: A Keras model, a `.keras` file, a `Study` (its best network), or the history that
            `fathom.fit` returned. It stays as it is.
        data: As for `fathom.anatomy`.
        tolerance: By how much the score (accuracy or R2) may fall, in [0, 1).
        epochs: Epochs, at most, of each short training; 0 for none.
        batch_size: Rows of its batches.
        learning_rate: Of its Adam.
        seed: Of its batch orders.

    Raises:
        SpecError: A number is out of range.
        ModelError: The model cannot be followed, or has learned nothing on these data.
        DataError: The data do not fit the model.
    """
    from fathom.studies.trim import TrimSpec, trimmed

    spec = TrimSpec(tolerance=tolerance, epochs=epochs, seed=seed)
    at_least("batch_size", batch_size, 1)
    above("learning_rate", learning_rate, 0)
    dataset = dataset_for(data, model=model)

    def fine_tune(smaller: keras.Model) -> None:
        _train(smaller, dataset, epochs, batch_size, learning_rate, seed)

    return Trimmed(*trimmed(_one(model), dataset, spec, fine_tune=fine_tune))


def _one(model: Any) -> keras.Model:
    """Return one network: of a study its best."""
    from fathom.api.study import Study

    return model.best_model() if isinstance(model, Study) else trained(model).model


def _train(
    model: keras.Model,
    dataset: Dataset,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    seed: int,
) -> None:
    """Train in place, and leave the weights of the epoch that validates best."""
    import keras

    from fathom import models
    from fathom.api.fitting import fit
    from fathom.studies.anatomy import fitted

    training = fitted(model, dataset.train, dataset.name)
    validation = fitted(model, dataset.validation, dataset.name)
    keras.utils.set_random_seed(seed)
    view = models.compile_for(
        model, task=dataset.task, optimizer="adam", learning_rate=learning_rate, metrics=False
    )
    best = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=PATIENCE, restore_best_weights=True
    )
    fit(
        view,
        training.x,
        training.y,
        validation_data=(validation.x, validation.y),
        epochs=epochs,
        batch_size=min(batch_size, len(training)),
        callbacks=[best],
        verbose=0,
    )
