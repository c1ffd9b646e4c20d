"""A study's table, as a function of its records."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import fmean, stdev
from typing import Any, TypeVar

from fathom.specs import (
    DIVERGED,
    DROPPED,
    ArchitectureRecord,
    BaselineRecord,
    LatencyRecord,
    LayerRecord,
    Record,
    RegularizedRecord,
    RungRecord,
    RunRecord,
    StatusRecord,
    StudyRecord,
    StudySpec,
    TestRecord,
    VerdictRecord,
    from_json_data,
)

Kind = TypeVar("Kind")


@dataclass(frozen=True, kw_only=True)
class Score:
    """A mean over seeds.

    Args:
        mean: Mean score.
        se: Standard error of the mean over seeds; None for a single seed.
        n: Number of seeds.
    """

    mean: float
    se: float | None
    n: int


@dataclass(frozen=True, kw_only=True)
class DepthRow:
    """What a study found for one architecture, at its best learning rate.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        parameters: Trainable parameters.
        learning_rate: The rate with the best mean validation score.
        validation: Validation score over seeds at that rate.
        train: Lowest training loss that members reached, mean over seeds.
        test: The one reading of the test split; None until it was read.
        diverged: Members that diverged, over all rates.
        diverged_at_best: Members that diverged at the chosen rate.
        gradient_ratio: Norm of the loss gradient at the first layer's
            pre-activation over that at the last, at initialisation,
            geometric mean over seeds; None if not watched.
        train_seconds: Mean time to train one member at the chosen rate.
        best_epoch: Mean epoch of the kept weights at the chosen rate.
        rates: Validation score of every rate with members that were not let go, in the
            order they were given.
        dropped: Members that were let go, over all rates; no mean counts them.
        flops: Floating-point operations of a prediction for one row.
        bytes: Memory that training all members at once takes.
        latency_ms: Milliseconds of a prediction for one row; None if not measured.
        batch_ms: Milliseconds that a core takes for a row in batches.
    """

    depth: int
    width: int
    parameters: int
    learning_rate: float
    validation: Score
    train: float | None
    test: TestRecord | None
    diverged: int
    diverged_at_best: int
    gradient_ratio: float | None
    train_seconds: float
    best_epoch: float | None
    rates: tuple[tuple[float, Score], ...]
    dropped: int = 0
    flops: int | None = None
    bytes: int | None = None
    latency_ms: float | None = None
    batch_ms: float | None = None


@dataclass(frozen=True)
class StudyResult:
    """A study as far as it got: its records, sorted by kind.

    Args:
        header: What was to be run.
        spec: The same as a spec.
        architectures: One record per architecture begun, in order.
        runs: One record per trained member.
        tests: One record per architecture tested.
        baselines: Models that are not networks.
        rungs: When members were let go; of an epoch told twice, the last word.
        verdict: None until the study is finished.
        latencies: How long a prediction takes, one record per architecture measured.
        regularized: Depths that overfitted, trained again.
        status: The last status; None if none was recorded.
    """

    header: StudyRecord
    spec: StudySpec
    architectures: tuple[ArchitectureRecord, ...]
    runs: tuple[RunRecord, ...]
    tests: tuple[TestRecord, ...]
    baselines: tuple[BaselineRecord, ...]
    verdict: VerdictRecord | None
    status: StatusRecord | None
    rungs: tuple[RungRecord, ...] = ()
    latencies: tuple[LatencyRecord, ...] = ()
    regularized: tuple[RegularizedRecord, ...] = ()

    @classmethod
    def from_records(cls, records: Iterable[Record]) -> StudyResult:
        """Sort `records` by kind; the first must be the study's own.

        A study that went on after a stop may have told a thing again: the
        last word counts, and a verdict counts until training goes on.

        Raises:
            ValueError: There is no study record.
        """
        found = _without_old_verdicts(records)
        headers = _of(found, StudyRecord)
        if not headers:
            raise ValueError("A study's records begin with a study record. Received: none.")
        return cls(
            header=headers[-1],
            spec=from_json_data(headers[-1].spec, StudySpec),
            architectures=_latest(_of(found, ArchitectureRecord), "depth", "width"),
            runs=_latest(_of(found, RunRecord), "depth", "width", "learning_rate", "seed"),
            tests=_latest(_of(found, TestRecord), "depth", "width"),
            baselines=_of(found, BaselineRecord),
            verdict=_last(_of(found, VerdictRecord)),
            status=_last(_of(found, StatusRecord)),
            rungs=_latest(_of(found, RungRecord), "epoch", "is_end"),
            latencies=_latest(_of(found, LatencyRecord), "depth", "width"),
            regularized=_latest(_of(found, RegularizedRecord), "depth", "width"),
        )

    @property
    def guess(self) -> float:
        """Score of guessing the majority class (or the mean): what a diverged member is worth."""
        for baseline in self.baselines:
            if baseline.name in ("majority-class", "mean"):
                return baseline.validation
        return 0.0

    @property
    def guess_on_test(self) -> float | None:
        """Score of the same guess on the test split; None if it is not known."""
        for baseline in self.baselines:
            if baseline.name in ("majority-class", "mean"):
                return baseline.test
        return None

    def rows(self) -> tuple[DepthRow, ...]:
        """Return a row per architecture with members that were not let go, in the study's order."""
        groups = self.runs_by_architecture()
        return tuple(
            self._row(architecture, groups[architecture.depth, architecture.width])
            for architecture in self.architectures
            if whole(groups[architecture.depth, architecture.width])
        )

    def runs_by_architecture(self) -> dict[tuple[int, int], list[RunRecord]]:
        """Return the runs of each (depth, width)."""
        groups: dict[tuple[int, int], list[RunRecord]] = defaultdict(list)
        for run in self.runs:
            groups[run.depth, run.width].append(run)
        return groups

    def runs_at_best(self, row: DepthRow) -> list[RunRecord]:
        """Return the runs behind a row: its architecture's, at the chosen rate, not let go."""
        runs = whole(self.runs_by_architecture()[row.depth, row.width])
        return [run for run in runs if run.learning_rate == row.learning_rate]

    def _row(self, architecture: ArchitectureRecord, runs: Sequence[RunRecord]) -> DepthRow:
        rates = scores_by_rate(runs, guess=self.guess)
        best = best_rate(rates)
        chosen = [run for run in whole(runs) if run.learning_rate == best]
        test = about(architecture, self.tests)
        latency = about(architecture, self.latencies)
        return DepthRow(
            depth=architecture.depth,
            width=architecture.width,
            parameters=architecture.parameters,
            learning_rate=best,
            validation=rates[best],
            train=_mean(map(lowest_train_loss, chosen)),
            test=test,
            diverged=count_diverged(runs),
            diverged_at_best=count_diverged(chosen),
            gradient_ratio=gradient_ratio(chosen),
            train_seconds=fmean(run.train_seconds for run in chosen),
            best_epoch=_mean(run.best_epoch for run in chosen),
            rates=tuple(rates.items()),
            dropped=len(runs) - len(whole(runs)),
            flops=architecture.flops,
            bytes=architecture.bytes,
            latency_ms=latency.milliseconds if latency else None,
            batch_ms=test.batch_ms if test else None,
        )


