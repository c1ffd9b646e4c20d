"""The inputs of networks that learn from tables, fitted and applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.data.material import RawTarget
from fathom.data.tables.cells import Cells
from fathom.data.tables.deciding import Decision, FittedColumn, decide
from fathom.data.tables.encoding import (
    check_in_range,
    feature_names,
    fit_transformer,
    layout_of,
    matrix_of,
    one_hot_in_words,
    token_sizes,
    transform,
)
from fathom.data.tables.opening import Table, check_finite, only, target_of_new_rows
from fathom.data.tables.readings import parse_strictly
from fathom.data.wording import listed, name_of
from fathom.errors import DataError
from fathom.specs import closest

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, kw_only=True)
class TableInputs:
    """How the rows of a table become inputs.

    Args:
        columns: The used columns, in the order of the source.
        left_out: Names of the columns that are not used.
        feature_names: Names of the features, in order.
        transformer: scikit-learn's fitted ColumnTransformer.
    """

    columns: tuple[FittedColumn, ...]
    left_out: tuple[str, ...]
    feature_names: tuple[str, ...]
    transformer: Any

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return (len(self.feature_names),)

    @property
    def token_sizes(self) -> tuple[int, ...]:
        """How many features in a row say one thing: 1 for a number, all of a category's."""
        return token_sizes(self.transformer, self.columns)

    def scaling(self) -> tuple[np.ndarray, np.ndarray]:
        """Return each feature's mean and scale, (features,); 0 and 1 for those of categories."""
        mean, scale = np.zeros(len(self.feature_names)), np.ones(len(self.feature_names))
        numbers = self.transformer.named_transformers_.get("numbers")
        if numbers is not None:
            scaler = numbers.named_steps["scale"]
            mean[: len(scaler.mean_)], scale[: len(scaler.scale_)] = scaler.mean_, scaler.scale_
        return mean, scale

    def encode(self, frame: pl.DataFrame) -> np.ndarray:
        """Return float32 (rows, features) of typed columns in the order of `columns`."""
        matrix = matrix_of(frame, self.columns)
        x = transform(self.transformer, matrix, len(self.feature_names))
        check_in_range(x, self.feature_names)
        return x


def fit_table(table: Table, train: np.ndarray) -> tuple[TableInputs, list[Decision]]:
    """Return inputs fitted on the training rows, and what became of each column.

    Args:
        table: All rows.
        train: int64, the training rows.

    Raises:
        DataError: No column can be used.
    """
    rows = table.frame[np.sort(train)]
    decisions = decide(rows, table.readings)
    used = [k for k, decision in enumerate(decisions) if decision.fitted]
    columns = tuple(decision.fitted for decision in decisions if decision.fitted)
    if not columns:
        raise _nothing_left(decisions)
    matrix = matrix_of(chosen(rows, used), columns)
    transformer = fit_transformer(matrix, layout_of(columns))
    inputs = TableInputs(
        columns=columns,
        left_out=_not_used(decisions, table),
        feature_names=feature_names(transformer, columns),
        transformer=transformer,
    )
    return inputs, _with_categories_in_words(decisions, inputs)


def _not_used(decisions: Sequence[Decision], table: Table) -> tuple[str, ...]:
    names = [each.reading.name for each in decisions if not each.fitted]
    return (*names, table.split) if table.split else tuple(names)


def chosen(frame: pl.DataFrame, positions: Sequence[int]) -> pl.DataFrame:
    """Return the columns at these positions, under new positions."""
    picked = frame.select([str(k) for k in positions])
    picked.columns = [str(k) for k in range(len(positions))]
    return picked


def encode_table(inputs: TableInputs, table: Table, rows: np.ndarray) -> np.ndarray:
    """Return float32 (rows, features) of some rows of the table it was fitted on."""
    position = {reading.name: k for k, reading in enumerate(table.readings)}
    used = [position[column.reading.name] for column in inputs.columns]
    ascending, at = np.unique(rows, return_inverse=True)  # much the fastest order to gather in
    return inputs.encode(chosen(table.frame, used)[ascending])[at]


def _nothing_left(decisions: Sequence[Decision]) -> DataError:
    reasons = listed(f"{name_of(each.reading.name)} {each.words}" for each in decisions)
    return DataError(
        f"A table needs a column to learn from. Received: {reasons}.",
        hint="add columns whose values vary and repeat",
    )


def _with_categories_in_words(decisions: Sequence[Decision], inputs: TableInputs) -> list[Decision]:
    words = {
        column.reading.name: one_hot_in_words(inputs.transformer, k, column)
        for k, (_, column) in enumerate(layout_of(inputs.columns).categorical)
    }
    return [
        replace(each, words=words.get(each.reading.name, each.words)) if each.fitted else each
        for each in decisions
    ]


def read_table_rows(
    inputs: TableInputs, cells: Cells, target: str | None
) -> tuple[np.ndarray, RawTarget | None, list[str]]:
    """Return new rows as inputs, their target if they have one, and notices.

    Args:
        inputs: Fitted on the training rows.
        cells: The new rows.
        target: Name of the target column.

    Raises:
        DataError: A column is missing, or its cells cannot be read.
    """
    wanted = [column.reading.name for column in inputs.columns]
    check_columns(cells, wanted)
    readings = [column.reading for column in inputs.columns]
    frame = parse_strictly(only(cells, wanted), readings)
    check_finite(frame, readings)
    known = {*wanted, *inputs.left_out, target}
    extra = [name for name in cells.names if name not in known]
    raw = target_of_new_rows(cells, target) if target else None
    return inputs.encode(frame), raw, [*cells.notices, *_extra_in_words(extra)]


def check_columns(cells: Cells, wanted: Sequence[str]) -> None:
    """Raise if a column is not there.

    Raises:
        DataError: Names the columns, and those which may have been meant.
    """
    absent = [name for name in wanted if name not in cells.names]
    if absent:
        free = [name for name in cells.names if name not in wanted]
        meant = closest(absent[0], free)
        raise DataError(
            "New rows need the columns the model was trained on. Received: no "
            f"{listed(name_of(name) for name in absent)}.",
            hint=f"is {name_of(meant)} the column {name_of(absent[0])}?"
            if meant
            else f"the columns there are: {listed(name_of(name) for name in cells.names)}",
        )


def _extra_in_words(extra: Sequence[str]) -> list[str]:
    if not extra:
        return []
    names = listed(name_of(name) for name in extra)
    return [f"columns the model was not trained on, ignored: {names}"]
