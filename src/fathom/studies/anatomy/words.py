"""An anatomy in sentences: which layers matter, which do nothing, where the work is done."""

from __future__ import annotations

from collections.abc import Sequence

from fathom.studies.anatomy.result import BYPASS, MEAN, ZERO, AnatomyResult, LayerRow
from fathom.studies.wording import interval_words, listed, plural, score_words

MOST_NAMED = 3
WAYS = {BYPASS: "passed by", ZERO: "replaced by zeros", MEAN: "replaced by its mean"}
METRICS = {"accuracy": "accuracy", "r2": "R²"}
# A share of dead or saturated units that is worth a word.
MANY = 0.5


def findings(result: AnatomyResult) -> dict[str, str]:
    """Return what was found, in sentences by name, in the order a reader wants them."""
    told = {
        "score": _score(result),
        "matters": _matters(result),
        "idle": _idle(result),
        "training": _training(result),
        "representation": _representation(result),
        "depth": _depth(result),
        "health": _health(result),
    }
    return {name: text for name, text in told.items() if text}


def is_idle(row: LayerRow, result: AnatomyResult) -> bool:
    """Return whether nothing that can be measured is lost without a layer."""
    return row.worth is not None and row.worth.mean <= result.error and row.worth.low <= 0


def matters(row: LayerRow, result: AnatomyResult) -> bool:
    """Return whether something is lost without a layer, beyond chance."""
    return row.worth is not None and row.worth.low > 0 and not is_idle(row, result)


def called(row: LayerRow) -> str:
    """Return what a row is called in a sentence."""
    return f"block {row.name}" if row.is_block else row.name


def _score(result: AnatomyResult) -> str:
    whole = (
        f"{result.model} reaches {_metric(result)} {interval_words(*result.score)} on "
        f"{plural(result.rows['test'], 'test row')} of {result.dataset}"
    )
    over = f", mean of {result.networks} trained networks" if result.networks > 1 else ""
    guess = f"; guessing reaches {score_words(result.guess)}"
    if result.is_trained:
        return f"{whole}{over}{guess}."
    return (
        f"{whole}{over}{guess}: no better than a guess, so it was probably never trained on such "
        "data. What follows says how it is built; what a layer is worth cannot be told."
    )


def _layers(result: AnatomyResult) -> list[LayerRow]:
    return [row for row in result.layers if not row.is_block]


def _matters(result: AnatomyResult) -> str | None:
    if not result.is_trained:
        return None
    if len(_layers(result)) == 1:
        return (
            f"It has one layer with weights, {result.layers[0].name}, so there is nothing to "
            "compare: without it nothing is left."
        )
    parts = [
        _ranked([row for row in result.layers if row.is_block is is_block], result)
        for is_block in (False, True)
    ]
    return " ".join(part for part in parts if part) or (
        "No layer alone matters: without any one of them the score stays the same within its error."
    )


def _ranked(rows: Sequence[LayerRow], result: AnatomyResult) -> str | None:
    worth = sorted((row for row in rows if matters(row, result)), key=lambda row: row.rank or 0)
    if not worth:
        return None
    noun = "block" if rows[0].is_block else "layer"
    named = listed([f"{row.name} ({_lost(row)})" for row in worth[:MOST_NAMED]])
    rest = len(worth) - MOST_NAMED
    more = f", and less so {plural(rest, 'other')}" if rest > 0 else ""
    start = (
        f"The {noun} that matters is" if len(worth) == 1 else f"The {noun}s that matter most are"
    )
    return f"{start} {named}{more}."


def _lost(row: LayerRow) -> str:
    if row.worth is None or row.worth_by is None:
        return "unknown"
    return f"{WAYS[row.worth_by]} it costs {score_words(row.worth.mean)}"


def _idle(result: AnatomyResult) -> str | None:
    if not result.is_trained:
        return None
    idle = [row for row in result.layers if is_idle(row, result)]
    if not idle:
        return "Every layer does something: none can be left out without a loss beyond chance."
    named = listed([f"{called(row)} ({_lost(row)})" for row in idle[: 2 * MOST_NAMED]])
    rest = len(idle) - 2 * MOST_NAMED
    more = f" and {plural(rest, 'other')}" if rest > 0 else ""
    return (
        f"Worth nothing that {plural(result.rows['test'], 'row')} can show, one at a time: "
        f"{named}{more}. Together they may still be needed."
    )


