"""One architecture after another: trained, chosen from, tested, its weights handed out."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from statistics import fmean
from typing import Any, TypeVar

import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset
from fathom.specs import (
    DROPPED,
    ArchitectureRecord,
    BaselineRecord,
    LetGo,
    ModelSpec,
    Progress,
    RunRecord,
    StudySpec,
    TestRecord,
)
from fathom.studies.artifacts import Artifact, Event, artifact_name
from fathom.studies.costs import batch_ms, flops_per_row
from fathom.studies.members import run_records
from fathom.studies.pace import Legs, Pace, Stopwatch
from fathom.studies.result import SMALLEST, best_rate, scores_by_rate

# Threads that compile, and groups of populations compiled ahead of the one that trains.
AHEAD = 2
# Networks that are compiled as one, at most, and parameters of each.
MOST_TOGETHER = 6
SMALL_PARAMETERS = 100_000
HANDOVER_SECONDS = 0.0005
OBJECTS_BETWEEN_COLLECTIONS = 100_000
# Test rows whose own scores are kept; with more, which rows they are hardly matters.
MOST_ROWS_KEPT = 20_000
ROW_DIGITS = 4

Network = TypeVar("Network")
Population = TypeVar("Population")


@dataclass(eq=False)
class Training:
    """One architecture in training.

    Args:
        network: The architecture.
        population: Its members.
        steps: What training tells, epoch by epoch.
        epochs: Epochs of a whole training.
        told: What was told so far.
        left: Why members were let go, by place.
        clock: Times the epochs.
        is_over: Whether the time was up.
    """

    network: ModelSpec
    population: train.Cohort
    steps: Iterator[train.Epoch]
    epochs: int
    told: list[train.Epoch] = field(default_factory=list)
    left: dict[int, LetGo] = field(default_factory=dict)
    clock: Stopwatch = field(default_factory=Stopwatch)
    is_over: bool = False

    @property
    def active(self) -> int:
        """Members in training."""
        return int(self.population.standing.active.sum())

    @property
    def epoch(self) -> int:
        """Epochs trained."""
        return self.told[-1].epoch if self.told else 0

    def record(self) -> ArchitectureRecord:
        """Return what is known before training."""
        population = self.population
        return ArchitectureRecord(
            depth=self.network.depth,
            width=self.network.width,
            parameters=population.blueprint.num_parameters,
            layers=tuple(tap.name for tap in population.taps),
            members=population.num_members,
            bytes=population.num_bytes,
            flops=flops_per_row(population.blueprint.model, population.data.x),
        )

    def go_on(self, until: int) -> Iterator[train.Epoch]:
        """Yield what each epoch tells, up to an epoch or until nobody trains on.

        Training goes on while the caller is busy with what it was told.
        """
        self.population.undisturbed_until(until)
        self.clock.resume()
        while (self.epoch < until or not self.told) and not self.is_over:
            epoch = next(self.steps, None)
            if epoch is None:
                return
            self.told.append(epoch)
            self.clock.lap()
            yield epoch

    def let_go(self, those: Iterable[LetGo]) -> None:
        """Let members of this architecture go."""
        for one in those:
            if (one.depth, one.width) == (self.network.depth, self.network.width):
                self.left[self._place(one)] = one
        self.population.let_go(list(self.left))

    def _place(self, one: LetGo) -> int:
        member = train.Member(seed=one.seed, learning_rate=one.learning_rate)
        return self.population.members.index(member)

    def end_after(self, epoch: int) -> None:
        """Let the training have another number of epochs."""
        self.epochs = epoch
        self.population.end_after(epoch)

    def seconds(self) -> list[float]:
        """Return each member's share of the training time.

        Where members are let go, those who train in an epoch share it; else all members
        share all epochs, because then those that stopped are computed, too.
        """
        members, laps = self.population.num_members, self.clock.laps
        if not self.left:
            return [self.clock.steady_seconds / members] * members
        trained = self.population.standing.epochs
        sharing = [int((trained > epoch).sum()) for epoch in range(len(laps))]
        shares = [lap / max(count, 1) for lap, count in zip(laps, sharing, strict=True)]
        return [sum(shares[: int(epochs)]) for epochs in trained]


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
        self, networks: Sequence[ModelSpec], executor: Executor, *, shrinks: bool = False
    ) -> Iterator[tuple[ModelSpec, train.Cohort]]:
        """Yield every network's population, the next ones compiling meanwhile."""

        def begin(group: Sequence[ModelSpec]) -> list[train.Cohort]:
            cohorts = [self._watched(network, shrinks=shrinks) for network in group]
            train.compile_together(cohorts, executor)
            return cohorts

        return compiling_ahead(networks, begin)

    def population(
        self, network: ModelSpec, executor: Executor, *, shrinks: bool = False
    ) -> train.Cohort:
        """Return the population of every rate and seed of `network`, compiling."""
        population = self._watched(network, shrinks=shrinks)
        population.compile(executor)
        return population

    def _watched(self, network: ModelSpec, *, shrinks: bool) -> train.Cohort:
        """Return the population of every rate and seed of `network`, to be compiled."""
        watch = train.Watch(taps=models.watched_layers, statistics=measure.layer_statistics)
        members = train.product(self.spec.member_seeds, self.spec.learning_rates)
        return self._cohort(
            network, members, watch=watch if self.spec.train.watch else None, shrinks=shrinks
        )

    def regularized(
        self,
        network: ModelSpec,
        settings: Sequence[tuple[float, float]],
        *,
        learning_rate: float,
        executor: Executor,
    ) -> train.Cohort:
        """Return the population of every setting and seed of `network` at one rate, compiling.

        Args:
            network: The architecture.
            settings: Dropout and L2 of each setting, outermost among the members.
            learning_rate: Of all members.
            executor: Where it is compiled.
        """
        seeds = self.spec.member_seeds
        dropout, l2 = ([one[at] for one in settings for _ in seeds] for at in (0, 1))
        built_with = replace(network, dropout=max(dropout) or 0.5, l2=max(l2) or 1.0)
        members = train.product(seeds, [learning_rate]) * len(settings)
        population = self._cohort(built_with, members, settings={"dropout": dropout, "l2": l2})
        population.compile(executor)
        return population

    def _cohort(
        self, network: ModelSpec, members: Sequence[train.Member], **options: Any
    ) -> train.Cohort:
        batch = min(self.spec.train.batch_size, len(self.dataset.train))
        blueprint = train.record(
            partial(models.build, network),
            partial(
                models.compile_for,
                task=network.task,
                optimizer=self.spec.train.optimizer,
                metrics=False,
            ),
            self.dataset.train.x[:batch],
            self.dataset.train.y[:batch],
        )
        return train.Cohort(
            blueprint,
            members,
            self.data,
            score=measure.scorer(network.task, from_logits=models.gives_logits(blueprint.model)),
            batch_size=batch,
            **options,
        )

    def train(self, network: ModelSpec, population: train.Cohort, pace: Pace) -> Iterator[Event]:
        """Train one population; yield its records, progress and weights."""
        training = self.begin(network, population)
        yield training.record()
        yield from self.go_on(training, until=training.epochs, pace=pace)
        yield from self.finish(training)

    def begin(self, network: ModelSpec, population: train.Cohort) -> Training:
        """Return a population's training, its programs compiled."""
        population.wait()
        settings = self.spec.train
        told = population.train(
            epochs=settings.epochs, patience=settings.patience, decay=settings.decay
        )
        return Training(network, population, told, epochs=settings.epochs)

    def go_on(
        self, training: Training, *, until: int, pace: Pace | Legs
    ) -> Generator[Progress, None, None]:
        """Train up to an epoch; yield progress after each."""
        begun = training.epoch
        for epoch in training.go_on(until):
            share = (epoch.epoch - begun) / max(until - begun, 1)
            yield self._progress(training, pace.seconds_left(share))

    def finish(self, training: Training) -> Iterator[Event]:
        """Yield what a training ends with: runs, weights, test."""
        runs = self.runs(training)
        yield from runs
        chosen = self._chosen(training.population, runs)
        yield self._artifact(training.network, training.population, chosen)
        yield self._test(training.network, training.population, chosen)

    def runs(self, training: Training) -> list[RunRecord]:
        """Return a record per member."""
        return run_records(
            training.network,
            training.population,
            training.told,
            metric=self.metric,
            seconds=training.seconds(),
            spec=self.spec,
            planned=training.epochs,
            left=training.left,
        )

    def linear_baseline(self, executor: Executor) -> BaselineRecord:
        """Train the linear model as a baseline, where the study does not compare it."""
        network = self.spec.model.linear()
        training = self.begin(network, self.population(network, executor))
        population, pace = training.population, Pace()
        pace.plan([population.blueprint.num_parameters])
        for _ in self.go_on(training, until=training.epochs, pace=pace):
            pass
        runs = self.runs(training)
        chosen = self._chosen(population, runs)
        tested = self.tested(population, chosen).interval
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

    def _progress(self, training: Training, seconds_left: float | None) -> Progress:
        told, standing = training.told, training.population.standing
        return Progress(
            depth=training.network.depth,
            width=training.network.width,
            epoch=told[-1].epoch,
            epochs=training.epochs,
            best_score=self._best_score(told),
            gradient_ratio=_gradient_ratio(told[0]),
            diverged=int(standing.diverged.sum()),
            active=int(standing.active.sum()),
            dropped=int(standing.dropped.sum()),
            seconds_left=seconds_left,
        )

    def _best_score(self, epochs: Sequence[train.Epoch]) -> float | None:
        """Return the best mean over seeds, of any rate, of each member's best score so far."""
        scores = [epoch.validation[self.metric] for epoch in epochs if epoch.validation]
        if not scores:
            return None
        seeds = self.spec.seeds  # the innermost of what members differ in
        best = np.nanmax(np.where(np.isfinite(scores), scores, self.guess), axis=0)
        stay = ~epochs[-1].standing.dropped.reshape(-1, seeds)
        counts = np.maximum(stay.sum(axis=1), 1)
        means = (best.reshape(-1, seeds) * stay).sum(axis=1) / counts
        return float(means[stay.any(axis=1)].max())

    def _chosen(self, population: train.Cohort, runs: Sequence[RunRecord]) -> list[int]:
        """Return the places of the members at the rate that validates best."""
        rate = best_rate(scores_by_rate(runs, guess=self.guess))
        return [
            place
            for place, run in enumerate(runs)
            if run.learning_rate == rate and run.status != DROPPED
        ]

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
        tested = self.tested(population, chosen)
        interval = tested.interval
        rows = tested.by_row.mean(axis=0)
        return TestRecord(
            depth=network.depth,
            width=network.width,
            learning_rate=population.members[chosen[0]].learning_rate,
            scores=tuple(map(float, tested.scores)),
            mean=interval.mean,
            low=interval.low,
            high=interval.high,
            batch_ms=batch_ms(population),
            row_scores=tuple(map(_rounded, rows)) if len(rows) <= MOST_ROWS_KEPT else None,
        )

    def tested(self, population: train.Cohort, chosen: Sequence[int]) -> Tested:
        """Return how members do on the test rows."""
        outputs = population.predict(self.dataset.test.x, members=chosen)
        y, seed = self.dataset.test.y, self.spec.seed
        if self.dataset.task == "classification":
            logits = models.gives_logits(population.blueprint.model)
            correct = measure.is_correct(y, outputs, from_logits=logits)
            return Tested(correct, measure.accuracy_interval(correct, seed=seed))
        by_row = 1 - np.square(outputs[..., 0] - y) / np.var(y)
        return Tested(by_row, measure.r2_interval(y, outputs[..., 0], seed=seed))


