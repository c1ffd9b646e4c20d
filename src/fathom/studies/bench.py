"""One architecture after another: trained, chosen from, tested, its weights handed out."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import fmean
from typing import Any, TypeVar

import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset
from fathom.specs import (
    ArchitectureRecord,
    BaselineRecord,
    ModelSpec,
    Progress,
    RunRecord,
    StudySpec,
    TestRecord,
)
from fathom.studies.artifacts import Artifact, Event, artifact_name
from fathom.studies.members import run_records
from fathom.studies.pace import Pace, Stopwatch
from fathom.studies.result import SMALLEST, best_rate, scores_by_rate

# Populations compiled ahead of the one that trains: enough to keep the cores busy.
AHEAD = 2
HANDOVER_SECONDS = 0.0005
OBJECTS_BETWEEN_COLLECTIONS = 100_000
Returned = TypeVar("Returned")


@contextmanager
def compiler() -> Iterator[Executor]:
    """Compile in the background; on the way out drop what has not begun.

    Tracing holds Python's lock, and the thread that trains needs it a few
    times an epoch, for microseconds: meanwhile it is handed over sooner. What
    is traced stays, so looking at it for cycles less often saves time, too.
    """
    executor = ThreadPoolExecutor(max_workers=AHEAD, thread_name_prefix="compile")
    interval, thresholds = sys.getswitchinterval(), gc.get_threshold()
    sys.setswitchinterval(HANDOVER_SECONDS)
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *thresholds[1:])
    try:
        yield executor
    finally:
        sys.setswitchinterval(interval)
        gc.set_threshold(*thresholds)
        executor.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What all architectures of one study share."""

    spec: StudySpec
    dataset: Dataset
    data: train.TrainingData
    guess: float

    @classmethod
    def of(cls, spec: StudySpec, dataset: Dataset, guess: BaselineRecord) -> Bench:
        splits = [(split.x, split.y) for split in (dataset.train, dataset.validation)]
        data = train.TrainingData.place(splits[0], splits[1])
        return cls(spec=spec, dataset=dataset, data=data, guess=guess.validation)

    def populations(
        self, networks: Sequence[ModelSpec], executor: Executor
    ) -> Iterator[tuple[ModelSpec, train.Cohort]]:
        """Yield every network's population, the next ones compiling meanwhile."""
        waiting: list[tuple[ModelSpec, train.Cohort]] = []
        for network in networks:
            waiting.append((network, self.population(network, executor)))
            if len(waiting) > AHEAD:
                yield waiting.pop(0)
        while waiting:
            yield waiting.pop(0)

    def population(self, network: ModelSpec, executor: Executor) -> train.Cohort:
        """Return the population of every rate and seed of `network`, compiling."""
        settings = self.spec.train
        batch = min(settings.batch_size, len(self.dataset.train))
        blueprint = train.record(
            partial(models.build, network),
            partial(
                models.compile_for,
                task=network.task,
                optimizer=settings.optimizer,
                metrics=False,
            ),
            self.dataset.train.x[:batch],
            self.dataset.train.y[:batch],
        )
        watch = train.Watch(taps=models.watched_layers, statistics=measure.layer_statistics)
        population = train.Cohort(
            blueprint,
            train.product(self.spec.member_seeds, self.spec.learning_rates),
            self.data,
            score=measure.scorer(network.task, from_logits=models.gives_logits(blueprint.model)),
            batch_size=batch,
            watch=watch if settings.watch else None,
        )
        population.compile(executor)
        return population

    def train(self, network: ModelSpec, population: train.Cohort, pace: Pace) -> Iterator[Event]:
        """Train one population; yield its records, progress and weights."""
        population.wait()
        yield ArchitectureRecord(
            depth=network.depth,
            width=network.width,
            parameters=population.blueprint.num_parameters,
            layers=tuple(tap.name for tap in population.taps),
            members=population.num_members,
            bytes=population.num_bytes,
        )
        runs = yield from self._trained(network, population, pace)
        yield from runs
        chosen = self._chosen(population, runs)
        yield self._artifact(network, population, chosen)
        yield self._test(network, population, chosen)

    def linear_baseline(self, executor: Executor) -> BaselineRecord:
        """Train the linear model as a baseline, where the study does not compare it."""
        network = self.spec.model.linear()
        population = self.population(network, executor)
        population.wait()
        pace = Pace()
        pace.plan([population.blueprint.num_parameters])
        runs = _drained(self._trained(network, population, pace))
        chosen = self._chosen(population, runs)
        outputs = population.predict(self.dataset.test.x)[list(chosen)]
        tested = self._interval(population, outputs)
        scores = [runs[place].validation_score for place in chosen]
        return BaselineRecord(
            name="linear",
            validation=float(np.mean([self.guess if s is None else s for s in scores])),
            test=tested.mean,
            low=tested.low,
            high=tested.high,
            train_seconds=fmean(run.train_seconds for run in runs),
        )

    @property
    def metric(self) -> str:
        """Name of the score."""
        return measure.metric_name(self.dataset.task)

    def _trained(
        self, network: ModelSpec, population: train.Cohort, pace: Pace
    ) -> Generator[Progress, None, list[RunRecord]]:
        """Train one population; yield its progress, return a record per member."""
        settings, clock = self.spec.train, Stopwatch()
        epochs: list[train.Epoch] = []
        for epoch in population.train(epochs=settings.epochs, patience=settings.patience):
            epochs.append(epoch)
            clock.lap()
            yield self._progress(network, population, epochs, pace)
            clock.resume()
        return run_records(
            network,
            population,
            epochs,
            metric=self.metric,
            seconds=clock.steady_seconds / population.num_members,
            spec=self.spec,
        )

    def _progress(
        self,
        network: ModelSpec,
        population: train.Cohort,
        epochs: Sequence[train.Epoch],
        pace: Pace,
    ) -> Progress:
        last, planned = epochs[-1], self.spec.train.epochs
        return Progress(
            depth=network.depth,
            width=network.width,
            epoch=last.epoch,
            epochs=planned,
            best_score=self._best_score(epochs),
            gradient_ratio=_gradient_ratio(epochs[0]),
            diverged=int(last.standing.diverged.sum()),
            active=int(last.standing.active.sum()),
            seconds_left=pace.seconds_left(last.epoch / planned),
        )

    def _best_score(self, epochs: Sequence[train.Epoch]) -> float | None:
        """Return the best mean over seeds, of any rate, of each member's best score so far."""
        scores = [epoch.validation[self.metric] for epoch in epochs if epoch.validation]
        if not scores:
            return None
        rates = len(self.spec.learning_rates)
        best = np.nanmax(np.where(np.isfinite(scores), scores, self.guess), axis=0)
        return float(best.reshape(rates, -1).mean(axis=1).max())

    def _chosen(self, population: train.Cohort, runs: Sequence[RunRecord]) -> list[int]:
        """Return the places of the members at the rate that validates best."""
        rate = best_rate(scores_by_rate(runs, guess=self.guess))
        return [i for i, m in enumerate(population.members) if m.learning_rate == rate]

    def _artifact(
        self, network: ModelSpec, population: train.Cohort, chosen: Sequence[int]
    ) -> Artifact:
        arrays: dict[str, np.ndarray] = {}
        for place in chosen:
            seed = population.members[place].seed
            kinds = {
                "kept": population.kept_weights(place),
                "initial": population.initial_weights(place),
            }
            for kind, values in kinds.items():
                arrays |= {f"{kind}/{seed}/{i:04d}": value for i, value in enumerate(values)}
        return Artifact(
            name=artifact_name(network.depth, network.width),
            arrays=arrays,
            metadata={
                "family": network.family,
                "depth": str(network.depth),
                "width": str(network.width),
                "learning_rate": repr(population.members[chosen[0]].learning_rate),
            },
        )

    def _test(
        self, network: ModelSpec, population: train.Cohort, chosen: Sequence[int]
    ) -> TestRecord:
        started = time.perf_counter()
        outputs = population.predict(self.dataset.test.x)[list(chosen)]
        seconds = time.perf_counter() - started
        scores = self._scores(population, outputs)
        interval = self._interval(population, outputs)
        return TestRecord(
            depth=network.depth,
            width=network.width,
            learning_rate=population.members[chosen[0]].learning_rate,
            scores=tuple(map(float, scores)),
            mean=interval.mean,
            low=interval.low,
            high=interval.high,
            predict_seconds=1000 * seconds / len(self.dataset.test) / population.num_members,
        )

    def _scores(self, population: train.Cohort, outputs: np.ndarray) -> np.ndarray:
        y = self.dataset.test.y
        if self.dataset.task == "classification":
            logits = models.gives_logits(population.blueprint.model)
            return measure.is_correct(y, outputs, from_logits=logits).mean(axis=1)
        return 1 - np.square(outputs[..., 0] - y).mean(axis=1) / np.var(y)

    def _interval(self, population: train.Cohort, outputs: np.ndarray) -> measure.Interval:
        y, seed = self.dataset.test.y, self.spec.seed
        if self.dataset.task == "classification":
            logits = models.gives_logits(population.blueprint.model)
            correct = measure.is_correct(y, outputs, from_logits=logits)
            return measure.accuracy_interval(correct, seed=seed)
        return measure.r2_interval(y, outputs[..., 0], seed=seed)


def _drained(told: Generator[Any, None, Returned]) -> Returned:
    """Return what a generator returns, whatever it tells on the way."""
    while True:
        try:
            next(told)
        except StopIteration as end:
            return end.value


def _gradient_ratio(first: train.Epoch) -> float | None:
    if first.layers is None:
        return None
    gradients = first.layers["activation_gradient"]
    if gradients.shape[1] < 2:
        return None
    ratios = np.maximum(gradients[:, 0], SMALLEST) / gradients[:, -1]
    return float(np.exp(np.mean(np.log(ratios))))
