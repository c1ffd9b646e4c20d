"""From what people ask for to a spec: the options of a study, in one place for Python and shell."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from fathom.errors import DataError
from fathom.specs import (
    CONSTANT,
    DECAYS,
    DEFAULT_LEARNING_RATES,
    FULL,
    HALVING,
    LINEAR,
    ModelSpec,
    StudySpec,
    TrainSpec,
    one_of,
    several,
    typed,
)

if TYPE_CHECKING:
    from fathom.data import Dataset
    from fathom.store import StoredStudy

SMALLEST_BATCH, LARGEST_BATCH = 32, 256
# Convolutions make many rows of every image: larger batches save no time, and take fewer steps.
LARGEST_BATCH_OF_IMAGES = 64
FEWEST_EPOCHS, MOST_EPOCHS = 40, 200
STEPS = 2000


@typed
def study_spec(
    dataset: Dataset,
    *,
    family: str = "mlp",
    depths: int | Iterable[int] = range(9),
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
    decay: str = "auto",
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
        normalization: "none", "batch" or "layer", or "auto": batch for convolutional
            networks, layer for transformers, none for the others.
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
        batch_size: Rows per step; None chooses by the number of training rows, and less for
            convolutional networks whose learning rates fall.
        decay: How learning rates fall to zero over the epochs: "linear", "cosine" (half of
            one), or "none"; "auto" is linear where `minutes` are given, else none.
        patience: Epochs without a better validation loss before a member
            stops; None trains all of them. "auto" is a fifth of the epochs, or None where
            learning rates fall: who makes no progress at a high rate may at a lower one.
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
    one_of("decay", decay, ("auto", *DECAYS))
    if decay == "auto":
        decay = CONSTANT if minutes is None else LINEAR
    rows = len(dataset.train)
    if batch_size is None:
        smaller = decay != CONSTANT and model.is_convolutional
        batch_size = usual_batch_size(rows, largest=LARGEST_BATCH_OF_IMAGES if smaller else None)
    epochs = usual_epochs(rows, batch_size) if epochs is None else epochs
    settings = TrainSpec(
        optimizer=optimizer,
        epochs=epochs,
        batch_size=batch_size,
        patience=_usual_patience(epochs, decay) if patience == "auto" else patience,
        watch=watch,
        decay=decay,
    )
    return StudySpec(
        model=model,
        train=settings,
        depths=several(depths),
        widths=several(widths),
        learning_rates=tuple(map(float, several(learning_rates))),
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


def _usual_patience(epochs: int, decay: str) -> int | None:
    return max(epochs // 5, 1) if decay == CONSTANT else None


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


def usual_batch_size(rows: int, *, largest: int | None = None) -> int:
    """Return a power of two from 32 to 256 that gives some 150 to 300 steps an epoch.

    Small data keep the 32 rows that Keras uses; large data take larger
    batches, which cost less time for the same number of epochs.

    Args:
        rows: For training.
        largest: A power of two that it is at most; 256 if None.

    Example:
        >>> usual_batch_size(1_000), usual_batch_size(26_000), usual_batch_size(48_000)
        (32, 128, 256)
    """
    fitting = 2 ** int(math.log2(max(rows / 150, 1)))
    return min(max(fitting, SMALLEST_BATCH), largest or LARGEST_BATCH)


def usual_epochs(rows: int, batch_size: int) -> int:
    """Return 40 epochs, or up to 200 where it takes as many to make 2000 steps.

    Example:
        >>> usual_epochs(300, 32), usual_epochs(1_078, 32), usual_epochs(48_000, 256)
        (200, 59, 40)
    """
    steps_per_epoch = -(-rows // max(batch_size, 1))  # the spec refuses batches below 1
    return min(max(-(-STEPS // max(steps_per_epoch, 1)), FEWEST_EPOCHS), MOST_EPOCHS)
