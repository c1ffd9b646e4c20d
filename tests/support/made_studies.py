"""Studies made by formula: what a real one looks like, without training anything."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fathom.specs import (
    DIVERGED,
    STOPPED_EARLY,
    ArchitectureRecord,
    BaselineRecord,
    LayerRecord,
    ModelSpec,
    Record,
    RunRecord,
    StatusRecord,
    StudyRecord,
    StudySpec,
    TestRecord,
    TrainSpec,
    to_json_data,
)
from fathom.studies import StudyResult
from fathom.studies.verdict import judge


@dataclass(frozen=True, kw_only=True)
class MadeStudy:
    """A study to make up.

    Args:
        finished: How many architectures are trained; None for all, with a verdict.
        fails_from: Depth from which networks learn nothing; None if all learn.
    """

    name: str = "digits-depth"
    source: str = "digits"
    metric: str = "accuracy"
    depths: tuple[int, ...] = tuple(range(9))
    widths: tuple[int, ...] = (64,)
    rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3)
    seeds: int = 5
    epochs: int = 40
    activation: str = "relu"
    matched: bool = False
    watch: bool = True
    finished: int | None = None
    fails_from: int | None = None
    layer_name: str = "hidden_{}"
    classes: tuple[str, ...] = tuple("0123456789")
    columns: tuple[dict[str, Any], ...] = field(default_factory=tuple)

    @property
    def is_regression(self) -> bool:
        return self.metric == "r2"

    @property
    def outputs(self) -> int:
        return 1 if self.is_regression else 10


def make_study(**settings: Any) -> StudyResult:
    """Return the result of a study from `MadeStudy`'s settings."""
    made = MadeStudy(**settings)
    return StudyResult.from_records(_records(made))


def make_records(**settings: Any) -> list[Record]:
    """Return such a study's records."""
    return list(_records(MadeStudy(**settings)))


def _records(made: MadeStudy) -> Iterator[Record]:
    if made.finished is not None:
        yield from _trained(made)
        yield StatusRecord(status="paused", message="stopped by Ctrl-C", wall_seconds=2.4)
        return
    records = list(_trained(made))
    yield from records
    yield judge(StudyResult.from_records(records))
    yield StatusRecord(status="finished", message="", wall_seconds=7.14)


def _trained(made: MadeStudy) -> Iterator[Record]:
    spec = _spec(made)
    yield _header(made, spec)
    yield StatusRecord(status="running", message="")
    yield from _baselines(made)
    architectures = _architectures(made)
    for depth, width in architectures[: made.finished]:
        yield _architecture(made, depth, width)
        for rate in made.rates:
            for seed in range(made.seeds):
                yield _run(made, depth, width, rate, seed)
    for depth, width in architectures if made.finished is None else ():
        yield _test(made, depth, width)


def _spec(made: MadeStudy) -> StudySpec:
    model = ModelSpec(
        input_shape=(64,),
        task="regression" if made.is_regression else "classification",
        num_classes=0 if made.is_regression else 10,
        activation=made.activation,
    )
    return StudySpec(
        model=model,
        train=TrainSpec(epochs=made.epochs, watch=made.watch),
        depths=made.depths,
        widths=made.widths,
        learning_rates=made.rates,
        seeds=made.seeds,
        match_parameters=made.matched,
    )


def _header(made: MadeStudy, spec: StudySpec) -> StudyRecord:
    dataset = {
        "name": made.source,
        "source": made.source,
        "task": spec.model.task,
        "classes": [] if made.is_regression else list(made.classes),
        "rows": {"train": 1078, "validation": 359, "test": 360},
        "columns": list(made.columns),
    }
    return StudyRecord(
        name=made.name,
        spec=to_json_data(spec),
        dataset=dataset,
        metric=made.metric,
        versions={"fathom": "0.1.0", "keras": "3.15.1", "jax": "0.10.2", "python": "3.11.7"},
        machine={"platform": "Linux-6.1-x86_64", "cores": 2, "devices": 2, "backend": "cpu"},
        trainings=len(_architectures(made)) * len(made.rates) * made.seeds,
    )


def _baselines(made: MadeStudy) -> Iterator[BaselineRecord]:
    scores = {"mean": -0.004} if made.is_regression else {"majority-class": 0.101}
    scores["hist-gradient-boosting"] = 0.953
    for name, score in scores.items():
        yield BaselineRecord(
            name=name,
            validation=score + 0.004,
            test=score,
            low=score - 0.02,
            high=score + 0.018,
            train_seconds=0.9 if name.startswith("hist") else 0.0,
        )


def _architectures(made: MadeStudy) -> list[tuple[int, int]]:
    if made.matched:
        return [(depth, round(64 * math.sqrt(9 / (depth + 1)))) for depth in made.depths]
    linear = [(0, made.widths[0])] if 0 in made.depths else []
    return linear + [(depth, width) for width in made.widths for depth in made.depths if depth]


def parameters(depth: int, width: int, outputs: int) -> int:
    if depth == 0:
        return 65 * outputs
    return 65 * width + (depth - 1) * (width + 1) * width + (width + 1) * outputs


def _architecture(made: MadeStudy, depth: int, width: int) -> ArchitectureRecord:
    return ArchitectureRecord(
        depth=depth,
        width=width,
        parameters=parameters(depth, width, made.outputs),
        layers=tuple(_layer_names(made, depth)),
        members=len(made.rates) * made.seeds,
        bytes=parameters(depth, width, made.outputs) * 240,
        flops=2 * parameters(depth, width, made.outputs),
    )


