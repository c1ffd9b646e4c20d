"""The one writer of a study."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from fathom.errors import FathomError, StoreError
from fathom.specs import (
    Record,
    RungRecord,
    RunRecord,
    StatusRecord,
    StudyRecord,
    TestRecord,
    VerdictRecord,
)
from fathom.store import weights
from fathom.store.disk import disk_errors, sync_folder, write_bytes
from fathom.store.folders import fingerprint, refuse_reserved
from fathom.store.index import IndexedStudy, update_index
from fathom.store.locks import FileLock
from fathom.store.log import LogFile, encode_line
from fathom.store.naming import relative_parts
from fathom.store.summary import RUNNING, summarise

if TYPE_CHECKING:
    import numpy as np

_DURABLE = (StudyRecord, RungRecord, RunRecord, TestRecord, VerdictRecord, StatusRecord)


class StudyWriter:
    """Appends to one study; no other process can while this one is open.

    Made by `Store.create` and `Store.reopen`. Used as a context manager it
    closes at the end; an exception that passes through is written down as the
    study's last status, "paused" for Ctrl-C and "failed" for anything else,
    unless the study has said itself how it ended.

    Attributes:
        name: The study's name in its store.
        folder: The study's folder.
    """

    def __init__(self, folder: Path, lock: FileLock, log: LogFile, *, status: str | None) -> None:
        self.folder = folder
        self._lock = lock
        self._log = log
        self._status = status  # None: nothing was said since the study was reopened
        self._turn = threading.RLock()

    @property
    def name(self) -> str:
        """The study's name in its store."""
        return self.folder.name

    def append(self, record: Record) -> None:
        """Append one record.

        It outlives a crash of this process when this returns; a power failure
        too, but for architectures and baselines, which wait for the next record
        or `sync`.

        Raises:
            SpecError: A number in the record is not finite.
            StoreError: The disk is full or cannot be written; nothing was appended.
        """
        self.append_many((record,))

    def append_many(self, records: Iterable[Record]) -> None:
        """Append several records, all or none, at the cost of one.

        Raises:
            SpecError: A number in a record is not finite.
            StoreError: The disk is full or cannot be written; nothing was appended.
        """
        records = tuple(records)
        lines = b"".join(map(encode_line, records))
        with self._turn:
            self._refuse_if_closed()
            self._log.append(lines, durable=any(isinstance(r, _DURABLE) for r in records))
            self._status = next(
                (r.status for r in reversed(records) if isinstance(r, StatusRecord)), self._status
            )

    def sync(self) -> None:
        """Make every record appended so far outlive a power failure.

        Raises:
            StoreError: The disk does not take them.
        """
        with self._turn:
            self._refuse_if_closed()
            self._log.sync()

    def write_weights(
        self,
        name: str,
        arrays: Mapping[str, np.ndarray],
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        """Keep arrays under a name; what the name held before stays as a spare.

        Args:
            name: Such as "depth-3-width-64".
            arrays: Booleans, integers or floats of at most 64 bits, any shape.
            metadata: Words about them.

        Raises:
            StoreError: The disk cannot take them, or an array's type cannot be
                stored; what the name held is as before.
        """
        with self._turn:
            self._refuse_if_closed()
            path = weights.weights_path(self.folder, name)
            with disk_errors(path):
                _make_folders(self.folder, (weights.WEIGHTS,))
            weights.write_weights(path, arrays, metadata or {})
            self._touch()

    def remove_weights(self, name: str) -> None:
        """Remove the weights under a name, and their spare; not having them is no error."""
        path = weights.weights_path(self.folder, name)
        with self._turn, disk_errors(path):
            self._refuse_if_closed()
            path.unlink(missing_ok=True)
            weights.previous_path(path).unlink(missing_ok=True)
            self._touch()

    def write_file(self, relative_name: str, data: bytes) -> None:
        """Keep a file, such as "model/best.keras", whole or not at all.

        Raises:
            StoreError: The name is not plain and relative, or the disk cannot
                take it; the file of that name is as before.
        """
        parts = relative_parts(relative_name)
        refuse_reserved("/".join(parts))
        path = self.folder.joinpath(*parts)
        with self._turn, disk_errors(path, needs_bytes=len(data)):
            self._refuse_if_closed()
            _make_folders(self.folder, parts[:-1])
            write_bytes(path, data)
            self._touch()

    def _touch(self) -> None:
        os.utime(self.folder)  # so that its fingerprint in the index changes

    @property
    def _is_open(self) -> bool:
        return self._lock.is_held  # a forked child does not hold it

    def _refuse_if_closed(self) -> None:
        if not self._is_open:
            raise StoreError(
                f"A study is written through an open writer. Received: {self.name!r}, closed.",
                hint="open it again with Store.reopen",
            )

    def close(self, status: StatusRecord | None = None) -> None:
        """Sync, let go of the study, and put it into the index; does nothing the second time.

        Args:
            status: Appended as the last word, if given.

        Raises:
            StoreError: The disk does not take the last records; the study is
                let go of all the same.
        """
        with self._turn:
            if not self._is_open:
                return
            try:
                if status is not None:
                    self.append(status)
                self.sync()
            finally:
                self._log.close()
                self._lock.release()
                self.tell_index()

    def tell_index(self) -> None:
        """Bring the study's row up to date; a row that stays stale, the next reader mends."""
        with suppress(OSError, sqlite3.Error):
            seen = fingerprint(self.folder)
            if seen is not None:
                row = IndexedStudy(seen, summarise(self.folder))
                update_index(self.folder.parent, {self.name: row})

    def __enter__(self) -> StudyWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.close()
            return
        with suppress(FathomError):  # the error on its way is the one to be told
            self.close(None if self._status != RUNNING else _last_words(error))


def _last_words(error: BaseException) -> StatusRecord:
    if isinstance(error, Exception):
        reason = str(error).partition("\n")[0]
        return StatusRecord(status="failed", message=f"{type(error).__name__}: {reason}")
    return StatusRecord(status="paused", message="stopped before the end")


def _make_folders(folder: Path, parts: tuple[str, ...]) -> None:
    for part in parts:
        folder = folder / part
        if folder.is_symlink():
            raise StoreError(
                f"{folder} must be a folder of the study itself. Received: a link.",
                hint="remove the link",
            )
        if not folder.is_dir():
            folder.mkdir()
            sync_folder(folder.parent)
