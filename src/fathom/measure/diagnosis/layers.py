"""What the layers tell: gradients that vanish or explode, units that died or are saturated."""

from __future__ import annotations

from collections.abc import Sequence

from fathom.measure.diagnosis import rates, thresholds
from fathom.measure.diagnosis.course import Course
from fathom.measure.diagnosis.findings import CRITICAL, NOTE, WARNING, Finding
from fathom.specs import LayerRecord

SQUASHING = ("sigmoid", "tanh", "softsign", "hard_sigmoid", "hard_tanh")
RECTIFYING = ("relu", "relu6")


def vanishing(course: Course) -> Finding | None:
    """The first layer gets a thousandth of the last layer's gradient, or less, before training."""
    ratio = course.gradient_ratio(course.first_look)
    if ratio is None or ratio >= thresholds.VANISHING:
        return None
    first, last = course.first_look[0], course.first_look[-1]
    severity = NOTE if course.has_learned(thresholds.FAILED_SHARE) else CRITICAL
    return Finding(
        name="vanishing",
        severity=severity,
        sentence=(
            f"Gradients vanish on the way back: {_when(first)} the gradient that reaches "
            f"{first.layer} is {ratio:.0e} of that at {last.layer}{_standing_still(course)}."
        ),
        mend=_mend_of_flow(course),
        evidence={"gradient_ratio": ratio, "first": first.layer, "last": last.layer},
    )


def exploding(course: Course) -> Finding | None:
    """The first layer gets a thousand times the last layer's gradient, or more."""
    looks = [records for records in course.by_epoch.values() if course.gradient_ratio(records)]
    worst = max(looks, key=lambda records: course.gradient_ratio(records) or 0, default=[])
    ratio = course.gradient_ratio(worst)
    if ratio is None or ratio <= thresholds.EXPLODING:
        return None
    first, last = worst[0], worst[-1]
    is_harmless = course.diverged_at is None and course.has_learned(thresholds.FAILED_SHARE)
    return Finding(
        name="exploding",
        severity=NOTE if is_harmless else CRITICAL,
        sentence=(
            f"Gradients explode on the way back: {_when(first)} the gradient that reaches "
            f"{first.layer} is {ratio:.0e} times that at {last.layer}."
        ),
        mend=_mend_of_flow(course),
        evidence={"gradient_ratio": ratio, "first": first.layer, "last": last.layer},
    )


def dead_from_start(course: Course) -> Finding | None:
    """Half of a layer's rectified units or more are never active, before training and after."""
    return _dead(course, from_start=True)


def died(course: Course) -> Finding | None:
    """Half of a layer's rectified units or more stopped being active in training."""
    return _dead(course, from_start=False)


def _dead(course: Course, *, from_start: bool) -> Finding | None:
    worst = _worst(course.last_look, "dead")
    if worst is None or (worst.dead or 0) < thresholds.MANY_DEAD:
        return None
    at_start = next((r.dead or 0 for r in course.first_look if r.layer == worst.layer), 0)
    if from_start != (at_start >= thresholds.MANY_DEAD):
        return None
    rate = rates.lower(course)
    learned = course.has_learned(thresholds.FAILED_SHARE)
    evidence: dict[str, float | int | str] = {
        "dead": worst.dead or 0,
        "dead_at_start": at_start,
        "layer": worst.layer,
        "epoch": worst.epoch,
    }
    if rate is not None and not from_start:
        evidence["suggested_learning_rate"] = rate
    since = (
        "and were from the start"
        if from_start
        else f"against {at_start:.0%} before training: they died in it"
    )
    return Finding(
        name="dead",
        severity=WARNING if learned else CRITICAL,
        sentence=(
            f"Dead units: {worst.dead:.0%} of those of {worst.layer} are not active on any row "
            f"looked at, {since}."
        ),
        mend=_mend_of_dead(rate, from_start=from_start),
        evidence=evidence,
    )


def saturated(course: Course) -> Finding | None:
    """Half of a hidden layer's activations or more lie where their slope is next to nothing."""
    if course.has_learned(thresholds.FAILED_SHARE) and course.diverged_at is None:
        return None
    looks = [records[:-1] for records in (course.last_look, course.first_look)]
    worst = _worst([record for records in looks for record in records], "saturated")
    if worst is None or (worst.saturated or 0) < thresholds.MANY_SATURATED:
        return None
    from_start = _worst(looks[1], "saturated")
    is_from_start = (
        from_start is not None and (from_start.saturated or 0) >= thresholds.MANY_SATURATED
    )
    return Finding(
        name="saturated",
        severity=CRITICAL,
        sentence=(
            f"Saturated units: {_when(worst)} {worst.saturated:.0%} of the activations of "
            f"{worst.layer} lie where their slope is below 5% of its largest, and let next to "
            "no gradient through."
        ),
        mend=_mend_of_saturated(course, from_start=is_from_start),
        evidence={"saturated": worst.saturated or 0, "layer": worst.layer, "epoch": worst.epoch},
    )


def _worst(records: Sequence[LayerRecord], name: str) -> LayerRecord | None:
    told = [record for record in records if getattr(record, name) is not None]
    return max(told, key=lambda record: getattr(record, name), default=None)


def _when(record: LayerRecord) -> str:
    return "before training" if record.epoch == 0 else f"after epoch {record.epoch}"


def _standing_still(course: Course) -> str:
    ratios = [
        record.update_ratio
        for record in course.last_look[:1]
        if record.update_ratio is not None and record.update_ratio < thresholds.SMALL_UPDATE
    ]
    return f", and a step changes its weights by {ratios[0]:.0e} of their norm" if ratios else ""


# -- what to do -----------------------------------------------------------------------


def _uses(course: Course, activations: Sequence[str]) -> bool:
    return any(activation in activations for activation in course.activations.values())


def _mend_of_flow(course: Course) -> str:
    if _uses(course, SQUASHING):
        return (
            "use relu with kernel_initializer='he_normal' in place of the activations that "
            "flatten out; or residual connections, or batch normalization before each activation"
        )
    if _uses(course, RECTIFYING):
        return (
            "use kernel_initializer='he_normal', which keeps the size of gradients through relu; "
            "or residual connections, or batch normalization before each activation"
        )
    return (
        "use an initializer that suits the activation (he_normal for relu, lecun_normal for "
        "selu, glorot_uniform for tanh), residual connections, or normalization"
    )


def _mend_of_dead(rate: float | None, *, from_start: bool) -> str:
    if from_start:
        return (
            "begin with kernel_initializer='he_normal' and biases of zero, and scale the inputs "
            "to mean 0 and deviation 1; or use leaky_relu"
        )
    smaller = "a smaller learning rate" if rate is None else f"learning_rate={rate:g}"
    return f"use {smaller}, or leaky_relu, whose units cannot die"


def _mend_of_saturated(course: Course, *, from_start: bool) -> str:
    if from_start:
        return (
            "begin with smaller weights (kernel_initializer='glorot_uniform') and inputs scaled to "
            "mean 0 and deviation 1; or use relu with kernel_initializer='he_normal'"
        )
    rate = rates.lower(course)
    smaller = "a smaller learning rate" if rate is None else f"learning_rate={rate:g}"
    return f"use {smaller}, or relu with kernel_initializer='he_normal'"
