"""Losses, accuracy, R2 and the confusion matrix of a network's outputs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from fathom.play.materials import Material


@dataclass(frozen=True, kw_only=True)
class Scores:
    """What one look at all points finds.

    Args:
        losses: Mean loss of the training and of the test points.
        metrics: Accuracy or R2 of both.
        confusion: Test points, int (true class, predicted class); None in regression.
        metric: "accuracy" or "r2".
    """

    losses: tuple[float, float]
    metrics: tuple[float, float]
    confusion: np.ndarray | None
    metric: str

    @property
    def row(self) -> tuple[float, float, float, float]:
        """Train loss, test loss, train metric, test metric."""
        return (*self.losses, *self.metrics)

    def data(self) -> dict[str, Any]:
        """Return the scores as JSON data; what is no number is null."""
        return {
            split: {"loss": known(loss), self.metric: known(metric)}
            for split, loss, metric in zip(("train", "test"), self.losses, self.metrics)
        }


def known(value: float) -> float | None:
    """Return a number, or None for what is none."""
    return float(value) if math.isfinite(value) else None


def score_outputs(
    material: Material, outputs: np.ndarray, losses: np.ndarray, *, activation: str
) -> Scores:
    """Return the scores of outputs (rows, k), of an activation, with losses (rows,)."""
    train, test = slice(0, material.num_train), slice(material.num_train, material.rows)
    means = (_mean(losses[train]), _mean(losses[test]))
    if not material.is_classification:
        r2 = (
            _r2(material.y[train], outputs[train, 0]),
            _r2(material.y[test], outputs[test, 0]),
        )
        return Scores(losses=means, metrics=r2, confusion=None, metric="r2")
    said, true = predicted_classes(outputs, activation), material.class_numbers
    right = (said == true).astype(np.float64)
    return Scores(
        losses=means,
        metrics=(_mean(right[train]), _mean(right[test])),
        confusion=_confusion(true[test], said[test], max(2, len(material.classes))),
        metric="accuracy",
    )


def predicted_classes(outputs: np.ndarray, activation: str) -> np.ndarray:
    """Return the class that each row of outputs (rows, k) names; one unit tells two apart."""
    if outputs.shape[1] > 1:
        return outputs.argmax(axis=1).astype(np.int32)
    middle = 0.5 if activation == "sigmoid" else 0.0
    return (outputs[:, 0] > middle).astype(np.int32)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else math.nan


def _r2(y: np.ndarray, said: np.ndarray) -> float:
    spread = float(np.square(y - y.mean()).mean()) if len(y) else 0.0
    if spread == 0:
        return math.nan
    with np.errstate(all="ignore"):
        return 1 - float(np.square(said - y).mean()) / spread


def _confusion(true: np.ndarray, said: np.ndarray, classes: int) -> np.ndarray:
    counts = np.zeros((classes, classes), np.int32)
    np.add.at(counts, (true, said), 1)
    return counts