def _training(result: AnatomyResult) -> str | None:
    """Say which layers would do as well with the weights they began with."""
    if result.initial != "stored" or not result.is_trained:
        return None
    rows = [row for row in _layers(result) if row.reinit is not None]
    robust = [
        row.name
        for row in rows
        if row.reinit is not None
        and row.reinit.mean <= result.error
        and (row.rerandom is None or row.rerandom.mean > result.error)
    ]
    if robust:
        return (
            f"{listed(robust)} would do as well with {'their' if len(robust) > 1 else 'its'} "
            "initial weights, though not with others: training them changed nothing that counts."
        )
    critical = max(rows, key=lambda row: row.reinit.mean if row.reinit else 0.0, default=None)
    if critical is None or critical.reinit is None:
        return None
    return (
        f"Training mattered most in {critical.name}: with its initial weights the network loses "
        f"{score_words(critical.reinit.mean)}."
    )


def _representation(result: AnatomyResult) -> str | None:
    depth, raw = result.depth, result.probe_input
    if depth.by_probe is None or raw is None or not result.is_trained:
        return None
    if depth.probe_place == 0:
        return (
            f"A linear model reads the target from the raw input ({score_words(raw.mean)}) as well "
            "as from any layer: the layers add nothing that a probe could see."
        )
    row = result.row(depth.by_probe)
    if row.probe is None:
        return None
    place, layers = depth.probe_place, len(_layers(result))
    later = layers - (place or 0)
    text = (
        f"The representation is finished at {row.name}, layer {place} of {layers}: a linear model "
        f"reads {score_words(row.probe.mean)} from its output"
    )
    if row.probe_untrained is not None:
        text += (
            f" ({score_words(raw.mean)} from the raw input, "
            f"{score_words(row.probe_untrained.mean)} from an untrained network's)"
        )
    else:
        text += f" ({score_words(raw.mean)} from the raw input)"
    if not later:
        return f"{text}."
    improve = "improves" if later == 1 else "improve"
    return f"{text}, and {plural(later, 'later layer')} {improve} on that by no more than chance."


def _depth(result: AnatomyResult) -> str | None:
    depth = result.depth
    if not depth.removable or not result.is_trained:
        return None
    text = _removable(result)
    if depth.path_length is not None:
        blocks = sum(row.is_block for row in result.layers)
        text += (
            f" Weighted by their gradient, its paths run through {depth.path_length:.1f} of "
            f"{blocks} blocks on average."
        )
    return text


def _removable(result: AnatomyResult) -> str:
    depth = result.depth
    kind = "block" if any(result.row(name).is_block for name in depth.removable) else "layer"
    if len(depth.removable) == 1:
        name = depth.removable[0]
        verdict = "is not needed" if depth.removed else "is needed"
        return f"One {kind} can be passed by, {name}; it {verdict}."
    start = f"Of {plural(len(depth.removable), kind)} that can be passed by"
    if not depth.removed:
        return f"{start}, none can go without training."
    needed = depth.needed or 0
    gone = f"{listed(depth.removed)} can go" + (" together" if len(depth.removed) > 1 else "")
    return (
        f"{start}, {needed} {'is' if needed == 1 else 'are'} needed for a score within one "
        f"standard error: {gone}."
    )


def _health(result: AnatomyResult) -> str | None:
    dead = [row.name for row in result.layers if (row.dead or 0) >= MANY]
    saturated = [row.name for row in result.layers if (row.saturated or 0) >= MANY]
    told = []
    if dead:
        told.append(f"Half or more of the units of {listed(dead)} are dead.")
    if saturated:
        told.append(f"Half or more of the activations of {listed(saturated)} are saturated.")
    return " ".join(told) or None


def _metric(result: AnatomyResult) -> str:
    return METRICS[result.metric]
