"""Which depths overfit, and what they reach with regularisation before they are rejected."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from fathom.specs import RegularizedRecord, RunRecord
from fathom.studies.result import DepthRow, Score, StudyResult, about, summarise, whole
from fathom.studies.rule import best_row, choose, standard_error
from fathom.studies.training_failures import has_failed
from fathom.studies.wording import score

# The validation loss has turned when it ends so much above its lowest.
TURNED = 1.02
# Rows were learned by heart when the training loss ended at so much of what it began with.
BY_HEART = 0.5


def overfitting_row(result: StudyResult) -> DepthRow | None:
    """Return the deepest network that overfits and is deeper than the chosen one; None if none."""
    rows = result.rows()
    chosen = choose(rows, result)
    found = [row for row in rows if row.depth > chosen.depth and overfits(row, rows, result)]
    return max(found, key=lambda row: (row.depth, row.parameters), default=None)


def overfits(row: DepthRow, rows: Sequence[DepthRow], result: StudyResult) -> bool:
    """Return whether a depth learns the training rows at the expense of others.

    Its score lies below the best beyond one standard error, it fits the training rows
    no worse than the chosen depth does, and in most of its members the training loss
    went on falling after the validation loss had turned.
    """
    best = best_row(rows)
    floor = best.validation.mean - standard_error(best, result)
    if row.validation.mean >= floor or has_failed(row, rows, result):
        return False
    chosen = choose(rows, result)
    if row.train is None or chosen.train is None or row.train > chosen.train:
        return False
    runs = result.runs_at_best(row)
    return 2 * sum(map(has_turned, runs)) > len(runs)


def has_turned(run: RunRecord) -> bool:
    """Return whether the training loss fell on while the validation loss rose again."""
    if run.best_epoch is None or run.best_epoch >= run.epochs:
        return False
    at_best, at_end = run.train_loss[run.best_epoch - 1], run.train_loss[-1]
    losses = run.validation_losses
    lowest, last = losses[run.best_epoch - 1], losses[-1]
    if at_best is None or at_end is None or lowest is None or last is None:
        return False
    return at_end < at_best and last > TURNED * lowest


def by_heart_in_words(result: StudyResult) -> str | None:
    """Tell that networks learned their training rows, where nothing held for others; None if not.

    The loss of the first epoch stands for that of guessing; the depth and rate whose loss
    fell furthest is told.
    """
    found = [
        (last / first, first, last, depth)
        for (depth, _), runs in result.runs_by_architecture().items()
        for first, last in _ends(whole(runs))
        if last < BY_HEART * first
    ]
    if not found:
        return None
    _, first, last, depth = min(found)
    return (
        f"The networks did learn their training rows, by heart: at depth {depth} the training "
        f"loss fell from {first:.3g} to {last:.3g}. What they learned does not hold for other rows."
    )


def _ends(runs: Sequence[RunRecord]) -> Iterator[tuple[float, float]]:
    """Yield the mean training loss of the first epoch and of the last, rate by rate."""
    for rate in {run.learning_rate for run in runs}:
        losses = [run.train_loss for run in runs if run.learning_rate == rate and run.train_loss]
        first, last = np.array([(loss[0], loss[-1]) for loss in losses], float).reshape(-1, 2).T
        if losses and np.isfinite([first, last]).all():  # no member diverged
            yield float(first.mean()), float(last.mean())


def regularized_score(record: RegularizedRecord) -> Score | None:
    """Return the mean validation score with the chosen setting; None where nothing was tried."""
    return summarise(record.scores) if record.scores else None


def setting_in_words(record: RegularizedRecord) -> str:
    """Return the chosen setting, such as "dropout 0.1 and L2 0.001"."""
    parts = [f"dropout {record.dropout:g}"] if record.dropout else []
    parts += [f"L2 {record.l2:g}"] if record.l2 else []
    return " and ".join(parts)


def setting_as_options(record: RegularizedRecord) -> str:
    """Return the chosen setting as it is typed."""
    options = {"--dropout": record.dropout, "--l2": record.l2}
    return " ".join(f"{name} {value:g}" for name, value in options.items() if value)


def in_words(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    """Tell what the overfitting depth reaches with regularisation; None if none overfits."""
    row = overfitting_row(result)
    told = None if row is None else about(row, result.regularized)
    if row is None or told is None:
        return None
    start = f"Depth {row.depth} overfits"
    known = regularized_score(told)
    if known is None:
        return f"{start}; it was not trained again with regularisation: {told.reason}."
    reached = f"{start}; with {setting_in_words(told)} it reaches {score(known.mean)}"
    error = standard_error(chosen, result)
    gap = known.mean - chosen.validation.mean
    if gap > error:
        return (
            f"{reached}, {score(gap)} above depth {chosen.depth} without: regularisation "
            "is worth trying at every depth."
        )
    if known.mean <= row.validation.mean:
        return f"{reached}, no more than without ({score(row.validation.mean)})."
    where = "still below" if gap < -error else "no better than"
    return (
        f"{reached} instead of {score(row.validation.mean)}, {where} depth {chosen.depth} "
        f"({score(chosen.validation.mean)})."
    )


def advice(result: StudyResult, chosen: DepthRow) -> list[str]:
    """Return what to type where regularisation made a deeper network better than the chosen."""
    row = overfitting_row(result)
    told = None if row is None else about(row, result.regularized)
    known = None if told is None else regularized_score(told)
    if told is None or known is None:
        return []
    if known.mean - chosen.validation.mean <= standard_error(chosen, result):
        return []
    return [f"compare all depths with {setting_as_options(told)}"]
