"""Statements about depth and learning, each put to the test: data, arms, a quantity, a judge."""

from typing import TYPE_CHECKING, Any

from fathom.studies.experiments.arms import Arm, Training
from fathom.studies.experiments.frame import Expectation, Experiment, Quantity
from fathom.studies.experiments.gallery import EXPERIMENTS
from fathom.studies.experiments.names import experiment_named, experiment_names
from fathom.studies.experiments.result import (
    DEPENDS,
    FAILS,
    HOLDS,
    OPEN,
    VERDICTS,
    ExperimentResult,
    Finding,
    Value,
)

if TYPE_CHECKING:
    from fathom.studies.experiments.judging import judged, verdict_of
    from fathom.studies.experiments.running import Step, run

__all__ = [
    "DEPENDS",
    "EXPERIMENTS",
    "FAILS",
    "HOLDS",
    "OPEN",
    "VERDICTS",
    "Arm",
    "Expectation",
    "Experiment",
    "ExperimentResult",
    "Finding",
    "Quantity",
    "Step",
    "Training",
    "Value",
    "experiment_named",
    "experiment_names",
    "judged",
    "run",
    "verdict_of",
]


def __getattr__(name: str) -> Any:
    """Load what trains, and with it Keras, only when it is asked for: lists need only data."""
    if name in ("Step", "run"):
        from fathom.studies.experiments import running

        return getattr(running, name)
    if name in ("judged", "verdict_of"):
        from fathom.studies.experiments import judging

        return getattr(judging, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
