"""How much each weight and each unit counts: by size, by Taylor's first order, by Fisher."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

MAGNITUDE, TAYLOR, FISHER = "magnitude", "taylor", "fisher"
IMPORTANCES = (MAGNITUDE, TAYLOR, FISHER)


class GradientMoments(NamedTuple):
    """Gradients of the loss over training rows, an array for each variable.

    Args:
        fisher: Mean over rows of the squared gradient of one row's loss (the diagonal of the
            empirical Fisher information), shaped like the variable.
        taylor: Mean over batches of the squared product of gradient and weight, likewise.
        by_unit: Mean over batches of the squared sum of gradient times weight over all of a
            unit's weights: an array (units,) for each group of variables.
    """

    fisher: list[np.ndarray]
    taylor: list[np.ndarray]
    by_unit: list[np.ndarray]


def weight_importance(
    weights: Sequence[np.ndarray], *, by: str, moments: GradientMoments | None = None
) -> list[np.ndarray]:
    """Return the importance of every weight, like the weights.

    Args:
        weights: One array for each variable.
        by: "magnitude": |w|. "taylor": mean over batches of (g w)^2, which is the squared change
            of the loss to first order; at convergence the mean of g is zero, which is why
            the square is taken before the mean. "fisher": F w^2 / 2, the second-order change
            of the loss with the Hessian replaced by the Fisher information.
        moments: Needed for "taylor" and "fisher".

    References:
        Molchanov et al., "Importance Estimation for Neural Network Pruning", CVPR 2019.
        Theis et al., "Faster gaze prediction with dense networks and Fisher pruning", 2018.
    """
    if by == MAGNITUDE:
        return [np.abs(w) for w in weights]
    if moments is None:
        raise ValueError(f"importance by {by} needs gradients")
    if by == TAYLOR:
        return list(moments.taylor)
    return [0.5 * fisher * np.square(w) for fisher, w in zip(moments.fisher, weights)]


def unit_importance(
    groups: Sequence[Sequence[int]],
    weights: Sequence[np.ndarray],
    *,
    by: str,
    moments: GradientMoments | None = None,
) -> list[np.ndarray]:
    """Return the importance of every unit of every layer, (units,) each.

    Args:
        groups: For each layer, the places of its variables, units on their last axis.
        weights: One array for each variable.
        by: "magnitude": norm of a unit's weights. "taylor": mean over batches of the squared sum
            of g w over them. "fisher": sum of F w^2 / 2 over them.
        moments: Needed for "taylor" and "fisher".
    """
    if by == TAYLOR and moments is not None:
        return list(moments.by_unit)
    if by == MAGNITUDE:
        each = [np.square(w) for w in weights]
        return [np.sqrt(_over_units([each[place] for place in group])) for group in groups]
    each = weight_importance(weights, by=by, moments=moments)
    return [_over_units([each[place] for place in group]) for group in groups]


def _over_units(arrays: Sequence[np.ndarray]) -> np.ndarray:
    return sum(
        (array.reshape(-1, array.shape[-1]).sum(axis=0) for array in arrays),
        start=np.zeros(arrays[0].shape[-1]),
    )


def least_important(importances: Sequence[np.ndarray], share: float) -> list[np.ndarray]:
    """Return masks, True where a weight is among the `share` that counts least of all arrays."""
    flat = np.concatenate([one.ravel() for one in importances])
    number = round(share * len(flat))
    gone = np.zeros(len(flat), bool)
    gone[np.argsort(flat, kind="stable")[:number]] = True
    places = np.cumsum([0, *(one.size for one in importances)])
    return [
        gone[start:stop].reshape(one.shape)
        for one, start, stop in zip(importances, places, places[1:])
    ]


def kept_units(importance: np.ndarray, share: float) -> np.ndarray:
    """Return the places of the units that stay, ascending: at least the one that counts most."""
    number = min(round(share * len(importance)), len(importance) - 1)
    return np.sort(np.argsort(importance, kind="stable")[number:])