def _is_small(network: ModelSpec) -> bool:
    return models.num_parameters(network) <= SMALL_PARAMETERS


def compiling_ahead(
    networks: Sequence[Network],
    begin: Callable[[Sequence[Network]], Sequence[Population]],
    *,
    is_small: Callable[[Any], bool] = _is_small,
) -> Iterator[tuple[Network, Population]]:
    """Yield every network's population, the next ones compiling meanwhile.

    Args:
        networks: The networks, in the order they are trained.
        begin: Makes the populations of some networks, and begins to compile them as one.
        is_small: Tells which networks compile for longer than they train.
    """
    waiting: list[list[tuple[Network, Population]]] = []
    for group in groups_to_compile(networks, is_small):
        waiting.append(list(zip(group, begin(group), strict=True)))
        if len(waiting) > AHEAD:
            yield from waiting.pop(0)
    for rest in waiting:
        yield from rest


def groups_to_compile(
    networks: Sequence[Network], is_small: Callable[[Any], bool] = _is_small
) -> list[list[Network]]:
    """Return networks in groups that are compiled as one, in the order they are given.

    There is a group for each compiling thread. Large networks stay alone: they train
    for longer than they compile.
    """
    groups: list[list[Network]] = []
    most = min(-(-len(networks) // AHEAD), MOST_TOGETHER)
    for are_small, some in groupby(networks, key=is_small):
        size = most if are_small else 1
        those = list(some)
        groups += [those[start : start + size] for start in range(0, len(those), size)]
    return groups


@dataclass(frozen=True)
class Tested:
    """How some members do on the test rows.

    Args:
        by_row: What each row adds to the score, (member, rows).
        interval: Of their mean score, over members and rows.
    """

    by_row: np.ndarray
    interval: measure.Interval

    @property
    def scores(self) -> np.ndarray:
        """Score of each member."""
        return self.by_row.mean(axis=1)


def _rounded(value: float) -> float:
    return round(float(value), ROW_DIGITS)


def _gradient_ratio(first: train.Epoch) -> float | None:
    if first.layers is None:
        return None
    gradients = first.layers["activation_gradient"]
    if gradients.shape[1] < 2:
        return None
    ratios = np.maximum(gradients[:, 0], SMALLEST) / gradients[:, -1]
    return float(np.exp(np.mean(np.log(ratios))))
