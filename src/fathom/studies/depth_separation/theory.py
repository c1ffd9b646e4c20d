"""What theory says about how much a network needs, as marks beside what was measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fathom import measure
from fathom.studies.depth_separation.sizes import parameters
from fathom.studies.depth_separation.targets import PARITY, TENTS, Target

TELGARSKY = "Telgarsky, “Benefits of depth in neural networks”, COLT 2016"
MONTUFAR = (
    "Montúfar, Pascanu, Cho, Bengio, “On the Number of Linear Regions of Deep Neural Networks”, "
    "NeurIPS 2014"
)
RUMELHART = (
    "Rumelhart, Hinton, Williams, “Learning internal representations by error propagation”, 1986"
)


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A number of parameters that theory names.

    Args:
        depth: Hidden layers.
        units: Of each.
        parameters: Of such a network.
        is_needed: Whether fewer cannot be exact; else so many are enough.
        words: Why.
        source: Where it is shown.
    """

    depth: int
    units: int
    parameters: int
    is_needed: bool
    words: str
    source: str


def marks(target: Target) -> tuple[Mark, ...]:
    """Return what theory says that a function needs, or that is enough for it."""
    if target.kind == TENTS:
        return _of_tents(target.size)
    if target.kind == PARITY:
        return _of_parity(target.size)
    return ()


def needed_units(target: Target, depth: int) -> int | None:
    """Return the units per layer below which no network of a depth can be exact, if known.

    A tent map composed k times is made of 2^k pieces, and a network has at most (units + 1)^depth.
    """
    if target.kind != TENTS:
        return None
    units = math.ceil(2 ** (target.size / depth)) - 1
    while measure.most_pieces_along(units, depth) < 2**target.size:  # rounding of the root
        units += 1
    return max(units, 1)


def _of_tents(size: int) -> tuple[Mark, ...]:
    shallow = 2**size - 1
    return (
        Mark(
            depth=1,
            units=shallow,
            parameters=parameters(1, shallow, 1),
            is_needed=True,
            words=f"one hidden layer needs {shallow} units for {2**size} pieces: it makes at most "
            "one more than it has units",
            source=TELGARSKY,
        ),
        Mark(
            depth=size,
            units=2,
            parameters=parameters(1, 2, size),
            is_needed=False,
            words=f"{size} layers of 2 units are the function exactly: each folds once",
            source=TELGARSKY,
        ),
    )


def _of_parity(bits: int) -> tuple[Mark, ...]:
    return (
        Mark(
            depth=1,
            units=bits,
            parameters=parameters(bits, bits, 1),
            is_needed=False,
            words=f"one hidden layer of {bits} units is enough: parity is a zigzag of the sum of "
            "the bits, and each unit bends once",
            source=RUMELHART,
        ),
    )


def most_pieces(units: int, depth: int) -> int:
    """Return the most regions that a line can run through, whatever the inputs."""
    return measure.most_pieces_along(units, depth)


def reachable_pieces(units: int, depth: int) -> int:
    """Return how many regions along a line some network of this shape has (Montúfar et al.)."""
    return measure.reachable_pieces_along(units, depth)
