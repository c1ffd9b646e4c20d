"""The verdict: the one-standard-error rule, and what the study found in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from fathom.specs import BOOSTING, LAST_VALUE, BaselineRecord, ComparisonRecord, VerdictRecord
from fathom.studies import allocation_words, constraints, overfitting, unfinished
from fathom.studies import training_failures as failures
from fathom.studies.comparisons import compared
from fathom.studies.comparisons import in_words as comparisons_in_words
from fathom.studies.pareto import pareto_front
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
    Regression Trees", 1984, section 3.4.3; here over seeds). Where the network must
    keep within limits, only those that do count.
    """
    everything = result.rows()
    best = best_row(everything)
    if not has_learned(best, result):
        return _nothing_learned(result, best)
    rows = constraints.allowed(everything, result.spec)
    if not rows:
        return _without_choice({"answer": constraints.nothing_fits(result, everything)})
    chosen = choose(rows, result)
    comparisons = compared(result, rows, chosen)
    tellers: dict[str, Callable[..., str | None]] = {
        "answer": _answer,
        "constraints": lambda result, _, chosen: constraints.in_words(result, everything, chosen),
        "certainty": partial(_certainty, comparisons=comparisons),
        "allocation": _allocation,
        "more_depth": _more_depth,
        "more_epochs": unfinished.in_words,
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
        comparisons=comparisons,
    )


def has_learned(row: DepthRow, result: StudyResult) -> bool:
    """Return whether the row's score lies clearly above guessing, on both splits.

    On the validation split the error is that of guessing on so many rows: the best of
    many rates and depths must be more than luck. How much seeds differ does not count:
    one seed in three that learns has learned. On the test split the interval must lie
    above guessing, or the best seed clearly so.
    """
    return row.validation.mean > _floor(result) and _is_confirmed(row, result)


def _floor(result: StudyResult) -> float:
    """Return the validation score above which something was learned."""
    return result.guess + LEARNED_ERRORS * _guessing_error(result.guess, result, "validation")


def _is_confirmed(row: DepthRow, result: StudyResult) -> bool:
    test, guessed = row.test, result.guess_on_test
    if test is None or test.low is None or guessed is None:
        return True
    error = _guessing_error(guessed, result, "test")
    return test.low > guessed or max(test.scores) > guessed + LEARNED_ERRORS * error


def _guessing_error(guess: float, result: StudyResult, split: str) -> float:
    """Return the standard error of a guess on the rows of a split."""
    return math.sqrt(max(guess * (1 - guess), 0.05) / result.header.dataset["rows"][split])


def _nothing_learned(result: StudyResult, best: DepthRow) -> VerdictRecord:
    causes = failures.causes_in_words(result, result.rows())
    boosted = _named(result, BOOSTING)
    learns = boosted is not None and boosted.validation > _floor(result)
    start, advice = "No depth learned anything", None
    if boosted is not None and learns:
        advice = (
            f"Gradient boosting reaches {score(boosted.validation)}, so there is "
            "something to learn: try other learning rates, more epochs, or batch normalisation."
        )
    elif causes is None:
        start = "Nothing can be learned from these inputs, as far as this study can tell"
        advice = (
            "Either the inputs say nothing about the target, or there are too few rows to tell. "
            "Check that targets and inputs belong together before trying other networks."
        )
    told = {
        "answer": (
            f"{start}: the best, depth {best.depth}, reaches "
            f"{score(best.validation.mean)} on the validation split"
            f"{_tested(best)}, and guessing reaches {score(result.guess)}."
        ),
        "allocation": allocation_words.in_words(result, result.rows()),
        "failures": causes,
        "by_heart": overfitting.by_heart_in_words(result),
        "next": advice,
    }
    return _without_choice(told)


def _tested(row: DepthRow) -> str:
    test = row.test
    if test is None or test.mean is None or test.low is None or test.high is None:
        return ""
    return (
        f" and {score(test.mean)} on the test split (95% interval "
        f"{score(test.low)} to {score(test.high)})"
    )


