"""Depth, width and learning rate chosen as a study does, without a store or a test split."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom import measure, models, studies, train
from fathom.errors import ModelError
from fathom.sklearn.networks import compiled_network
from fathom.sklearn.rows import Rows, filled
from fathom.specs import (
    ArchitectureRecord,
    BaselineRecord,
    ModelSpec,
    RunRecord,
    StudyRecord,
    StudySpec,
    VerdictRecord,
    to_json_data,
)

if TYPE_CHECKING:
    import keras

# The parts of a verdict that need neither a test split nor a command line.
TOLD = ("answer", "certainty", "more_depth", "failures", "equal_parameters", "cost")


@dataclass(frozen=True)
class Found:
    """What was chosen.

    Args:
        network: The trained network, ending in logits or the value.
        architecture: Its spec.
        learning_rate: Its learning rate.
        epochs: Epochs it was trained; its weights are of the best one.
        result: What every network reached; None if there was nothing to choose.
        verdict: What was chosen and why.
    """

    network: keras.Model
    architecture: ModelSpec
    learning_rate: float
    epochs: int
    result: studies.StudyResult | None = None
    verdict: VerdictRecord | None = None


@dataclass(frozen=True)
class _Trained:
    """The networks of one architecture, trained."""

    architecture: ModelSpec
    population: train.Population
    runs: list[RunRecord]


@dataclass(frozen=True)
class _Members:
    """A population's members as the records of a study have them."""

    members: tuple[train.Member, ...]
    taps: tuple[Any, ...] = ()

    @property
    def num_members(self) -> int:
        return len(self.members)


def check(spec: StudySpec) -> None:
    """Raise unless every network of `spec` can be built.

    Raises:
        SpecError: A name is unknown, or a family cannot be built so or read vectors.
    """
    models.check_optimizer(spec.train.optimizer)
    for network in studies.architectures(spec):
        models.check(network)


def search(spec: StudySpec, rows: Rows, validation: Rows) -> Found:
    """Return the network that the method of a study chooses.

    Every learning rate is tried from every seed at every depth and width; the
    rate is chosen per architecture by the mean validation score, the
    architecture by the one-standard-error rule, and of its seeds the one with
    the lowest validation loss.

    Args:
        spec: What to try.
        rows: What to train on.
        validation: What to choose by.

    Raises:
        ModelError: Every network's loss overflowed.
    """
    trained = _all_trained(spec, rows, validation)
    result = _result(spec, rows, validation, trained)
    verdict = _verdict(result)
    chosen = _row(result, verdict)
    finite = [run for run in result.runs_at_best(chosen) if run.best_epoch]
    if not finite:
        raise _diverged(spec)
    run = min(finite, key=lambda run: (run.validation_loss, run.seed))
    home = next(one for one in trained if run in one.runs)
    return Found(
        home.population.member(home.runs.index(run)),
        home.architecture,
        run.learning_rate,
        run.epochs,
        result,
        verdict,
    )


def fixed(spec: StudySpec, rows: Rows) -> Found:
    """Return the one network of `spec`, trained on all rows for all epochs.

    Raises:
        ModelError: Its loss overflowed.
    """
    (network,) = studies.architectures(spec)
    population = _population(network, spec, is_scored=False)
    last = list(_epochs(population, spec, _data(spec, rows, None)))[-1]
    if last.standing.diverged[0]:
        raise _diverged(spec)
    (rate,) = spec.learning_rates
    return Found(population.member(0), network, rate, last.epoch)


def untrained(spec: StudySpec) -> Found:
    """Return the one network of `spec` as it is before training."""
    (network,), (rate,) = studies.architectures(spec), spec.learning_rates
    population = _population(network, spec, is_scored=False)
    return Found(population.member(0), network, rate, epochs=0)


def _all_trained(spec: StudySpec, rows: Rows, validation: Rows) -> list[_Trained]:
    """Return every architecture's networks, trained; those that follow compile meanwhile."""
    networks = studies.architectures(spec)
    data = _data(spec, rows, validation)
    with studies.compiler() as executor:

        def begin(group: Sequence[ModelSpec]) -> list[train.Population]:
            populations = [_population(network, spec, is_scored=True) for network in group]
            train.compile_ahead(populations, executor, **data)
            return populations

        # What is compiled as one is of one width where possible: of the same kernels.
        by_width = sorted(networks, key=lambda network: network.width)
        trained = [
            _trained(network, population, spec, data)
            for network, population in studies.compiling_ahead(by_width, begin)
        ]
    return sorted(trained, key=lambda one: networks.index(one.architecture))


