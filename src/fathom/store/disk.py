"""Files written so that a crash leaves the old one or the new one, never half of either."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fathom.errors import StoreError

TEMPORARY_PREFIX = ".tmp-"

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_CHOOSE_ANOTHER = "choose a folder you may write to, with --store DIR or $FATHOM_STORE"


@contextmanager
def disk_errors(path: Path, *, needs_bytes: int | None = None) -> Iterator[None]:
    """Turn what the operating system says about `path` into one StoreError.

    Args:
        path: The file or folder in use; named in the message.
        needs_bytes: Bytes that are to be written; named when the disk is full.
    """
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise _explained(error, path, needs_bytes) from error


def _explained(error: OSError, path: Path, needs_bytes: int | None) -> StoreError:
    if error.errno in _FULL:
        return _disk_full(path, needs_bytes)
    if error.errno in _FORBIDDEN:
        return StoreError(
            f"{path} must be readable and writable. Received: {_reason(error)}.",
            hint=_CHOOSE_ANOTHER,
        )
    if error.errno == errno.EFBIG:
        return StoreError(
            f"{path} may not become so large here.{_needed(needs_bytes)}",
            hint="raise the limit of this shell (ulimit -f), or choose another disk with "
            "--store DIR or $FATHOM_STORE",
        )
    return StoreError(f"{path} cannot be used: {_reason(error)}.", hint=_CHOOSE_ANOTHER)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _disk_full(path: Path, needs_bytes: int | None) -> StoreError:
    free = f" Free: {_free_bytes(path):,} bytes."
    return StoreError(
        f"No space is left on the disk of {path}.{_needed(needs_bytes)}{free}",
        hint="free some space, or choose another disk with --store DIR or $FATHOM_STORE",
    )


def _needed(needs_bytes: int | None) -> str:
    return "" if needs_bytes is None else f" Needed: {needs_bytes:,} bytes."


def _free_bytes(path: Path) -> int:
    try:
        return shutil.disk_usage(_nearest_folder(path)).free
    except OSError:
        return 0


def _nearest_folder(path: Path) -> Path:
    return next((folder for folder in (path, *path.parents) if folder.is_dir()), Path("/"))


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte of `data`: one call may write less than it is given."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable: a rename is not until its folder is synced."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(
    path: Path, data: bytes, *, before_rename: Callable[[], None] = lambda: None
) -> None:
    """Make or replace `path` with `data`, whole or not at all.

    Args:
        path: The file.
        data: Its whole content.
        before_rename: Called when `data` are safe on disk beside `path`.
    """
    temporary = path.with_name(TEMPORARY_PREFIX + secrets.token_hex(8))
    try:
        _write_new(temporary, data)
        before_rename()
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def _write_new(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def check_folder_takes_files(folder: Path) -> None:
    """Raise an OSError unless a file can be written in `folder`; leaves nothing behind."""
    with tempfile.TemporaryFile(dir=folder, prefix=TEMPORARY_PREFIX) as probe:
        probe.write(b"\0" * 4096)
        probe.flush()
        os.fsync(probe.fileno())


def check_output(path: Path | str) -> None:
    """Raise unless a file the user asked for can be written; leaves nothing behind.

    Meant for before a training whose result goes to `path`.

    Raises:
        StoreError: The folder is missing or not writable, or `path` is a folder.
    """
    path = Path(path)
    if "\0" in str(path):
        raise StoreError(f"A file must have a name without NUL. Received: {str(path)!r}.")
    with disk_errors(path):
        _refuse_folder(path)
        if not path.absolute().parent.is_dir():
            raise StoreError(
                f"{path} must be in a folder that exists. Received: {path.parent} does not.",
                hint=f"create it: mkdir -p {path.parent}",
            )
        check_folder_takes_files(path.absolute().parent)


def _refuse_folder(path: Path) -> None:
    with suppress(FileNotFoundError):
        if stat.S_ISDIR(path.stat().st_mode):
            raise StoreError(
                f"{path} must be a file. Received: a folder.",
                hint="add the name of the file to write",
            )


def write_output(path: Path | str, data: bytes) -> None:
    """Make or replace a file the user asked for, such as a report or a saved model.

    Raises:
        StoreError: It cannot be written.
    """
    path = Path(path)
    check_output(path)
    with disk_errors(path, needs_bytes=len(data)):
        write_bytes(path.absolute(), data)
