"""How many parameters a network has, and how wide it may be for a number of them."""

from __future__ import annotations

from bisect import bisect_right


def parameters(inputs: int, units: int, depth: int) -> int:
    """Return the parameters of `depth` hidden layers of `units`, and one output.

    Example:
        >>> parameters(1, 160, 1), parameters(1, 11, 5)
        (481, 562)
    """
    first, between = (inputs + 1) * units, (units + 1) * units
    return first + (depth - 1) * between + units + 1


def units_for(inputs: int, depth: int, budget: int) -> int | None:
    """Return the most units per layer within a number of parameters; None if there is no room.

    Example:
        >>> units_for(1, 5, 500), units_for(8, 1, 5)
        (10, None)
    """
    too_many = 1
    while parameters(inputs, too_many, depth) <= budget:
        too_many *= 2
    fitting = bisect_right(
        range(1, too_many), budget, key=lambda units: parameters(inputs, units, depth)
    )
    return fitting or None