def _trained(
    network: ModelSpec, population: train.Population, spec: StudySpec, data: Mapping[str, Any]
) -> _Trained:
    train.wait_for_programs(population)
    started = time.perf_counter()
    epochs = list(_epochs(population, spec, data))
    epochs.insert(0, replace(epochs[0], epoch=0, loss=None, layers=None))  # as a study begins
    seconds = [(time.perf_counter() - started) / population.num_members] * population.num_members
    members: Any = _Members(train.product(spec.member_seeds, spec.learning_rates))
    metric = measure.metric_name(network.task)
    runs = studies.run_records(network, members, epochs, metric=metric, seconds=seconds, spec=spec)
    return _Trained(network, population, runs)


def _population(network: ModelSpec, spec: StudySpec, *, is_scored: bool) -> train.Population:
    rates = spec.learning_rates
    model = compiled_network(
        network, optimizer=spec.train.optimizer, learning_rate=rates[0], is_scored=is_scored
    )
    members = [
        {"seed": member.seed, "learning_rate": member.learning_rate}
        for member in train.product(spec.member_seeds, rates)
    ]
    return train.Population(model, members=members)


def _data(spec: StudySpec, rows: Rows, validation: Rows | None) -> dict[str, Any]:
    """Return what populations train on and are validated with."""
    batch_size = spec.train.batch_size
    more = filled(rows, batch_size=batch_size)
    held = None if validation is None else filled(validation, batch_size=1)
    return {
        "x": more.x,
        "y": more.y,
        "sample_weight": more.weight,
        "validation_data": None if held is None else (held.x, held.y, held.weight),
        "batch_size": batch_size,
    }


def _epochs(population: train.Population, spec: StudySpec, data: Mapping[str, Any]) -> Any:
    settings = spec.train
    is_chosen = data["validation_data"] is not None
    # With patience the weights of the best epoch are kept.
    patience = (settings.patience or settings.epochs) if is_chosen else None
    return population.train(**data, epochs=settings.epochs, patience=patience)


def _result(
    spec: StudySpec, rows: Rows, validation: Rows, trained: Sequence[_Trained]
) -> studies.StudyResult:
    records: list[Any] = [_header(spec, rows, validation), _guessing(spec, rows, validation)]
    for one in trained:
        records += [_architecture(one), *one.runs]
    return studies.StudyResult.from_records(records)


def _header(spec: StudySpec, rows: Rows, validation: Rows) -> StudyRecord:
    model = spec.model
    return StudyRecord(
        name="fit",
        spec=to_json_data(spec),
        dataset={
            "name": "arrays",
            "source": "arrays in memory",
            "task": model.task,
            "rows": {"train": len(rows), "validation": len(validation)},
        },
        metric=measure.metric_name(model.task),
        versions={},
        machine={},
        trainings=spec.trainings,
    )


def _guessing(spec: StudySpec, rows: Rows, validation: Rows) -> BaselineRecord:
    """Return what guessing reaches on the validation rows: all that a study needs of it."""
    name, score = "mean", 0.0
    if spec.model.task == "classification":
        most = np.bincount(rows.y, weights=rows.weight).argmax()
        name, score = "majority-class", np.average(validation.y == most, weights=validation.weight)
    known = float(score)
    return BaselineRecord(
        name=name, validation=known, test=known, low=known, high=known, train_seconds=0.0
    )


def _architecture(one: _Trained) -> ArchitectureRecord:
    return ArchitectureRecord(
        depth=one.architecture.depth,
        width=one.architecture.width,
        parameters=models.num_parameters(one.architecture),
        layers=(),
        members=one.population.num_members,
        bytes=None,
    )


def _verdict(result: studies.StudyResult) -> VerdictRecord:
    """Return the verdict of a study, without what it says of test rows and of commands."""
    verdict = studies.judge(result)
    findings = {name: text for name, text in verdict.findings.items() if name in TOLD}
    return replace(verdict, findings=findings, text="\n\n".join(findings.values()))


def _row(result: studies.StudyResult, verdict: VerdictRecord) -> studies.DepthRow:
    """Return the chosen row; the best one where no network is clearly better than guessing."""
    rows = result.rows()
    if verdict.depth is None:
        return studies.best_row(rows)
    return next(r for r in rows if (r.depth, r.width) == (verdict.depth, verdict.width))


def _diverged(spec: StudySpec) -> ModelError:
    rates = ", ".join(f"{rate:g}" for rate in spec.learning_rates)
    return ModelError(
        f"A network must keep a finite loss. Received: it overflowed at learning rate {rates}.",
        hint="give smaller learning rates",
    )
