"""Arrays in an .npz file: each header is checked before its data are unpacked."""

from __future__ import annotations

import math
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.lib import format as npy

from fathom.data.limits import ARRAY_BYTES, HEADER_BYTES, at_most
from fathom.data.wording import listed, value_of
from fathom.errors import DataError

PARTS = ("", "_train", "_validation", "_test")
NAMES = tuple(f"{what}{part}" for part in PARTS for what in ("x", "y", "lengths"))
"""Arrays that mean something; all others are left alone."""

OTHER_NAMES = {
    f"{what}_{short}": f"{what}_validation"
    for what in ("x", "y", "lengths")
    for short in ("val", "valid")
}


def read_archive(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file that mean something, by name in small letters.

    Raises:
        DataError: The file is broken, holds Python objects, announces other
            sizes than it has, or more than the limit.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = entries_of(archive)
            at_most(
                f"The arrays of {path.name}",
                sum(entry.file_size for entry in entries.values()),
                ARRAY_BYTES,
                hint="save fewer rows, or smaller types",
            )
            return {name: _read(archive, entry, name) for name, entry in entries.items()}
    except BROKEN as error:
        raise DataError(
            f"An .npz file must be complete. Received: {path.name} ({error or 'cut off'}).",
            hint="write it again with numpy.savez",
        ) from error


BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError)
"""What a damaged, encrypted or unknown kind of zip file raises."""


def entries_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the entries that mean something, by their usual name.

    Raises:
        DataError: There are none, or one twice.
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        name = entry.filename.removesuffix(".npy").lower()
        name = OTHER_NAMES.get(name, name)
        if name in found:
            raise DataError(f"An .npz file must hold each array once. Received: {name} twice.")
        if name in NAMES:
            found[name] = entry
    if not found:
        names = [entry.filename.removesuffix(".npy") for entry in archive.infolist()]
        raise DataError(
            "An .npz file must hold x and y, or x_train, y_train, x_test and y_test. "
            f"Received: {listed(map(value_of, names)) or 'nothing'}.",
            hint="numpy.savez(path, x=x, y=y)",
        )
    return found


def _read(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> np.ndarray:
    check_header(archive, entry, name)
    try:
        with archive.open(entry) as file:
            return npy.read_array(file, allow_pickle=False, max_header_size=HEADER_BYTES)
    except (ValueError, MemoryError) as error:
        raise _bad_header(name, str(error)) from error


def check_header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> None:
    """Raise unless the header announces what the archive's directory says is there.

    Raises:
        DataError: Python objects, or other sizes.
    """
    with archive.open(entry) as file:
        shape, dtype = _header(file, name)
        begins = file.tell()
    if dtype.hasobject:
        raise DataError(
            f"Arrays must hold numbers or texts. Received: `{name}` holds Python objects, which "
            "are never loaded.",
            hint="convert it, for example with x.astype('float32') or y.astype(str); sequences of "
            "several lengths are filled up to one, their lengths saved as `lengths`",
        )
    if dtype.names or dtype.kind not in "biufU":
        raise _bad_header(name, f"values of type {dtype}")
    announced = math.prod(shape) * dtype.itemsize
    if min(shape, default=0) < 0 or announced != entry.file_size - begins:
        raise _bad_header(
            name, f"shape {shape} of {dtype} announced for {entry.file_size - begins:,} bytes"
        )


UNREADABLE = (ValueError, TypeError, SyntaxError, TokenError, RecursionError, MemoryError)
"""What NumPy raises at a header it cannot read; it takes one for Python's text."""

HEADER_READERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def _header(file: Any, name: str) -> tuple[tuple[int, ...], np.dtype]:
    try:
        version = npy.read_magic(file)
        if version not in HEADER_READERS:
            raise ValueError(f"version {version}")
        read = HEADER_READERS[version]
        shape, _, dtype = read(file, max_header_size=HEADER_BYTES)
    except UNREADABLE as error:
        raise _bad_header(name, str(error).split("\n")[0]) from error
    return shape, dtype


def _bad_header(name: str, received: str) -> DataError:
    return DataError(
        f"The header of an array must describe its data. Received: `{name}` with {received}.",
        hint="write the file again with numpy.savez",
    )
