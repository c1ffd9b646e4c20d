"""How a learning rate falls over a training: one factor for each epoch.

References:
    Li, Yumer and Ramanan, "Budgeted Training: Rethinking Deep Neural Network Training
    Under Resource Constraints", ICLR 2020 (linear, where the number of epochs is known).
    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts", ICLR
    2017 (half a cosine).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from fathom.specs import COSINE, LINEAR

# From the share of a training that is left to the factor of the learning rate, both in [0, 1].
SHAPES: Mapping[str, Callable[[float], float]] = MappingProxyType(
    {LINEAR: lambda left: left, COSINE: lambda left: (1 - math.cos(math.pi * left)) / 2}
)


@dataclass(frozen=True)
class Decay:
    """Where a training is on its way to a learning rate of zero.

    An epoch's factor is that of its middle, so that the last epoch still learns. Every
    epoch takes its part of what is left: where the number of epochs changes on the way,
    the rate goes on from where it is, and reaches zero with the new last epoch.

    Args:
        name: "linear" or "cosine".
        left: The share of the way that is left, in [0, 1].

    Example:
        >>> decay = Decay("linear")
        >>> decay.factor(epochs_left=4), decay.after_epoch(epochs_left=4).factor(epochs_left=3)
        (0.875, 0.625)
    """

    name: str
    left: float = 1.0

    def factor(self, *, epochs_left: int) -> float:
        """Return the factor of the next epoch; it is one of `epochs_left`."""
        return SHAPES[self.name](self.left * (1 - 0.5 / epochs_left))

    def after_epoch(self, *, epochs_left: int) -> Decay:
        """Return where the training is when the next epoch is done; it is one of `epochs_left`."""
        return replace(self, left=self.left * (1 - 1 / epochs_left))
