"""Data: files and names to split arrays, every decision recorded and repeatable."""

from fathom.data.dataset import Column, Dataset, Split
from fathom.data.loading import load, sources
from fathom.data.new_rows import Rows, read_numbers
from fathom.data.opening import read_table
from fathom.data.preprocessing import Preprocessing, read_rows
from fathom.data.tables import reading_parquet

__all__ = [
    "Column",
    "Dataset",
    "Preprocessing",
    "Rows",
    "Split",
    "load",
    "read_numbers",
    "read_rows",
    "read_table",
    "reading_parquet",
    "sources",
]
