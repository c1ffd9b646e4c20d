"""How names are written into programs."""

from __future__ import annotations


def called(name: str) -> str:
    """Return a model's name as words that may stand in a docstring.

    Example:
        >>> called('an "mlp" of mine')
        'an mlp of mine'
    """
    kept = "".join(c for c in name if c.isprintable() and c not in "\"'\\")
    return kept[:80] or "A network"
