"""What was fitted on the training rows, kept to treat new rows the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fathom.data import new_rows, storing
from fathom.data.arrays import ArrayInputs
from fathom.data.images import ImageInputs
from fathom.data.new_rows import Rows
from fathom.data.tables import TableInputs, WindowInputs
from fathom.data.targets import Target
from fathom.errors import DataError


@dataclass(frozen=True)
class Preprocessing:
    """How rows of a source become inputs and targets, and predictions become answers.

    Args:
        inputs: Fitted inputs of a table, its windows, an array or image files.
        target: The fitted target.
    """

    inputs: TableInputs | WindowInputs | ArrayInputs | ImageInputs
    target: Target

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return self.inputs.input_shape

    @property
    def is_padded(self) -> bool:
        """Whether inputs are sequences whose last feature is 1 where a step is there."""
        return isinstance(self.inputs, ArrayInputs) and self.inputs.padded

    @property
    def token_sizes(self) -> tuple[int, ...]:
        """How many features in a row come from one column of a table; () for other inputs."""
        return self.inputs.token_sizes if isinstance(self.inputs, TableInputs) else ()

    def transform(self, source: object) -> Rows:
        """Return new rows as the training rows were treated.

        Args:
            source: A file of the same kind, a dataframe, an array, or `(x, y)`.

        Returns:
            Rows with x float32 (rows, *input_shape), and y where the source
            has the target.

        Raises:
            DataError: Columns are missing, or cells cannot be read.
        """
        return new_rows.transform(self.inputs, self.target, source)

    def in_units(self, x: np.ndarray) -> np.ndarray:
        """Return inputs as they were before numbers were scaled, float64 like `x`.

        Features that stand for categories, windows of a series and images stay as they are.

        Args:
            x: (..., features), or any shape where one scale serves all.
        """
        if isinstance(self.inputs, TableInputs):
            mean, scale = self.inputs.scaling()
        elif isinstance(self.inputs, ArrayInputs) and not self.is_padded:
            mean, scale = np.array(self.inputs.mean), np.array(self.inputs.scale)
        else:
            return np.asarray(x, "float64")
        return np.asarray(x, "float64") * scale + mean

    def last_values(self, x: np.ndarray) -> np.ndarray | None:
        """Return the target at the last step of each window, standardised as the target is.

        Args:
            x: Inputs (rows, steps, features).

        Returns:
            float32 (rows,); None where it is not among the inputs, or is no number.
        """
        if not isinstance(self.inputs, WindowInputs) or self.target.task != "regression":
            return None
        values = self.inputs.last_values(x, self.target.name)
        if values is None:
            return None
        return ((values - self.target.mean) / self.target.std).astype(np.float32)

    def labels(self, predictions: np.ndarray) -> np.ndarray:
        """Return predictions as class names, or as values in the target's units.

        Args:
            predictions: int (n,) class numbers; or float (n, classes) scores
                or probabilities; or float (n,) or (n, 1) probabilities of the
                second of two classes; or float (n,) or (n, 1) standardised
                values.

        Returns:
            str (n,) or float64 (n,).

        Raises:
            DataError: The shape does not fit the target.
        """
        values = np.asarray(predictions)
        if values.ndim == 2 and values.shape[1] == 1:
            values = values[:, 0]
        if self.target.task == "regression":
            _check_shape(values, values.ndim == 1, "one value per row")
            return values.astype(np.float64) * self.target.std + self.target.mean
        return np.array(self.target.classes, dtype=np.str_)[self._class_numbers(values)]

    def _class_numbers(self, values: np.ndarray) -> np.ndarray:
        num_classes = len(self.target.classes)
        if values.ndim == 2:
            _check_shape(values, values.shape[1] == num_classes, f"{num_classes} scores per row")
            return values.argmax(axis=1)
        if values.dtype.kind == "f" and num_classes == 2:
            return (values > 0.5).astype(np.int64)
        _check_shape(values, values.ndim == 1 and values.dtype.kind in "iub", "one class per row")
        inside = not len(values) or (values.min() >= 0 and values.max() < num_classes)
        _check_shape(values, bool(inside), f"class numbers 0 to {num_classes - 1}")
        return values.astype(np.int64)

    def to_bytes(self) -> bytes:
        """Return this preprocessing as JSON, scikit-learn's parts packed by skops."""
        return storing.to_bytes(self.inputs, self.target)

    @staticmethod
    def from_bytes(data: bytes) -> Preprocessing:
        """Return the preprocessing that `to_bytes` gave.

        Raises:
            DataError: The bytes are not a preprocessing, or name a type that
                is not on the list of trusted ones.
        """
        return Preprocessing(*storing.from_bytes(data))


def _check_shape(values: np.ndarray, fits: bool, wanted: str) -> None:
    if not fits:
        raise DataError(
            f"Predictions must hold {wanted}. Received: {values.dtype} of shape {values.shape}."
        )


def read_rows(path: object, preprocessing: Preprocessing) -> Rows:
    """Return new rows, read and treated as the training rows were.

    Args:
        path: A file or folder of the same kind as the source, a dataframe, or
            an array. The target may be left out.
        preprocessing: Fitted on the training rows.

    Raises:
        DataError: The file is not there, columns are missing, or cells
            cannot be read.
    """
    return preprocessing.transform(path)
