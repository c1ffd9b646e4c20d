"""Files, dataframes and arrays opened, for training and for new rows alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fathom.data.tables import Cells, read_delimited, read_parquet
from fathom.data.wording import value_of
from fathom.errors import DataError, FathomError

TABLE_READERS: dict[str, Callable[[Path], Cells]] = {
    ".csv": read_delimited,
    ".tsv": read_delimited,
    ".parquet": read_parquet,
}

KINDS_OF_FILES = ".csv, .tsv, .parquet, .npz, or a folder of images"

INSTEAD = {
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
    ".txt": "rename it to .csv or .tsv",
    ".data": "rename it to .csv",
    ".json": "save it as CSV or Parquet",
    ".jsonl": "save it as CSV or Parquet",
    ".npy": "save x and y together with numpy.savez",
    ".gz": "unpack it first",
    ".zip": "unpack it first",
    ".pkl": "pickles are never opened; save it as Parquet",
    ".pickle": "pickles are never opened; save it as Parquet",
    ".pq": "rename it to .parquet",
}


def read_table(path: Path) -> Cells:
    """Return the cells of a CSV, TSV or Parquet file.

    Raises:
        DataError: Another kind of file, or it cannot be read.
    """
    reader = TABLE_READERS.get(path.suffix.lower())
    if reader is None or not path.is_file():
        raise wrong_kind(path)
    with reading(path):
        return reader(path)


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into a DataError."""
    try:
        yield
    except FathomError:
        raise
    except OSError as error:
        raise DataError(
            f"Data must be readable. Received: {value_of(path)} ({error.strerror or error}).",
            hint="check the file's permissions",
        ) from error


def wrong_kind(path: Path) -> DataError:
    """Return the error for a file whose suffix says nothing that can be read."""
    return DataError(
        f"Data must be {KINDS_OF_FILES}. Received: {value_of(path.name)}.",
        hint=INSTEAD.get(path.suffix.lower(), "save it as CSV"),
    )
