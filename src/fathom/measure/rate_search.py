"""What training at many learning rates for a few hundred steps says about the rate to choose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# How far below the largest stable rate the suggestion stays, where the lowest loss lies closer.
MARGIN = 2.0
# A rate is stable while its loss after the steps is no higher than this many times the first.
NO_WORSE = 1.0


@dataclass(frozen=True, kw_only=True)
class RateCurve:
    """The loss reached at each learning rate from the same weights in the same number of steps.

    Args:
        rates: Learning rates, ascending, (rate,).
        losses: Loss after the steps, (rate,); NaN where it was no longer finite.
        initial_loss: Loss before the first step.
        steps: Optimisation steps of each member.
        lowest: The rate with the lowest loss; None if none learned.
        steepest: The rate at which the loss falls fastest per factor of the
            rate, below `lowest`; None if none learned.
        largest_stable: The largest rate up to which, from `lowest` on, no loss
            ended above the initial one; None if none learned.
        suggestion: `lowest`, but at most half of `largest_stable`; None if
            none learned.
    """

    rates: np.ndarray
    losses: np.ndarray
    initial_loss: float
    steps: int
    lowest: float | None
    steepest: float | None
    largest_stable: float | None
    suggestion: float | None

    @property
    def text(self) -> str:
        """The finding in words."""
        low, high = self.rates[0], self.rates[-1]
        if self.suggestion is None:
            return (
                f"No learning rate from {low:.1e} to {high:.1e} brought the loss below its "
                f"{self.initial_loss:.4g} at the start within {self.steps} steps."
            )
        edge = " (the largest that was tried)" if self.largest_stable == high else ""
        return (
            f"Try a learning rate of {self.suggestion:.2e}. In {self.steps} steps the loss fell "
            f"from {self.initial_loss:.4g} to {np.nanmin(self.losses):.4g} at {self.lowest:.2e}; "
            f"training was stable up to {self.largest_stable:.2e}{edge}."
        )


def rate_curve(
    rates: np.ndarray, losses: np.ndarray, *, initial_loss: float, steps: int
) -> RateCurve:
    """Read the curve.

    Args:
        rates: Learning rates, ascending, (rate,).
        losses: Loss after the steps, (rate,).
        initial_loss: Loss before the first step.
        steps: Optimisation steps.
    """
    rates, losses = np.asarray(rates, "float64"), np.asarray(losses, "float64")
    losses = np.where(np.isfinite(losses), losses, np.nan)
    learned = losses < NO_WORSE * initial_loss
    if not learned.any():
        none = dict.fromkeys(("lowest", "steepest", "largest_stable", "suggestion"))
        return RateCurve(rates=rates, losses=losses, initial_loss=initial_loss, steps=steps, **none)
    best = int(np.nanargmin(losses))
    edge = _last_stable(learned, best)
    stable, lowest = float(rates[edge]), float(rates[best])
    is_edge_seen = edge < len(rates) - 1
    return RateCurve(
        rates=rates,
        losses=losses,
        initial_loss=initial_loss,
        steps=steps,
        lowest=lowest,
        steepest=float(rates[_steepest(rates, losses, best)]),
        largest_stable=stable,
        suggestion=min(lowest, stable / MARGIN) if is_edge_seen else lowest,
    )


def _last_stable(learned: np.ndarray, best: int) -> int:
    """Return the last place of the unbroken run of rates that learned, from `best` on."""
    failed = np.flatnonzero(~learned[best:])
    return len(learned) - 1 if len(failed) == 0 else best + int(failed[0]) - 1


def _steepest(rates: np.ndarray, losses: np.ndarray, best: int) -> int:
    """Return the place below `best` with the steepest fall, over neighbours on both sides."""
    if best < 2:
        return best
    slopes = np.gradient(losses[: best + 1], np.log(rates[: best + 1]))
    return int(np.nanargmin(slopes))
