"""Files that pages send: kept under names of our own, read by Fathom with its limits."""

from __future__ import annotations

import itertools
import shutil
import tempfile
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom.errors import DataError, FathomError, UnknownNameError

MOST_BYTES = 64 * 2**20
MOST_UPLOADS = 20
MOST_NAME = 120
LEAST_ROWS = 3
"""Rows to train, to validate and to test on: with fewer no column can be predicted."""
TABLES = (".csv", ".tsv", ".parquet")
KINDS = (*TABLES, ".npz")


class TooLargeError(FathomError, ValueError):
    """A body is larger than the server takes."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    """A file that was sent.

    Args:
        source: By which experiments name it.
        name: As the sender called it; only ever shown.
        path: Where it lies, under a name of our own.
        columns: Names of its columns, () for arrays.
        target: The column to predict unless another is chosen.
    """

    source: str
    name: str
    path: Path
    columns: tuple[str, ...]
    target: str | None


class Uploads:
    """All uploads of a server, in a folder of their own that goes with it."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._kept: dict[str, Upload] = {}
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def close(self) -> None:
        """Remove all of them."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def find(self, source: str) -> Upload:
        """Return the upload that a source names.

        Raises:
            UnknownNameError: The server has no such upload (any more).
        """
        if source not in self._kept:
            raise UnknownNameError(
                "That upload is not here any more: uploads live as long as the server.",
                hint="upload the file again",
            )
        return self._kept[source]

    def new_path(self, name: str) -> Path:
        """Return where to write an upload.

        Raises:
            DataError: Its name tells of a kind that is not read here, or there are too many.
        """
        suffix = Path(name.replace("\\", "/")).suffix.lower()
        if suffix not in KINDS:
            raise DataError(
                f"An upload must be {', '.join(KINDS)}. Received: {shown(name)!r}.",
                hint="save the table as CSV",
            )
        with self._lock:
            if len(self._kept) >= MOST_UPLOADS:
                raise DataError(f"The server keeps at most {MOST_UPLOADS} uploads.")
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="fathom-uploads-"))
            return self._folder / f"upload-{next(self._numbers)}{suffix}"

    def take(self, path: Path, name: str) -> dict[str, Any]:
        """Read what was written to `path`, and return what the page is told.

        Raises:
            DataError: It cannot be used; it is removed.
        """
        try:
            return self._taken(path, name)
        except FathomError:
            path.unlink(missing_ok=True)
            raise

    def _taken(self, path: Path, name: str) -> dict[str, Any]:
        columns, rows = _table(path)
        guess = _likely_target(columns)
        source = f"upload:u{path.stem.removeprefix('upload-')}"
        found = _Found.of(path, guess, rows)
        upload = Upload(source=source, name=shown(name), path=path, columns=columns, target=guess)
        self._kept[source] = upload
        return {
            "source": source,
            "name": upload.name,
            "rows": found.rows,
            "columns": [{"name": one, "kind": found.kinds.get(one, "")} for one in columns],
            "target": guess,
            "task": found.task,
            "notes": list(found.notes),
        }


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What is known of an upload: all, or what can be told before a target is chosen."""

    rows: int
    task: str | None
    kinds: dict[str, str]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, path: Path, guess: str | None, rows: int) -> _Found:
        """Read an upload; `rows` are those of a table.

        Raises:
            DataError: It cannot be read, or it is no table and cannot be used.
        """
        from fathom.data import load

        try:
            dataset = load(path, target=guess) if guess is not None else load(path)
        except DataError as error:
            if rows < LEAST_ROWS:
                raise
            words = f"{guess} cannot be predicted as it is: {error.message}"
            return cls(rows=rows, task=None, kinds={}, notes=(words,))
        return cls(
            rows=sum(len(split) for split in dataset.splits.values()),
            task=dataset.task,
            kinds={one.name: one.kind for one in dataset.columns},
            notes=dataset.notices,
        )


def shown(name: str) -> str:
    """Return a sender's file name as it may be shown: without folders, and short."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(one for one in last if one.isprintable())[:MOST_NAME] or "upload"


def _table(path: Path) -> tuple[tuple[str, ...], int]:
    """Return a table's columns and the number of its rows; nothing of arrays."""
    if path.suffix not in TABLES:
        return (), 0
    from fathom.data import read_table

    cells = read_table(path)
    return cells.names, cells.frame.height


def _likely_target(columns: tuple[str, ...]) -> str | None:
    """Return the column that is likely to be predicted: one of the usual names, or the last."""
    usual = ("target", "label", "class", "y", "species", "outcome")
    known = [one for one in columns if one.casefold() in usual]
    others = [one for one in columns if one.casefold() != "split"]
    return (known or others[-1:] or [None])[0]


async def write_body(stream: AsyncIterator[bytes], path: Path, *, most: int = MOST_BYTES) -> None:
    """Write a request's body, at most so many bytes of it.

    Raises:
        TooLargeError: There is more; what was written is removed.
    """
    written = 0
    with path.open("wb") as file:
        async for part in stream:
            written += len(part)
            if written > most:
                break
            file.write(part)
    if written > most:
        path.unlink(missing_ok=True)
        raise too_large(most)


def too_large(most: int) -> TooLargeError:
    """Return the refusal of a body with more than so many bytes."""
    return TooLargeError(
        f"An upload must have at most {most // 2**20} MiB.",
        hint="start the playground with the file: fathom playground FILE",
    )
