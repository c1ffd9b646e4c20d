"""A population's epochs, told member by member."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from fathom.specs import (
    DIVERGED,
    FINISHED,
    STOPPED_EARLY,
    LayerRecord,
    ModelSpec,
    RunRecord,
    StudySpec,
)
from fathom.train import Cohort, Epoch, Standing

SIGNIFICANT_DIGITS = 5


def run_records(
    network: ModelSpec,
    population: Cohort,
    epochs: Sequence[Epoch],
    *,
    metric: str,
    seconds: float,
    spec: StudySpec,
) -> list[RunRecord]:
    """Return a record for every member, in the population's order.

    Args:
        network: The members' architecture.
        population: The trained population.
        epochs: What it told, from epoch 0.
        metric: Name of the score.
        seconds: Each member's share of the training time.
        spec: The study they belong to.
    """
    return [
        _run_record(network, population, epochs, place, metric, seconds, spec)
        for place in range(population.num_members)
    ]


def _run_record(
    network: ModelSpec,
    population: Cohort,
    epochs: Sequence[Epoch],
    place: int,
    metric: str,
    seconds: float,
    spec: StudySpec,
) -> RunRecord:
    standing = epochs[-1].standing
    trained = epochs[1 : int(standing.epochs[place]) + 1]
    best = int(standing.best_epoch[place]) or None
    status, reason = _outcome(standing, place, spec)
    losses = _curve(epoch.validation["loss"][place] for epoch in trained)
    scores = _curve(epoch.validation[metric][place] for epoch in trained)
    member = population.members[place]
    return RunRecord(
        depth=network.depth,
        width=network.width,
        learning_rate=member.learning_rate,
        seed=member.seed,
        status=status,
        reason=reason,
        epochs=len(trained),
        best_epoch=best,
        validation_score=scores[best - 1] if best else None,
        validation_loss=losses[best - 1] if best else None,
        train_loss=_curve(epoch.loss[place] for epoch in trained if epoch.loss is not None),
        validation_losses=losses,
        validation_scores=scores,
        layers=_layer_records(population, epochs, place, last=len(trained)),
        train_seconds=seconds,
    )


def _outcome(standing: Standing, place: int, spec: StudySpec) -> tuple[str, str]:
    epochs = int(standing.epochs[place])
    if standing.diverged[place]:
        return DIVERGED, f"the loss was no longer finite in epoch {epochs}"
    if epochs < spec.train.epochs:
        return STOPPED_EARLY, f"no better validation loss for {spec.train.patience} epochs"
    return FINISHED, f"trained all {epochs} epochs"


def _curve(values: Iterable[float]) -> tuple[float | None, ...]:
    return tuple(map(_number, values))


def _number(value: float) -> float | None:
    """Return `value` to five significant digits; None if it is not finite."""
    if not math.isfinite(value):
        return None
    return float(f"{value:.{SIGNIFICANT_DIGITS}g}")


def _layer_records(
    population: Cohort, epochs: Sequence[Epoch], place: int, *, last: int
) -> tuple[LayerRecord, ...]:
    return tuple(
        _layer_record(tap.name, layer, epoch, place)
        for epoch in epochs[: last + 1]
        if epoch.layers is not None and _is_told(epoch.epoch, last)
        for layer, tap in enumerate(population.taps)
    )


def _is_told(epoch: int, last: int) -> bool:
    """Return whether an epoch is recorded: initialisation, powers of two, the member's last."""
    return epoch == last or epoch & (epoch - 1) == 0


def _layer_record(name: str, layer: int, epoch: Epoch, place: int) -> LayerRecord:
    measures: dict[str, np.ndarray] = epoch.layers or {}
    values = {key: _number(float(rows[place, layer])) for key, rows in measures.items()}
    if epoch.epoch == 0:
        values["update_ratio"] = None
    return LayerRecord(layer=name, epoch=epoch.epoch, **values)
