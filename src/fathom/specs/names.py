"""Unknown names are answered with the names there are, nearest first."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from fathom.errors import SpecError


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` most likely meant, or None."""
    choices = list(known)
    folded = {choice.casefold(): choice for choice in choices}
    found = difflib.get_close_matches(name.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[found[0]] if found else None


def one_of(setting: str, value: str, known: Iterable[str]) -> str:
    """Return `value` if it is one of `known`, else raise a message that lists them.

    Raises:
        SpecError: `value` is not known.
    """
    choices = list(known)
    if isinstance(value, str) and value in choices:
        return value
    meant = closest(value, choices) if isinstance(value, str) else None
    raise SpecError(
        f"`{setting}` must be one of {', '.join(choices)}. Received: {setting}={value!r}.",
        hint=f"did you mean {meant!r}?" if meant else None,
    )
