"""Depths that were still improving when their epochs were over, and what more would give."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fathom.specs import CONSTANT, RunRecord
from fathom.studies.result import DepthRow, StudyResult
from fathom.studies.rule import standard_error
from fathom.studies.training_failures import has_failed
from fathom.studies.wording import depths_in_words, number, plural, score

# A member was still improving if its best epoch is among this last part.
LAST_PART = 0.1
LONGER = 2
# Gains below this are the same to anyone who uses the network.
NEGLIGIBLE = 0.002
# Gains above this change what a network is compared with.
NOTICEABLE = 0.01


@dataclass(frozen=True)
class Outlook:
    """What a depth may reach with more epochs.

    Args:
        row: The depth.
        mean: Score it may reach; None where its curves do not tell.
        low: Lower end of the 95% interval.
        high: Upper end.
    """

    row: DepthRow
    mean: float | None = None
    low: float | None = None
    high: float | None = None


def planned_epochs(result: StudyResult) -> int:
    """Return the epochs of a whole training."""
    return result.rungs[-1].epochs if result.rungs else result.spec.train.epochs


def is_unfinished(row: DepthRow, result: StudyResult) -> bool:
    """Return whether most members at the chosen rate improved up to their last epoch."""
    planned = planned_epochs(result)
    latest = planned - max(round(LAST_PART * planned), 1)
    runs = result.runs_at_best(row)
    going = [r for r in runs if r.epochs >= planned and (r.best_epoch or 0) > latest]
    return 2 * len(going) > len(runs) and any(_has_fallen(run, latest) for run in going)


def _has_fallen(run: RunRecord, since: int) -> bool:
    """Return whether the lowest validation loss is lower than it was at an epoch."""
    before = [loss for loss in run.validation_losses[:since] if loss is not None]
    return bool(before) and run.validation_loss is not None and run.validation_loss < min(before)


def outlook(row: DepthRow, result: StudyResult) -> Outlook:
    """Return what a depth may reach with twice the epochs."""
    from fathom.measure import extrapolated  # loads JAX: views of a study do without

    planned = planned_epochs(result)
    errors = np.array([1 - _kept_scores(run, planned, result) for run in result.runs_at_best(row)])
    told = extrapolated(errors, until=LONGER * planned, seed=result.spec.seed)
    if told is None:
        return Outlook(row)
    return Outlook(row, mean=1 - told.mean, low=1 - told.high, high=1 - told.low)


def is_cut_short(row: DepthRow, result: StudyResult) -> bool:
    """Return whether twice the epochs would probably gain a depth more than a little."""
    if result.spec.train.decay != CONSTANT or not is_unfinished(row, result):
        return False
    mean = outlook(row, result).mean
    return mean is not None and mean > row.validation.mean + NOTICEABLE


def _kept_scores(run: RunRecord, epochs: int, result: StudyResult) -> np.ndarray:
    """Return the score of the weights kept after each epoch, float (epoch,).

    A member that has stopped keeps what it has.
    """
    kept, lowest, scores = result.guess, float("inf"), []
    told = zip(run.validation_losses, run.validation_scores, strict=True)
    for loss, value in itertools.islice(told, epochs):
        if loss is not None and value is not None and loss < lowest:
            lowest, kept = loss, value
        scores.append(kept)
    return np.array(scores + [kept] * (epochs - len(scores)))


def outlooks(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> list[Outlook]:
    """Return the unfinished depths whose end may matter: they may gain, and reach the chosen.

    None where the learning rate falls to zero: there the last epochs gain most, however
    many there are, and their curve would not go on as it went.
    """
    if result.spec.train.decay != CONSTANT:
        return []
    found = [
        outlook(row, result)
        for row in rows
        if is_unfinished(row, result) and not has_failed(row, rows, result)
    ]
    floor = chosen.validation.mean - standard_error(chosen, result)
    return [one for one in found if _matters(one, floor)]


def _matters(one: Outlook, floor: float) -> bool:
    if one.high is None:
        return one.row.validation.mean >= floor
    return one.high > max(floor, one.row.validation.mean + NEGLIGIBLE)


def in_words(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> str | None:
    """Tell which depths were cut short, and what more epochs may give; None if none was."""
    found = outlooks(result, rows, chosen)
    if not found:
        return None
    depths = sorted({one.row.depth for one in found})
    planned = planned_epochs(result)
    start = (
        f"{'Depths' if len(depths) > 1 else 'Depth'} {depths_in_words(depths)} "
        f"{'were' if len(depths) > 1 else 'was'} still improving after {plural(planned, 'epoch')}"
    )
    told = [one for one in found if one.mean is not None]
    if not told:
        return f"{start}; {_untold(found)}."
    top = max(told, key=lambda one: (one.row is chosen, one.mean or 0.0))
    return (
        f"{start}. With {number(LONGER * planned)}, depth {top.row.depth} may reach "
        f"{score(top.mean or 0.0)} on the validation split (95% interval "
        f"{score(top.low or 0.0)} to {score(top.high or 0.0)}), if its curve goes "
        "on as it went."
    )


def _untold(found: Sequence[Outlook]) -> str:
    if all(one.row.validation.n < 2 for one in found):
        return "what more would give cannot be told from one seed"
    return "the curves follow no law that would tell what more would give"


def advice(result: StudyResult, rows: Sequence[DepthRow], chosen: DepthRow) -> list[str]:
    """Return what to type where more epochs may change the verdict."""
    if not outlooks(result, rows, chosen):
        return []
    return [f"train longer with --epochs {LONGER * planned_epochs(result)}"]
