"""Everything Fathom refuses, and how it says so.

Each error states the rule, what arrived, and what to do next:

    `epochs` must be at least 1. Received: epochs=0.

    hint: use epochs=1 for a single pass over the data

Each class is also the builtin a Python caller would expect to catch.
"""

from __future__ import annotations

import re

# What a terminal would obey or cannot print: controls, turns of direction, halves of characters.
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class FathomError(Exception):
    """Something the caller can mend.

    What a message quotes may come from a file of anyone's: characters that a terminal would
    obey are written as escapes, such as `\\x1b`.

    Args:
        message: The rule, and what was received.
        hint: What to do next, without a full stop.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.message = _printable(message)
        self.hint = None if hint is None else _printable(hint)
        super().__init__(self.message)

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n\nhint: {self.hint}"


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


class SpecError(FathomError, ValueError):
    """A setting is outside what it may be."""


class DataError(FathomError, ValueError):
    """The data cannot be used as they are."""


class ModelError(FathomError, ValueError):
    """The model cannot be built, read or trained."""


class StoreError(FathomError, OSError):
    """The store cannot be read or written."""


class UnknownNameError(FathomError, LookupError):
    """A name that nothing has; the message lists the names there are."""


class BackendError(FathomError, RuntimeError):
    """Keras or JAX was started in a way Fathom cannot work with."""


class LaunchError(FathomError, RuntimeError):
    """Work cannot be sent where it was to run, or was lost there."""


class FathomWarning(UserWarning):
    """Something works, but not as well as it could; the message says how it would."""
