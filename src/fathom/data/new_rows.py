"""New rows for a model: read, checked against what it was trained on, encoded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path

import numpy as np

from fathom.data.archives import read_archive
from fathom.data.arrays import ArrayInputs, usable
from fathom.data.frames import cells_of_frame, is_frame
from fathom.data.images import ImageInputs, decode, find_images, look_at, remarks_of, to_inputs
from fathom.data.material import RawTarget
from fathom.data.opening import TABLE_READERS, read_table, reading, wrong_kind
from fathom.data.paths import local_path
from fathom.data.sequences import arrays_of
from fathom.data.tables import (
    Cells,
    TableInputs,
    WindowInputs,
    check_columns,
    only,
    open_features,
    read_table_rows,
    read_windows,
    target_of_new_rows,
)
from fathom.data.targets import Target, encode
from fathom.data.values import raw_from_values
from fathom.data.wording import listed, name_of
from fathom.errors import DataError


@dataclass(frozen=True)
class Rows:
    """New rows, treated as the training rows were.

    Args:
        x: float32 (rows, *input_shape).
        y: int32 (rows,) or float32 (rows,) as in `Split`, or None where the
            source has no complete target.
        notices: What was detected and decided while reading.
        names: What each row is called: file names of images, times of windows, else ().
        names_are: "file" or "time".
    """

    x: np.ndarray
    y: np.ndarray | None
    notices: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    names_are: str = "file"

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Read:
    """Inputs of new rows, and their raw target."""

    x: np.ndarray
    target: RawTarget | None = None
    notices: Sequence[str] = ()
    names: tuple[str, ...] = ()
    names_are: str = "file"


def transform(
    inputs: TableInputs | WindowInputs | ArrayInputs | ImageInputs, target: Target, source: object
) -> Rows:
    """Return new rows as inputs and, where they have a target, class numbers or numbers.

    Raises:
        DataError: The rows do not fit what was fitted.
    """
    read = read_for(inputs, _opened(source), target)
    y, why = _encoded_target(target, read.target)
    return Rows(read.x, y, (*read.notices, *why), read.names, read.names_are)


def _opened(source: object) -> object:
    """Return a path for a name, anything else as it is."""
    return local_path(source) if isinstance(source, (str, os.PathLike)) else source


def _encoded_target(target: Target, raw: RawTarget | None) -> tuple[np.ndarray | None, list[str]]:
    if raw is None:
        return None, []
    try:
        return encode(target, raw), []
    except DataError as error:
        return None, [f"the target is not used: {error.message}"]


@singledispatch
def read_for(inputs: object, source: object, target: Target) -> Read:
    """Return what `source` holds for fitted inputs; one rule per kind of inputs."""
    raise TypeError(f"no rule for {type(inputs).__name__}")


@read_for.register
def _(inputs: TableInputs, source: object, target: Target) -> Read:
    cells = _cells(source, "a table")
    x, raw, notices = read_table_rows(inputs, cells, target.name)
    return Read(x, raw, notices)


@read_for.register
def _(inputs: WindowInputs, source: object, target: Target) -> Read:
    """Read every window, also those whose target lies ahead."""
    x, times, notices = read_windows(inputs, _cells(source, "a table"))
    return Read(x, notices=notices, names=times, names_are="time")


def _cells(source: object, wanted: str) -> Cells:
    if isinstance(source, Path):
        return read_table(source)
    if is_frame(source):
        return cells_of_frame(source)
    raise DataError(
        f"New rows must be {wanted} with the columns the model was trained on. "
        f"Received: {type(source).__name__}.",
        hint="give a .csv or .parquet file, or a dataframe",
    )


@read_for.register
def _(inputs: ArrayInputs, source: object, target: Target) -> Read:
    if isinstance(source, Path) and source.suffix.lower() == ".npz":
        return _from_archive(inputs, source)
    if is_frame(source) or (isinstance(source, Path) and source.suffix.lower() in TABLE_READERS):
        return _from_table(inputs, _cells(source, "a table"), target)
    if isinstance(source, Path):
        raise wrong_kind(source)
    if isinstance(source, tuple) and len(source) == 2:
        x = inputs.encode(usable(source[0]))
        return Read(x, raw_from_values(source[1], rows=len(x)))
    return Read(inputs.encode(usable(source)))


def _from_archive(inputs: ArrayInputs, path: Path) -> Read:
    x, y, lengths = _contents(path)
    encoded = _encoded(inputs, x, lengths)
    raw = None if y is None else raw_from_values(y, rows=len(encoded))
    return Read(encoded, raw)


def _encoded(inputs: ArrayInputs, x: object, lengths: np.ndarray | None) -> np.ndarray:
    if lengths is None:
        return inputs.encode(usable(x))
    if not inputs.padded:
        raise DataError(
            "The model was trained on sequences of one length. Received: `lengths`.",
            hint="leave `lengths` out",
        )
    arrays = arrays_of(x, lengths=lengths)
    return inputs.encode(arrays.x, arrays.lengths)


def _contents(path: Path) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """Return x of an .npz file, and y and lengths if they are there."""
    with reading(path):
        arrays = read_archive(path)
    name = next((name for name in ("x", "x_test") if name in arrays), None)
    if name is None:
        raise DataError(
            f"New rows in an .npz file must be called x. Received: {listed(arrays)}.",
            hint="numpy.savez(path, x=x)",
        )
    y, lengths = (arrays.get(name.replace("x", other)) for other in ("y", "lengths"))
    return arrays[name], y, lengths


def _from_table(inputs: ArrayInputs, cells: Cells, target: Target) -> Read:
    """Read columns by the names of the features."""
    check_columns(cells, inputs.feature_names or ("x",))
    numbers, notices = _numbers_of(only(cells, inputs.feature_names))
    raw = target_of_new_rows(cells, target.name) if target.name else None
    return Read(inputs.encode(numbers), raw, notices)


def _numbers_of(cells: Cells) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the columns as float64 (rows, columns), NaN where a cell is empty."""
    table, notices = open_features(cells)
    texts = [each.name for each in table.readings if each.kind not in ("numeric", "boolean")]
    if texts:
        raise DataError(
            f"Rows for this model must be numbers. Received: other values in "
            f"{listed(name_of(name) for name in texts)}.",
            hint="give numbers, or leave these columns out if they are no inputs",
        )
    columns = table.frame.select(*(column.cast(float) for column in table.frame))
    return columns.fill_null(float("nan")).to_numpy(), notices


