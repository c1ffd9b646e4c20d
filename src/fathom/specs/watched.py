"""What is known of one training beside its losses: its layers, its settings, why it diverged."""

from __future__ import annotations

from dataclasses import dataclass, field

from fathom.specs.records import LayerRecord

# Where a number first stopped being finite.
IN_ACTIVATION, IN_LOSS, IN_GRADIENT, IN_WEIGHTS = "activation", "loss", "gradient", "weights"


@dataclass(frozen=True, kw_only=True)
class FirstCause:
    """Where a training stopped being finite.

    Args:
        epoch: The epoch, counted from 1.
        step: The step in that epoch, counted from 1.
        where: "activation", "loss", "gradient" or "weights": what was first not finite.
        layer: The layer that was first to have it; None for the loss.
        weight_growth: Largest ratio, over layers, of a layer's weight norm before that step to
            that at the epoch's start.
        growing_layer: The layer whose weights grew so.
        loss_before: The loss of the step before; None where it was the first.
        loss_at_start: The loss of the epoch's first step; None where that was not finite.
    """

    epoch: int
    step: int
    where: str
    layer: str | None
    weight_growth: float | None = None
    growing_layer: str | None = None
    loss_before: float | None = None
    loss_at_start: float | None = None


@dataclass(frozen=True, kw_only=True)
class WatchedTraining:
    """What `fathom.fit(..., watch="layers")` keeps as `history.watched`.

    Args:
        layers: Measurements of the layers, epoch 0 being before training.
        activations: The activation of each layer by its name, "linear" for none.
        first_cause: Where the training stopped being finite; None if it did not, or
            if its batches could not be repeated.
        guess_loss: Training loss of the best prediction that is the same for all rows;
            None if not known.
        guess_score: The same prediction's accuracy; None if not known.
        steps_per_epoch: Steps of an epoch; None if not known.
        note: Why the layers were not watched; empty if they were.
    """

    layers: tuple[LayerRecord, ...] = ()
    activations: dict[str, str] = field(default_factory=dict)
    first_cause: FirstCause | None = None
    guess_loss: float | None = None
    guess_score: float | None = None
    steps_per_epoch: int | None = None
    note: str = ""
