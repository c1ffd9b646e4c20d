"""Every function, budget and depth: trained as populations, scored, regions counted."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset, load
from fathom.studies.bench import AHEAD, compiler
from fathom.studies.depth_separation.networks import blueprint
from fathom.studies.depth_separation.result import (
    FunctionResult,
    NetworkResult,
    SeparationResult,
    SeparationSpec,
)
from fathom.studies.depth_separation.sizes import parameters, units_for
from fathom.studies.depth_separation.targets import Target
from fathom.studies.depth_separation.words import findings, notices
from fathom.studies.following import Stage

# Rows are made, so there are enough for training whatever the share: but every epoch validates.
VALIDATION_SHARE = 0.1


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """Networks of one shape for one function."""

    target: Target
    dataset: Dataset
    budget: int
    depth: int
    units: int


def separating(spec: SeparationSpec) -> Generator[Stage, None, SeparationResult]:
    """Train everything, and tell what comes next on the way.

    All rates and seeds of a shape train as one population, while the next shapes compile.

    Args:
        spec: What to compare.
    """
    started = time.perf_counter()
    datasets = {target: _rows_of(target, spec) for target in spec.targets}
    kinds = [
        _kind(target, datasets[target], budget, depth)
        for target in spec.targets
        for budget in sorted(spec.budgets)
        for depth in sorted(spec.depths)
    ]
    found: dict[Target, list[NetworkResult]] = {target: [] for target in spec.targets}
    with compiler() as executor:
        for done, (kind, cohort) in enumerate(_compiled(spec, kinds, executor)):
            layers = f"{kind.depth} hidden layer{'s' * (kind.depth != 1)} of {kind.units}"
            words = f"{layers} on {kind.target.words}"
            yield Stage(done=done, total=len(kinds), words=words)
            found[kind.target].append(_network_result(spec, kind, cohort))
    result = SeparationResult(
        spec=spec,
        functions=tuple(
            FunctionResult(target=target, rows=_counts(datasets[target]), networks=tuple(networks))
            for target, networks in found.items()
        ),
        seconds=time.perf_counter() - started,
    )
    return replace(result, findings=findings(result), notices=notices(result))


def _rows_of(target: Target, spec: SeparationSpec) -> Dataset:
    source, options = target.source()
    return load(
        source, rows=spec.rows, seed=spec.seed, validation_share=VALIDATION_SHARE, **options
    )


def _counts(dataset: Dataset) -> dict[str, int]:
    return {name: len(split) for name, split in dataset.splits.items()}


def _kind(target: Target, dataset: Dataset, budget: int, depth: int) -> _Kind:
    units = units_for(target.inputs, depth, budget) or 1  # the spec has seen to it
    return _Kind(target=target, dataset=dataset, budget=budget, depth=depth, units=units)


# -- training -----------------------------------------------------------------------------


def _compiled(
    spec: SeparationSpec, kinds: Sequence[_Kind], executor: Executor
) -> Iterator[tuple[_Kind, train.Cohort]]:
    """Yield every population, the next ones compiling meanwhile."""
    waiting: list[tuple[_Kind, train.Cohort]] = []
    data: dict[Target, train.TrainingData] = {}
    for kind in kinds:
        if kind.target not in data:
            splits = [(s.x, s.y) for s in (kind.dataset.train, kind.dataset.validation)]
            data[kind.target] = train.TrainingData.place(splits[0], splits[1])
        cohort = _cohort(spec, kind, data[kind.target])
        cohort.compile(executor)
        waiting.append((kind, cohort))
        if len(waiting) > AHEAD:
            yield waiting.pop(0)
    while waiting:
        yield waiting.pop(0)


def _cohort(spec: SeparationSpec, kind: _Kind, data: train.TrainingData) -> train.Cohort:
    recorded = blueprint(
        kind.target,
        kind.dataset,
        units=kind.units,
        depth=kind.depth,
        batch_size=spec.batch_size,
    )
    is_regression = kind.target.task == "regression"
    logits = is_regression or models.gives_logits(recorded.model)
    seeds = range(spec.seed, spec.seed + spec.seeds)
    return train.Cohort(
        recorded,
        train.product(seeds, spec.learning_rates),
        data,
        score=measure.scorer(kind.target.task, from_logits=logits),
        batch_size=spec.batch_size,
    )


def _network_result(spec: SeparationSpec, kind: _Kind, cohort: train.Cohort) -> NetworkResult:
    cohort.wait()
    for _ in cohort.train(epochs=math.ceil(spec.steps / cohort.steps_per_epoch)):
        pass
    diverged = ~(cohort.standing.best_epoch > 0) | cohort.standing.diverged
    validation = np.where(diverged, np.inf, _errors(kind, cohort, "validation"))
    test = np.where(diverged, np.inf, _errors(kind, cohort, "test"))
    rate = _best_rate(validation.reshape(len(spec.learning_rates), -1))
    chosen = list(range(rate * spec.seeds, (rate + 1) * spec.seeds))
    lines = _lines(spec, kind)
    return NetworkResult(
        depth=kind.depth,
        units=kind.units,
        parameters=parameters(kind.target.inputs, kind.units, kind.depth),
        budget=kind.budget,
        learning_rate=spec.learning_rates[rate],
        errors=tuple(_number(test[place]) for place in chosen),
        best=_number(float(test[np.lexsort((cohort.standing.best, validation))[0]])),
        regions=tuple(_regions(cohort.kept_weights(p), lines) for p in chosen if not diverged[p]),
        regions_before=tuple(_regions(cohort.initial_weights(p), lines) for p in chosen),
        diverged=int(diverged.sum()),
    )


def _best_rate(validation: np.ndarray) -> int:
    """Return the place of the rate with the lowest median, then the lowest best error."""
    keys = [(float(np.median(errors)), float(errors.min())) for errors in validation]
    return min(range(len(keys)), key=keys.__getitem__)


def _errors(kind: _Kind, cohort: train.Cohort, split: str) -> np.ndarray:
    """Return every member's error, float64 (member,)."""
    rows = kind.dataset.splits[split]
    outputs = cohort.predict(rows.x)
    if kind.target.task == "regression":
        squares = np.square(outputs[..., 0].astype("float64") - rows.y).mean(axis=1)
        return squares / np.var(rows.y.astype("float64"))
    logits = models.gives_logits(cohort.blueprint.model)
    return 1 - measure.is_correct(rows.y, outputs, from_logits=logits).mean(axis=1)


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None


# -- regions -----------------------------------------------------------------------------------


def _lines(spec: SeparationSpec, kind: _Kind) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return both ends of the lines: all of a single input's range, else between two test rows."""
    x = kind.dataset.test.x
    if kind.target.inputs == 1:
        return [(x.min(axis=0), x.max(axis=0))]
    draw = np.random.default_rng([spec.seed, 6])
    pairs = [draw.choice(len(x), size=2, replace=False) for _ in range(spec.lines)]
    return [(x[first], x[second]) for first, second in pairs]


def _regions(weights: Sequence[np.ndarray], lines: Sequence[tuple]) -> float:
    """Return the mean number of regions along the lines, of weights kernel, bias, kernel, ..."""
    kernels, biases = weights[0:-2:2], weights[1:-2:2]
    return float(np.mean([measure.regions_along(kernels, biases, *line) for line in lines]))