def _without_choice(told: Mapping[str, str | None]) -> VerdictRecord:
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
        f"{what}, {_metric(result)} {score(test.mean)} on the test split "
        f"(95% interval {score(test.low)} to {score(test.high)}), "
        f"with {number(chosen.parameters)} parameters and learning rate "
        f"{chosen.learning_rate:g}."
    )


def _certainty(
    result: StudyResult,
    rows: Sequence[DepthRow],
    chosen: DepthRow,
    *,
    comparisons: Sequence[ComparisonRecord],
) -> str:
    told = [
        _tied(result, rows, chosen, comparisons),
        comparisons_in_words(result, comparisons, chosen),
    ]
    return " ".join(part for part in told if part)


def _tied(
    result: StudyResult,
    rows: Sequence[DepthRow],
    chosen: DepthRow,
    comparisons: Sequence[ComparisonRecord],
) -> str:
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
        among = "Within the limit it" if len(rows) < len(result.rows()) else "It"
        start = f"{among} is the best on the validation split: {_with_error(chosen)} {basis}"
        if not shallower:
            return f"{start}, and the shallowest that was tried."
        nearest = best_row(shallower)
        gap = chosen.validation.mean - nearest.validation.mean
        return (
            f"{start}. The best of the shallower ones, depth {nearest.depth}, is "
            f"{score(gap)} lower, {gap / error:.1f} standard errors."
        )
    clear = {(one.depth, one.width): one.difference for one in comparisons if one.is_clear}
    tied = [
        row
        for row in rows
        if row.validation.mean >= best.validation.mean - error
        and (row.depth, row.width) not in clear
    ]
    is_better = any(difference > 0 for difference in clear.values())
    reason = (
        "the rule takes the shallower network"
        if is_better
        else "nothing speaks for the deeper network"
    )
    gap = best.validation.mean - chosen.validation.mean
    return (
        f"{_highest(rows, best)} is depth {best.depth}'s, {_with_error(best)} "
        f"{basis}; depth {chosen.depth} is {score(gap)} below it, within one standard "
        f"error ({score(error)}, validation rows included), so {reason}.{_tie(tied)}"
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
    if len(depths) < 2:
        return ""
    return f" Depths {depths_in_words(depths)} cannot be told apart by this study."


def _more_depth(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    told = [_returns(result, rows, chosen), overfitting.in_words(result, rows, chosen)]
    return " ".join(part for part in told if part) or None


def _returns(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    deeper = [row for row in rows if row.depth > chosen.depth and _trains(row, rows, result)]
    if not deeper:
        return None
    gain = best_row(deeper).validation.mean - chosen.validation.mean
    deepest = max(deeper, key=lambda row: row.depth)
    text = "More depth gives nothing that this study could measure"
    text += f" ({score(gain)} at most)." if gain > NEGLIGIBLE else "."
    loss = best_row(rows).validation.mean - deepest.validation.mean
    error = standard_error(best_row(rows), result)
    if loss > max(2 * error, NEGLIGIBLE):
        text += (
            f" Returns turn negative: depth {deepest.depth} is {score(loss)} below the "
            f"best{_why_worse(deepest, rows, chosen, result)}."
        )
    return text


def _why_worse(
    deepest: DepthRow, rows: Sequence[DepthRow], chosen: DepthRow, result: StudyResult
) -> str:
    """Tell overfitting from optimisation by the training loss that was reached."""
    if overfitting.overfits(deepest, rows, result):
        return ", although its training loss gets lower: it overfits"
    if deepest.train is None or chosen.train is None:
        return ""
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
    text = f"{start}{_with_error(shallow)} on the validation split"
    if best is shallow:
        return f"{text}, and no deeper network of that size does better."
    error = standard_error(best, result)
    if gap <= max(error, NEGLIGIBLE):
        return f"{text}; depth itself, at equal size, gains nothing here."
    return (
        f"{text}; depth {best.depth} with {number(best.width)} units reaches "
        f"{_with_error(best)}: here depth itself is worth {score(gap)}."
    )


def _cost(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    told = [_ratios(rows, chosen), _front(rows)]
    return " ".join(part for part in told if part) or None


def _ratios(rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    deepest = max(rows, key=lambda row: (row.depth, row.parameters))
    if deepest.depth <= chosen.depth:
        return None
    times = {
        "parameters": deepest.parameters / chosen.parameters,
        "training time": _ratio(deepest.train_seconds, chosen.train_seconds),
        "memory": _ratio(deepest.bytes, chosen.bytes),
        "prediction time": _ratio(deepest.latency_ms, chosen.latency_ms),
    }
    told = [f"{ratio:.1f} times the {what}" for what, ratio in times.items() if ratio >= NOTABLE]
    if not told:
        return None
    return (
        f"Depth {deepest.depth} costs {listed(told)} of depth {chosen.depth} "
        f"(a member trained {seconds(deepest.train_seconds)} and "
        f"{seconds(chosen.train_seconds)})."
    )


def _ratio(one: float | None, other: float | None) -> float:
    return one / other if one and other else 1.0


def _front(rows: Sequence[DepthRow]) -> str | None:
    """Tell which networks are worth their parameters, where not all are."""
    front = pareto_front(rows)
    if len({row.width for row in rows if row.depth}) > 1 or len(rows) - len(front) < 2:
        return None
    depths = sorted(row.depth for row in front)
    if len(depths) == 1:
        return None
    return (
        f"Only depths {depths_in_words(depths)} score more than every smaller network; the others "
        "cost more for no more."
    )


def _baselines(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    told: list[str] = []
    linear = next((row for row in rows if row.depth == 0), None)
    if linear is not None and linear is not chosen and linear.test and linear.test.mean:
        improving = " (still improving)" if unfinished.is_cut_short(linear, result) else ""
        told.append(f"the linear model {score(linear.test.mean)}{improving}")
    words = {
        "linear": "the linear model",
        BOOSTING: "gradient boosting",
        LAST_VALUE: "the last value of the series",
        "majority-class": "the majority class",
        "mean": "the mean",
    }
    order = list(words)
    known = [b for b in result.baselines if b.name in words]
    known.sort(key=lambda baseline: order.index(baseline.name))
    told += [f"{words[b.name]} {score(b.test)}" for b in known]
    if not told:
        return None
    text = f"On the same test split: {', '.join(told)}.{_against_last_value(result, chosen)}"
    boosted = _named(result, BOOSTING)
    if boosted and chosen.test and chosen.test.high is not None:
        if boosted.test > chosen.test.high:
            text += " Gradient boosting is better than any of these networks: prefer it."
        elif chosen.test.low is not None and boosted.test < chosen.test.low:
            text += " The network is better than gradient boosting."
    if boosted is None and result.spec.baselines:
        text += " Gradient boosting was left out: here it would cost more than the networks."
    return text


def _against_last_value(result: StudyResult, chosen: DepthRow) -> str:
    """Tell whether a time series is predicted better than by its last value."""
    last, test = _named(result, LAST_VALUE), chosen.test
    if last is None or test is None or test.low is None or test.high is None:
        return ""
    if test.low > last.test:
        return " The network is better than repeating the last value."
    if test.high < last.test:
        return " Repeating the last value is better than the network."
    return " The network is not clearly better than repeating the last value."


def _next(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    """Say what an optimum at an edge asks for, and what would mend what failed."""
    advice = [
        *_rate_advice(result, chosen),
        *_depth_advice(result, chosen),
        *_seed_advice(result),
        *overfitting.advice(result, chosen),
        *unfinished.advice(result, rows, chosen),
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


def _depth_advice(result: StudyResult, chosen: DepthRow) -> list[str]:
    depths = sorted({row.depth for row in result.rows()})
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


def _with_error(row: DepthRow) -> str:
    mean = score(row.validation.mean)
    if row.validation.se is None:
        return mean
    return f"{mean} ± {score(row.validation.se)}"


def _metric(result: StudyResult) -> str:
    return {"accuracy": "accuracy", "r2": "R²"}[result.header.metric]


def _named(result: StudyResult, name: str) -> BaselineRecord | None:
    return next((b for b in result.baselines if b.name == name), None)
