"""From what people ask for to a spec: the options of a study, in one place for Python and shell."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from fathom.errors import DataError
from fathom.specs import (
    DEFAULT_LEARNING_RATES,
    FULL,
    HALVING,
    ModelSpec,
    StudySpec,
    TrainSpec,
    one_of,
)

if TYPE_CHECKING:
    from fathom.data import Dataset
    from fathom.store import StoredStudy

SMALLEST_BATCH, LARGEST_BATCH = 32, 256
FEWEST_EPOCHS, MOST_EPOCHS = 40, 200
STEPS = 2000


def study_spec(
    dataset: Dataset,
    *,
    family: str = "mlp",
    depths: Iterable[int] = range(9),
    widths: int | Iterable[int] = 64,
    match_parameters: bool = False,
    activation: str = "auto",
    normalization: str = "auto",
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    initializer: str = "auto",
    cell: str = "auto",
    readout: str = "auto",
    optimizer: str = "adam",
    learning_rates: float | Iterable[float] = DEFAULT_LEARNING_RATES,
    seeds: int = 5,
    seed: int = 0,
    epochs: int | None = None,
    batch_size: int | None = None,
    patience: int | Literal["auto"] | None = "auto",
    allocation: str = "auto",
    minutes: float | None = None,
    baselines: bool = True,
    watch: bool = True,
    regularize: bool = True,
    max_parameters: int | None = None,
    max_latency_ms: float | None = None,
) -> StudySpec:
    """Return the spec of a study of `dataset`.

    Args:
        dataset: Gives the networks their input shape, task and classes.
        family: "mlp", "residual", "cnn", "residual-cnn", "rnn", "transformer",
            or "FILE.py:FUNCTION".
        depths: Numbers of hidden blocks; 0 is the linear model.
        widths: Units per hidden block.
        match_parameters: Whether every depth gets the width that brings it
            nearest to the parameters of the deepest network.
        activation: A Keras activation, or "auto": the one that is usual in the family.
        normalization: "none", "batch" or "layer", or "auto": layer for transformers.
        dropout: Share of units dropped, in [0, 1).
        l1: L1 penalty on hidden kernels.
        l2: L2 penalty on hidden kernels.
        initializer: A Keras initializer, or "auto".
        cell: "lstm", "gru" or "simple", for family "rnn".
        readout: "last" state or "mean" of all, for family "rnn".
        optimizer: A Keras optimizer.
        learning_rates: Rates tried at every depth.
        seeds: Number of seeds.
        seed: The first of them.
        epochs: Passes over the training rows, at most; None chooses by their number.
        batch_size: Rows per step; None chooses by the number of training rows.
        patience: Epochs without a better validation loss before a member
            stops; "auto" is a fifth of the epochs, None trains all of them.
        allocation: "full" trains the whole grid; "halving" begins with it and lets the
            worst go at rungs; "auto" is "halving" where `minutes` are given, else "full".
        minutes: Time for the whole study: seeds, rates and epochs are cut to fit.
        baselines: Whether the linear model and gradient boosting are run too.
        watch: Whether layers are measured after every epoch.
        regularize: Whether a deeper network that overfits is trained again with dropout
            and L2 before it is rejected.
        max_parameters: Parameters that the chosen network may have.
        max_latency_ms: Milliseconds that the chosen network may take to predict a row.

    Raises:
        SpecError: A setting is out of range or unknown.
    """
    model = ModelSpec(
        family=family,
        input_shape=dataset.input_shape,
        task=dataset.task,
        num_classes=dataset.num_classes,
        activation=activation,
        normalization=normalization,
        dropout=dropout,
        l1=l1,
        l2=l2,
        initializer=initializer,
        cell=cell,
        readout=readout,
        masked=dataset.is_padded,
        tokens=dataset.token_sizes,
    )
    one_of("allocation", allocation, ("auto", FULL, HALVING))
    rows = len(dataset.train)
    batch_size = usual_batch_size(rows) if batch_size is None else batch_size
    epochs = usual_epochs(rows, batch_size) if epochs is None else epochs
    settings = TrainSpec(
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        patience=max(epochs // 5, 1) if patience == "auto" else patience,
        watch=watch,
    )
    return StudySpec(
        model=model,
        train=settings,
        depths=tuple(depths),
        widths=(widths,) if isinstance(widths, int) else tuple(widths),
        learning_rates=(
            (float(learning_rates),)
            if isinstance(learning_rates, int | float)
            else tuple(map(float, learning_rates))
        ),
        seeds=seeds,
        seed=seed,
        match_parameters=match_parameters,
        allocation=(FULL if minutes is None else HALVING) if allocation == "auto" else allocation,
        minutes=minutes,
        baselines=baselines,
        regularize=regularize,
        max_parameters=max_parameters,
        max_latency_ms=max_latency_ms,
    )


def reloaded(stored: StoredStudy) -> Dataset:
    """Return the data of a stored study, read again as they were for it.

    Raises:
        DataError: They were in memory, or cannot be read any more.
    """
    loading = stored.record.loading
    if loading is None:
        raise DataError(
            "A study goes on with the data it was begun on, read again. Received: "
            f"{stored.name}, whose data were in memory.",
            hint=f"in Python: fathom.resume({stored.name!r}, data=...)",
        )
    from fathom.data import load

    size = loading.get("image_size")
    return load(**{**loading, "image_size": None if size is None else tuple(size)})


def usual_batch_size(rows: int) -> int:
    """Return a power of two from 32 to 256 that gives some 150 to 300 steps an epoch.

    Small data keep the 32 rows that Keras uses; large data take larger
    batches, which cost less time for the same number of epochs.

    Example:
        >>> usual_batch_size(1_000), usual_batch_size(26_000), usual_batch_size(48_000)
        (32, 128, 256)
    """
    fitting = 2 ** int(math.log2(max(rows / 150, 1)))
    return min(max(fitting, SMALLEST_BATCH), LARGEST_BATCH)


def usual_epochs(rows: int, batch_size: int) -> int:
    """Return 40 epochs, or up to 200 where it takes as many to make 2000 steps.

    Example:
        >>> usual_epochs(300, 32), usual_epochs(1_078, 32), usual_epochs(48_000, 256)
        (200, 59, 40)
    """
    steps_per_epoch = -(-rows // max(batch_size, 1))  # the spec refuses batches below 1
    return min(max(-(-STEPS // max(steps_per_epoch, 1)), FEWEST_EPOCHS), MOST_EPOCHS)
