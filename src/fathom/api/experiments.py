"""Statements about depth and learning, in the hand: listed, run and shown."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.api.results import as_page, as_table
from fathom.specs import typed
from fathom.studies.experiments import (
    EXPERIMENTS,
    Experiment,
    ExperimentResult,
    experiment_named,
)

if TYPE_CHECKING:
    import polars as pl

    from fathom.studies.experiments import Step


class Judged:
    """A statement that was put to the test.

    Args:
        result: All that was found, as data.
    """

    def __init__(self, result: ExperimentResult) -> None:
        self.result = result

    @property
    def verdict(self) -> str:
        """ "holds", "does not hold", "depends" or "undecided"."""
        return self.result.verdict

    @property
    def text(self) -> str:
        """The verdict and its parts, a line each."""
        from fathom import report

        return report.experiment_text(self.result)

    def table(self) -> pl.DataFrame:
        """Return a row for each arm and quantity, with the ends of the interval."""
        kept = ("arm", "quantity", "unit", "mean", "low", "high", "learning_rate")
        return as_table(
            {name: getattr(value, name) for name in kept} for value in self.result.values
        )

    def figure(self) -> str:
        """Return the figure as an SVG document."""
        from fathom import report

        return str(report.experiment_figure(self.result, alone=True))

    @typed
    def report(self, path: str | Path) -> None:
        """Write one self-contained HTML page.

        Args:
            path: The page; what is there is replaced.
        """
        from fathom import report

        as_page(report.experiments_page([self.result]), path)

    def __repr__(self) -> str:
        return f"<{self.result.name}: {self.verdict}>"

    def _repr_html_(self) -> str:
        from fathom import report

        return report.experiment_summary(self.result)


def experiments() -> tuple[Experiment, ...]:
    """Return all experiments of the gallery; nothing is run.

    Example:
        >>> experiments()[0].name, experiments()[0].claim[:32]
        ('one-neuron', 'A single neuron separates two cl')
    """
    return EXPERIMENTS


@typed
def experiment(
    name: str,
    *,
    seeds: int | None = None,
    seed: int = 0,
    data: str | Path | None = None,
) -> Judged:
    """Run an experiment and judge its statement.

    Args:
        name: One of `experiments()`.
        seeds: Networks of each setting; at least 2, and 5 or more to be judged well. As many as
            the experiment asks for if None.
        seed: Of data and splits, and the first of the networks' seeds.
        data: The file of MNIST, an `.npz`, for experiments about it; without it they run on
            digits and say so.

    Raises:
        UnknownNameError: There is no such experiment.
        SpecError: There are too few seeds.
        DataError: The file is not MNIST.
    """
    *_, last = stream_experiment(experiment_named(name), seeds=seeds, seed=seed, data=data)
    if not isinstance(last, ExperimentResult):
        raise TypeError(f"An experiment ends in its result. Received: {type(last).__name__}.")
    return Judged(last)


def stream_experiment(
    chosen: Experiment,
    *,
    seeds: int | None = None,
    seed: int = 0,
    data: str | Path | None = None,
) -> Generator[Step | ExperimentResult, None, None]:
    """Run an experiment; yield a step after every epoch, and the result at the end.

    Args:
        chosen: Which.
        seeds: As for `experiment`.
        seed: As for `experiment`.
        data: As for `experiment`.
    """
    from fathom.studies.experiments import run

    path = None if data is None else Path(data).expanduser()
    return run(chosen, seeds=seeds, seed=seed, mnist=path)
