"""The study in words: its answer in one line, how it was done, what to type next."""

from __future__ import annotations

import re
import shlex

from fathom.report.facts import (
    architecture_name,
    baseline_name,
    has_several_widths,
    is_finished,
    leading_row,
    metric_name,
    score_digits,
)
from fathom.report.markup import plain
from fathom.report.numbers import (
    count_text,
    counted,
    listed,
    rate_text,
    score_text,
)
from fathom.specs import BOOSTING, COSINE, HALVING, LINEAR
from fathom.studies import StudyResult, standard_error

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[^\s\d])")


def headline(result: StudyResult) -> str:
    """Return the answer in one sentence, or how far the study got."""
    if result.verdict is not None:
        first = _SENTENCE_END.split(result.verdict.text.strip(), maxsplit=1)[0]
        return plain(first) or "The study is finished."
    best = leading_row(result.rows())
    if best is None:
        return "Nothing has been trained yet."
    score = score_text(best.validation.mean, digits=score_digits(result))
    name = architecture_name(result, best)
    return f"Not finished: so far {name} is best, with validation {metric_name(result)} {score}."


def progress_text(result: StudyResult) -> str | None:
    """Return how far an unfinished study got; None if it is finished."""
    if is_finished(result):
        return None
    status = result.status
    done = f"{count_text(len(result.runs))} of {counted(result.header.trainings, 'training')}"
    state = "" if status is None else f" Its last status is “{plain(status.status)}”"
    why = f": {plain(status.message)}" if status is not None and status.message else ""
    end = "." if state else ""
    return f"This study is unfinished: {done} done.{state}{why}{end}"


def describe_method(result: StudyResult) -> list[str]:
    """Return the method in paragraphs, with this study's own numbers."""
    parts = [
        _splits(result),
        _networks(result),
        _training(result),
        _allocation(result),
        _rates(result),
        _rule(result),
        _limits(result),
        _again(result),
        _testing(result),
        _costs(result),
        _measures(result),
    ]
    return [part for part in parts if part]


def next_commands(result: StudyResult) -> list[tuple[str, str]]:
    """Return commands to go on with, and what each gives."""
    name = shlex.quote(plain(result.header.name, limit=1000))
    if not is_finished(result):
        return [
            (f"fathom runs show {name}", "prints what is stored so far"),
            (f"fathom report {name}", "draws this page again with what has been trained since"),
        ]
    return [
        (f"fathom predict {name} FILE", "predicts new rows with the chosen network"),
        (f"fathom runs show {name}", "prints this table and verdict again"),
        (f"fathom runs compare {name} OTHER", "puts another study beside this one"),
        (f"fathom runs export {name}", "writes every record for other tools"),
    ]


def _splits(result: StudyResult) -> str:
    dataset = result.header.dataset
    rows = {str(name): int(number) for name, number in dict(dataset.get("rows", {})).items()}
    if not rows:
        return ""
    names = {"train": "to train on", "validation": "to choose by", "test": "to test on once"}
    parts = [f"{count_text(number)} {names.get(name, name)}" for name, number in rows.items()]
    stratified = ", each class in the same share" if dataset.get("balance") == "stratified" else ""
    seed = f" (seed {dataset['seed']})" if "seed" in dataset else ""
    return (
        f"The {counted(sum(rows.values()), 'row')} were split once{seed}: "
        f"{listed(parts)}{stratified if result.spec.model.num_classes else ''}. "
        "Everything fitted to the data, such as scaling and category codes, saw the training "
        "rows alone."
    )


def _networks(result: StudyResult) -> str:
    spec, model = result.spec, result.spec.model
    block, units = model.block_words
    if spec.match_parameters:
        width = "the width that gives about as many parameters as the deepest"
    else:
        noun = units.removesuffix("s") if spec.widths == (1,) else units
        width = f"{listed([str(width) for width in spec.widths])} {noun}"
        width += ", each at every depth" if has_several_widths(result) else ""
    extras = [f"{model.normalization} normalisation"] if model.normalization != "none" else []
    extras += [f"dropout {model.dropout:g}"] if model.dropout else []
    extras += [f"L1 {model.l1:g}"] if model.l1 else []
    extras += [f"L2 {model.l2:g}"] if model.l2 else []
    return (
        f"Depth counts {block}s; depth 0 is the linear model. The networks are of the family "
        f"“{plain(model.family)}” with {plain(model.activation)} activation"
        f"{', ' + listed(extras) if extras else ''}; {block}s have {width}. "
        f"Depths compared: {', '.join(str(depth) for depth in sorted(spec.depths))}."
    )


def _training(result: StudyResult) -> str:
    spec, train = result.spec, result.spec.train
    rates = listed([rate_text(rate) for rate in spec.learning_rates])
    seeds = spec.member_seeds
    which = str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    noun = "learning rate" if len(spec.learning_rates) == 1 else "learning rates"
    stop = (
        ""
        if train.patience is None
        else f"; a network stops after {counted(train.patience, 'epoch')} without a better "
        "validation loss"
    )
    falls = {LINEAR: " in a straight line", COSINE: " in half a cosine"}
    fall = f"; learning rates fall to zero{falls[train.decay]}" if train.decay in falls else ""
    verb = "begun" if spec.is_staged else "trained"
    return (
        f"Every depth was {verb} at the {noun} {rates}, each with "
        f"{counted(len(seeds), 'seed')} ({which}): {counted(result.header.trainings, 'training')} "
        f"in all. A seed decides the initial weights and the order of the batches. Optimiser "
        f"{plain(train.optimizer)}, batches of {counted(train.batch_size, 'row')}, at most "
        f"{counted(train.epochs, 'epoch')}{stop}{fall}. The weights of the epoch with the best "
        "validation loss are kept."
    )


