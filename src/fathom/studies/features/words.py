"""What the layers have learned, in sentences."""

from __future__ import annotations

import numpy as np

from fathom.studies.anatomy import Estimate
from fathom.studies.features.result import INPUT, FeaturesResult, LayerFeatures, UnitFeatures
from fathom.studies.wording import interval_words, listed, plural, score_words

MOST_NAMED = 4
METRICS = {"accuracy": "accuracy", "r2": "R²"}
MANY = 0.5  # share of dead units that is worth a sentence of its own
SPECIALIST = 0.9  # share of a unit's rows that are of one class


def findings(result: FeaturesResult) -> dict[str, str]:
    """Return what was found, in sentences by name, in the order a reader wants them."""
    told = {
        "score": _score(result),
        "building": _building(result),
        "separation": _separation(result),
        "units": _specialists(result),
        "dead": _dead(result),
        "conductance": _conductance(result),
    }
    return {name: text for name, text in told.items() if text}


def _score(result: FeaturesResult) -> str:
    over = f", mean of {result.networks} trained networks" if result.networks > 1 else ""
    whole = (
        f"{result.model} reaches {METRICS[result.metric]} {interval_words(*result.score)} on "
        f"{plural(result.rows['test'], 'test row')} of {result.dataset}{over}; guessing reaches "
        f"{score_words(result.guess)}"
    )
    if result.is_trained:
        return f"{whole}."
    return (
        f"{whole}: no better than a guess, so it was probably never trained on such data. What "
        "follows shows what its weights do, not what they have learned."
    )


def _building(result: FeaturesResult) -> str | None:
    """Say how far a linear model gets from layer to layer."""
    rows = [row for row in result.layers if not row.is_block and row.probe is not None]
    if not rows or not result.is_trained:
        return None
    if result.finished == INPUT:
        raw = score_words(result.probe_input.mean)
        return (
            f"A linear model reads the target from the raw input ({raw}) as well as from any "
            "layer: no layer adds features that a linear model would need."
        )
    place = [row.name for row in rows].index(result.finished)
    steps = [f"{score_words(result.probe_input.mean)} from the raw input"]
    steps += [f"{_mean(row.probe)} from {row.name}" for row in rows[: place + 1][-MOST_NAMED:]]
    text = f"Features build on features: a linear model reads {listed(steps)}"
    later = len(rows) - place - 1
    text += ". There the representation is finished"
    if later:
        more = "improves" if later == 1 else "improve"
        text += f"; {plural(later, 'later layer')} {more} on it by no more than chance"
    control = rows[place].probe_untrained
    if control is not None and control.mean < rows[place].probe.mean:  # type: ignore[union-attr]
        text += (
            f". From {result.finished} of an untrained network it reads {score_words(control.mean)}"
        )
    return f"{text}."


def _separation(result: FeaturesResult) -> str | None:
    rows = [row for row in result.layers if row.silhouette is not None]
    if not rows or result.silhouette_input is None or result.between_input is None:
        return None
    best = max(rows, key=_silhouette)
    text = (
        f"Classes lie furthest apart in {best.name}: {_percent(best.between)} of its output's "
        f"variance is between them, silhouette {_mean(best.silhouette)} (raw input: "
        f"{_percent(result.between_input)}, {score_words(result.silhouette_input.mean)}"
    )
    control = best.between_untrained
    text += f"; untrained: {_percent(control)})" if control is not None else ")"
    if _silhouette(best) <= result.silhouette_input.high:
        return f"No layer sets the classes further apart than the raw input does. {text}."
    return f"{text}."


def _silhouette(row: LayerFeatures) -> float:
    return row.silhouette.mean if row.silhouette is not None else -1.0


def _specialists(result: FeaturesResult) -> str | None:
    """Name hidden units whose most exciting rows are all of one class."""
    if not result.classes or not result.is_trained:
        return None
    output = [row.name for row in result.layers if not row.is_block][-1]
    told = [unit for unit in result.units if unit.layer != output and _is_specialist(unit)]
    hidden = [unit for unit in result.units if unit.layer != output]
    if not told:
        return None
    named = [f"{u.layer}:{u.unit} ({u.common_label[0]})" for u in told[:MOST_NAMED]]
    return (
        f"Of {plural(len(hidden), 'hidden unit')} shown, {len(told)} {_respond(len(told))} most to "
        f"rows of one class: {_some(named, len(told))}."
    )


def _some(named: list[str], number: int) -> str:
    """Return some of a number of things as a list that says how many more there are."""
    rest = number - len(named)
    return listed([*named, plural(rest, "other")] if rest else named)


def _respond(number: int) -> str:
    return "responds" if number == 1 else "respond"


def _is_specialist(unit: UnitFeatures) -> bool:
    return len(unit.rows) > 2 and unit.common_label[1] >= SPECIALIST * len(unit.rows)


def _dead(result: FeaturesResult) -> str | None:
    rows = [row for row in result.layers if row.dead and not row.is_block]
    if not rows:
        return None
    parts = [f"{len(row.dead)} of {row.units} in {row.name}" for row in rows[:MOST_NAMED]]
    rest = len(rows) - len(parts)
    parts += [f"some in {plural(rest, 'other layer')}"] if rest else []
    text = f"Units that respond to no row, or to all alike: {listed(parts)}"
    many = [row.name for row in rows if len(row.dead) >= MANY * row.units]
    return f"{text}. Half or more of {listed(many)} is unused." if many else f"{text}."


def _conductance(result: FeaturesResult) -> str | None:
    found = result.conductance
    hidden = [row for row in result.layers if not row.is_block][:-1]
    if found is None or not hidden or not result.is_trained:
        return None
    name = hidden[-1].name
    if name not in found.layers:
        return None
    values = found.values[found.layers.index(name)]  # (class, units)
    parts = []
    for target, own, change in list(zip(found.targets, values, found.change))[:MOST_NAMED]:
        unit = int(np.argmax(own if change >= 0 else -own))
        passed = float(np.abs(own).sum())
        if passed > 0:
            parts.append(f"for {target} unit {unit} ({100 * abs(own[unit]) / passed:.0f}%)")
    if not parts:
        return None
    return f"The unit of {name} that passes on most of the answer is {listed(parts)}."


def _mean(estimate: Estimate | None) -> str:
    return "–" if estimate is None else score_words(estimate.mean)


def _percent(estimate: Estimate | None) -> str:
    return "–" if estimate is None else f"{100 * estimate.mean:.0f}%"
