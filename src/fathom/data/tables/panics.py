"""What Polars cannot read becomes one message: Rust's own words of a panic stay off the screen."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from fathom.errors import DataError

STDERR = 2


@contextlib.contextmanager
def reading_parquet(path: Path) -> Iterator[None]:
    """Raise a DataError for what Polars raises, and for a panic in it, while it reads a file.

    Args:
        path: The file, to be named.

    Raises:
        DataError: The file cannot be read.
    """
    import polars as pl

    try:
        with _panics_unsaid():
            yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        raise DataError(
            "A .parquet file must be complete. "
            f"Received: {path.name}, which cannot be read{_because(error)}.",
            hint="check the path, or write the file again",
        ) from error


def _because(error: BaseException) -> str:
    """Return the first line of a reason that was meant to be read; "" for a panic's."""
    said = str(error).strip().splitlines()
    return f": {said[0][:200]}" if said and isinstance(error, Exception) else ""


@contextlib.contextmanager
def _panics_unsaid() -> Iterator[None]:
    """Hold back what is written to the process's standard error; say it after all is well.

    Rust writes of a panic to the descriptor itself, before Python hears of it.
    """
    with tempfile.TemporaryFile() as held:
        try:
            screen = os.dup(STDERR)
        except OSError:  # a process without standard error has no screen to keep clean
            yield
            return
        os.dup2(held.fileno(), STDERR)
        try:
            yield
        except BaseException:
            _restore(screen)
            raise
        _restore(screen)
        _say(held)


def _restore(screen: int) -> None:
    os.dup2(screen, STDERR)
    os.close(screen)


def _say(held: IO[bytes]) -> None:
    held.seek(0)
    while said := held.read(65_536):
        os.write(STDERR, said)
