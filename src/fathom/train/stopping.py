"""When a member stops and which of its weights are kept: decided on the host, per epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Standing:
    """Where each member stands; every array has the axis (member,).

    Args:
        best: Lowest finite validation loss so far, float64; inf before.
        best_epoch: Epoch of that loss, counted from 1; 0 before.
        improved: Whether the last epoch was the best.
        active: Whether the member trains on.
        diverged: Whether its loss stopped being finite.
        dropped: Whether it was let go before it had come to its end.
        epochs: Epochs trained.
    """

    best: np.ndarray
    best_epoch: np.ndarray
    improved: np.ndarray
    active: np.ndarray
    diverged: np.ndarray
    dropped: np.ndarray
    epochs: np.ndarray


def at_start(members: int) -> Standing:
    """Return the standing of `members` that have not trained yet."""
    return Standing(
        best=np.full(members, np.inf),
        best_epoch=np.zeros(members, int),
        improved=np.zeros(members, bool),
        active=np.ones(members, bool),
        diverged=np.zeros(members, bool),
        dropped=np.zeros(members, bool),
        epochs=np.zeros(members, int),
    )


def judge(
    standing: Standing,
    *,
    epoch: int,
    loss: np.ndarray,
    validation_loss: np.ndarray,
    patience: int | None,
) -> Standing:
    """Return the standing after an epoch.

    A member whose training or validation loss is not finite has diverged and
    stops. One without a better validation loss for `patience` epochs stops.
    Members that had stopped stay as they were.

    Args:
        standing: Before the epoch.
        epoch: The epoch, counted from 1.
        loss: Training loss, (member,).
        validation_loss: Validation loss, (member,).
        patience: None never stops early.
    """
    finite = np.isfinite(loss) & np.isfinite(validation_loss)
    improved = standing.active & finite & (validation_loss < standing.best)
    best_epoch = np.where(improved, epoch, standing.best_epoch)
    diverged = standing.diverged | (standing.active & ~finite)
    waited = np.zeros_like(diverged) if patience is None else epoch - best_epoch >= patience
    return replace(
        standing,
        best=np.where(improved, validation_loss, standing.best),
        best_epoch=best_epoch,
        improved=improved,
        active=standing.active & finite & ~waited,
        diverged=diverged,
        epochs=standing.epochs + standing.active,
    )


def let_go(standing: Standing, places: Sequence[int]) -> Standing:
    """Return the standing after members were let go; those that had stopped stay as they were."""
    chosen = np.zeros_like(standing.active)
    chosen[list(places)] = True
    chosen &= standing.active
    return replace(standing, active=standing.active & ~chosen, dropped=standing.dropped | chosen)
