"""Typed columns to one float32 matrix, by scikit-learn's transformers.

The cells reach scikit-learn as numbers only: categories as their positions
among the training rows' categories, dates as their parts. What is stored of
them is names and format strings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom import runtime
from fathom.data.limits import ARRAY_BYTES, at_most
from fathom.data.tables.deciding import FittedColumn, date_part, rare_below
from fathom.data.tables.readings import BOOLEAN, CATEGORICAL, DATE, NUMERIC
from fathom.data.wording import count, listed, name_of
from fathom.errors import DataError

if TYPE_CHECKING:
    import polars as pl

MOST_FEATURES_PER_COLUMN = 50
"""Categories of a column that get a feature of their own, the rare ones together."""

CHUNK_ROWS = 65_536

UNKNOWN = -1.0
"""Code of a category that no training row has."""


@dataclass(frozen=True)
class Layout:
    """The used columns, in the order the matrix has them: numbers, then codes."""

    numeric: tuple[tuple[int, FittedColumn], ...]
    categorical: tuple[tuple[int, FittedColumn], ...]

    @property
    def num_numbers(self) -> int:
        """Number of numeric columns of the matrix, dates by their parts."""
        return sum(max(1, len(column.parts)) for _, column in self.numeric)


def layout_of(columns: Sequence[FittedColumn]) -> Layout:
    """Return the numeric columns, dates last, and the categorical ones, with their positions."""
    placed = list(enumerate(columns))
    numbers = [each for each in placed if each[1].reading.kind in (NUMERIC, BOOLEAN)]
    dates = [each for each in placed if each[1].reading.kind == DATE]
    categorical = [each for each in placed if each[1].reading.kind == CATEGORICAL]
    return Layout((*numbers, *dates), tuple(categorical))


def matrix_of(frame: pl.DataFrame, columns: Sequence[FittedColumn]) -> np.ndarray:
    """Return float64 (rows, numbers + categorical columns), NaN where a number is missing.

    Args:
        frame: Typed columns "0", "1", ... in the order of `columns`.
        columns: How each is used.
    """
    import polars as pl

    layout = layout_of(columns)
    plain = [str(k) for k, column in layout.numeric if not column.parts]
    parts = [
        date_part(pl.col(str(k)), part).alias(f"{k}: {part}")
        for k, column in layout.numeric
        for part in column.parts
    ]
    codes = [_codes(pl.col(str(k)), column) for k, column in layout.categorical]
    return frame.select(pl.col(plain).cast(pl.Float64), *parts, *codes).to_numpy()


def _codes(texts: pl.Expr, column: FittedColumn) -> pl.Expr:
    """Return each text's position; missing comes after the last, unknown is -1."""
    import polars as pl

    known = texts.cast(pl.Enum(column.categories), strict=False).to_physical().cast(pl.Float64)
    missing = float(len(column.categories)) if column.has_missing else UNKNOWN
    return (
        pl.when(texts.is_null())
        .then(missing)
        .otherwise(known.fill_null(UNKNOWN))
        .alias(texts.meta.output_name())
    )


def fit_transformer(matrix: np.ndarray, layout: Layout) -> Any:
    """Return a ColumnTransformer fitted on the training rows.

    Numbers: median, a mark where they were missing, standardised. Categories:
    one-hot, the rare ones in one feature, where unknown ones go too.
    """
    runtime.import_sklearn()
    from sklearn.compose import ColumnTransformer

    first = layout.num_numbers
    steps = []
    if layout.numeric:
        steps.append(("numbers", _number_steps(), slice(0, first)))
    if layout.categorical:
        steps.append(("categories", _category_step(len(matrix)), slice(first, matrix.shape[1])))
    _check_size(matrix, layout)
    return ColumnTransformer(steps, sparse_threshold=0).fit(matrix)


def _number_steps() -> Any:
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    fill = SimpleImputer(strategy="median", add_indicator=True)
    return Pipeline([("fill", fill), ("scale", StandardScaler())])


def _category_step(rows: int) -> Any:
    from sklearn.preprocessing import OneHotEncoder

    return OneHotEncoder(
        min_frequency=rare_below(rows),
        max_categories=MOST_FEATURES_PER_COLUMN,
        handle_unknown="infrequent_if_exist",
        sparse_output=False,
        dtype=np.float32,  # type: ignore[arg-type]  # its annotation is too narrow
    )


