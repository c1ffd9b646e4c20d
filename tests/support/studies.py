"""Studies whose truth is planted: records made from the numbers that a test is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fathom.specs import (
    DIVERGED,
    FINISHED,
    ArchitectureRecord,
    BaselineRecord,
    LayerRecord,
    ModelSpec,
    RunRecord,
    StudyRecord,
    StudySpec,
    TestRecord,
    to_json_data,
)
from fathom.studies import StudyResult

SEEDS = 4
EPOCHS = 20
SPREAD = (-1.5, -0.5, 0.5, 1.5)  # of the seeds' scores around their mean, in units of `spread`


def planted(
    scores: dict[int, float],
    *,
    rates: Sequence[float] = (3e-4, 1e-3, 3e-3),
    best_rate: float = 1e-3,
    spread: float = 0.004,
    guess: float = 0.1,
    ratios: dict[int, float] | None = None,
    diverged: dict[int, int] | None = None,
    train_loss: dict[int, float] | None = None,
    dead: dict[int, float] | None = None,
    widths: dict[int, int] | None = None,
    baselines: dict[str, float] | None = None,
    turned: Sequence[int] = (),
    validation_rows: int = 1000,
    **spec: Any,
) -> StudyResult:
    """Return a finished study, but for its verdict.

    Args:
        scores: Mean validation score by depth, at the best rate; other rates
            score 0.01 less.
        rates: Learning rates.
        best_rate: The one at which every depth does best.
        spread: Seeds score mean + spread x (-1.5, -0.5, 0.5, 1.5).
        guess: Score of the majority class.
        ratios: First-layer over last-layer gradient at initialisation, by depth.
        diverged: Members that diverged at every rate, by depth.
        train_loss: Training loss of the kept epoch, by depth.
        dead: Share of dead units in the worst layer, by depth.
        widths: Width by depth; 64 for others.
        baselines: Test scores of further baselines by name.
        turned: Depths whose validation loss rises again from the middle of the training, while
            the training loss falls on.
        validation_rows: Rows of the validation split.
        **spec: Settings of the `StudySpec`.
    """
    width = widths or {}
    study_spec = StudySpec(
        model=ModelSpec(input_shape=(64,), num_classes=10, **spec.pop("model", {})),
        depths=tuple(scores),
        learning_rates=tuple(rates),
        seeds=spec.pop("seeds", SEEDS),
        **spec,
    )
    records: list[Any] = [_header(study_spec, validation_rows), _baseline("majority-class", guess)]
    records += [_baseline(name, score) for name, score in (baselines or {}).items()]
    for depth, score in scores.items():
        size = (depth, width.get(depth, 64))
        layers = _layers(depth, (ratios or {}).get(depth, 0.9), (dead or {}).get(depth, 0.05))
        records.append(_architecture(*size, layers))
        for rate in rates:
            mean = score if rate == best_rate else score - 0.01
            records += _runs(
                size,
                rate,
                [mean + spread * step for step in SPREAD[: study_spec.seeds]],
                layers,
                loss=(train_loss or {}).get(depth, 0.1),
                diverged=(diverged or {}).get(depth, 0),
                turned=depth in turned,
            )
        records.append(_test(*size, best_rate, score, seeds=study_spec.seeds, spread=spread))
    return StudyResult.from_records(records)


def _header(spec: StudySpec, validation_rows: int) -> StudyRecord:
    return StudyRecord(
        name="planted",
        spec=to_json_data(spec),
        dataset={
            "name": "digits",
            "source": "digits",
            "task": "classification",
            "classes": [str(c) for c in range(10)],
            "rows": {"train": 3000, "validation": validation_rows, "test": 1000},
            "columns": [],
            "notices": [],
        },
        metric="accuracy",
        versions={"fathom": "0"},
        machine={"cores": 2},
        trainings=spec.trainings,
    )


def _baseline(name: str, score: float) -> BaselineRecord:
    return BaselineRecord(
        name=name, validation=score, test=score, low=score, high=score, train_seconds=0.1
    )


def _architecture(depth: int, width: int, layers: Sequence[LayerRecord]) -> ArchitectureRecord:
    return ArchitectureRecord(
        depth=depth,
        width=width,
        parameters=1000 * (depth + 1),
        layers=tuple(layer.layer for layer in layers if layer.epoch == 0),
        members=12,
        bytes=10_000 * (depth + 1),
    )


def _layers(depth: int, ratio: float, dead: float) -> tuple[LayerRecord, ...]:
    first = LayerRecord(
        layer="dense_1",
        epoch=0,
        activation_gradient=ratio,
        weight_gradient=1.0,
        weight_norm=1.0,
        update_ratio=None,
        activation_mean=0.0,
        activation_std=1.0,
        dead=dead,
        near_dead=dead,
        saturated=None,
    )
    last = replace(first, layer="logits", activation_gradient=1.0, dead=None, near_dead=None)
    here = (first, last) if depth > 0 else (last,)
    later = tuple(replace(layer, epoch=20, update_ratio=1e-3) for layer in here)
    return (*here, *later)


def _runs(
    size: tuple[int, int],
    rate: float,
    scores: Sequence[float],
    layers: tuple[LayerRecord, ...],
    *,
    loss: float,
    diverged: int,
    turned: bool,
) -> list[RunRecord]:
    best = EPOCHS // 2 if turned else EPOCHS
    rise = [1 + 0.1 * max(epoch - best, 0) for epoch in range(1, EPOCHS + 1)]
    fall = [1 + 0.1 * (EPOCHS - epoch) if turned else 1.0 for epoch in range(1, EPOCHS + 1)]
    return [
        RunRecord(
            depth=size[0],
            width=size[1],
            learning_rate=rate,
            seed=seed,
            status=DIVERGED if seed < diverged else FINISHED,
            reason="planted",
            epochs=EPOCHS,
            best_epoch=None if seed < diverged else best,
            validation_score=None if seed < diverged else score,
            validation_loss=None if seed < diverged else 1 - score,
            train_loss=tuple(loss * factor for factor in fall),
            validation_losses=tuple((1 - score) * factor for factor in rise),
            validation_scores=(score,) * EPOCHS,
            layers=layers,
            train_seconds=0.1 * (size[0] + 1),
        )
        for seed, score in enumerate(scores)
    ]


def _test(
    depth: int, width: int, rate: float, score: float, *, seeds: int, spread: float
) -> TestRecord:
    """Seeds that are lucky at one depth are not at the next."""
    luck = [SPREAD[(seed + depth) % len(SPREAD)] for seed in range(seeds)]
    return TestRecord(
        depth=depth,
        width=width,
        learning_rate=rate,
        scores=tuple(score + spread * step for step in luck),
        mean=score,
        low=score - 0.01,
        high=score + 0.01,
    )
