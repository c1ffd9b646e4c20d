"""How deep should it be? Every depth x learning rate x seed, and a verdict."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

from fathom import measure, models, train
from fathom.data import Dataset
from fathom.launch import Cluster
from fathom.specs import (
    BOOSTING,
    LAST_VALUE,
    BaselineRecord,
    ModelSpec,
    Progress,
    Record,
    RegularizedRecord,
    RungRecord,
    RunRecord,
    StatusRecord,
    StudyRecord,
    StudySpec,
    TestRecord,
    to_json_data,
)
from fathom.studies import baselines, constraints, regularizing
from fathom.studies.artifacts import Artifact, Event
from fathom.studies.bench import Bench, compiler
from fathom.studies.costs import COMPILING_SECONDS, Latencies
from fathom.studies.machine import machine, versions
from fathom.studies.pace import Pace
from fathom.studies.regularizing import Again
from fathom.studies.result import StudyResult
from fathom.studies.scattered import check_scatters, scattered
from fathom.studies.stages import Compiled, Stages
from fathom.studies.unfinished import planned_epochs
from fathom.studies.verdict import judge

# With a number of minutes, gradient boosting may take this part of them.
BOOSTING_SHARE = 0.1
# How long a prediction takes is measured while gradient boosting leaves cores idle, or where that
# takes no more than this part of the study.
LATENCY_SHARE = 0.02


def check(spec: StudySpec, dataset: Dataset) -> None:
    """Raise what can be known to fail before anything trains.

    Raises:
        SpecError: A name is unknown, a family cannot be built at a depth, or no
            network is as small as it must be.
        ModelError: The user's own function does not give a fitting model.
    """
    models.check_optimizer(spec.train.optimizer)
    networks = architectures(spec)
    for network in networks:
        models.check(network)
    if spec.max_parameters is not None:
        constraints.check_parameters(spec, _sizes(networks))
    if len(dataset.train) < 2:
        raise ValueError("a data set has at least two training rows")  # fathom.load sees to it


def _sizes(networks: Sequence[ModelSpec]) -> list[tuple[ModelSpec, int]]:
    return [(network, models.num_parameters(network)) for network in networks]


def architectures(spec: StudySpec) -> tuple[ModelSpec, ...]:
    """Return the networks to compare, shallow to deep, at each width.

    With `match_parameters` each depth gets the width that brings it nearest to
    the parameters of the deepest network at the first width. The linear model
    has no width, so it appears once.
    """
    depths = sorted(spec.depths)
    if spec.match_parameters:
        return _matched(spec.model, depths, spec.widths[0])
    linear = [0] if 0 in depths else []
    hidden = [depth for depth in depths if depth > 0]
    pairs = [(depth, spec.widths[0]) for depth in linear]
    pairs += [(depth, width) for width in spec.widths for depth in hidden]
    return tuple(spec.model.at(depth=depth, width=width) for depth, width in pairs)


def _matched(model: ModelSpec, depths: Sequence[int], width: int) -> tuple[ModelSpec, ...]:
    parameters = models.num_parameters(model.at(depth=depths[-1], width=width))
    networks = (model.at(depth=depth, width=width) for depth in depths)
    return tuple(
        network.at(depth=network.depth, width=models.matched_width(network, parameters))
        for network in networks
    )


def depth_study(
    spec: StudySpec,
    dataset: Dataset,
    *,
    name: str,
    earlier: Sequence[Record] = (),
    started: float | None = None,
    cluster: Cluster | None = None,
) -> Iterator[Event]:
    """Run the study and tell what happens as it happens.

    The learning rate is chosen per depth on the mean validation score over
    seeds; the test split is read once per depth, for that rate; the verdict
    is the shallowest depth within one standard error of the best.

    Args:
        spec: What to run.
        dataset: On what.
        name: The study's name.
        earlier: What the same study told before it stopped. What is tested
            is not trained again, and the verdict counts it.
        started: `time.perf_counter()` when its minutes began; None for now.
        cluster: Where architectures train, with the same results; None for here.

    Yields:
        The study's records in order, progress after every epoch, and the
        weights of each depth at its chosen rate.
    """
    check(spec, dataset)
    if cluster is None:
        constraints.check_memory(_sizes(architectures(spec)), free_bytes=train.free_bytes())
    else:
        check_scatters(spec)
    pace = Pace(started)
    records = list(earlier)
    for event in _events(spec, dataset, name, pace, records, cluster):
        if not isinstance(event, Progress | Artifact):
            records.append(event)
        yield event
    yield judge(StudyResult.from_records(records))
    yield StatusRecord(
        status="finished", message="every training is done", wall_seconds=pace.elapsed
    )


def _events(
    spec: StudySpec,
    dataset: Dataset,
    name: str,
    pace: Pace,
    records: Sequence[Record],
    cluster: Cluster | None = None,
) -> Iterator[Event]:
    """Yield all but the verdict.

    Args:
        spec: What to run.
        dataset: On what.
        name: The study's name.
        pace: Knows when the study began.
        records: What was told earlier; whoever iterates adds what is told now.
        cluster: Where architectures train; None for here.
    """
    told = _Told.by(records)
    networks = architectures(spec)
    missing = [network for network in networks if (network.depth, network.width) not in told.tested]
    pace.plan(models.num_parameters(network) for network in missing)
    guess = baselines.guessing(dataset, seed=spec.seed)
    bench = Bench.of(spec, dataset, guess)
    with compiler() as executor:
        compiled = bench.populations(missing, executor, shrinks=spec.is_staged)
        stages = Stages(bench, told.runs, told.rungs, pace)
        boosted = _boosting(spec, dataset, told) if spec.minutes is not None else None
        if spec.minutes is not None and not told.rungs and missing:
            compiled = list(compiled)  # before anything is told: there may be too little time
            stages.plan(compiled)
        yield from _beginning(_header(spec, dataset, name), guess, told)
        yield from _last_value(spec, dataset, told)
        if boosted is not None:
            yield boosted
        if cluster is not None:
            yield from scattered(bench, missing, cluster, pace)
        elif spec.is_staged and missing:
            yield from stages.run(compiled)
        else:
            yield from _one_by_one(bench, compiled, pace)
        if _needs_linear(spec, networks, told):
            yield bench.linear_baseline(executor)
        yield from _ending(bench, executor, StudyResult.from_records(records), pace, told)


def _beginning(header: StudyRecord, guess: BaselineRecord, told: _Told) -> Iterator[Event]:
    if header.spec != told.spec:
        yield header
    yield StatusRecord(status="running", message="going on" if told.spec else "training")
    if guess.name not in told.baselines:
        yield guess


def _last_value(spec: StudySpec, dataset: Dataset, told: _Told) -> Iterator[BaselineRecord]:
    known = None if LAST_VALUE in told.baselines else baselines.last_value(dataset, seed=spec.seed)
    if spec.baselines and known is not None:
        yield known


def _ending(
    bench: Bench, executor: Executor, result: StudyResult, pace: Pace, told: _Told
) -> Iterator[Event]:
    """Yield what follows when all architectures are tested.

    What the rest needs is compiled while gradient boosting runs, on one core of several.
    """
    spec, dataset = bench.spec, bench.dataset
    boosts = spec.minutes is None and _boosts(spec, dataset, told)
    seconds_left = None if spec.minutes is None else 60 * spec.minutes - pace.elapsed
    again = _again(bench, executor, result, seconds_left=seconds_left)
    unmeasured = _unmeasured(spec, result)
    needed = COMPILING_SECONDS * len(unmeasured)
    boosted = spec.minutes is None and BOOSTING in told.baselines  # before the study stopped
    affordable = boosts or boosted or needed <= LATENCY_SHARE * pace.elapsed
    latencies = (
        Latencies.begin(unmeasured, dataset.train.x, executor)
        if spec.max_latency_ms is not None or affordable
        else None
    )
    if boosts:
        yield baselines.boosting(dataset, seed=spec.seed)
    if isinstance(again, RegularizedRecord):
        yield again
    elif again is not None:
        yield from again.train()
    if latencies is not None:
        yield from latencies.records()


def _again(
    bench: Bench, executor: Executor, result: StudyResult, *, seconds_left: float | None
) -> Again | RegularizedRecord | None:
    """Return what trains the deepest network that overfits, or says why nothing does."""
    row = regularizing.wanted(bench.spec, result, seconds_left=seconds_left)
    if row is None or isinstance(row, RegularizedRecord):
        return row
    return Again.begin(bench, row, epochs=planned_epochs(result), executor=executor)


def _unmeasured(spec: StudySpec, result: StudyResult) -> list[ModelSpec]:
    """Return the networks of which it is not known how long a prediction takes."""
    known = {(latency.depth, latency.width) for latency in result.latencies}
    return [one for one in architectures(spec) if (one.depth, one.width) not in known]


def _boosting(spec: StudySpec, dataset: Dataset, told: _Told) -> BaselineRecord | None:
    """Return gradient boosting, unless it is told, unwanted, or takes too much of the time."""
    return baselines.boosting(dataset, seed=spec.seed) if _boosts(spec, dataset, told) else None


def _boosts(spec: StudySpec, dataset: Dataset, told: _Told) -> bool:
    if not spec.baselines or BOOSTING in told.baselines:
        return False
    seconds = math.inf if spec.minutes is None else BOOSTING_SHARE * 60 * spec.minutes
    return baselines.can_boost(dataset, seconds=seconds)


def _needs_linear(spec: StudySpec, networks: Sequence[ModelSpec], told: _Told) -> bool:
    is_compared = any(network.depth == 0 for network in networks)
    is_known = is_compared or "linear" in told.baselines
    return spec.baselines and spec.minutes is None and not is_known


def _one_by_one(bench: Bench, compiled: Compiled, pace: Pace) -> Iterator[Event]:
    for network, population in compiled:
        yield from bench.train(network, population, pace)
        pace.next()


@dataclass(frozen=True)
class _Told:
    """What a study told before it stopped, and so need not tell again."""

    spec: dict[str, Any] | None
    tested: frozenset[tuple[int, int]]
    baselines: frozenset[str]
    runs: tuple[RunRecord, ...]
    rungs: tuple[RungRecord, ...]

    @classmethod
    def by(cls, records: Sequence[Record]) -> _Told:
        headers = [record for record in records if isinstance(record, StudyRecord)]
        tests = [record for record in records if isinstance(record, TestRecord)]
        models_told = [record for record in records if isinstance(record, BaselineRecord)]
        return cls(
            spec=headers[-1].spec if headers else None,
            tested=frozenset((test.depth, test.width) for test in tests),
            baselines=frozenset(baseline.name for baseline in models_told),
            runs=tuple(record for record in records if isinstance(record, RunRecord)),
            rungs=tuple(record for record in records if isinstance(record, RungRecord)),
        )


def _header(spec: StudySpec, dataset: Dataset, name: str) -> StudyRecord:
    return StudyRecord(
        name=name,
        spec=to_json_data(spec),
        dataset=to_json_data(dataset.summary()),
        metric=measure.metric_name(dataset.task),
        versions=versions(),
        machine=machine(),
        trainings=len(architectures(spec)) * len(spec.learning_rates) * spec.seeds,
        loading=dataset.loading,
    )
