"""CSV, TSV and Parquet files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fathom.data.material import Material, Options
from fathom.data.opening import TABLE_READERS, read_table
from fathom.data.sources.kind import Kind
from fathom.data.tables import open_source


def accepts(source: object) -> bool:
    """Return whether `source` is a file with a table's suffix."""
    return isinstance(source, Path) and source.is_file() and source.suffix.lower() in TABLE_READERS


def read(source: Any, options: Options) -> Material:
    """Return the table with its target taken out."""
    return open_source(read_table(source), options, name=source.stem, source=str(source))


KIND = Kind(
    what="a table",
    options=frozenset({"target", "split", "time", "window", "horizon"}),
    accepts=accepts,
    read=read,
)
