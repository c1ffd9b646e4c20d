"""A population's epochs, told member by member."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fathom.specs import (
    DIVERGED,
    DROPPED,
    FINISHED,
    STOPPED_EARLY,
    LayerRecord,
    LetGo,
    ModelSpec,
    RunRecord,
    StudySpec,
)
from fathom.studies.halving import DEPTH, RATE, TIME, Course
from fathom.train import Cohort, Epoch, Standing

SIGNIFICANT_DIGITS = 5
REASONS = {
    RATE: "another learning rate did better at this depth",
    DEPTH: "other depths did better, and this one goes on with fewer seeds",
    TIME: "there was no time for it",
}


def run_records(
    network: ModelSpec,
    population: Cohort,
    epochs: Sequence[Epoch],
    *,
    metric: str,
    seconds: Sequence[float],
    spec: StudySpec,
    planned: int | None = None,
    left: Mapping[int, LetGo] | None = None,
) -> list[RunRecord]:
    """Return a record for every member, in the population's order.

    Args:
        network: The members' architecture.
        population: The trained population.
        epochs: What it told, from epoch 0.
        metric: Name of the score.
        seconds: Each member's share of the training time.
        spec: The study they belong to.
        planned: Epochs of a whole training; the spec's if None.
        left: Why members were let go, by place.
    """
    planned = spec.train.epochs if planned is None else planned
    standing = epochs[-1].standing if left is None else population.standing
    outcomes = _Outcomes(
        standing=standing, planned=planned, patience=spec.train.patience, left=left or {}
    )
    return [
        _run_record(network, population, epochs, place, metric, seconds[place], outcomes)
        for place in range(population.num_members)
    ]


def courses(
    network: ModelSpec, population: Cohort, epochs: Sequence[Epoch], *, metric: str
) -> list[Course]:
    """Return what a rung looks at, of every member that was not let go."""
    standing = population.standing
    return [
        Course(
            depth=network.depth,
            width=network.width,
            learning_rate=member.learning_rate,
            seed=member.seed,
            losses=_curve(epoch.validation["loss"][place] for epoch in trained),
            scores=_curve(epoch.validation[metric][place] for epoch in trained),
            is_active=bool(standing.active[place]),
            has_diverged=bool(standing.diverged[place]),
        )
        for place, member in enumerate(population.members)
        if not standing.dropped[place]
        for trained in [epochs[1 : int(standing.epochs[place]) + 1]]
    ]


def course_of(run: RunRecord, *, rung: int) -> Course | None:
    """Return what a rung looked at, of a member that was trained before; None if it had left."""
    was_let_go = run.status == DROPPED
    if was_let_go and run.epochs < rung:
        return None
    return Course(
        depth=run.depth,
        width=run.width,
        learning_rate=run.learning_rate,
        seed=run.seed,
        losses=run.validation_losses,
        scores=run.validation_scores,
        is_active=run.epochs > rung or was_let_go,
        has_diverged=run.status == DIVERGED and run.epochs <= rung,
    )


def _run_record(
    network: ModelSpec,
    population: Cohort,
    epochs: Sequence[Epoch],
    place: int,
    metric: str,
    seconds: float,
    outcomes: _Outcomes,
) -> RunRecord:
    standing = outcomes.standing
    trained = epochs[1 : int(standing.epochs[place]) + 1]
    best = int(standing.best_epoch[place]) or None
    status, reason = outcomes.of(place)
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


@dataclass(frozen=True, kw_only=True)
class _Outcomes:
    """How members ended.

    Args:
        standing: Where they stand.
        planned: Epochs of a whole training.
        patience: Epochs without a better validation loss before a member stops.
        left: Why members were let go, by place.
    """

    standing: Standing
    planned: int
    patience: int | None
    left: Mapping[int, LetGo]

    def of(self, place: int) -> tuple[str, str]:
        """Return a member's status, and why in words."""
        epochs = int(self.standing.epochs[place])
        if self.standing.diverged[place]:
            return DIVERGED, f"the loss was no longer finite in epoch {epochs}"
        if self.standing.dropped[place]:
            why = REASONS[self.left[place].reason]
            return DROPPED, f"let go after epoch {epochs} of {self.planned}: {why}"
        if epochs < self.planned and not self.standing.active[place]:
            return STOPPED_EARLY, f"no better validation loss for {self.patience} epochs"
        if epochs < self.planned:
            return FINISHED, f"the time was up after {epochs} of {self.planned} epochs"
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
