"""The two places where words go: stdout for what was asked, stderr for what happens meanwhile."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

# Files and pipes have no width of their own.
WIDTH_OF_FILES = 120

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # control sequences: colours, cursor
    r"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # titles, links, device strings
    r"|\x1b[ -/]*[0-~]"
)
_JOINERS = "\u200c\u200d"  # Persian words and many emoji need them


def plain(text: object) -> str:
    r"""Return `text` without escapes, control characters and changes of direction.

    Example:
        >>> plain("\x1b[31mred\x1b[0m\x07")
        'red'
    """
    return "".join(filter(_is_plain, _ESCAPES.sub("", str(text))))


def _is_plain(character: str) -> bool:
    return (
        character == "\n"
        or character in _JOINERS
        or not unicodedata.category(character).startswith("C")
    )


def output() -> Console:
    """Return stdout, for what was asked for."""
    return _console(to_stderr=False)


def messages() -> Console:
    """Return stderr, for progress and errors."""
    return _console(to_stderr=True)


def is_live() -> bool:
    """Return whether stderr is a terminal on which lines can be redrawn."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def tell(words: str) -> None:
    """Say on a terminal what happens now."""
    if is_live():
        messages().print(f"{plain(words)} ...", style="dim")


def print_where(what: str, path: Path | None) -> None:
    """Print where something was written, such as a report, if it was."""
    if path is not None:
        output().print(f"{what} written to {plain(path)}", soft_wrap=True)


def _console(*, to_stderr: bool) -> Console:
    from rich.console import Console

    stream = sys.stderr if to_stderr else sys.stdout
    is_file = not stream.isatty() and "COLUMNS" not in os.environ
    return Console(
        stderr=to_stderr,
        width=WIDTH_OF_FILES if is_file else None,
        highlight=False,
        markup=False,
        emoji=False,
    )
