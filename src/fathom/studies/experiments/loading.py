"""An experiment's data, loaded or made, and brought to its three splits."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from fathom.data import Dataset, load
from fathom.errors import DataError
from fathom.studies.experiments.arms import MNIST, Data
from fathom.studies.experiments.splits import Rows, Splits

MNIST_ROWS = 60_000
# Nothing is chosen on validation rows there, and the ladder is known for all training rows.
MNIST_VALIDATION = 0.01


def splits_of(data: Data, *, seed: int, mnist: Path | None = None) -> Splits:
    """Return the splits of an experiment's data.

    Args:
        data: What is asked for.
        seed: Of generators, and of the split.
        mnist: The file of MNIST, `.npz`; digits take its place where there is none.

    Raises:
        DataError: The file is not MNIST's.
    """
    if data.make is not None:
        return replace(data.make(seed), words=data.words)
    if data.source == MNIST:
        splits = _digits(seed) if mnist is None else _mnist(mnist, seed)
    else:
        splits = _splits(load(data.source, seed=seed, **data.options))
    return _cut(splits, data.train_rows, seed)


def _splits(dataset: Dataset) -> Splits:
    parts = [Rows(split.x, split.y) for split in dataset.splits.values()]
    rows = ", ".join(f"{name} {len(split):,}" for name, split in dataset.splits.items())
    return Splits(
        train=parts[0],
        validation=parts[1],
        test=parts[2],
        num_classes=dataset.num_classes,
        words=f"{dataset.source}; rows: {rows}",
    )


def _mnist(path: Path, seed: int) -> Splits:
    dataset = load(path, seed=seed, validation_share=MNIST_VALIDATION)
    rows = len(dataset.train) + len(dataset.validation)
    if rows != MNIST_ROWS or dataset.num_classes != 10:
        raise DataError(
            f"MNIST has 60,000 training rows of 10 classes. Received: {rows:,} rows of "
            f"{dataset.num_classes} classes in {path}.",
            hint="give an mnist.npz with x_train, y_train, x_test and y_test",
        )
    return _splits(replace(dataset, source="MNIST, 28 x 28 pixels, 10 classes"))


def _digits(seed: int) -> Splits:
    notice = (
        "MNIST was not given (--data mnist.npz): digits of 8 x 8 pixels took its place, with as "
        "many steps. The claim's numbers are about MNIST."
    )
    return replace(_splits(load("digits", seed=seed)), notices=(notice,))


def _cut(splits: Splits, rows: int | None, seed: int) -> Splits:
    if rows is None:
        return splits
    kept = np.random.default_rng([seed, 11]).permutation(len(splits.train.y))[:rows]
    train = Rows(splits.train.x[kept], splits.train.y[kept])
    return replace(splits, train=train, words=f"{splits.words}; {rows:,} training rows kept")


def digits_zero_to_four(seed: int) -> Splits:
    """Return the rows of the digits 0 to 4."""
    return _five_digits(seed, range(5))


def digits_five_to_nine(seed: int) -> Splits:
    """Return the rows of the digits 5 to 9, their classes from 0."""
    return _five_digits(seed, range(5, 10))


def _five_digits(seed: int, classes: range) -> Splits:
    parts = []
    for split in load("digits", seed=seed, test_share=0.5).splits.values():
        kept = np.isin(split.y, classes)
        parts.append(Rows(split.x[kept], (split.y[kept] - classes.start).astype("int32")))
    return Splits(
        train=parts[0], validation=parts[1], test=parts[2], num_classes=len(classes), words=""
    )
