"""What an experiment found, as data that goes to JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

HOLDS, FAILS, DEPENDS, OPEN = "holds", "does not hold", "depends", "undecided"
VERDICTS = (HOLDS, DEPENDS, FAILS, OPEN)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What became of a part of a claim.

    Args:
        says: The part.
        of: Name of the quantity.
        unit: Its unit: "share", "number" or "decades".
        effect: The weighted sum of the arms' values, the mean over seeds.
        low: Lower end of its 95% interval.
        high: Upper end.
        at_least: The limit it should reach.
        at_most: The limit it should not pass.
        is_difference: Whether arms are compared.
        outcome: "holds", "does not hold" or "undecided".
        votes: Whether the verdict counts it.
    """

    says: str
    of: str
    unit: str
    effect: float
    low: float
    high: float
    at_least: float | None
    at_most: float | None
    is_difference: bool
    outcome: str
    votes: bool


@dataclass(frozen=True, kw_only=True)
class Value:
    """One quantity of one arm.

    Args:
        arm: The arm, and what of it.
        quantity: What was measured.
        unit: "share", "number" or "decades".
        digits: Decimals of a number.
        mean: Over seeds.
        low: Lower end of its 95% interval.
        high: Upper end.
        seeds: Every seed's value.
        at: Place on the figure's axis; None where that has no numbers.
        line: The line of the figure.
        learning_rate: The rate that was chosen, None where it was given.
    """

    arm: str
    quantity: str
    unit: str
    digits: int
    mean: float
    low: float
    high: float
    seeds: tuple[float, ...]
    at: float | None = None
    line: str = ""
    learning_rate: float | None = None


@dataclass(frozen=True, kw_only=True)
class ExperimentResult:
    """A statement that was put to the test.

    Args:
        name: Of the experiment.
        theme: Its place in the gallery.
        claim: The statement.
        source: Who says so.
        verdict: "holds", "does not hold", "depends" or "undecided".
        depends_on: On what, where it depends.
        because: The mechanism.
        findings: The parts of the claim.
        values: What was measured.
        axis: Title of the figure's axis; "" where arms have names alone.
        is_log: Whether that axis is logarithmic.
        data: What was learned from, in words.
        notices: What else is to be known.
        seeds: The members' seeds.
        trainings: Networks that were trained.
        seconds: What it took, by the clock.
        processor_seconds: Work of all cores meanwhile: it does not depend on who else uses them.
        playground: Fragment of the playground's address; "" if there is none.
    """

    name: str
    theme: str
    claim: str
    source: str
    verdict: str
    depends_on: str
    because: str
    findings: tuple[Finding, ...]
    values: tuple[Value, ...]
    axis: str
    is_log: bool
    data: tuple[str, ...]
    notices: tuple[str, ...]
    seeds: tuple[int, ...]
    trainings: int
    seconds: float
    processor_seconds: float
    playground: str

    @property
    def quantities(self) -> tuple[str, ...]:
        """Names of what was measured, in order."""
        return tuple(dict.fromkeys(value.quantity for value in self.values))

    def of(self, quantity: str) -> tuple[Value, ...]:
        """Return the values of one quantity, in the order of the arms."""
        return tuple(value for value in self.values if value.quantity == quantity)

    def value(self, arm: str, quantity: str = "") -> Value:
        """Return one value; of the first quantity for ""."""
        wanted = quantity or self.quantities[0]
        return next(v for v in self.values if (v.arm, v.quantity) == (arm, wanted))

    def data_document(self) -> dict[str, Any]:
        """Return all of it as JSON data."""
        return asdict(self)
