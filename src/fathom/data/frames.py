"""Any dataframe to cells, through narwhals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.data.tables import Cells, cells_of
from fathom.data.wording import name_of

if TYPE_CHECKING:
    import polars as pl


def is_frame(source: object) -> bool:
    """Return whether `source` is a dataframe of any library, lazy ones too."""
    if isinstance(source, (str, bytes, tuple, list, dict, np.ndarray)):
        return False
    import narwhals

    return narwhals.dependencies.is_into_dataframe(source) or _is_lazy(source)


def _is_lazy(source: object) -> bool:
    return hasattr(source, "collect") and hasattr(source, "collect_schema")


def cells_of_frame(source: Any) -> Cells:
    """Return a dataframe's columns as cells with the types they have.

    Raises:
        DataError: Two columns have one name, or there is no row.
    """
    import narwhals
    import polars as pl

    if _is_lazy(source):
        source = source.collect()
    names = [str(name) for name in getattr(source, "column_names", source.columns)]
    if len(set(names)) < len(names):
        return cells_of(pl.DataFrame(), names)  # says which are there twice
    frame = narwhals.from_native(source, eager_only=True)
    converted = [to_polars(series, name) for series, name in zip(frame.iter_columns(), names)]
    columns = [series.alias(str(k)) for k, (series, _) in enumerate(converted)]
    notices = [notice for _, notice in converted if notice]
    return cells_of(pl.DataFrame(columns), names, notices=notices)


def to_polars(series: Any, name: str) -> tuple[pl.Series, str]:
    """Return a narwhals series as a polars one, and a notice or "".

    Values of mixed types become text.
    """
    import polars as pl

    native = series.to_native()
    if isinstance(native, pl.Series):
        return native, ""
    values = _present_values(series)
    if series.dtype.is_numeric():
        return _numbers(series, values), ""
    kinds = {type(value) for value in values if value is not None}
    if len(kinds) > 1 and not kinds <= {int, float}:
        texts = pl.Series(
            [None if value is None else str(value) for value in values], dtype=pl.String
        )
        return texts, f"{name_of(name)}: values of mixed types read as text"
    try:
        return pl.Series(values), ""
    except (pl.exceptions.PolarsError, TypeError, ValueError, OverflowError):
        return pl.Series([None if value is None else [str(value)] for value in values]), ""


def _present_values(series: Any) -> list[Any]:
    """Return the values with None where one is missing."""
    return [
        None if missing else value
        for value, missing in zip(series.to_list(), series.is_null().to_list())
    ]


def _numbers(series: Any, values: list[Any]) -> pl.Series:
    import polars as pl

    if series.is_null().any():
        return pl.Series(values, dtype=pl.Float64, strict=False)
    return pl.Series(series.to_numpy())