def _allocation(result: StudyResult) -> str:
    if not result.spec.is_staged:
        return ""
    told = [plain(rung.message, limit=300) for rung in result.rungs]
    what = {HALVING: "by halving: all members begin, and at rungs the worst are let go"}
    how = what.get(result.spec.allocation, "in stages")
    return (
        f"Trainings were shared out {how}. A rung ranks every learning rate of every depth by "
        "its mean validation score so far; the worst lose their members first, and each depth "
        "keeps two at its best rate. Members that were let go enter no mean, figure or test; "
        f"their curves up to then are stored. {_sentences(told)}"
    )


def _sentences(parts: list[str]) -> str:
    return " ".join(f"{part[0].upper()}{part[1:]}." for part in parts if part)


def _rates(result: StudyResult) -> str:
    guess = score_text(result.guess, digits=score_digits(result))
    if len(result.spec.learning_rates) == 1:
        choice = "A single learning rate was tried, which may favour some depths over others."
    else:
        choice = (
            "One learning rate for all depths would favour some of them, so each depth uses its "
            f"own: the one with the best mean validation {metric_name(result)} over seeds."
        )
    return (
        f"{choice} A training that never gave a finite loss counts as guessing ({guess}) and is "
        "listed as diverged."
    )


def _rule(result: StudyResult) -> str:
    rule = (
        "The depth is chosen by the one-standard-error rule: the shallowest whose mean "
        f"validation {metric_name(result)} is within one standard error of the best"
    )
    best = leading_row(result.rows())
    if best is None:
        return f"{rule}."
    digits = score_digits(result)
    error = standard_error(best, result)
    basis = (
        "estimated from the validation rows alone, since there is a single seed"
        if best.validation.se is None
        else f"over {counted(best.validation.n, 'seed')} and the validation rows together"
    )
    return (
        f"{rule}. Here the best is {score_text(best.validation.mean, digits=digits)} at "
        f"{architecture_name(result, best)}, with a standard error of "
        f"{score_text(error, digits=digits + 1)} ({basis}), so "
        f"{score_text(best.validation.mean - error, digits=digits)} and more count as equally good."
    )


def _limits(result: StudyResult) -> str:
    spec = result.spec
    limits = []
    if spec.max_parameters is not None:
        limits.append(f"{count_text(spec.max_parameters)} parameters")
    if spec.max_latency_ms is not None:
        limits.append(f"{spec.max_latency_ms:g} ms to predict a row")
    if not limits:
        return ""
    return (
        f"The chosen network may have at most {listed(limits)}: the rule chooses among those that "
        "do. The others were trained too, to tell what the limit costs."
    )


def _again(result: StudyResult) -> str:
    told = [one for one in result.regularized if one.tried]
    if not told:
        return ""
    settings = [
        f"dropout {one.dropout:g} and L2 {one.l2:g}" for again in told[:1] for one in again.tried
    ]
    depths = listed([str(one.depth) for one in told])
    return (
        f"Depth {depths} overfitted: its training loss fell on while its validation loss rose, and "
        "it scored below the best beyond one standard error. It was trained again at "
        f"its learning rate and from the same seeds with {'; '.join(settings)}; the setting with "
        "the best mean validation score counts."
    )


def _costs(result: StudyResult) -> str:
    rows = result.rows()
    parts = []
    if any(row.flops for row in rows):
        parts.append(
            "Operations are counted in the program of one prediction, a multiplication and an "
            "addition as one each."
        )
    if any(row.latency_ms for row in rows):
        parts.append(
            "The time of one row is the median of compiled calls for a single row, warmed up, on "
            "one device."
        )
    if any(row.batch_ms for row in rows):
        parts.append(
            "The time of a row in batches is what one core, or other device, takes for it when the "
            "validation rows are predicted at once."
        )
    return " ".join(parts)


def _testing(result: StudyResult) -> str:
    names = [plain(baseline_name(one.name), limit=40) for one in result.baselines]
    beside = f" Baselines on the same splits: {listed(names)}." if names else ""
    boosted = any(one.name == BOOSTING for one in result.baselines)
    which = (
        " Gradient boosting is scikit-learn's histogram version with its default settings."
        if boosted
        else ""
    )
    return (
        "The test rows were read once per depth, at its chosen rate, and decided nothing. Their "
        "intervals are 95% bootstrap intervals over seeds and test rows together; those of the "
        "baselines over test rows. Other depths are compared with the chosen one seed by seed on "
        "the same rows; a difference is called clear if it holds with 95% for all comparisons at "
        f"once (Bonferroni).{beside}{which}"
    )


def _measures(result: StudyResult) -> str:
    if not result.spec.train.watch:
        return "Layers were not measured in this study."
    return (
        "Layers are measured at initialisation and during training on a fixed set of probe rows. "
        "The gradient of a layer is the norm of the loss gradient at its pre-activation; the "
        "table gives the first layer's over the last layer's at initialisation, as a geometric "
        "mean over seeds."
    )
