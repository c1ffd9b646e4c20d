"""Experiments by their names."""

from __future__ import annotations

from fathom.errors import UnknownNameError
from fathom.specs import closest
from fathom.studies.experiments.frame import Experiment
from fathom.studies.experiments.gallery import EXPERIMENTS


def experiment_names() -> tuple[str, ...]:
    """Return the names of all experiments, in the order of the gallery."""
    return tuple(experiment.name for experiment in EXPERIMENTS)


def experiment_named(name: str) -> Experiment:
    """Return an experiment.

    Raises:
        UnknownNameError: There is none of that name; the message lists those there are.
    """
    for experiment in EXPERIMENTS:
        if experiment.name == name:
            return experiment
    meant = closest(name, experiment_names())
    raise UnknownNameError(
        f"An experiment must be one of {', '.join(experiment_names())}. Received: {name!r}.",
        hint=f"did you mean {meant}?" if meant else "fathom experiments lists them with claims",
    )