def scores_by_rate(runs: Sequence[RunRecord], *, guess: float) -> dict[float, Score]:
    """Return the validation score over seeds of every learning rate.

    A member that never gave a finite validation loss counts as `guess`; one that was
    let go does not count.
    """
    groups: dict[float, list[float]] = defaultdict(list)
    for run in whole(runs):
        score = run.validation_score
        groups[run.learning_rate].append(guess if score is None else score)
    return {rate: summarise(scores) for rate, scores in groups.items()}


def best_rate(rates: dict[float, Score]) -> float:
    """Return the rate with the highest mean; of equals the smallest rate.

    Where members were let go, a mean over a single seed is no match for others.
    """
    fewest = min(2, max(score.n for score in rates.values()))
    known = [rate for rate, score in rates.items() if score.n >= fewest]
    return min(known, key=lambda rate: (-rates[rate].mean, rate))


def whole(runs: Iterable[RunRecord]) -> list[RunRecord]:
    """Return the runs that were not let go."""
    return [run for run in runs if run.status != DROPPED]


def summarise(scores: Sequence[float]) -> Score:
    """Return the mean of `scores` and its standard error."""
    se = stdev(scores) / math.sqrt(len(scores)) if len(scores) > 1 else None
    return Score(mean=fmean(scores), se=se, n=len(scores))


def count_diverged(runs: Iterable[RunRecord]) -> int:
    """Return how many of `runs` diverged."""
    return sum(run.status == DIVERGED for run in runs)


def lowest_train_loss(run: RunRecord) -> float | None:
    """Return the lowest training loss of any epoch; None if none was finite."""
    return min((loss for loss in run.train_loss if loss is not None), default=None)


def layers_at(run: RunRecord, epoch: int) -> list[LayerRecord]:
    """Return the measurements of `run`'s layers at `epoch`, from input to output."""
    return [layer for layer in run.layers if layer.epoch == epoch]


def gradient_ratio(runs: Iterable[RunRecord], *, epoch: int = 0) -> float | None:
    """Return first-layer over last-layer activation gradient, geometric mean over runs."""
    ratios = [_ratio(layers_at(run, epoch)) for run in runs]
    known = [ratio for ratio in ratios if ratio is not None]
    return math.exp(fmean(map(math.log, known))) if known else None


# float32 underflows to zero below this; a ratio is then only known to be smaller.
SMALLEST = 1e-38


def _ratio(layers: Sequence[LayerRecord]) -> float | None:
    if len(layers) < 2:
        return None
    first, last = layers[0].activation_gradient, layers[-1].activation_gradient
    if first is None or last is None or last <= 0:
        return None
    return max(first, SMALLEST) / last


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def about(one: ArchitectureRecord | DepthRow, told: Iterable[Kind]) -> Kind | None:
    """Return what was told of an architecture; None if nothing was."""
    key = attrgetter("depth", "width")
    return next((record for record in told if key(record) == key(one)), None)


def _without_old_verdicts(records: Iterable[Record]) -> list[Record]:
    kept: list[Record] = []
    for record in records:
        if isinstance(record, StatusRecord) and record.status == "running":
            kept = [earlier for earlier in kept if not isinstance(earlier, VerdictRecord)]
        kept.append(record)
    return kept


def _of(records: Iterable[Any], kind: type[Kind]) -> tuple[Kind, ...]:
    return tuple(record for record in records if isinstance(record, kind))


def _latest(records: Iterable[Kind], *about: str) -> tuple[Kind, ...]:
    """Return the last record about each thing, in the order the things were first told."""
    return tuple({attrgetter(*about)(record): record for record in records}.values())


def _last(records: Sequence[Kind]) -> Kind | None:
    return records[-1] if records else None
