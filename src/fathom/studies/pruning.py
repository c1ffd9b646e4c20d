"""Which weights and units can go: removed by importance, and judged at every share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import keras
import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset
from fathom.errors import ModelError
from fathom.specs import at_least, one_of, within
from fathom.studies.anatomy.subject import Subject, fitted, subject_of
from fathom.studies.wording import listed, number

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
GRADIENT_ROWS = 2048


class Point(NamedTuple):
    """The score at one share."""

    share: float
    score: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class PruneSpec:
    """What is removed.

    Args:
        share: Share of the weights, of all layers together; or of each layer's units.
        by: "magnitude", "taylor" or "fisher".
        units: Whether whole units go, which makes layers smaller; else single weights become zero.
        shares: Shares at which the score is measured too.
        seed: Of the intervals.

    Raises:
        SpecError: A share is out of range, or the importance is unknown.
    """

    share: float
    by: str = measure.MAGNITUDE
    units: bool = False
    shares: tuple[float, ...] = SHARES
    seed: int = 0

    def __post_init__(self) -> None:
        one_of("by", self.by, measure.IMPORTANCES)
        for share in (self.share, *self.shares):
            within("share", share, 0, 1)
        at_least("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class Pruning:
    """What was removed, and what it cost.

    Args:
        spec: What was asked for.
        metric: Name of the score.
        curve: Score on test rows at every share, ascending; the share asked for is one of them.
        parameters_before: Trainable parameters of the whole model.
        parameters: Trainable parameters of the pruned one; those that are not zero, if single
            weights were removed.
        layers: Layers that lost weights or units, by name with how many are left of how many.
        refused: Layers that could not lose units, by name with the reason.
        text: What was done and what it cost, in sentences.
    """

    spec: PruneSpec
    metric: str
    curve: tuple[Point, ...]
    parameters_before: int
    parameters: int
    layers: dict[str, tuple[int, int]]
    refused: dict[str, str]
    text: str = ""

    def at(self, share: float) -> Point:
        """Return the point of the curve at a share."""
        return next(point for point in self.curve if math.isclose(point.share, share))


def pruned(model: keras.Model, dataset: Dataset, spec: PruneSpec) -> tuple[keras.Model, Pruning]:
    """Return a pruned copy of a model, and what it cost.

    Importance is measured on training rows, the curve on test rows. All shares are one
    population. Nothing is trained again.

    Raises:
        ModelError: No layer can lose units, or the model cannot be copied.
        DataError: The data do not fit the model.
    """
    subject = subject_of(model, dataset)
    found = models.removable_units(subject.trace)
    kernels = _kernels(subject)
    layers, refused = found if spec.units else ([], {})
    if spec.units and not layers:
        raise ModelError(
            f"No layer of {model.name!r} can lose units: "
            f"{'; '.join(f'{name}: {why}' for name, why in refused.items())}.",
            hint="remove single weights instead, with units=False",
        )
    importance = _importance(subject, dataset, spec, layers, kernels)
    shares = sorted({*spec.shares, spec.share})
    masked = [_masked(subject, share, importance, layers, kernels) for share in shares]
    curve = _curve(subject, dataset, masked, shares, spec)
    values = masked[shares.index(spec.share)]
    if spec.units:
        kept = [
            (one, measure.kept_units(counts, spec.share)) for one, counts in zip(layers, importance)
        ]
        smaller = models.with_fewer_units(model, kept)
        told = {one.layer.name: (len(places), one.number) for one, places in kept}
        left = models.count_trainable(smaller)
    else:
        smaller = _with_values(subject, values)
        told = {
            model.trainable_variables[place].path.split("/")[-2]: (
                int(np.count_nonzero(values[place])),
                int(values[place].size),
            )
            for place in kernels
        }
        left = sum(int(np.count_nonzero(value)) for value in values)
    pruning = Pruning(
        spec=spec,
        metric=measure.metric_name(subject.task),
        curve=curve,
        parameters_before=models.count_trainable(model),
        parameters=left,
        layers=told,
        refused=refused,
    )
    return smaller, _told(pruning)


def _kernels(subject: Subject) -> list[int]:
    """Return the places of the matrices among the trainable variables."""
    return [
        place
        for place, variable in enumerate(subject.model.trainable_variables)
        if len(variable.shape) >= 2
    ]


def _weights(subject: Subject) -> tuple[list[Any], list[Any]]:
    return jax.tree.map(lambda array: array[0], tuple(subject.networks))  # type: ignore[return-value]


def _importance(
    subject: Subject,
    dataset: Dataset,
    spec: PruneSpec,
    layers: Sequence[models.Units],
    kernels: Sequence[int],
) -> list[np.ndarray]:
    """Return the importance of each layer's units, or of every matrix's weights."""
    weights = _weights(subject)[0]
    places = {id(v): place for place, v in enumerate(subject.model.trainable_variables)}
    groups = [[places[id(v)] for v in one.own] for one in layers]
    moments = None
    if spec.by != measure.MAGNITUDE:
        rows = fitted(subject.model, dataset.train, dataset.name)
        moments = measure.GradientMoments(
            *train.gradient_moments(
                subject.model,
                _weights(subject),
                rows.x[:GRADIENT_ROWS],
                rows.y[:GRADIENT_ROWS],
                subject.loss,
                groups=groups,
            )
        )
    if spec.units:
        return measure.unit_importance(groups, weights, by=spec.by, moments=moments)
    every = measure.weight_importance(weights, by=spec.by, moments=moments)
    return [every[place] for place in kernels]


def _masked(
    subject: Subject,
    share: float,
    importance: Sequence[np.ndarray],
    layers: Sequence[models.Units],
    kernels: Sequence[int],
) -> list[np.ndarray]:
    """Return the trainable weights with a share of them, or what reads a share of units, at zero.

    A unit that nobody reads is as good as gone, whatever it puts out.
    """
    values = list(_weights(subject)[0])
    if not layers:
        for place, gone in zip(kernels, measure.least_important(importance, share)):
            values[place] = np.where(gone, np.zeros_like(values[place]), values[place])
        return values
    places = {id(v): place for place, v in enumerate(subject.model.trainable_variables)}
    for one, counts in zip(layers, importance):
        gone = np.setdiff1d(np.arange(one.number), measure.kept_units(counts, share))
        kernel: Any = one.reader
        place = places[id(kernel.kernel)]
        axis = values[place].ndim - 2
        read = gone if one.positions == 1 else one.flattened(gone, one.positions)
        values[place] = _zeroed(values[place], read, axis)
    return values


def _zeroed(array: np.ndarray, places: np.ndarray, axis: int) -> np.ndarray:
    copied = np.moveaxis(array.copy(), axis, 0)
    copied[places] = 0
    return np.moveaxis(copied, 0, axis)


def _curve(
    subject: Subject,
    dataset: Dataset,
    masked: Sequence[Sequence[np.ndarray]],
    shares: Sequence[float],
    spec: PruneSpec,
) -> tuple[Point, ...]:
    test = fitted(subject.model, dataset.test, dataset.name)
    number = len(masked)
    networks = train.Networks(
        [np.stack(arrays) for arrays in zip(*masked)],
        [np.repeat(array, number, axis=0) for array in subject.networks.non_trainable],
    )
    laboratory = train.Laboratory(subject.model, subject.sites, subject.credit, subject.input_shape)
    unchanged = np.zeros((1, len(subject.sites)), np.int32)
    credits = laboratory.credits(
        networks, train.Variants.of(number, actions=unchanged), test.x, test.y
    )
    scores = measure.Scores(subject.task, test.y, seed=spec.seed)
    return tuple(Point(share, *scores.interval(one[None])) for share, one in zip(shares, credits))


def _with_values(subject: Subject, values: Sequence[np.ndarray]) -> keras.Model:
    model = subject.model
    copied = models.without(model, ())
    before = {id(v): value for v, value in zip(model.trainable_variables, values)}
    new = [before.get(id(v), np.asarray(v.value)) for v in model.weights]
    copied.set_weights(new)
    return copied


def _told(pruning: Pruning) -> Pruning:
    spec = pruning.spec
    whole, after = pruning.curve[0], pruning.at(spec.share)
    what = "units of each layer" if spec.units else "weights"
    text = (
        f"Without the {100 * spec.share:.0f}% of {what} that count least by {spec.by}, "
        f"{number(pruning.parameters)} of {number(pruning.parameters_before)} parameters are left, "
        f"and {_metric(pruning)} is {after.score:.3f} [{after.low:.3f}, {after.high:.3f}]"
    )
    if whole.share == 0:
        text += f", against {whole.score:.3f} of the whole"
    text += "."
    if pruning.refused and spec.units:
        text += f" Left as they are: {listed(list(pruning.refused))}."
    return Pruning(**{**vars(pruning), "text": text})


def _metric(pruning: Pruning) -> str:
    return {"accuracy": "accuracy", "r2": "R²"}[pruning.metric]
