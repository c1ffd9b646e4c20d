"""Paths that users give: local, there, and of a kind that can be read."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from fathom.data.wording import value_of
from fathom.errors import DataError
from fathom.specs import closest

ADDRESS = re.compile(r"^\s*([A-Za-z][A-Za-z0-9+.-]+)://|^\s*(file|data|https?|ftp|s3|hf|gs):", re.I)


def local_path(source: str | os.PathLike[str], *, names: Iterable[str] = ()) -> Path:
    """Return the file or folder that `source` names.

    Args:
        source: A path.
        names: Other things that `source` could have meant, such as built-in
            sources.

    Raises:
        DataError: An address of a network, or nothing is there.
    """
    text = os.fspath(source)
    if ADDRESS.match(text):
        raise DataError(
            f"Data must be a local file, folder or built-in name. Received: the address "
            f"{value_of(text)}.",
            hint="download the file first and give its path",
        )
    if not text.strip() or "\0" in text:
        raise DataError(f"A path must not be empty. Received: {value_of(text)}.")
    path = Path(text).expanduser()
    if not _is_there(path):
        raise _missing(path, names)
    return path


def _is_there(path: Path) -> bool:
    try:
        return path.is_file() or path.is_dir()
    except OSError:  # a name too long for the file system
        return False


def _missing(path: Path, names: Iterable[str]) -> DataError:
    if _exists(path):
        what, hint = "which is neither a file nor a folder", "copy the data into a file"
    else:
        what, hint = "which does not exist", _did_you_mean(path, names)
    return DataError(
        f"Data must be a file, a folder or a built-in name. Received: {value_of(path)}, {what}.",
        hint=hint,
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:
        return False


def _did_you_mean(path: Path, names: Iterable[str]) -> str:
    known = sorted(names)
    if (name := closest(str(path), known)) is not None:
        return f"did you mean {value_of(name)}?"
    if (neighbour := closest(path.name, _neighbours(path.parent))) is not None:
        return f"did you mean {value_of(path.parent / neighbour)}?"
    return f"built-in names: {', '.join(known)}" if known else "check the path"


def _neighbours(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208
    except OSError:
        return []
