"""What went wrong, for people on stderr and for programs as one JSON document on stdout."""

from __future__ import annotations

import os
import sys
import traceback

from fathom.cli import interrupts
from fathom.cli.documents import print_document
from fathom.cli.terminal import messages, plain
from fathom.errors import FathomError

FAULT, REFUSED = 1, 2


class UsageError(FathomError, ValueError):
    """What was typed is no command, or not with these options."""


class Stopped(KeyboardInterrupt):
    """The user stopped the command.

    Args:
        message: What was kept, if anything.
        hint: What to do next, without a full stop.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


def tell(error: Exception, *, as_json: bool) -> int:
    """Say what went wrong and return the exit code: 2 for the user's part, 1 for Fathom's."""
    if wants_traceback():
        traceback.print_exception(error)
    if isinstance(error, FathomError):
        _say("error", error.message, error.hint)
        return _finish(error.message, error.hint, REFUSED, as_json=as_json)
    message = f"This is a fault of Fathom's, not yours. {type(error).__name__}: {error}"
    hint = None if wants_traceback() else "to see where it happened, set FATHOM_DEBUG=1 and repeat"
    _say("fault", message, hint)
    return _finish(message, hint, FAULT, as_json=as_json)


def tell_stopped(error: KeyboardInterrupt, *, as_json: bool) -> int:
    """Say what a stopped command leaves and return the exit code."""
    message = error.message if isinstance(error, Stopped) else "Stopped."
    hint = error.hint if isinstance(error, Stopped) else None
    _say("", message, hint)
    code = interrupts.exit_code(interrupts.current().number)
    return _finish(message, hint, code, as_json=as_json)


def wants_traceback() -> bool:
    """Return whether the environment asks for tracebacks, with FATHOM_DEBUG=1."""
    return os.environ.get("FATHOM_DEBUG", "") not in ("", "0")


def _finish(message: str, hint: str | None, status: int, *, as_json: bool) -> int:
    if as_json:
        print_document({"error": plain(message), "hint": hint and plain(hint), "status": status})
    return status


def _say(kind: str, message: str, hint: str | None) -> None:
    from rich.text import Text

    sys.stdout.flush()
    text = Text(f"{kind}: " if kind else "", style="bold red")
    text.append(plain(message), style="default not bold")
    if hint:
        text.append("\n\nhint: ", style="bold")
        text.append(plain(hint))
    console = messages()
    console.print(text, soft_wrap=not console.is_terminal)
