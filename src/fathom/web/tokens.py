"""The secret of a port, kept for a day in a file that only its user can read.

A server that is started again on the same port has the same secret, so that
a page that was open all the while comes back by itself. Whatever is not right
about the file, a new secret is made.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import tempfile
import time
from pathlib import Path

from fathom.runtime import cache_folder

TOKEN_BYTES = 32
SECONDS_KEPT = 24 * 60 * 60
OTHERS, OTHERS_WRITE = 0o077, 0o022
SHAPE = re.compile(rb"[A-Za-z0-9_-]{43}")


def new_token() -> str:
    """Return 256 random bits as text."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def kept_token(port: int) -> str:
    """Return the secret of a port: the one that is kept, or a new one, which is kept if it can be.

    Args:
        port: A port of this machine alone, which the user or the default has chosen.
    """
    if not hasattr(os, "getuid"):  # no owners, no modes: nothing can be trusted
        return new_token()
    file = token_file(port)
    found = _read(file)
    if found is not None:
        return found
    token = new_token()
    with contextlib.suppress(OSError):
        _write(file, token)
    return token


def token_file(port: int) -> Path:
    """Return where a port's secret is kept."""
    return cache_folder() / "playground" / f"{port}.token"


def _read(file: Path) -> str | None:
    """Return the secret in a file, None unless the file and its folder are the user's alone."""
    try:
        if not _is_own_folder(file.parent):
            return None
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(opened, "rb") as content:
        if not _is_good_file(os.fstat(content.fileno())):
            return None
        found = content.read(100)
    return found.decode() if SHAPE.fullmatch(found) else None


def _is_good_file(status: os.stat_result) -> bool:
    """Return whether a file is an ordinary one, the user's alone, and younger than a day."""
    is_own = stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid()
    is_private = not status.st_mode & OTHERS and status.st_nlink == 1
    return is_own and is_private and 0 <= time.time() - status.st_mtime < SECONDS_KEPT


def _is_own_folder(folder: Path) -> bool:
    """Return whether it is a folder, no link, that only the user can write to."""
    status = folder.lstat()
    is_own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid()
    return is_own and not status.st_mode & OTHERS_WRITE


def _write(file: Path, token: str) -> None:
    """Write a secret, whole or not at all, to a file that nobody else could ever read."""
    file.parent.parent.mkdir(parents=True, exist_ok=True)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    if not _is_own_folder(file.parent):
        return
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # 0600 from the start
    try:
        with os.fdopen(handle, "w") as beside:
            beside.write(token)
        Path(name).replace(file)
    except OSError:
        Path(name).unlink()
        raise
