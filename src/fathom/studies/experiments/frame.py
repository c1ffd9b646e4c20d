"""What an experiment is made of: data, arms, what is measured, and what is expected of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fathom.errors import SpecError
from fathom.studies.experiments.arms import MNIST, Arm, Data

if TYPE_CHECKING:
    import numpy as np

    from fathom.studies.experiments.training import Trained

SHARE, NUMBER, DECADES = "share", "number", "decades"

# From trained members to an array (seed,) or (seed, test rows), or to several of them by name.
Measured = Callable[["Trained"], "np.ndarray | dict[str, np.ndarray]"]


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """What is measured of an arm.

    Args:
        name: In words, such as "test accuracy".
        of: Measures it. Where it gives several arrays, their names follow the arm's.
        unit: "share" (shown in percent, differences in points), "number", or "decades" (a
            logarithm to base 10, shown as a power of ten, differences as factors).
        digits: Decimals of a number.
    """

    name: str
    of: Measured
    unit: str = SHARE
    digits: int = 2


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """A part of a claim: a weighted sum of arms' values reaches a limit.

    Args:
        says: The part as a sentence that holds or does not.
        of: The quantity's name; "" for the experiment's first.
        weights: Weight of each arm's value; one arm of weight 1 is a level, a second one of
            weight -1 makes a difference.
        at_least: The claim holds where the value is at least this.
        at_most: The claim holds where the value is at most this.
        votes: Whether the verdict counts it; else it is told beside it.
    """

    says: str
    weights: Mapping[str, float]
    of: str = ""
    at_least: float | None = None
    at_most: float | None = None
    votes: bool = True

    def __post_init__(self) -> None:
        if self.at_least is None and self.at_most is None:
            raise SpecError(
                "An expectation needs `at_least` or `at_most`. Received: neither.",
                hint="state the smallest effect that matters",
            )
        if not self.weights:
            raise SpecError("An expectation needs arms. Received: none.")

    @property
    def is_difference(self) -> bool:
        """Whether arms are compared, rather than one measured."""
        return len(self.weights) > 1


@dataclass(frozen=True, kw_only=True)
class Axis:
    """The figure's axis, where arms have a place on it.

    Args:
        title: What is on it, with its unit.
        is_log: Whether it is logarithmic.
    """

    title: str
    is_log: bool = False


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """A statement, and how it is put to the test.

    Args:
        name: What users type.
        theme: Where it stands in the gallery.
        claim: The statement, a sentence.
        source: Who says so.
        data: What is learned from.
        arms: What is compared.
        quantities: What is measured of every arm; the first is the main one.
        expectations: What the claim says of the quantities.
        because: Why it should be so, or not: the mechanism.
        depends_on: What it depends on, where some parts hold and others do not.
        axis: The figure's axis, where arms have places on it.
        playground: Fragment of the playground's address that opens it, beginning with "#"; ""
            where it is not two-dimensional.
        seeds: Networks of each setting, where the user does not say; at least 5.
        seconds: What it takes on two quiet cores, measured.
    """

    name: str
    theme: str
    claim: str
    source: str
    data: Data
    arms: tuple[Arm, ...]
    quantities: tuple[Quantity, ...]
    expectations: tuple[Expectation, ...]
    because: str
    depends_on: str = ""
    axis: Axis | None = None
    playground: str = ""
    seeds: int = 5
    seconds: float = 0.0

    @property
    def needs_mnist(self) -> bool:
        """Whether it is about MNIST."""
        return self.data.source == MNIST

    def quantity(self, name: str) -> Quantity:
        """Return a quantity by its name; the first for ""."""
        return next(one for one in self.quantities if name in ("", one.name))


def level(
    says: str,
    arm: str,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    of: str = "",
    votes: bool = True,
) -> Expectation:
    """Return the expectation that an arm's value reaches a limit."""
    return Expectation(
        says=says, weights={arm: 1.0}, at_least=at_least, at_most=at_most, of=of, votes=votes
    )


def gain(
    says: str,
    arm: str,
    *,
    over: str,
    at_least: float | None = None,
    at_most: float | None = None,
    of: str = "",
    votes: bool = True,
) -> Expectation:
    """Return the expectation that an arm's value differs from another's by a limit."""
    weights = {arm: 1.0, over: -1.0}
    return Expectation(
        says=says, weights=weights, at_least=at_least, at_most=at_most, of=of, votes=votes
    )


def inside(name: str) -> Measured:
    """Return a function of the file `inside`, which is loaded when something is measured.

    It needs Keras and JAX; the gallery is listed without them.
    """

    def measured(trained: Trained) -> np.ndarray | dict[str, np.ndarray]:
        from fathom.studies.experiments import inside as file

        return getattr(file, name)(trained)

    measured.__name__ = name
    return measured
