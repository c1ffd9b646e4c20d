"""Everything Fathom refuses, and how it says so.

Each error states the rule, what arrived, and what to do next:

    `epochs` must be at least 1. Received: epochs=0.

    hint: use epochs=1 for a single pass over the data

Each class is also the builtin a Python caller would expect to catch.
"""

from __future__ import annotations


class FathomError(Exception):
    """Something the caller can mend.

    Args:
        message: The rule, and what was received.
        hint: What to do next, without a full stop.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}\n\nhint: {self.hint}"


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


class FathomWarning(UserWarning):
    """Something works, but not as well as it could; the message says how it would."""
