"""Which findings are told: causes before what they explain."""

from __future__ import annotations

from collections.abc import Callable

from fathom.measure.diagnosis import layers, losses
from fathom.measure.diagnosis.course import Course
from fathom.measure.diagnosis.findings import CRITICAL, Diagnosis, Finding

Rule = Callable[[Course], Finding | None]

# In this order. Each rule goes with the findings that explain what it would see.
_FLOW = ("exploding", "vanishing")
_UNITS = ("dead", "saturated")
_RATES = ("rate-too-high", "rate-too-low")
_RULES: tuple[tuple[Rule, tuple[str, ...]], ...] = (
    (losses.diverged, ()),
    (layers.exploding, ()),
    (layers.dead_from_start, ()),
    (layers.vanishing, ("dead",)),
    (layers.died, ("vanishing", "dead")),
    (layers.saturated, ("vanishing",)),
    (losses.rate_too_high, ("diverged", *_FLOW)),
    (losses.rate_too_low, ("diverged", *_FLOW, *_UNITS, "rate-too-high")),
    (losses.stalled, ("diverged", *_RATES)),
    (losses.labels_shuffled, ("diverged", *_FLOW, *_UNITS, *_RATES, "stalled")),
    (losses.overfitting, ("diverged", "labels-shuffled", "rate-too-high", "saturated")),
    (
        losses.underfitting,
        ("diverged", *_FLOW, *_UNITS, *_RATES, "stalled", "labels-shuffled"),
    ),
)


def diagnosed(course: Course) -> Diagnosis:
    """Return what is wrong with a training, causes before what they explain."""
    found: list[Finding] = []
    for rule, explained_by in _RULES:
        critical = {finding.name for finding in found if finding.severity == CRITICAL}
        finding = None if critical & set(explained_by) else rule(course)
        if finding is not None:
            found.append(finding)
    return Diagnosis(findings=tuple(found), unseen=tuple(_unseen(course)))


def _unseen(course: Course) -> list[str]:
    told = []
    if not course.is_watched:
        told.append(
            "Layers were not watched, so that vanishing gradients, dead and saturated units "
            "could not be seen: train with fathom.fit(..., watch='layers')."
        )
    if not course.validation_loss:
        told.append(
            "There was no validation data, so that overfitting could not be seen: pass "
            "validation_data or validation_split."
        )
    return told
