"""What was found about depth and functions, as data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from fathom.errors import SpecError
from fathom.specs import above, at_least, distinct
from fathom.studies.depth_separation.sizes import units_for
from fathom.studies.depth_separation.targets import Target, known_functions, target_of


@dataclass(frozen=True, kw_only=True)
class SeparationSpec:
    """Functions, depths and budgets, and how networks are trained.

    Args:
        functions: Names, such as "tents:4".
        depths: Hidden layers to compare.
        budgets: Numbers of parameters that no network exceeds; each depth is as wide as fits.
        learning_rates: Of Adam, tried for every network.
        seeds: Networks of every kind.
        steps: Optimisation steps of every training, about.
        batch_size: Rows per step.
        rows: Of every function: training, validation and test together.
        lines: Lines through the input space along which regions are counted; functions of
            one number have but one.
        seed: The first of the seeds, and that of rows and lines.

    Raises:
        SpecError: A number is out of range, or a network does not fit into a budget.
        UnknownNameError: There is no such function.
    """

    functions: tuple[str, ...] = known_functions()
    depths: tuple[int, ...] = tuple(range(1, 9))
    budgets: tuple[int, ...] = (150, 500)
    learning_rates: tuple[float, ...] = (2e-3, 6e-3, 2e-2)
    seeds: int = 5
    steps: int = 4000
    batch_size: int = 64
    rows: int = 7000
    lines: int = 8
    seed: int = 0

    def __post_init__(self) -> None:
        distinct("functions", [target_of(name).name for name in self.functions])
        for name, least in (("depths", 1), ("budgets", 1)):
            distinct(name, getattr(self, name))
            for number in getattr(self, name):
                at_least(name, number, least)
        distinct("learning_rates", self.learning_rates)
        for rate in self.learning_rates:
            above("learning_rates", rate, 0)
        least_of = {"seeds": 1, "steps": 1, "batch_size": 1, "rows": 50, "lines": 1, "seed": 0}
        for name, least in least_of.items():
            at_least(name, getattr(self, name), least)
        self._check_room()

    def _check_room(self) -> None:
        deepest, smallest = max(self.depths), min(self.budgets)
        for target in self.targets:
            if units_for(target.inputs, deepest, smallest) is None:
                raise SpecError(
                    f"Every depth must fit into every budget. Received: {smallest} parameters, too "
                    f"few for {deepest} hidden layers on {target.words}.",
                    hint="leave out the smallest budget, or the deepest networks",
                )

    @property
    def targets(self) -> tuple[Target, ...]:
        """The functions."""
        return tuple(map(target_of, self.functions))

    @property
    def trainings(self) -> int:
        """How many networks are trained."""
        kinds = len(self.functions) * len(self.depths) * len(self.budgets)
        return kinds * len(self.learning_rates) * self.seeds


@dataclass(frozen=True, kw_only=True)
class NetworkResult:
    """What networks of one shape reached.

    The error of a regression is its mean squared error over the variance of the target, that
    of a classification the share of rows that are wrong; of a guess, 1 and about 0.5.

    Args:
        depth: Hidden layers.
        units: Of each.
        parameters: In all.
        budget: What they were made for.
        learning_rate: The one whose median validation error is lowest.
        errors: On test rows, of every seed at that rate; None for one that diverged.
        best: Test error of the training, of all seeds and rates, with the lowest validation error;
            of equals, with the lowest validation loss.
        regions: Regions along a line, mean over lines, of every seed at that rate, trained.
        regions_before: The same before training.
        diverged: Trainings, of all seeds and rates, whose loss was no longer finite.
    """

    depth: int
    units: int
    parameters: int
    budget: int
    learning_rate: float
    errors: tuple[float | None, ...]
    best: float | None
    regions: tuple[float, ...]
    regions_before: tuple[float, ...]
    diverged: int = 0

    @property
    def median(self) -> float | None:
        """The median error over seeds; one that diverged counts as the worst."""
        middle = median(math.inf if error is None else error for error in self.errors)
        return middle if math.isfinite(middle) else None

    @property
    def median_regions(self) -> float | None:
        """The median of the regions over seeds."""
        return median(self.regions) if self.regions else None

    @property
    def median_regions_before(self) -> float | None:
        """The same before training."""
        return median(self.regions_before) if self.regions_before else None


@dataclass(frozen=True, kw_only=True)
class FunctionResult:
    """All networks that learned one function.

    Args:
        target: The function.
        rows: By split.
        networks: By budget, then depth.
    """

    target: Target
    rows: dict[str, int]
    networks: tuple[NetworkResult, ...]

    @property
    def budgets(self) -> tuple[int, ...]:
        """The budgets, ascending."""
        return tuple(sorted({one.budget for one in self.networks}))

    @property
    def depths(self) -> tuple[int, ...]:
        """The depths, ascending."""
        return tuple(sorted({one.depth for one in self.networks}))

    def within(self, budget: int) -> tuple[NetworkResult, ...]:
        """Return the networks of one budget, shallow to deep."""
        return tuple(
            sorted((n for n in self.networks if n.budget == budget), key=lambda n: n.depth)
        )

    def at_depth(self, depth: int) -> tuple[NetworkResult, ...]:
        """Return the networks of one depth, small to large."""
        found = [one for one in self.networks if one.depth == depth]
        return tuple(sorted(found, key=lambda one: one.parameters))


@dataclass(frozen=True, kw_only=True)
class SeparationResult:
    """Shallow against deep, function by function.

    Args:
        spec: What was asked for.
        functions: What was found.
        findings: In sentences, by the function's name.
        notices: What else the reader should know.
        seconds: Time it took.
    """

    spec: SeparationSpec
    functions: tuple[FunctionResult, ...]
    findings: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def text(self) -> str:
        """What was found, a paragraph for each function."""
        return "\n\n".join(self.findings.values())

    def function(self, name: str) -> FunctionResult:
        """Return what was found about a function by its name.

        Raises:
            UnknownNameError: It is none.
            SpecError: It was not asked for.
        """
        target = target_of(name)
        for found in self.functions:
            if found.target == target:
                return found
        asked = ", ".join(one.target.name for one in self.functions)
        raise SpecError(f"The function must be one of {asked}. Received: {name!r}.")

    def records(self) -> list[dict[str, Any]]:
        """Return a row per function and shape of network."""
        return [
            {
                "function": found.target.name,
                "budget": one.budget,
                "depth": one.depth,
                "units": one.units,
                "parameters": one.parameters,
                "learning_rate": one.learning_rate,
                "best": one.best,
                "median": one.median,
                "errors": list(one.errors),
                "regions": one.median_regions,
                "regions_before": one.median_regions_before,
                "diverged": one.diverged,
            }
            for found in self.functions
            for one in found.networks
        ]
