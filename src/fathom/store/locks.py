"""One writer at a time: locks that the operating system drops when their process dies."""

from __future__ import annotations

import os
import platform
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fathom.errors import StoreError

try:
    import fcntl
except ImportError:  # Windows: the store can be read there, not written
    fcntl = None

_RETRY_SECONDS = 0.01


class FileLock:
    """A lock that this process holds until `release`, or until it dies."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor
        _HELD.add(self)

    @property
    def is_held(self) -> bool:
        """Whether this process holds the lock."""
        return self._descriptor is not None

    def release(self) -> None:
        """Let others have the lock; does nothing the second time."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None and fcntl is not None:
            with suppress(OSError):
                os.ftruncate(descriptor, 0)
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a forked child may share the descriptor
            os.close(descriptor)

    def forget(self) -> None:
        """Close a forked child's copy, which would keep the lock when its parent dies."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


_HELD: weakref.WeakSet[FileLock] = weakref.WeakSet()


def _forget_all() -> None:
    for lock in tuple(_HELD):
        lock.forget()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)


def acquire(path: Path, *, wait_seconds: float) -> FileLock | None:
    """Return the lock on `path`, or None if another holds it for longer than `wait_seconds`.

    A short wait is needed even by those who mean to give up at once:
    `is_held` takes the lock for an instant to look at it.

    Raises:
        OSError: The lock file cannot be made.
        StoreError: This system has no file locks.
    """
    if fcntl is None:
        raise StoreError(
            f"A store is written under file locks. Received: {platform.system()}, without them.",
            hint="run Fathom on Linux or macOS, or under WSL",
        )
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _no_follow(), 0o666)
    try:
        if not _locked_within(descriptor, wait_seconds):
            os.close(descriptor)
            return None
        _sign(descriptor)
    except BaseException:
        with suppress(OSError):
            os.close(descriptor)
        raise
    return FileLock(descriptor)


def _no_follow() -> int:
    return getattr(os, "O_NOFOLLOW", 0)


def _locked_within(descriptor: int, wait_seconds: float) -> bool:
    deadline = time.monotonic() + wait_seconds
    while not _try_lock(descriptor, shared=False):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_RETRY_SECONDS)
    return True


def _try_lock(descriptor: int, *, shared: bool) -> bool:
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int) -> None:
    os.ftruncate(descriptor, 0)
    with suppress(OSError):  # on a full disk the lock is held all the same
        os.pwrite(descriptor, f"{os.getpid()} on {platform.node()}\n".encode(), 0)


@contextmanager
def locked(path: Path, *, wait_seconds: float) -> Iterator[None]:
    """Hold the lock on `path` for a while.

    Raises:
        StoreError: Another process did not let go of it in time.
    """
    lock = acquire(path, wait_seconds=wait_seconds)
    if lock is None:
        raise StoreError(
            f"{path} must be free within {wait_seconds:g} seconds. "
            f"Received: held by {holder(path)}.",
            hint="end that process, or try again later",
        )
    try:
        yield
    finally:
        lock.release()


def is_held(path: Path) -> bool:
    """Whether a living process holds the lock on `path`."""
    try:
        descriptor = os.open(path, os.O_RDONLY | _no_follow())
    except OSError:
        return False
    try:
        return not _try_lock(descriptor, shared=True)
    finally:
        os.close(descriptor)


def holder(path: Path) -> str:
    """Return who holds the lock on `path`, for a message: "process 42 on host"."""
    try:
        return f"process {path.read_text().strip()}"
    except (OSError, UnicodeDecodeError):
        return "another process"
