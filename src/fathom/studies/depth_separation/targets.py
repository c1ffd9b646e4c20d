"""The functions that networks learn: tent maps composed, parity, two spirals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fathom.errors import SpecError, UnknownNameError
from fathom.specs import closest

TENTS, PARITY, SPIRALS = "tents", "parity", "spirals"


@dataclass(frozen=True)
class _Kind:
    """A family of functions.

    Args:
        source: The generator of `fathom.data` that makes it.
        option: Its option that the number after the colon sets; "" for none.
        size: That number where none is given.
        smallest: The smallest.
        largest: The largest.
        noise: In percent.
    """

    source: str
    option: str = ""
    size: int = 0
    smallest: int = 1
    largest: int = 1
    noise: float = 0


_KINDS = {
    TENTS: _Kind("sawtooth", "compositions", size=4, largest=10),
    PARITY: _Kind("parity", "bits", size=8, smallest=2, largest=16, noise=10),
    SPIRALS: _Kind("spiral"),
}


@dataclass(frozen=True)
class Target:
    """A function to learn.

    Args:
        kind: "tents", "parity" or "spirals".
        size: How often the map is composed, or the number of bits; 0 for spirals.
    """

    kind: str
    size: int = 0

    @property
    def name(self) -> str:
        """As it is typed: `tents:4`."""
        return f"{self.kind}:{self.size}" if self.size else self.kind

    @property
    def words(self) -> str:
        """In words."""
        return {
            TENTS: f"the tent map composed {self.size} times",
            PARITY: f"the parity of {self.size} bits",
            SPIRALS: "two spirals",
        }[self.kind]

    @property
    def inputs(self) -> int:
        """Numbers in one input."""
        return {TENTS: 1, PARITY: self.size, SPIRALS: 2}[self.kind]

    @property
    def task(self) -> str:
        """ "regression" for tents, else "classification"."""
        return "regression" if self.kind == TENTS else "classification"

    def source(self) -> tuple[str, dict[str, Any]]:
        """Return the name and options with which `fathom.data.load` makes it."""
        kind = _KINDS[self.kind]
        options: dict[str, Any] = {"noise": kind.noise}
        if kind.option:
            options[kind.option] = self.size
        return kind.source, options


def known_functions() -> tuple[str, ...]:
    """Return the names of the functions as they can be typed."""
    return tuple(f"{name}:{kind.size}" if kind.size else name for name, kind in _KINDS.items())


def target_of(text: str) -> Target:
    """Return the function that a name stands for.

    Args:
        text: "tents", "parity" or "spirals", with a colon and a size where it has one.

    Raises:
        UnknownNameError: There is no such function.
        SpecError: It has no size, or not this one.

    Example:
        >>> target_of("tents:5").words
        'the tent map composed 5 times'
    """
    name, colon, size = text.strip().partition(":")
    if name not in _KINDS:
        meant = closest(name, _KINDS)
        raise UnknownNameError(
            f"A function must be one of {', '.join(known_functions())}. Received: {text!r}.",
            hint=f"did you mean {meant!r}?" if meant else None,
        )
    kind = _KINDS[name]
    if not colon:
        return Target(name, kind.size)
    in_range = size.isascii() and size.isdecimal() and kind.smallest <= int(size) <= kind.largest
    if not kind.option or not in_range:
        allowed = f"a size from {kind.smallest} to {kind.largest}" if kind.option else "no size"
        raise SpecError(f"The function {name} has {allowed}. Received: {text!r}.")
    return Target(name, int(size))
