"""How many layers of a trained network carry over to another task."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fathom.api.results import as_page, as_table
from fathom.api.subjects import dataset_for, trained
from fathom.errors import DataError
from fathom.specs import several, typed
from fathom.store import write_output
from fathom.studies import finished
from fathom.studies.transfer import TransferResult, TransferSpec

if TYPE_CHECKING:
    import keras
    import plotly.graph_objects as go
    import polars as pl

    from fathom.data import Dataset, Split
    from fathom.studies import Stage

AS_THEY_STAND = "as they stand"
LEARNING_RATES = (3e-4, 1e-3, 3e-3, 1e-2)


@dataclass(frozen=True)
class Transfer:
    """What carries over to another task, and the network that is best for it.

    Args:
        model: The network that the verdict recommends: with layers kept where that is a gain,
            else the one from scratch. An ordinary Keras model.
        result: What was found, as data.
    """

    model: keras.Model
    result: TransferResult

    @property
    def text(self) -> str:
        """What was found, in paragraphs."""
        return self.result.text

    @property
    def is_gain(self) -> bool:
        """Whether keeping layers is better than training from scratch, beyond its interval."""
        return self.result.choice.is_gain

    def table(self) -> pl.DataFrame:
        """Return a row per kind of network, with the ends of every interval."""
        return as_table(self.result.records())

    def plot(self) -> go.Figure:
        """Draw the score of every kind of network against the number of layers kept."""
        from fathom import report

        return report.transfer_scores(self.result)

    def plot_differences(self) -> go.Figure:
        """Draw specificity, lost co-adaptation and learned benefit against the layers kept."""
        from fathom import report

        return report.transfer_differences(self.result)

    @typed
    def report(self, path: str | Path) -> None:
        """Write all of it as one self-contained HTML page.

        Raises:
            StoreError: `path` cannot be written.
        """
        from fathom import report

        as_page(report.transfer_page(self.result), path)

    @typed
    def save(self, path: str | Path) -> None:
        """Write the model as a `.keras` file that Keras alone can load.

        Raises:
            StoreError: `path` cannot be written.
        """
        import keras

        from fathom import models

        # Keras cannot read back the state of an optimizer whose model has frozen layers.
        view = keras.Model(self.model.inputs[0], self.model.outputs[0], name=self.model.name)
        task = "classification" if self.result.metric == "accuracy" else "regression"
        write_output(Path(path), models.model_bytes(view, task=task))

    def __repr__(self) -> str:
        return f"<Transfer: {self.text.splitlines()[0]}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.transfer_cell(self.result, text=self.text)


@typed
def transfer(
    model: Any,
    data: Any,
    *,
    labels: int | None = None,
    seeds: int = 5,
    learning_rates: float | Sequence[float] = LEARNING_RATES,
    epochs: int = 200,
    batch_size: int = 32,
    patience: int = 20,
    depth: int | None = None,
    width: int | None = None,
    seed: int = 0,
) -> Transfer:
    """Find out how many layers of a trained network carry over to another task.

    For every number of layers, networks that keep them, frozen or fine-tuned, are compared with
    networks that keep their own, that keep random ones, and that begin from scratch. The head is
    made anew for the new task. All seeds and learning rates of a comparison train as
    one population; each kind of network has the learning rate that validates best for it. Test
    rows are read once, at the end.

    Args:
        model: The source: a Keras model, a `.keras` file, a `Study` (its networks take turns over
            the seeds), or the history that `fathom.fit` returned. It stays as it is.
        data: The new task: a `Dataset`, anything that `fathom.load` reads, or `(x, y)` as the
            model takes them.
        labels: Training rows that have labels, drawn anew for every seed; None for all.
        seeds: Networks of every kind.
        learning_rates: Of Adam, tried for every kind.
        epochs: Passes over the training rows, at most.
        batch_size: Rows per step, at most.
        patience: Epochs without a lower validation loss after which a network stops. The weights
            of its best epoch are kept.
        depth: Of a study, the depth; the verdict's if None.
        width: Of a study, the width.
        seed: The first of the seeds, and that of the intervals.

    Raises:
        SpecError: A number is out of range.
        ModelError: The layers cannot be followed, or there is none to keep.
        DataError: The data do not fit the network's input, or have too few labels.

    References:
        Yosinski, Clune, Bengio, Lipson, "How transferable are features in deep neural networks?",
        NeurIPS 2014.
    """
    spec = TransferSpec(
        labels=labels,
        seeds=seeds,
        learning_rates=several(learning_rates),
        epochs=epochs,
        batch_size=batch_size,
        patience=patience,
        seed=seed,
    )
    return finished(stream_transfer(model, data, spec, depth=depth, width=width))


def stream_transfer(
    model: Any,
    data: Any,
    spec: TransferSpec,
    *,
    depth: int | None = None,
    width: int | None = None,
) -> Generator[Stage, None, Transfer]:
    """Do as `transfer` does, and tell what is trained next on the way.

    Args:
        model: As of `transfer`.
        data: As of `transfer`.
        spec: All numbers.
        depth: Of a study, the depth.
        width: Of a study, the width.
    """
    if data is None:
        raise DataError(
            "A transfer needs the data of the new task. Received: none.",
            hint="name them after the model",
        )
    source = trained(model, depth=depth, width=width)
    dataset, scaling = _as_the_source_saw(model, dataset_for(data))
    from fathom.studies.transfer import transferring

    made = yield from transferring(source.model, dataset, spec, networks=source.networks)
    notices = (*source.notices, *scaling, *made.result.notices)
    return Transfer(made.model, replace(made.result, notices=notices))


def _as_the_source_saw(model: Any, dataset: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """Return the data scaled as a study scaled its own, and a notice; others as they are."""
    from fathom.api.study import Study

    if not isinstance(model, Study):
        return dataset, ()
    ours: Any = dataset.preprocessing
    theirs: Any = model.preprocessing()
    if not _can_be_rescaled(ours, theirs):
        return dataset, (
            f"The rows were prepared on their own, not as those of {model.name}: what its layers "
            "expect may differ.",
        )
    if ours.inputs.rule == AS_THEY_STAND:
        return dataset, ()

    def rescaled(split: Split) -> Split:
        rows = ours.in_units(split.x).reshape(len(split), *theirs.inputs.row_shape)
        return replace(split, x=theirs.inputs.encode(rows))

    parts: Any = {name: rescaled(split) for name, split in dataset.splits.items()}
    encoded = replace(dataset, **parts, preprocessing=replace(ours, inputs=theirs.inputs))
    return encoded, (f"The rows are scaled as {model.name} scaled its own.",)


def _can_be_rescaled(ours: Any, theirs: Any) -> bool:
    """Return whether both are arrays of one shape, whose scaling can be exchanged."""
    if theirs is None or not all(hasattr(one.inputs, "row_shape") for one in (ours, theirs)):
        return False
    is_padded = ours.inputs.padded or theirs.inputs.padded
    return not is_padded and ours.inputs.input_shape == theirs.inputs.input_shape