def _layer_names(made: MadeStudy, depth: int) -> list[str]:
    return [made.layer_name.format(at + 1) for at in range(depth)] + ["output"]


def _noise(*key: float) -> float:
    return random.Random(repr(key)).gauss(0, 1)


def _has_failed(made: MadeStudy, depth: int) -> bool:
    return made.fails_from is not None and depth >= made.fails_from


def _score(made: MadeStudy, depth: int, width: int, rate: float, seed: int) -> float:
    """A score that rises with depth, then falls a little; deep networks want small rates."""
    if _has_failed(made, depth):
        return 0.101 if not made.is_regression else -0.004
    best = math.log10(2e-3) - 0.08 * depth
    ceiling = 0.935 + 0.04 * (1 - math.exp(-depth / 0.9)) - 0.0012 * max(0, depth - 4)
    size = 0.003 * math.log2(width / 64) if depth else 0.0
    loss = 0.012 * (math.log10(rate) - best) ** 2
    return min(0.999, ceiling + size - loss + 0.004 * _noise(depth, width, rate, seed))


def _diverges(made: MadeStudy, depth: int, rate: float, seed: int) -> bool:
    return depth >= 6 and rate >= 3e-3 and seed % 2 == 0 and not _has_failed(made, depth)


def _run(made: MadeStudy, depth: int, width: int, rate: float, seed: int) -> RunRecord:
    lost = _diverges(made, depth, rate, seed)
    score = _score(made, depth, width, rate, seed)
    epochs = min(made.epochs, 7 if lost else 24 + (7 * seed + 3 * depth) % 17)
    best = 3 if lost and seed else None if lost else max(1, epochs - 8)
    train, validation = _losses(made, depth, rate, seed, epochs, lost=lost)
    return RunRecord(
        depth=depth,
        width=width,
        learning_rate=rate,
        seed=seed,
        status=DIVERGED if lost else STOPPED_EARLY,
        reason="the loss became infinite" if lost else "no better validation loss for 8 epochs",
        epochs=epochs,
        best_epoch=best,
        validation_score=None if best is None else 0.4 if lost else score,
        validation_loss=None if best is None else validation[best - 1],
        train_loss=train,
        validation_losses=validation,
        validation_scores=tuple(None if value is None else score for value in validation),
        layers=tuple(_layers(made, depth, seed, epochs)) if made.watch else (),
        train_seconds=0.02 * (1 + depth) * (width / 64) * epochs / 40,
    )


def _losses(
    made: MadeStudy, depth: int, rate: float, seed: int, epochs: int, *, lost: bool
) -> tuple[tuple[float | None, ...], tuple[float | None, ...]]:
    if _has_failed(made, depth):
        flat = tuple(2.303 + 0.002 * _noise(seed, epoch) for epoch in range(epochs))
        return flat, flat
    pace = 3e-3 / rate * 1.2 + 1
    train: list[float | None] = []
    validation: list[float | None] = []
    for epoch in range(1, epochs + 1):
        wobble = 1 + 0.04 * _noise(seed, depth, epoch)
        fall = 2.2 * math.exp(-epoch / pace)
        floor = 0.28 if depth == 0 else 0.02
        train.append((fall + floor * 0.4 / (1 + epoch / 20)) * wobble)
        validation.append((fall + 0.09 + floor * 0.4 + 0.001 * max(0, epoch - 12) * depth) * wobble)
    if lost:
        train[-2:] = [None, None]
        validation[-2:] = [None, None]
    return tuple(train), tuple(validation)


def _layers(made: MadeStudy, depth: int, seed: int, epochs: int) -> Iterator[LayerRecord]:
    names = _layer_names(made, depth)
    shrink = 0.12 if _has_failed(made, depth) else 0.9
    for epoch in sorted({0, 1, 2, 4, 8, 16, epochs}):
        if epoch > epochs:
            continue
        for place, name in enumerate(names):
            is_output = place == len(names) - 1
            back = len(names) - 1 - place
            gradient = 0.8 * shrink ** (back * (1.6 if epoch == 0 else 1.0))
            stuck = min(0.9, 0.02 * place + 0.006 * epoch * (place + 1) / 4)
            yield LayerRecord(
                layer=name,
                epoch=epoch,
                activation_gradient=gradient * math.exp(0.1 * _noise(seed, epoch, place)),
                weight_gradient=gradient * 3,
                weight_norm=8.0,
                update_ratio=None if epoch == 0 else 1e-3,
                activation_mean=0.4,
                activation_std=0.6,
                dead=stuck if made.activation == "relu" and not is_output else None,
                near_dead=stuck * 1.2 if made.activation == "relu" and not is_output else None,
                saturated=stuck if made.activation == "sigmoid" and not is_output else None,
            )


def _test(made: MadeStudy, depth: int, width: int) -> TestRecord:
    means = {
        rate: sum(_score(made, depth, width, rate, seed) for seed in range(made.seeds)) / made.seeds
        for rate in made.rates
    }
    rate = max(means, key=lambda one: means[one])
    mean = means[rate] - 0.004
    return TestRecord(
        depth=depth,
        width=width,
        learning_rate=rate,
        scores=tuple(_score(made, depth, width, rate, s) - 0.004 for s in range(made.seeds)),
        mean=mean,
        low=mean - 0.009,
        high=min(1.0, mean + 0.0075),
        batch_ms=2e-4 * (depth + 1),
        row_scores=None,
    )