def _check_size(matrix: np.ndarray, layout: Layout) -> None:
    one_hot = [
        min(MOST_FEATURES_PER_COLUMN, len(column.categories) + 1)
        for _, column in layout.categorical
    ]
    features = 2 * layout.num_numbers + sum(one_hot)
    hint = "use fewer rows or columns"
    at_most("The table as numbers", 8 * len(matrix) * features, 2 * ARRAY_BYTES, hint=hint)


def transform(transformer: Any, matrix: np.ndarray, features: int) -> np.ndarray:
    """Return float32 (rows, features), some thousand rows at a time."""
    x = np.empty((len(matrix), features), np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, len(matrix), CHUNK_ROWS):
            rows = slice(start, start + CHUNK_ROWS)
            x[rows] = transformer.transform(matrix[rows])
    return x


def check_in_range(x: np.ndarray, names: Sequence[str]) -> None:
    """Raise if a feature is too large for float32 after standardising.

    Raises:
        DataError: Names the features.
    """
    bad = np.flatnonzero(~np.isfinite(x).all(axis=0)).tolist()
    if bad:
        raise DataError(
            "Features must fit into float32 after standardising. Received: values too large in "
            f"{listed(name_of(names[k]) for k in bad)}.",
            hint="correct these values, or give the column in larger units",
        )


def feature_names(transformer: Any, columns: Sequence[FittedColumn]) -> tuple[str, ...]:
    """Return a name for each column of the transformed matrix."""
    layout = layout_of(columns)
    names: list[str] = []
    if layout.numeric:
        names += _number_names(transformer.named_transformers_["numbers"], layout)
    if layout.categorical:
        encoder = transformer.named_transformers_["categories"]
        for k, (_, column) in enumerate(layout.categorical):
            names += _category_names(encoder, k, column)
    return tuple(names)


def token_sizes(transformer: Any, columns: Sequence[FittedColumn]) -> tuple[int, ...]:
    """Return 1 for each feature that is a number, and how many features each category has."""
    layout = layout_of(columns)
    numbers = categories = ()
    if layout.numeric:
        numbers = (1,) * len(_number_names(transformer.named_transformers_["numbers"], layout))
    if layout.categorical:
        encoder = transformer.named_transformers_["categories"]
        named = (
            _category_names(encoder, k, column) for k, (_, column) in enumerate(layout.categorical)
        )
        categories = tuple(map(len, named))
    return (*numbers, *categories)


def _number_names(steps: Any, layout: Layout) -> list[str]:
    names = [
        f"{column.reading.name}: {part}" if part else column.reading.name
        for _, column in layout.numeric
        for part in (column.parts or ("",))
    ]
    marked: list[int] = steps.named_steps["fill"].indicator_.features_.tolist()
    return names + [f"{names[k]} is missing" for k in marked]


def _category_names(encoder: Any, k: int, column: FittedColumn) -> list[str]:
    rare = rare_of(encoder, k)
    own = [code for code in encoder.categories_[k] if code not in rare]
    names = [f"{column.reading.name} = {_category_name(column, code)}" for code in own]
    return [*names, f"{column.reading.name} = (rare)"] if rare else names


def _category_name(column: FittedColumn, code: float) -> str:
    return column.categories[int(code)] if code < len(column.categories) else "(missing)"


def rare_of(encoder: Any, k: int) -> set[float]:
    """Return the codes of the categories that share the feature `(rare)`."""
    codes = encoder.infrequent_categories_[k]
    return set() if codes is None else set(codes)


def one_hot_in_words(transformer: Any, k: int, column: FittedColumn) -> str:
    """Return what became of the k-th categorical column."""
    rare = rare_of(transformer.named_transformers_["categories"], k)
    words = f"one-hot, {count(len(column.categories), 'category', plural='categories')}"
    if column.has_missing:
        words += " and one for missing values"
    if rare:
        words += f", {len(rare):,} rare {'one' if len(rare) == 1 else 'ones'} grouped"
    return words
