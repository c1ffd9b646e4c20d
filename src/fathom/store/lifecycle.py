"""How a study's folder comes to be, is taken up again, and goes."""

from __future__ import annotations

import errno
import itertools
import os
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from fathom.errors import StoreError
from fathom.specs import StudyRecord
from fathom.store.disk import TEMPORARY_PREFIX, sync_folder, write_bytes
from fathom.store.folders import LOCK, SPEC, read_spec, spec_text
from fathom.store.locks import FileLock, acquire, holder, is_held
from fathom.store.log import LOG, LogFile, encode_line, read_log
from fathom.store.naming import folder_name
from fathom.store.summary import RUNNING
from fathom.store.writer import StudyWriter

_WAIT_SECONDS = 0.5
_STAGED = ".new-"
_DELETED = ".deleted-"
_LEFTOVER_SECONDS = 60.0


def begin_study(root: Path, record: StudyRecord) -> StudyWriter:
    """Make a study's folder, complete with its first record, and return its writer.

    The folder is filled under a hidden name and renamed: no one ever sees a
    study without its first record, or without its writer's lock.

    Args:
        root: The store's folder, which exists.
        record: The first record; its name is made safe and unique.

    Raises:
        SpecError: A number in the record is not finite.
        OSError: The disk cannot take it; nothing is left behind.
    """
    clear_leftovers(root)
    staged = root / (_STAGED + secrets.token_hex(8))
    staged.mkdir()
    try:
        lock = own(staged)
        try:
            return _begun(root, staged, record, lock)
        except BaseException:
            lock.release()
            raise
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise


def _begun(root: Path, staged: Path, record: StudyRecord, lock: FileLock) -> StudyWriter:
    created = datetime.now(UTC)
    while True:
        folder = root / free_name(root, record.name)
        named = replace(record, name=folder.name)
        line = encode_line(named)
        write_bytes(staged / SPEC, spec_text(named, created))
        write_bytes(staged / LOG, line)
        if renamed(staged, folder):
            break
    sync_folder(root)
    writer = StudyWriter(folder, lock, LogFile(folder / LOG, whole_bytes=len(line)), status=RUNNING)
    writer.tell_index()
    return writer


def renamed(staged: Path, folder: Path) -> bool:
    """Rename, unless another process was quicker to take the name."""
    try:
        staged.rename(folder)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            return False
        raise
    return True


def free_name(root: Path, wanted: str) -> str:
    """Return `wanted` as a safe name that nothing in `root` has yet."""
    name = folder_name(wanted)
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(
        candidate
        for candidate in itertools.chain([name], numbered)
        if not os.path.lexists(root / candidate)
    )


def continue_study(folder: Path) -> StudyWriter:
    """Return a writer that appends to a study; what a crash cut short is cut off.

    Raises:
        StoreError: Another process writes it, or a newer Fathom wrote it.
        OSError: The disk cannot be read or written.
    """
    lock = own(folder)
    try:
        read_spec(folder)
        _clear_temporaries(folder)
        return StudyWriter(folder, lock, _continued_log(folder / LOG), status=None)
    except BaseException:
        lock.release()
        raise


def _continued_log(path: Path) -> LogFile:
    try:
        return LogFile(path, whole_bytes=read_log(path).whole_bytes)
    except FileNotFoundError:
        return LogFile(path, whole_bytes=0)


def _clear_temporaries(folder: Path) -> None:
    for path in tuple(folder.rglob(f"{TEMPORARY_PREFIX}*")):
        path.unlink(missing_ok=True)


def remove_study(folder: Path) -> None:
    """Remove a study's folder; it vanishes at once and is emptied afterwards.

    Raises:
        StoreError: A process writes it.
        OSError: It cannot be removed.
    """
    lock = own(folder)
    try:
        hidden = folder.with_name(_DELETED + secrets.token_hex(8))
        folder.rename(hidden)
        shutil.rmtree(hidden, ignore_errors=True)
    finally:
        lock.release()


def own(folder: Path) -> FileLock:
    """Return the lock of a study's only writer.

    Raises:
        StoreError: Another writer has it.
    """
    lock = acquire(folder / LOCK, wait_seconds=_WAIT_SECONDS)
    if lock is None:
        raise StoreError(
            f"A study has one writer at a time. Received: {folder.name!r}, which "
            f"{holder(folder / LOCK)} is writing.",
            hint="wait until it ends, or stop it; fathom runs list shows what is running",
        )
    return lock


def clear_leftovers(root: Path) -> None:
    """Remove what processes that died left half made or half deleted."""
    for path in tuple(root.glob(f"{_STAGED}*")) + tuple(root.glob(f"{_DELETED}*")):
        with suppress(OSError):
            is_old = time.time() - path.stat().st_mtime > _LEFTOVER_SECONDS
            if is_old and not is_held(path / LOCK):
                shutil.rmtree(path, ignore_errors=True)
