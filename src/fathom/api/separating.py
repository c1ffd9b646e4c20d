"""Shallow against deep, function by function."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.api.results import as_page, as_table
from fathom.specs import several, typed
from fathom.studies import finished
from fathom.studies.depth_separation import SeparationResult, SeparationSpec

if TYPE_CHECKING:
    import plotly.graph_objects as go
    import polars as pl

    from fathom.studies import Stage

FUNCTIONS = SeparationSpec().functions
DEPTHS, BUDGETS = SeparationSpec().depths, SeparationSpec().budgets
LEARNING_RATES = SeparationSpec().learning_rates


@dataclass(frozen=True)
class Separation:
    """How errors and linear regions depend on depth, for functions of known shape.

    Args:
        result: What was found, as data.
    """

    result: SeparationResult

    @property
    def text(self) -> str:
        """What was found, a paragraph for each function."""
        return self.result.text

    def table(self) -> pl.DataFrame:
        """Return a row per function and shape of network."""
        return as_table(self.result.records())

    @typed
    def plot(self, function: str | None = None) -> go.Figure:
        """Draw error against parameters, a line per depth.

        Args:
            function: Its name, such as "tents:4"; the first if None.
        """
        from fathom import report

        return report.separation_errors(self.result.function(function or self._first))

    @typed
    def plot_regions(self, function: str | None = None) -> go.Figure:
        """Draw linear regions along a line against depth.

        Args:
            function: Its name; the first if None.
        """
        from fathom import report

        return report.separation_regions(self.result.function(function or self._first))

    @typed
    def report(self, path: str | Path) -> None:
        """Write all of it as one self-contained HTML page.

        Raises:
            StoreError: `path` cannot be written.
        """
        from fathom import report

        as_page(report.separation_page(self.result), path)

    @property
    def _first(self) -> str:
        return self.result.functions[0].target.name

    def __repr__(self) -> str:
        names = ", ".join(found.target.name for found in self.result.functions)
        return f"<Separation: {names}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.separation_cell(self.result)


@typed
def depth_separation(
    functions: str | Sequence[str] = FUNCTIONS,
    *,
    depths: int | Sequence[int] = DEPTHS,
    budgets: int | Sequence[int] = BUDGETS,
    learning_rates: float | Sequence[float] = LEARNING_RATES,
    seeds: int = 5,
    steps: int = 4000,
    batch_size: int = 64,
    rows: int = 7000,
    lines: int = 8,
    seed: int = 0,
) -> Separation:
    """Find out by experiment which functions depth helps to learn, and how many regions it makes.

    For every function, number of parameters and depth, networks that are as wide as the number
    allows are trained at every learning rate and seed as one population.

    Args:
        functions: "tents" (the tent map composed 4 times, `tents:5` for 5), "parity" (of 8 bits,
            `parity:10` for 10) and "spirals".
        depths: Hidden layers to compare.
        budgets: Numbers of parameters that no network exceeds.
        learning_rates: Of Adam, tried for every shape; the one with the lowest median validation
            error is told.
        seeds: Networks of every shape.
        steps: Optimisation steps of every training, about.
        batch_size: Rows per step.
        rows: Of every function; 70% are for training.
        lines: Lines along which regions are counted.
        seed: The first of the seeds, and that of rows and lines.

    Raises:
        UnknownNameError: There is no such function.
        SpecError: A number is out of range, or a depth does not fit into a budget.

    References:
        Telgarsky, "Benefits of depth in neural networks", COLT 2016.
        Montufar, Pascanu, Cho, Bengio, "On the Number of Linear Regions of Deep Neural Networks",
        NeurIPS 2014.
    """
    spec = SeparationSpec(
        functions=several(functions),
        depths=several(depths),
        budgets=several(budgets),
        learning_rates=several(learning_rates),
        seeds=seeds,
        steps=steps,
        batch_size=batch_size,
        rows=rows,
        lines=lines,
        seed=seed,
    )
    return finished(stream_separation(spec))


def stream_separation(spec: SeparationSpec) -> Generator[Stage, None, Separation]:
    """Do as `depth_separation` does, and tell what is trained next on the way.

    Args:
        spec: All numbers.
    """
    from fathom.studies.depth_separation import separating

    result = yield from separating(spec)
    return Separation(result)
