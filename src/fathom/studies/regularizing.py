"""An overfitting depth trained again with dropout and L2, settings side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from statistics import fmean

from fathom import models, train
from fathom.specs import ModelSpec, RegularizationTried, RegularizedRecord, RunRecord, StudySpec
from fathom.studies.artifacts import Event
from fathom.studies.bench import Bench
from fathom.studies.overfitting import overfitting_row
from fathom.studies.pace import Pace
from fathom.studies.result import DepthRow, StudyResult

# Dropout and L2 that are tried, each beside what the study's networks have.
SETTINGS = ((0.1, 0.0), (0.3, 0.0), (0.0, 1e-3), (0.3, 1e-3))
# Compiling and testing, about, where there are only so many minutes.
BESIDE_TRAINING_SECONDS = 3.0
# Training may take longer than the depth's members did: regularised networks learn slower.
LONGER = 1.5


@dataclass(frozen=True)
class Again:
    """A depth about to be trained again.

    Args:
        bench: What the study's networks share.
        row: The depth, as it was without regularisation.
        network: Its architecture.
        settings: Dropout and L2 of each setting.
        population: All settings and seeds, compiling.
        epochs: At most; as many as the study's members had.
    """

    bench: Bench
    row: DepthRow
    network: ModelSpec
    settings: tuple[tuple[float, float], ...]
    population: train.Cohort
    epochs: int

    @classmethod
    def begin(cls, bench: Bench, row: DepthRow, *, epochs: int, executor: Executor) -> Again:
        """Compile in the background what trains `row`'s network with every setting."""
        network = bench.spec.model.at(depth=row.depth, width=row.width)
        settings = settings_beside(network)
        population = bench.regularized(
            network, settings, learning_rate=row.learning_rate, executor=executor
        )
        return cls(bench, row, network, settings, population, epochs)

    def train(self) -> Iterator[Event]:
        """Train all settings; yield progress, and what was found."""
        training = self.bench.begin(self.network, self.population)
        training.end_after(self.epochs)
        pace = Pace()
        pace.plan([self.population.blueprint.num_parameters])
        yield from self.bench.go_on(training, until=training.epochs, pace=pace)
        runs = self.bench.runs(training)
        seeds = len(self.bench.spec.member_seeds)
        groups = [runs[start : start + seeds] for start in range(0, len(runs), seeds)]
        scores = [[self._score(run) for run in group] for group in groups]
        best = max(range(len(scores)), key=lambda place: (fmean(scores[place]), -place))
        yield self._record(scores, best, runs)

    def _score(self, run: RunRecord) -> float:
        return self.bench.guess if run.validation_score is None else run.validation_score

    def _record(
        self, scores: Sequence[Sequence[float]], best: int, runs: Sequence[RunRecord]
    ) -> RegularizedRecord:
        seeds = len(self.bench.spec.member_seeds)
        tested = self.bench.tested(self.population, range(best * seeds, (best + 1) * seeds))
        dropout, l2 = self.settings[best]
        return RegularizedRecord(
            depth=self.row.depth,
            width=self.row.width,
            learning_rate=self.row.learning_rate,
            tried=tuple(
                RegularizationTried(dropout=one[0], l2=one[1], validation=fmean(found))
                for one, found in zip(self.settings, scores, strict=True)
            ),
            dropout=dropout,
            l2=l2,
            scores=tuple(scores[best]),
            test_scores=tuple(map(float, tested.scores)),
            mean=tested.interval.mean,
            low=tested.interval.low,
            high=tested.interval.high,
            train_seconds=fmean(run.train_seconds for run in runs),
        )


def settings_beside(network: ModelSpec) -> tuple[tuple[float, float], ...]:
    """Return the settings that are stronger than what a network has already."""
    return tuple(
        dict.fromkeys((max(d, network.dropout), max(l2, network.l2)) for d, l2 in SETTINGS)
    )


def wanted(
    spec: StudySpec, result: StudyResult, *, seconds_left: float | None
) -> DepthRow | RegularizedRecord | None:
    """Return the row to train again, or the record that says why it is not.

    Args:
        spec: The study.
        result: As far as it got; all architectures are trained.
        seconds_left: Of its minutes; None where there is no limit.

    Returns:
        None where no deeper network overfits, it was told before, or it is not wanted.
    """
    row = overfitting_row(result) if spec.regularize and result.rows() else None
    if row is None or _is_told(result, row) or spec.model.family not in models.families():
        return None
    needed = _seconds(spec, row)
    if seconds_left is None or needed <= seconds_left:
        return row
    return RegularizedRecord(
        depth=row.depth,
        width=row.width,
        learning_rate=row.learning_rate,
        tried=(),
        reason="there was no time for it",
    )


def _is_told(result: StudyResult, row: DepthRow) -> bool:
    return any((one.depth, one.width) == (row.depth, row.width) for one in result.regularized)


def _seconds(spec: StudySpec, row: DepthRow) -> float:
    members = len(settings_beside(spec.model)) * spec.seeds
    return BESIDE_TRAINING_SECONDS + LONGER * members * row.train_seconds
