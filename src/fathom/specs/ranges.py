"""Numbers are checked when a spec is built, with one wording for all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fathom.errors import SpecError


def at_least(setting: str, value: float, low: float, *, hint: str | None = None) -> None:
    """Raise unless `value` is finite and `value >= low`."""
    if not (math.isfinite(value) and value >= low):
        raise SpecError(
            f"`{setting}` must be at least {low:g}. Received: {setting}={value:g}.", hint=hint
        )


def above(setting: str, value: float, low: float, *, hint: str | None = None) -> None:
    """Raise unless `value` is finite and `value > low`."""
    if not (math.isfinite(value) and value > low):
        raise SpecError(
            f"`{setting}` must be greater than {low:g}. Received: {setting}={value:g}.", hint=hint
        )


def within(setting: str, value: float, low: float, high: float) -> None:
    """Raise unless `low <= value < high`."""
    if not (math.isfinite(value) and low <= value < high):
        raise SpecError(
            f"`{setting}` must be in [{low:g}, {high:g}). Received: {setting}={value:g}."
        )


def distinct(setting: str, values: Sequence[object]) -> None:
    """Raise unless `values` has at least one entry and none twice."""
    if not values:
        raise SpecError(f"`{setting}` must name at least one value. Received: none.")
    if len(set(values)) != len(values):
        raise SpecError(
            f"`{setting}` must not repeat a value. Received: {', '.join(map(str, values))}."
        )
