"""A data set, split and preprocessed: what every study, fit and page trains on."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from fathom.data.preprocessing import Preprocessing


@dataclass(frozen=True)
class Split:
    """Some rows of a data set.

    Args:
        x: float32 (rows, *input_shape).
        y: int32 (rows,) class numbers, or float32 (rows,) standardised target.
        rows: int64 (rows,) numbers of the rows in the source, counted from 0.
    """

    x: np.ndarray
    y: np.ndarray
    rows: np.ndarray

    def __len__(self) -> int:
        return len(self.y)


@dataclass(frozen=True)
class Column:
    """What was decided about one column of the source.

    Args:
        name: The column's name, unshortened.
        kind: "numeric", "categorical", "boolean", "date", "text", "nested",
            "empty", "image", "array", "target" or "split".
        decision: What was done with it, in words.
        used: Whether the networks see it.
    """

    name: str
    kind: str
    decision: str
    used: bool


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Three splits of a source, and everything that was decided on the way.

    Args:
        name: Short name, such as "digits" or a file's stem.
        source: Where the data came from, in words.
        task: "classification" or "regression".
        target: The target's name, if it has one.
        classes: Class names in the order of their numbers; () for regression.
        feature_names: Names of the features after preprocessing; () for images.
        train: The rows to train on.
        validation: The rows to choose by.
        test: The rows to read once.
        columns: One entry per column of the source.
        notices: What was detected and decided, a sentence each.
        preprocessing: Fitted on the training rows; treats new rows the same.
        seed: Seed of the split.
        balance: "stratified", "balanced" or "bootstrap".
        split_rule: How the splits came about, in words.
        loading: What `load` was called with, as JSON data, so that the same
            data can be read again; None for data that were in memory.
    """

    name: str
    source: str
    task: str
    target: str | None
    classes: tuple[str, ...]
    feature_names: tuple[str, ...]
    train: Split
    validation: Split
    test: Split
    columns: tuple[Column, ...]
    notices: tuple[str, ...]
    preprocessing: Preprocessing
    seed: int
    balance: str
    split_rule: str
    loading: dict[str, Any] | None = None

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input, without the row axis."""
        return self.train.x.shape[1:]

    @property
    def is_padded(self) -> bool:
        """Whether inputs are sequences whose last feature is 1 where a step is there, else 0."""
        return self.preprocessing.is_padded

    @property
    def token_sizes(self) -> tuple[int, ...]:
        """How many features in a row come from one column of a table; () for other inputs."""
        return self.preprocessing.token_sizes

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.classes)

    @property
    def target_mean(self) -> float:
        """Mean of the training target in its own units; 0 for classification."""
        return self.preprocessing.target.mean

    @property
    def target_std(self) -> float:
        """Standard deviation of the training target in its own units; 1 for classification."""
        return self.preprocessing.target.std

    def last_values(self, x: np.ndarray) -> np.ndarray | None:
        """Return the target as it was at the last step of each window of a time series.

        Args:
            x: Inputs (rows, steps, features).

        Returns:
            float32 (rows,), standardised as the target is; None where the target is no
            number, or no series whose past is among the inputs.
        """
        return self.preprocessing.last_values(x)

    @property
    def splits(self) -> dict[str, Split]:
        """The three splits by name, in order."""
        return {"train": self.train, "validation": self.validation, "test": self.test}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the six split arrays, as hexadecimal digits."""
        digest = hashlib.sha256()
        for split in self.splits.values():
            for array in (split.x, split.y):
                digest.update(f"{array.dtype.str}{array.shape}".encode())
                digest.update(np.ascontiguousarray(array).data.cast("B") if array.size else b"")
        return digest.hexdigest()

    def class_counts(self) -> dict[str, dict[str, int]]:
        """Return the rows of each class in each split; {} for regression."""
        if not self.classes:
            return {}
        return {name: self._counts_of(split) for name, split in self.splits.items()}

    def _counts_of(self, split: Split) -> dict[str, int]:
        counts = np.bincount(split.y, minlength=self.num_classes)
        return {name: int(rows) for name, rows in zip(self.classes, counts)}

    def summary(self) -> dict[str, Any]:
        """Return what the data set is and what was decided, as JSON data."""
        return {
            "name": self.name,
            "source": self.source,
            "task": self.task,
            "target": self.target,
            "classes": list(self.classes),
            "rows": {name: len(split) for name, split in self.splits.items()},
            "input_shape": list(self.input_shape),
            "feature_names": list(self.feature_names),
            "columns": [asdict(column) for column in self.columns],
            "notices": list(self.notices),
            "seed": self.seed,
            "split": self.split_rule,
            "balance": self.balance,
            "class_counts": self.class_counts(),
            "target_mean": self.target_mean,
            "target_std": self.target_std,
            "fingerprint": self.fingerprint,
        }
