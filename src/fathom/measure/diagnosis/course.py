"""What is known of the course of one training, and the numbers that rules read from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import median

from fathom.specs import FirstCause, LayerRecord


@dataclass(frozen=True, kw_only=True)
class Course:
    """One training, as far as it got.

    Args:
        loss: Mean training loss of each epoch; a number that is not finite, or None, where
            it was not.
        validation_loss: Validation loss of each epoch that has one; empty without validation.
        validation_score: Validation accuracy, likewise.
        layers: Measurements of the layers at some epochs, 0 being before training.
        activations: The activation of each layer, where known.
        learning_rate: The optimizer's, where it is one number.
        guess_loss: Loss of the best prediction that is the same for all rows; None if unknown.
        guess_score: Its accuracy; None if unknown.
        first_cause: Where the loss first stopped being finite.
    """

    loss: Sequence[float | None]
    validation_loss: Sequence[float | None] = ()
    validation_score: Sequence[float | None] = ()
    layers: Sequence[LayerRecord] = ()
    activations: dict[str, str] = field(default_factory=dict)
    learning_rate: float | None = None
    guess_loss: float | None = None
    guess_score: float | None = None
    first_cause: FirstCause | None = None

    # -- losses -----------------------------------------------------------------------

    @cached_property
    def finite(self) -> list[float]:
        """Training losses up to the first that is not finite."""
        return _finite_start(self.loss)

    @cached_property
    def finite_validation(self) -> list[float]:
        """Validation losses up to the first that is not finite."""
        return _finite_start(self.validation_loss)

    @property
    def diverged_at(self) -> int | None:
        """First epoch, from 1, whose training or validation loss is not finite."""
        ends = [
            len(finite) + 1
            for finite, told in (
                (self.finite, self.loss),
                (self.finite_validation, self.validation_loss),
            )
            if len(finite) < len(told)
        ]
        return min(ends, default=None)

    @property
    def start_loss(self) -> float | None:
        """The loss of guessing, or where that is not known of the first epoch; None if not > 0."""
        if self.guess_loss is not None and self.guess_loss > 0:
            return self.guess_loss
        first = self.finite[0] if self.finite else 0.0
        return first if first > 0 else None

    @property
    def learned(self) -> float | None:
        """Share of the loss of guessing that training took away; None if that loss is unknown."""
        if self.guess_loss is None or self.guess_loss <= 0 or not self.finite:
            return None
        return 1 - min(self.finite[-3:]) / self.guess_loss

    def has_learned(self, share: float) -> bool:
        """Return whether training took away more than `share` of the loss it began with."""
        learned = self.learned
        if learned is not None:
            return learned > share
        start = self.start_loss
        return bool(start) and bool(self.finite) and 1 - self.finite[-1] / (start or 1) > share

    # -- layers -------------------------------------------------------------------------

    @cached_property
    def by_epoch(self) -> dict[int, list[LayerRecord]]:
        """Measurements by epoch, each from input to output."""
        found: dict[int, list[LayerRecord]] = {}
        for record in self.layers:
            found.setdefault(record.epoch, []).append(record)
        return dict(sorted(found.items()))

    @property
    def is_watched(self) -> bool:
        """Whether layers were measured."""
        return bool(self.layers)

    @property
    def first_look(self) -> list[LayerRecord]:
        """The earliest measurement, before training if there is one."""
        return next(iter(self.by_epoch.values()), [])

    @property
    def last_look(self) -> list[LayerRecord]:
        """The last measurement in which all activations are finite."""
        for records in reversed(list(self.by_epoch.values())):
            if all(record.activation_mean is not None for record in records):
                return records
        return []

    def gradient_ratio(self, records: Sequence[LayerRecord]) -> float | None:
        """Return the first layer's activation gradient over the last's; None if not known."""
        if len(records) < 2:
            return None
        first, last = records[0].activation_gradient, records[-1].activation_gradient
        if first is None or last is None or last <= 0:
            return None
        return max(first, 1e-38) / last

    @cached_property
    def update_ratio(self) -> float | None:
        """Median over epochs of the median update ratio of the layers; None if not known."""
        medians = [
            median(ratios)
            for epoch, records in self.by_epoch.items()
            if epoch and (ratios := known(records, "update_ratio"))
        ]
        return median(medians) if medians else None


def known(records: Sequence[LayerRecord], name: str) -> list[float]:
    """Return a measure of the layers that have it."""
    values = (getattr(record, name) for record in records)
    return [value for value in values if value is not None]


def _finite_start(losses: Sequence[float | None]) -> list[float]:
    found: list[float] = []
    for loss in losses:
        if loss is None or not math.isfinite(loss):
            break
        found.append(float(loss))
    return found
