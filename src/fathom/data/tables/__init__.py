"""Tables: text or typed cells to features, every decision said."""

from fathom.data.tables.cells import Cells, cells_of
from fathom.data.tables.deciding import Decision, FittedColumn
from fathom.data.tables.delimited import read_delimited
from fathom.data.tables.inputs import (
    TableInputs,
    check_columns,
    encode_table,
    fit_table,
    read_table_rows,
)
from fathom.data.tables.opening import (
    Table,
    given_parts,
    only,
    open_features,
    open_table,
    raw_target,
    target_of_new_rows,
)
from fathom.data.tables.panics import reading_parquet
from fathom.data.tables.parquet import read_parquet
from fathom.data.tables.readings import Reading
from fathom.data.tables.series import open_source
from fathom.data.tables.windows import (
    WindowInputs,
    Windows,
    encode_windows,
    fit_windows,
    read_windows,
)

__all__ = [
    "Cells",
    "Decision",
    "FittedColumn",
    "Reading",
    "Table",
    "TableInputs",
    "WindowInputs",
    "Windows",
    "cells_of",
    "check_columns",
    "encode_table",
    "encode_windows",
    "fit_table",
    "fit_windows",
    "given_parts",
    "only",
    "open_features",
    "open_source",
    "open_table",
    "raw_target",
    "read_delimited",
    "read_parquet",
    "read_table_rows",
    "read_windows",
    "reading_parquet",
    "target_of_new_rows",
]
