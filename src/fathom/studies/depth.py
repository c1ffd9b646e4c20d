"""How deep should it be? Every depth x learning rate x seed, and a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fathom import measure, models
from fathom.data import Dataset
from fathom.specs import (
    BOOSTING,
    BaselineRecord,
    ModelSpec,
    Progress,
    Record,
    StatusRecord,
    StudyRecord,
    StudySpec,
    TestRecord,
    to_json_data,
)
from fathom.studies import baselines
from fathom.studies.artifacts import Artifact, Event
from fathom.studies.bench import Bench, compiler
from fathom.studies.machine import machine, versions
from fathom.studies.pace import Pace
from fathom.studies.result import StudyResult
from fathom.studies.verdict import judge


def check(spec: StudySpec, dataset: Dataset) -> None:
    """Raise what can be known to fail before anything trains.

    Raises:
        SpecError: A name is unknown, or a family cannot be built at a depth.
        ModelError: The user's own function does not give a fitting model.
    """
    models.check_optimizer(spec.train.optimizer)
    for network in architectures(spec):
        models.check(network)
    if len(dataset.train) < 2:
        raise ValueError("a data set has at least two training rows")  # fathom.load sees to it


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
    spec: StudySpec, dataset: Dataset, *, name: str, earlier: Sequence[Record] = ()
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

    Yields:
        The study's records in order, progress after every epoch, and the
        weights of each depth at its chosen rate.
    """
    check(spec, dataset)
    pace = Pace()
    records = list(earlier)
    for event in _events(spec, dataset, name, pace, records):
        if not isinstance(event, Progress | Artifact):
            records.append(event)
        yield event
    yield judge(StudyResult.from_records(records))
    yield StatusRecord(
        status="finished", message="every training is done", wall_seconds=pace.elapsed
    )


def _events(
    spec: StudySpec, dataset: Dataset, name: str, pace: Pace, earlier: Sequence[Record]
) -> Iterator[Event]:
    told = _Told.by(earlier)
    header = _header(spec, dataset, name)
    if header.spec != told.spec:
        yield header
    yield StatusRecord(status="running", message="going on" if earlier else "training")
    guess = baselines.guessing(dataset, seed=spec.seed)
    if guess.name not in told.baselines:
        yield guess
    networks = architectures(spec)
    missing = [network for network in networks if (network.depth, network.width) not in told.tested]
    pace.plan(models.num_parameters(network) for network in missing)
    bench = Bench.of(spec, dataset, guess)
    with compiler() as executor:
        for network, population in bench.populations(missing, executor):
            yield from bench.train(network, population, pace)
            pace.next()
        if spec.baselines and all(n.depth > 0 for n in networks) and "linear" not in told.baselines:
            yield bench.linear_baseline(executor)
    if spec.baselines and baselines.can_boost(dataset) and BOOSTING not in told.baselines:
        yield baselines.boosting(dataset, seed=spec.seed)


@dataclass(frozen=True)
class _Told:
    """What a study told before it stopped, and so need not tell again."""

    spec: dict[str, Any] | None
    tested: frozenset[tuple[int, int]]
    baselines: frozenset[str]

    @classmethod
    def by(cls, records: Sequence[Record]) -> _Told:
        headers = [record for record in records if isinstance(record, StudyRecord)]
        tests = [record for record in records if isinstance(record, TestRecord)]
        models_told = [record for record in records if isinstance(record, BaselineRecord)]
        return cls(
            spec=headers[-1].spec if headers else None,
            tested=frozenset((test.depth, test.width) for test in tests),
            baselines=frozenset(baseline.name for baseline in models_told),
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