def read_numbers(source: str | os.PathLike[str]) -> np.ndarray:
    """Return the rows of a file as numbers, nothing fitted and nothing scaled.

    Args:
        source: An .npz file with x, or a table whose columns are all numbers.

    Returns:
        (rows, ...) of the file's own type, or float64 (rows, columns).

    Raises:
        DataError: The file is not there, or holds something else than finite
            numbers.
    """
    path = local_path(source)
    if path.suffix.lower() == ".npz":
        return usable(_contents(path)[0])
    return usable(_numbers_of(read_table(path))[0])


@read_for.register
def _(inputs: ImageInputs, source: object, target: Target) -> Read:
    if not isinstance(source, Path):
        raise DataError(
            f"New rows must be an image file or a folder of them. "
            f"Received: {type(source).__name__}.",
            hint="give the path",
        )
    with reading(source):
        paths, classes = _image_paths(source)
        notices = remarks_of(look_at(paths))
        x = to_inputs(decode(inputs, paths))
    raw = raw_from_values(np.array(classes), rows=len(paths)) if classes else None
    return Read(x, raw, notices, tuple(str(path) for path in paths))


def _image_paths(source: Path) -> tuple[list[Path], list[str]]:
    """Return one file, a folder's files, or those of its sub-folders with their names."""
    if source.is_file():
        return [source], []
    paths, _ = find_images(source)
    if paths:
        return paths, []
    folders = sorted(path for path in source.iterdir() if path.is_dir())
    inside = [(path, folder.name) for folder in folders for path in find_images(folder)[0]]
    if not inside:
        raise DataError(
            f"A folder of new images must hold images. Received: none in {source.name!r}."
        )
    return [path for path, _ in inside], [name for _, name in inside]
