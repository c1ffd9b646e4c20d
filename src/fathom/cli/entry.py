"""Where a command begins and ends: what went wrong becomes words and an exit code.

Nothing heavy is imported here, so that Ctrl-C is heeded from the first moment.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from fathom.cli import interrupts

READER_WENT_AWAY = 1
# Importing and tracing make many small objects that stay: looking at them again
# and again for cycles takes a tenth of a study's processor time.
OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Without arguments this is the whole process, and ends it: taking Python,
    Keras and JAX down piece by piece takes a second, and gives nothing.

    Args:
        arguments: What was typed after `fathom`; `sys.argv` if None.

    Returns:
        0 on success, 2 for what the user must mend, 1 for a fault of Fathom's,
        130 after Ctrl-C, 143 after SIGTERM.
    """
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in tokens
    if arguments is None:
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, 50, 100)
    _survive_odd_characters()
    with interrupts.heeded(as_json=as_json) as stop:
        code = _outcome(tokens, as_json=as_json)
    if arguments is None or stop.requested:
        _leave_at_once(code)
    return code


def _outcome(tokens: list[str], *, as_json: bool) -> int:
    from fathom.cli import failures

    try:
        return _run(tokens)
    except BrokenPipeError:
        return _reader_went_away()
    except KeyboardInterrupt as error:
        return failures.tell_stopped(error, as_json=as_json)
    except Exception as error:
        return failures.tell(error, as_json=as_json)


def _run(tokens: list[str]) -> int:
    from fathom.cli.app import run

    code = run(tokens)
    sys.stdout.flush()  # here an error can still be told
    return code


def _survive_odd_characters() -> None:
    """Print what the terminal's encoding lacks as escapes, rather than fail."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _reader_went_away() -> int:
    """End quietly when what reads the output has closed it, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return READER_WENT_AWAY


def _leave_at_once(code: int) -> None:
    """End the process without taking it down, nor waiting for what compiles in the background."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)
