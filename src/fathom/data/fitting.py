"""Features of each kind fitted on the training rows, and encoded for any rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from typing import Any

import numpy as np

from fathom.data.arrays import ArrayInputs, fit_arrays
from fathom.data.dataset import Column
from fathom.data.images import ImageInputs, Images, to_inputs
from fathom.data.material import Arrays
from fathom.data.tables import (
    Decision,
    Table,
    TableInputs,
    WindowInputs,
    Windows,
    encode_table,
    encode_windows,
    fit_table,
    fit_windows,
)
from fathom.data.wording import count, listed, name_of


@dataclass(frozen=True)
class Fitted:
    """Inputs fitted on the training rows.

    Args:
        inputs: The fitted inputs.
        columns: A word on each column of the source, in its order.
        notices: What else was decided.
    """

    inputs: TableInputs | WindowInputs | ArrayInputs | ImageInputs
    columns: list[Column]
    notices: list[str]


@singledispatch
def fit(features: Any, train: np.ndarray) -> Fitted:
    """Return inputs fitted on the training rows, a word on each column, and notices."""
    raise TypeError(f"no rule for {type(features).__name__}")


@fit.register
def _(features: Arrays, train: np.ndarray) -> Fitted:
    inputs = fit_arrays(features, train)
    return Fitted(inputs, _array_columns(inputs), _array_notices(inputs))


@fit.register
def _(features: Images, train: np.ndarray) -> Fitted:
    column = Column("image", "image", features.inputs.rule, True)
    return Fitted(features.inputs, [column], [])


@fit.register
def _(features: Table, train: np.ndarray) -> Fitted:
    inputs, decisions = fit_table(features, train)
    columns = _table_columns(decisions)
    return Fitted(inputs, columns, _left_out_words(columns))


@fit.register
def _(features: Windows, train: np.ndarray) -> Fitted:
    inputs, decisions = fit_windows(features, train)
    columns = _table_columns(decisions)
    return Fitted(inputs, columns, _left_out_words(columns))


def _table_columns(decisions: Sequence[Decision]) -> list[Column]:
    return [
        Column(each.reading.name, each.reading.kind, each.words, each.fitted is not None)
        for each in decisions
    ]


def _left_out_words(columns: Sequence[Column]) -> list[str]:
    unused = [
        f"{name_of(column.name)} ({column.decision.removeprefix('left out: ')})"
        for column in columns
        if not column.used
    ]
    return [f"columns left out: {listed(unused, most=20)}"] if unused else []


def _array_columns(inputs: ArrayInputs) -> list[Column]:
    if not inputs.feature_names:
        kind = "image" if len(inputs.input_shape) == 3 else "array"
        shape = " x ".join(map(str, inputs.input_shape))
        return [Column("x", kind, f"{shape}, {inputs.rule}", True)]
    constant = {inputs.feature_names[k] for k in inputs.constant}
    return [
        Column(name, "numeric", "constant: always 0" if name in constant else inputs.rule, True)
        for name in inputs.feature_names
    ]


def _array_notices(inputs: ArrayInputs) -> list[str]:
    notices = [f"x: {inputs.rule}"]
    if inputs.padded:
        notices.append(
            f"x: sequences of up to {inputs.row_shape[0]} steps; a last feature marks those there"
        )
    elif len(inputs.input_shape) > len(inputs.row_shape):
        notices.append(f"x: rows of shape {inputs.row_shape} taken for grey images")
    elif len(inputs.row_shape) == 2:
        notices.append(f"x: rows of shape {inputs.row_shape} taken for sequences")
    if inputs.constant:
        notices.append(f"x: {count(len(inputs.constant), 'feature')} constant in the training rows")
    return notices


@singledispatch
def encode(features: Any, inputs: Any, rows: np.ndarray) -> np.ndarray:
    """Return float32 (rows, *input_shape) of some rows."""
    raise TypeError(f"no rule for {type(features).__name__}")


@encode.register
def _(features: Arrays, inputs: ArrayInputs, rows: np.ndarray) -> np.ndarray:
    lengths = None if features.lengths is None else features.lengths[rows]
    return inputs.encode(features.x[rows], lengths)


@encode.register
def _(features: Images, inputs: ImageInputs, rows: np.ndarray) -> np.ndarray:
    return to_inputs(features.pixels[rows])


@encode.register
def _(features: Windows, inputs: WindowInputs, rows: np.ndarray) -> np.ndarray:
    return encode_windows(inputs, features, rows)


@encode.register
def _(features: Table, inputs: TableInputs, rows: np.ndarray) -> np.ndarray:
    return encode_table(inputs, features, rows)
