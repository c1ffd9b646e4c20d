"""Which depths did not train, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

from fathom.specs import (
    EXPLODING,
    FAILED_SHARE,
    MANY_DEAD,
    MANY_SATURATED,
    VANISHING,
    LayerRecord,
)
from fathom.studies.result import DepthRow, StudyResult, layers_at
from fathom.studies.wording import depths_in_words

VANISHED, EXPLODED, DIVERGED_MOSTLY, DEAD, SATURATED, TOO_SHALLOW, UNEXPLAINED = (
    "vanishing",
    "exploding",
    "diverged",
    "dead",
    "saturated",
    "too-shallow",
    "unexplained",
)
# Families that have a twin with skip connections.
WITH_SKIPS = {"mlp": "residual", "cnn": "residual-cnn"}


def has_failed(row: DepthRow, rows: Sequence[DepthRow], result: StudyResult) -> bool:
    """Return whether a depth learned far less than the best depth did.

    The linear model never counts as failed: it has no depth to fail by.
    """
    best = max(other.validation.mean for other in rows)
    gained = row.validation.mean - result.guess
    return row.depth > 0 and gained < FAILED_SHARE * (best - result.guess)


def cause(row: DepthRow, result: StudyResult) -> str:
    """Return the most likely cause of a failure, from what was measured of the layers."""
    if row.diverged_at_best * 2 > row.validation.n:
        return DIVERGED_MOSTLY
    if row.gradient_ratio is not None and row.gradient_ratio < VANISHING:
        return VANISHED
    if row.gradient_ratio is not None and row.gradient_ratio > EXPLODING:
        return EXPLODED
    if _worst_share(row, result, "dead") > MANY_DEAD:
        return DEAD
    if _worst_share(row, result, "saturated") > MANY_SATURATED:
        return SATURATED
    deepest_that_learned = max(result.rows(), key=lambda other: other.validation.mean).depth
    return TOO_SHALLOW if row.depth < deepest_that_learned else UNEXPLAINED


def in_words(result: StudyResult, rows: Sequence[DepthRow]) -> str | None:
    """Tell which depths failed and why; None if none did and none diverged."""
    failed = [row for row in rows if has_failed(row, rows, result)]
    told = [_failure_in_words(kind, group, result) for kind, group in _by_cause(failed, result)]
    diverged = sum(row.diverged for row in rows)
    if diverged:
        told.append(_diverged_in_words(rows, diverged))
    return " ".join(told) if told else None


def causes_in_words(result: StudyResult, rows: Sequence[DepthRow]) -> str | None:
    """Tell what was measured that keeps networks from training, where none learned."""
    groups = _by_cause([row for row in rows if row.depth > 0], result)
    known = [(kind, rows) for kind, rows in groups if kind not in (TOO_SHALLOW, UNEXPLAINED)]
    if not known:
        return None
    told = [_failure_in_words(kind, group, result) for kind, group in known]
    mends = "; ".join(_mend(kind, result) for kind, _ in known)
    return f"{' '.join(told)} To go on: {mends}."


def mends(result: StudyResult, rows: Sequence[DepthRow]) -> list[str]:
    """Return what to try against the failures that were found."""
    failed = [row for row in rows if has_failed(row, rows, result)]
    return [_mend(kind, result) for kind, _ in _by_cause(failed, result) if kind != TOO_SHALLOW]


def _by_cause(failed: Iterable[DepthRow], result: StudyResult) -> list[tuple[str, list[DepthRow]]]:
    groups: dict[str, list[DepthRow]] = {}
    for row in failed:
        groups.setdefault(cause(row, result), []).append(row)
    return list(groups.items())


def _failure_in_words(kind: str, group: Sequence[DepthRow], result: StudyResult) -> str:
    depths = sorted({row.depth for row in group})
    named = f"{'Depths' if len(depths) > 1 else 'Depth'} {depths_in_words(depths)}"
    if kind == TOO_SHALLOW:
        best = max(result.rows(), key=lambda row: row.validation.mean)
        return (
            f"{named} learned far less than depth {best.depth}, with gradients that are healthy: "
            "too shallow for these data at this width and number of epochs."
        )
    start = f"{named} did not train"
    deepest = max(group, key=lambda row: row.depth)
    return f"{start}: {_reason(kind, deepest, result)}."


def _reason(kind: str, row: DepthRow, result: StudyResult) -> str:
    if kind == VANISHED:
        return (
            "vanishing gradients. At initialisation the gradient that reaches the first layer "
            f"of depth {row.depth} is {row.gradient_ratio:.0e} of the last layer's"
            f"{_first_layer_share(row, result)}"
        )
    if kind == EXPLODED:
        return (
            "exploding gradients. At initialisation the gradient at the first layer "
            f"of depth {row.depth} is {row.gradient_ratio:.0e} times the last layer's"
        )
    if kind == DIVERGED_MOSTLY:
        return f"{row.diverged_at_best} of {row.validation.n} members diverged at every rate tried"
    if kind == DEAD:
        share = _worst_share(row, result, "dead")
        return f"dead units. In its worst layer {share:.0%} of the units are never active"
    if kind == SATURATED:
        share = _worst_share(row, result, "saturated")
        return f"saturated units. In its worst layer {share:.0%} of the activations are flat"
    return (
        "the gradients measured at initialisation do not explain it; it may need other "
        "learning rates or more epochs"
    )


def _first_layer_share(row: DepthRow, result: StudyResult) -> str:
    """Tell how little the first layer's weights moved in a step, if that was measured."""
    ratios = [
        layers[0].update_ratio
        for run in result.runs_at_best(row)
        if (layers := layers_at(run, run.epochs)) and layers[0].update_ratio is not None
    ]
    return f", and its weights move by {fmean(ratios):.0e} of their norm a step" if ratios else ""


def _diverged_in_words(rows: Sequence[DepthRow], diverged: int) -> str:
    depths = sorted({row.depth for row in rows if row.diverged})
    members = "member" if diverged == 1 else "members"
    return (
        f"{diverged} {members} diverged ({'depths' if len(depths) > 1 else 'depth'} "
        f"{depths_in_words(depths)}); the others are not affected."
    )


def _mend(kind: str, result: StudyResult) -> str:
    model = result.spec.model
    if kind in (VANISHED, EXPLODED, SATURATED):
        options = []
        if model.family in WITH_SKIPS:
            options.append(f"--family {WITH_SKIPS[model.family]}")
        if model.normalization == "none":
            options.append("--normalization batch")
        if model.activation in ("sigmoid", "tanh", "softsign", "hard_sigmoid"):
            options.append("--activation relu")
        return f"the deep networks may train with {' or '.join(options) or 'another initializer'}"
    if kind == DEAD:
        return "against dead units try smaller learning rates, or --activation leaky_relu"
    if kind == DIVERGED_MOSTLY:
        lowest = min(result.spec.learning_rates)
        return f"against divergence try learning rates below {lowest:g}"
    return "for the depths that did not train try other learning rates or more --epochs"


def _worst_share(row: DepthRow, result: StudyResult, name: str) -> float:
    """Return the largest share over layers, mean over seeds, after training."""
    per_run = [
        max(_known(layers_at(run, run.epochs), name), default=0.0)
        for run in result.runs_at_best(row)
    ]
    return fmean(per_run) if per_run else 0.0


def _known(layers: Iterable[LayerRecord], name: str) -> list[float]:
    values = (getattr(layer, name) for layer in layers)
    return [value for value in values if value is not None]
