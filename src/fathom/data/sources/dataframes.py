"""Dataframes of any library narwhals knows, with the target a column or apart."""

from __future__ import annotations

from typing import Any

import numpy as np

from fathom.data.frames import cells_of_frame, is_frame, to_polars
from fathom.data.material import Material, Options
from fathom.data.sources.kind import Kind
from fathom.data.tables import Cells, cells_of, open_source
from fathom.data.wording import name_of
from fathom.errors import DataError


def accepts(source: object) -> bool:
    """Return whether `source` is a dataframe, or (dataframe, target)."""
    return is_frame(source) or (
        isinstance(source, tuple) and len(source) == 2 and is_frame(source[0])
    )


def read(source: Any, options: Options) -> Material:
    """Return the columns, the target taken out."""
    from dataclasses import replace

    if not isinstance(source, tuple):
        return open_source(cells_of_frame(source), options, name="dataframe", source="a dataframe")
    cells, name = _with_target(cells_of_frame(source[0]), source[1], options.target)
    options = replace(options, target=name)
    return open_source(cells, options, name="dataframe", source="a dataframe and its target")


def _with_target(cells: Cells, target: Any, name: object) -> tuple[Cells, str]:
    """Return the cells with the target as their last column."""
    import polars as pl

    column = _column(target)
    if len(column) != cells.frame.height:
        raise DataError(
            "x and y must have the same number of rows. Received: "
            f"{cells.frame.height:,} rows of x and {len(column):,} of y.",
            hint="check that both come from the same rows",
        )
    called = str(name or getattr(target, "name", None) or "target")
    if called in cells.names:
        raise DataError(
            f"The target must have a name of its own. Received: {name_of(called)}, which is also "
            "a column of x.",
            hint="give it another name with `target`",
        )
    frame = cells.frame.with_columns(column.alias(str(len(cells.names))))
    joined = cells_of(pl.DataFrame(frame), [*cells.names, called], notices=list(cells.notices))
    return joined, called


def _column(target: Any) -> Any:
    import narwhals
    import polars as pl

    if narwhals.dependencies.is_into_series(target):
        return to_polars(narwhals.from_native(target, series_only=True), "target")[0]
    if is_frame(target):
        raise DataError(
            "`y` must have one value per row. Received: a dataframe.",
            hint="give one column of it",
        )
    values = np.asarray(target)
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    return pl.Series(values.tolist(), strict=False)


KIND = Kind(
    what="a dataframe",
    options=frozenset({"target", "split", "time", "window", "horizon"}),
    accepts=accepts,
    read=read,
)
