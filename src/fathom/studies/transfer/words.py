"""What a transfer experiment found, in words."""

from __future__ import annotations

from fathom.studies.anatomy import Estimate
from fathom.studies.transfer.result import FROZEN, Cut, TransferResult
from fathom.studies.wording import listed, plural

METRICS = {"accuracy": "accuracy", "r2": "R²"}


def text(result: TransferResult) -> str:
    """Return the verdict, what carries over, and what was learned, a paragraph each."""
    return "\n\n".join((_verdict(result), _carried(result), _learned(result)))


def headline(result: TransferResult) -> str:
    """Return the verdict in one line."""
    choice = result.choice
    if not choice.is_gain:
        return f"No gain: train a network for {result.dataset} from scratch"
    return f"Keep {_first(choice.cut, result)}, {_how(result)}"


def _verdict(result: TransferResult) -> str:
    choice, metric = result.choice, METRICS[result.metric]
    way = f"{_first(choice.cut, result)} of {result.model}, {_how(result)}"
    scores = (
        f"{metric} {_score(result.chosen_arm().test.mean)} on test rows against "
        f"{_score(result.base.test.mean)} from scratch"
    )
    difference = f"difference {interval(choice.gain)}"
    if choice.is_gain:
        return f"Gain: keep {way}: {scores}, {difference}."
    best = f"The best way to keep layers, chosen on validation rows, is {way}"
    if choice.gain.low > 0:
        benefit = result.cuts[choice.cut - 1].learned_benefit
        return (
            f"No gain that was learned elsewhere. {best}: {scores}, {difference}; but random "
            f"layers, frozen as well, do no worse ({interval(benefit)})."
        )
    if choice.gain.high < 0:
        return f"No gain, but a loss: train from scratch. {best}: {scores}, {difference}."
    return (
        f"No gain that could be told from chance: train from scratch. {best}: {scores}, "
        f"{difference}."
    )


def _how(result: TransferResult) -> str:
    return "fine-tuned" if result.choice.is_fine_tuned else "frozen"


def _first(cut: int, result: TransferResult) -> str:
    if cut == len(result.layers):
        return "the only layer" if cut == 1 else f"all {cut} layers but the head"
    return "the first layer" if cut == 1 else f"the first {cut} layers"


def _carried(result: TransferResult) -> str:
    carried = result.choice.carried
    after = [cut for cut in result.cuts if cut.specificity.low > 0]
    if carried == 0 and not after:
        return (
            "No layer was found to carry over: frozen, none is better than random layers beyond "
            "its interval."
        )
    parts = []
    if carried:
        parts.append(
            f"Frozen, {_first(carried, result)} carry over".replace("layer carry", "layer carries")
            + ": no loss against layers of the task's own could be measured"
        )
    if after:
        first = after[0]
        parts.append(
            f"frozen up to {first.layer} ({plural(first.cut, 'layer')}), layers are too special to "
            f"their old task: they lose {interval(first.specificity)} against the task's own"
        )
    joined = "; ".join(parts)
    return f"{joined[0].upper()}{joined[1:]}."


def _learned(result: TransferResult) -> str:
    beneficial = [cut for cut in result.cuts if cut.learned_benefit.low > 0]
    fragile = [cut for cut in result.cuts if cut.lost_coadaptation.low > 0]
    sentences = [_benefit(beneficial, result)]
    if fragile:
        worst = max(fragile, key=lambda cut: cut.lost_coadaptation.mean)
        sentences.append(
            f"Cut after {listed([cut.layer for cut in fragile])}, even a network's own layers do "
            "not find their partners again: training the rest anew loses "
            f"{interval(worst.lost_coadaptation)} after {worst.layer}."
        )
    return " ".join(sentences)


def _benefit(beneficial: list[Cut], result: TransferResult) -> str:
    if not beneficial:
        return "What the source has learned is of no measurable use here: random layers do as well."
    best = max(beneficial, key=lambda cut: cut.learned_benefit.mean)
    score = f"{METRICS[result.metric]} {_score(best.arms[FROZEN].test.mean)}"
    return (
        "Against random layers, frozen as well, what the source has learned is worth most after "
        f"{plural(best.cut, 'layer')}: {score}, "
        f"{interval(best.learned_benefit)} more."
    )


def notices(result: TransferResult) -> tuple[str, ...]:
    """Return what the reader should know."""
    spec, told = result.spec, []
    if spec.seeds == 1:
        told.append(
            "One seed: intervals are over test rows alone, another seed may tell otherwise."
        )
    if result.networks == 1:
        told.append(
            "There is one source network: nothing is known about another one trained like it. "
            "A study has one for every seed."
        )
    if spec.labels is not None:
        told.append(
            f"Every seed has {spec.labels} labelled rows of its own; learning rates and epochs are "
            f"chosen on {result.rows['validation']} further rows."
        )
    told += _edges(result)
    diverged = sum(arm.diverged for cut in result.cuts for arm in cut.arms.values())
    if diverged + result.base.diverged:
        told.append(f"{plural(diverged + result.base.diverged, 'network')} diverged.")
    return tuple(told)


def _edges(result: TransferResult) -> list[str]:
    rates = result.spec.learning_rates
    edge = {min(rates): "smallest", max(rates): "largest"}.get(result.base.learning_rate)
    if edge is None or len(rates) < 2:
        return []
    return [
        f"From scratch, the {edge} learning rate ({result.base.learning_rate:g}) is the best: one "
        "beyond it may be better still, and the comparison fairer with more rates."
    ]


def interval(estimate: Estimate) -> str:
    """Return a difference with its 95% interval.

    Example:
        >>> interval(Estimate(0.1, -0.02, 0.2))
        '+0.100 [−0.020, +0.200]'
    """
    mean, low, high = (f"{value:+.3f}".replace("-", "−") for value in estimate)
    return f"{mean} [{low}, {high}]"


def _score(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
