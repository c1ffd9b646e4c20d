"""What each file of this folder offers: one kind of source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fathom.data.material import Material, Options


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of source.

    Args:
        what: What it is called in messages.
        options: Options of `fathom.data.load` that apply to it.
        accepts: Whether a source is of this kind.
        read: Returns the raw data of a source it accepts.
        describe: Returns the names it is called by, with a line on each.
    """

    what: str
    options: frozenset[str] = frozenset()
    accepts: Callable[[object], bool]
    read: Callable[[Any, Options], Material]
    describe: Callable[[], dict[str, str]] = dict
