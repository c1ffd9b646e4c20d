"""An experiment run: its arms trained one after another, measured, and judged."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from fathom import measure
from fathom.specs import at_least
from fathom.studies.experiments.arms import Arm, Data
from fathom.studies.experiments.frame import SHARE, Experiment
from fathom.studies.experiments.judging import judged, verdict_of
from fathom.studies.experiments.loading import splits_of
from fathom.studies.experiments.result import ExperimentResult, Value
from fathom.studies.experiments.splits import Splits
from fathom.studies.experiments.training import Trained, trained

FEWEST_SEEDS = 2
FEWEST_TO_JUDGE = 5


@dataclass(frozen=True, kw_only=True)
class Step:
    """Progress: an epoch of an arm is done.

    Args:
        arm: Its name.
        number: Its place among the arms, from 1.
        arms: How many there are.
    """

    arm: str
    number: int
    arms: int


@dataclass(frozen=True)
class _Stopwatch:
    """When an experiment began, by the clock and by the processor."""

    started: float = field(default_factory=time.perf_counter)
    processor: float = field(default_factory=time.process_time)


@dataclass
class _Notebook:
    """What was measured so far."""

    arrays: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    values: list[Value] = field(default_factory=list)
    words: dict[str, None] = field(default_factory=dict)
    notices: dict[str, None] = field(default_factory=dict)
    trainings: int = 0


def run(
    experiment: Experiment,
    *,
    seeds: int | None = None,
    seed: int = 0,
    mnist: Path | None = None,
    adjusted: Callable[[Arm], Arm] = lambda arm: arm,
) -> Generator[Step | ExperimentResult, None, None]:
    """Run an experiment; yield progress, and the result at the end.

    Args:
        experiment: Which.
        seeds: Members of each setting, at least 2; as many as the experiment asks for if None.
        seed: Of data and splits; the first of the members' seeds.
        mnist: The file of MNIST for experiments about it.
        adjusted: Changes arms before they are trained, such as their epochs.

    Raises:
        SpecError: There are too few seeds.
        DataError: The file of MNIST is not one.
    """
    seeds = experiment.seeds if seeds is None else seeds
    at_least("seeds", seeds, FEWEST_SEEDS, hint="an interval needs several seeds; use 5 or more")
    at_least("seed", seed, 0)
    watch, members, notes = _Stopwatch(), range(seed, seed + seeds), _Notebook()
    known: dict[int, Splits] = {}
    for number, arm in enumerate(map(adjusted, experiment.arms), start=1):
        splits = _splits(arm.data or experiment.data, known, seed=seed, mnist=mnist)
        notes.words[splits.words] = None
        notes.notices.update(dict.fromkeys(splits.notices))
        notes.trainings += len(arm.training.learning_rates) * seeds
        for found in trained(arm, splits, members):
            if found is not None:
                _note(notes, experiment, found, seed=seed)
            yield Step(arm=arm.name, number=number, arms=len(experiment.arms))
    yield _result(experiment, notes, members, watch)


def _splits(data: Data, known: dict[int, Splits], *, seed: int, mnist: Path | None) -> Splits:
    if id(data) not in known:
        known[id(data)] = splits_of(data, seed=seed, mnist=mnist)
    return known[id(data)]


def _note(notes: _Notebook, experiment: Experiment, found: Trained, *, seed: int) -> None:
    """Measure every quantity of an arm, and keep arrays and intervals."""
    arm = found.arm
    several = len(arm.training.stops) > 1
    name = f"{arm.name}, {found.epoch} epochs" if several else arm.name
    at = float(found.epoch) if several and arm.at is None else arm.at
    for quantity in experiment.quantities:
        for place, (label, array) in enumerate(_labelled(name, quantity.of(found)).items()):
            notes.arrays.setdefault(quantity.name, {})[label] = array
            mean, low, high = measure.mean_interval(array, seed=seed)
            notes.values.append(
                Value(
                    arm=label,
                    quantity=quantity.name,
                    unit=quantity.unit,
                    digits=quantity.digits,
                    mean=mean,
                    low=low,
                    high=min(high, 1.0) if quantity.unit == SHARE else high,
                    seeds=tuple(float(v) for v in array.reshape(len(array), -1).mean(axis=1)),
                    at=float(place) if label != name else at,
                    line=arm.line or (arm.name if several or label != name else ""),
                    learning_rate=found.learning_rate if len(found.rates) > 1 else None,
                )
            )


def _labelled(arm: str, found: np.ndarray | Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    if isinstance(found, Mapping):
        return {f"{arm}, {name}": np.asarray(one, "float64") for name, one in found.items()}
    return {arm: np.asarray(found, "float64")}


def _result(
    experiment: Experiment, notes: _Notebook, members: Sequence[int], watch: _Stopwatch
) -> ExperimentResult:
    findings = tuple(
        judged(one, notes.arrays, seed=members[0], unit=experiment.quantity(one.of).unit)
        for one in experiment.expectations
    )
    notices = list(notes.notices)
    if len(members) < FEWEST_TO_JUDGE:
        notices.append(f"{len(members)} seeds are few: use {FEWEST_TO_JUDGE} or more.")
    return ExperimentResult(
        name=experiment.name,
        theme=experiment.theme,
        claim=experiment.claim,
        source=experiment.source,
        verdict=verdict_of(findings),
        depends_on=experiment.depends_on,
        because=experiment.because,
        findings=findings,
        values=tuple(notes.values),
        axis=experiment.axis.title if experiment.axis else "",
        is_log=bool(experiment.axis and experiment.axis.is_log),
        data=tuple(notes.words),
        notices=tuple(notices),
        seeds=tuple(members),
        trainings=notes.trainings,
        seconds=time.perf_counter() - watch.started,
        processor_seconds=time.process_time() - watch.processor,
        playground=experiment.playground,
    )
