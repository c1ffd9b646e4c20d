"""The verdict: the one-standard-error rule, and what the study found in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from fathom.specs import BOOSTING, BaselineRecord, VerdictRecord
from fathom.studies import allocation_words
from fathom.studies import training_failures as failures
from fathom.studies.result import DepthRow, StudyResult
from fathom.studies.rule import best_row, choose, standard_error
from fathom.studies.wording import depths_in_words, listed, number, plural, score, seconds

RULE = "one-standard-error"
# A network has learned something if it beats guessing by this many standard errors.
LEARNED_ERRORS = 3
# Validation scores that differ by less are the same to anyone who uses them.
NEGLIGIBLE = 0.002
# Costs that differ by less than this factor are not worth a word.
NOTABLE = 1.2
# Learning rates are never advised in larger steps.
WIDEST_STEP = 10


def judge(result: StudyResult) -> VerdictRecord:
    """Return the verdict on a study whose members have all trained.

    The chosen depth is the shallowest whose mean validation score is within
    one standard error of the best mean (Breiman et al., "Classification and
    Regression Trees", 1984, section 3.4.3; here over seeds).
    """
    rows = result.rows()
    best = best_row(rows)
    if not has_learned(best, result):
        return _nothing_learned(result, best)
    chosen = choose(rows, result)
    tellers: dict[str, Callable[..., str | None]] = {
        "answer": _answer,
        "certainty": _certainty,
        "allocation": _allocation,
        "more_depth": _more_depth,
        "failures": _failures,
        "equal_parameters": _equal_parameters,
        "cost": _cost,
        "baselines": _baselines,
        "next": _next,
    }
    told = {name: tell(result, rows, chosen) for name, tell in tellers.items()}
    findings = {name: text for name, text in told.items() if text}
    return VerdictRecord(
        depth=chosen.depth,
        width=chosen.width,
        rule=RULE,
        text="\n\n".join(findings.values()),
        findings=findings,
    )


def has_learned(row: DepthRow, result: StudyResult) -> bool:
    """Return whether the row's score lies clearly above guessing.

    The error is that of guessing on so many validation rows. How much seeds
    differ does not count: one seed in three that learns has learned.
    """
    rows = result.header.dataset["rows"]["validation"]
    error = math.sqrt(max(result.guess * (1 - result.guess), 0.05) / rows)
    return row.validation.mean > result.guess + LEARNED_ERRORS * error


def _nothing_learned(result: StudyResult, best: DepthRow) -> VerdictRecord:
    answer = (
        f"No depth learned anything: the best, depth {best.depth}, reaches "
        f"{score(best.validation.mean, result)} on the validation split, and guessing "
        f"reaches {score(result.guess, result)}."
    )
    boosted = _named(result, BOOSTING)
    if boosted is None or boosted.validation <= result.guess + NEGLIGIBLE:
        advice = (
            "Either the inputs say nothing about the target, or there are too few rows to tell. "
            "Check that targets and inputs belong together before trying other networks."
        )
    else:
        advice = (
            f"Gradient boosting reaches {score(boosted.validation, result)}, so there is "
            "something to learn: try other learning rates, more epochs, or batch normalisation."
        )
    reasons = failures.in_words(result, result.rows())
    told = {
        "answer": answer,
        "allocation": allocation_words.in_words(result, result.rows()),
        "failures": reasons,
        "next": advice,
    }
    findings = {name: text for name, text in told.items() if text}
    return VerdictRecord(
        depth=None, width=None, rule=RULE, text="\n\n".join(findings.values()), findings=findings
    )


# -- the parts of the verdict, in the order a reader wants them ------------------


def _answer(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str:
    block, units = result.spec.model.block_words
    what = (
        "Depth 0 is enough: a linear model"
        if chosen.depth == 0
        else f"Depth {chosen.depth} is enough: {plural(chosen.depth, block)} "
        f"of {number(chosen.width)} {units}"
    )
    test = chosen.test
    if test is None or test.mean is None or test.low is None or test.high is None:
        return f"{what}."
    return (
        f"{what}, {_metric(result)} {score(test.mean, result)} on the test split "
        f"(95% interval {score(test.low, result)} to {score(test.high, result)}), "
        f"with {number(chosen.parameters)} parameters and learning rate "
        f"{chosen.learning_rate:g}."
    )


def _certainty(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str:
    best = best_row(rows)
    error = standard_error(best, result)
    seeds = best.validation.n
    basis = (
        f"over {plural(seeds, 'seed')}"
        if seeds > 1
        else "from the validation rows alone, since there is one seed"
    )
    if best is chosen:
        others = [row for row in rows if row is not chosen]
        shallower = [row for row in others if row.depth < chosen.depth]
        start = f"It is the best on the validation split: {_with_error(chosen, result)} {basis}"
        if not shallower:
            return f"{start}, and the shallowest that was tried."
        nearest = best_row(shallower)
        gap = chosen.validation.mean - nearest.validation.mean
        return (
            f"{start}. The best of the shallower ones, depth {nearest.depth}, is "
            f"{score(gap, result)} lower, {gap / error:.1f} standard errors."
        )
    tied = [row for row in rows if row.validation.mean >= best.validation.mean - error]
    gap = best.validation.mean - chosen.validation.mean
    return (
        f"{_highest(rows, best)} is depth {best.depth}'s, {_with_error(best, result)} "
        f"{basis}; depth {chosen.depth} is {score(gap, result)} below it, within one standard "
        f"error, so nothing speaks for the deeper network. "
        f"{_tie(tied)}"
    )


def _highest(rows: Sequence[DepthRow], best: DepthRow) -> str:
    higher = any(row.validation.mean > best.validation.mean for row in rows)
    return (
        f"The highest mean of {best.validation.n} seeds"
        if higher
        else ("The highest validation mean")
    )


def _allocation(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    return allocation_words.in_words(result, rows)


def _tie(tied: Sequence[DepthRow]) -> str:
    depths = sorted({row.depth for row in tied})
    return f"Depths {depths_in_words(depths)} cannot be told apart by this study."


def _more_depth(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    deeper = [row for row in rows if row.depth > chosen.depth and _trains(row, rows, result)]
    if not deeper:
        return None
    gain = best_row(deeper).validation.mean - chosen.validation.mean
    deepest = max(deeper, key=lambda row: row.depth)
    text = "More depth gives nothing that this study could measure"
    text += f" ({score(gain, result)} at most)." if gain > NEGLIGIBLE else "."
    loss = best_row(rows).validation.mean - deepest.validation.mean
    error = standard_error(best_row(rows), result)
    if loss > max(2 * error, NEGLIGIBLE):
        text += (
            f" Returns turn negative: depth {deepest.depth} is {score(loss, result)} below the "
            f"best{_overfits(deepest, chosen)}."
        )
    return text


def _overfits(deepest: DepthRow, chosen: DepthRow) -> str:
    """Tell overfitting from optimisation by the training loss that was reached."""
    if deepest.train is None or chosen.train is None:
        return ""
    if deepest.train < 0.8 * chosen.train:
        return ", although its training loss gets lower: it overfits"
    if deepest.train > 1.25 * chosen.train:
        return ", and its training loss stays higher too: it is harder to train, not overfitting"
    return ""


def _trains(row: DepthRow, rows: Sequence[DepthRow], result: StudyResult) -> bool:
    return not failures.has_failed(row, rows, result)


def _failures(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    return failures.in_words(result, rows)


def _equal_parameters(
    result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow
) -> str | None:
    """Tell what a shallow network of as many parameters reaches."""
    best = best_row(rows)
    hidden = [
        row
        for row in rows
        if row.depth > 0 and (row.depth <= best.depth or _trains(row, rows, result))
    ]
    if len(hidden) < 2 or len({row.width for row in hidden}) < 2:
        return None
    if not result.spec.match_parameters:
        return None
    shallow = min(hidden, key=lambda row: row.depth)
    best = best_row(hidden)
    gap = best.validation.mean - shallow.validation.mean
    start = (
        f"At equal parameters (about {number(best.parameters)}) one "
        f"{plural(shallow.depth, 'block')[2:]} of {number(shallow.width)} units reaches "
        if shallow.depth == 1
        else f"At equal parameters (about {number(best.parameters)}) depth {shallow.depth} "
        f"with {number(shallow.width)} units reaches "
    )
    text = f"{start}{_with_error(shallow, result)} on the validation split"
    if best is shallow:
        return f"{text}, and no deeper network of that size does better."
    error = standard_error(best, result)
    if gap <= max(error, NEGLIGIBLE):
        return f"{text}; depth itself, at equal size, gains nothing here."
    return (
        f"{text}; depth {best.depth} with {number(best.width)} units reaches "
        f"{_with_error(best, result)}: here depth itself is worth {score(gap, result)}."
    )


def _cost(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    deepest = max(rows, key=lambda row: (row.depth, row.parameters))
    if deepest.depth <= chosen.depth:
        return None
    memory = {(a.depth, a.width): a.bytes for a in result.architectures}
    held = memory[deepest.depth, deepest.width], memory[chosen.depth, chosen.width]
    times = {
        "parameters": deepest.parameters / chosen.parameters,
        "training time": deepest.train_seconds / max(chosen.train_seconds, 1e-9),
        "memory": held[0] / held[1] if held[0] and held[1] else 1.0,
    }
    told = [f"{ratio:.1f} times the {what}" for what, ratio in times.items() if ratio >= NOTABLE]
    if not told:
        return None
    return (
        f"Depth {deepest.depth} costs {listed(told)} of depth {chosen.depth} "
        f"(a member trained {seconds(deepest.train_seconds)} and "
        f"{seconds(chosen.train_seconds)})."
    )


def _baselines(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    told: list[str] = []
    linear = next((row for row in rows if row.depth == 0), None)
    if linear is not None and linear is not chosen and linear.test and linear.test.mean:
        told.append(f"the linear model {score(linear.test.mean, result)}")
    words = {
        "linear": "the linear model",
        BOOSTING: "gradient boosting",
        "majority-class": "the majority class",
        "mean": "the mean",
    }
    order = list(words)
    known = [b for b in result.baselines if b.name in words]
    known.sort(key=lambda baseline: order.index(baseline.name))
    told += [f"{words[b.name]} {score(b.test, result)}" for b in known]
    if not told:
        return None
    text = f"On the same test split: {', '.join(told)}."
    boosted = _named(result, BOOSTING)
    if boosted and chosen.test and chosen.test.high is not None:
        if boosted.test > chosen.test.high:
            text += " Gradient boosting is better than any of these networks: prefer it."
        elif chosen.test.low is not None and boosted.test < chosen.test.low:
            text += " The network is better than gradient boosting."
    if boosted is None and result.spec.baselines:
        text += " Gradient boosting was left out: here it would cost more than the networks."
    return text


def _next(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    """Say what an optimum at an edge asks for, and what would mend what failed."""
    advice = [
        *_rate_advice(result, chosen),
        *_depth_advice(result, rows, chosen),
        *_seed_advice(result),
        *failures.mends(result, rows),
    ]
    return f"To go on: {'; '.join(advice)}." if advice else None


def _rate_advice(result: StudyResult, chosen: DepthRow) -> list[str]:
    rates = sorted(result.spec.learning_rates)
    if len(rates) == 1:
        return [
            "only one learning rate was tried, and the best rate changes with depth: "
            "give several with --learning-rates"
        ]
    if chosen.learning_rate == rates[-1]:
        return [
            f"the best learning rate, {rates[-1]:g}, is the largest tried: "
            f"try larger ones (--learning-rates {rates[-1]:g},{_step_up(rates):g})"
        ]
    if chosen.learning_rate == rates[0]:
        return [
            f"the best learning rate, {rates[0]:g}, is the smallest tried: "
            f"try smaller ones (--learning-rates {_step_down(rates):g},{rates[0]:g})"
        ]
    return []


def _step_up(rates: Sequence[float]) -> float:
    return float(f"{rates[-1] * min(rates[-1] / rates[-2], WIDEST_STEP):.1g}")


def _step_down(rates: Sequence[float]) -> float:
    return float(f"{rates[0] / min(rates[1] / rates[0], WIDEST_STEP):.1g}")


def _depth_advice(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> list[str]:
    depths = sorted({row.depth for row in rows})
    if len(depths) == 1:
        return ["only one depth was tried: give several with --depths"]
    if chosen.depth == depths[-1]:
        high = 2 * chosen.depth
        return [
            f"the chosen depth is the deepest tried: look further with "
            f"--depths {chosen.depth}-{high}"
        ]
    if chosen.depth == depths[0] > 0:
        return [f"the chosen depth is the shallowest tried: begin with --depths 0-{depths[-1]}"]
    return []


def _seed_advice(result: StudyResult) -> list[str]:
    if result.spec.seeds >= 3:
        return []
    return ["few seeds make a wide standard error: repeat with --seeds 5"]


def _with_error(row: DepthRow, result: StudyResult) -> str:
    mean = score(row.validation.mean, result)
    if row.validation.se is None:
        return mean
    return f"{mean} ± {score(row.validation.se, result)}"


def _metric(result: StudyResult) -> str:
    return {"accuracy": "accuracy", "r2": "R²"}[result.header.metric]


def _named(result: StudyResult, name: str) -> BaselineRecord | None:
    return next((b for b in result.baselines if b.name == name), None)
