"""What a study that let members go could not compare, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from fathom.specs import DROPPED, RunRecord
from fathom.studies.result import DepthRow, StudyResult
from fathom.studies.rule import best_row
from fathom.studies.wording import depths_in_words, listed, number, plural, score


def in_words(result: StudyResult, rows: Sequence[DepthRow]) -> str | None:
    """Return what time and halving left out; None for a full grid without a limit."""
    if not result.spec.is_staged:
        return None
    told = [_time(result), _halving(result), _few_seeds(rows), _lucky(rows)]
    return " ".join(part for part in told if part) or None


def _time(result: StudyResult) -> str | None:
    if result.spec.minutes is None:
        return None
    cut = _cut(result)
    minutes = f"{result.spec.minutes:g} minutes"
    if not cut and any(run.status == DROPPED for run in result.runs):
        return f"In {minutes} every seed and learning rate was begun, for all epochs asked for."
    if not cut:
        return f"The {minutes} were enough for every seed, learning rate and epoch asked for."
    return f"In {minutes} there was time for {listed(cut)}; more time may change the verdict."


def _cut(result: StudyResult) -> list[str]:
    """Return what was trained of what was asked for, where it was less."""
    spec = result.spec
    trained = [run for run in result.runs if run.epochs > 0]
    seeds = {run.seed for run in trained}
    rates = sorted({run.learning_rate for run in trained})
    epochs = result.rungs[-1].epochs if result.rungs else spec.train.epochs
    cut = []
    if len(seeds) < spec.seeds:
        cut.append(f"{len(seeds)} of {plural(spec.seeds, 'seed')}")
    if len(rates) < len(spec.learning_rates):
        kept = listed([f"{rate:g}" for rate in rates])
        cut.append(f"{len(rates)} of {plural(len(spec.learning_rates), 'learning rate')} ({kept})")
    if epochs < spec.train.epochs:
        cut.append(f"{number(epochs)} of {plural(spec.train.epochs, 'epoch')}")
    return cut


def _halving(result: StudyResult) -> str | None:
    left = [run for run in result.runs if run.status == DROPPED and run.epochs > 0]
    if not left:
        return None
    begun = sum(run.epochs > 0 for run in result.runs)
    longest = max(run.epochs for run in left)
    text = (
        f"Halving let {number(len(left))} of {plural(begun, 'member')} go, the last after "
        f"{plural(longest, 'epoch')}; no mean counts them."
    )
    rates = _rates_given_up(result, left)
    if rates:
        text += f" {rates} A rate that begins slowly can be missed that way."
    return text


def _rates_given_up(result: StudyResult, left: Iterable[RunRecord]) -> str:
    """Tell at how many depths rates were let go before they had come to their end."""
    stayed = {(r.depth, r.width, r.learning_rate) for r in result.runs if r.status != DROPPED}
    gone: dict[float, set[tuple[int, int]]] = defaultdict(set)
    for run in left:
        if (run.depth, run.width, run.learning_rate) not in stayed:
            gone[run.learning_rate].add((run.depth, run.width))
    total = len(result.architectures)
    told = [f"{rate:g} at {len(places)}" for rate, places in sorted(gone.items())]
    if not told:
        return ""
    networks = "networks" if total > 1 else "network"
    return f"Learning rates were given up before their end: {listed(told)} of {total} {networks}."


def _few_seeds(rows: Sequence[DepthRow]) -> str | None:
    most = max(row.validation.n for row in rows)
    groups: dict[int, set[int]] = defaultdict(set)
    for row in rows:
        if row.validation.n < most:
            groups[row.validation.n].add(row.depth)
    if not groups:
        return None
    told = [
        f"{'depth' if len(depths) == 1 else 'depths'} {depths_in_words(sorted(depths))} "
        f"{'has' if len(depths) == 1 else 'have'} {seeds}"
        for seeds, depths in sorted(groups.items())
    ]
    return f"Not every depth kept {most} seeds: {listed(told)}."


def _lucky(rows: Sequence[DepthRow]) -> str | None:
    """Tell of a higher mean over fewer seeds."""
    best = best_row(rows)
    higher = [row for row in rows if row.validation.mean > best.validation.mean]
    if not higher:
        return None
    top = max(higher, key=lambda row: row.validation.mean)
    return (
        f"Depth {top.depth} reaches {score(top.validation.mean)} with "
        f"{plural(top.validation.n, 'seed')}, more than the best of those with "
        f"{best.validation.n}: so few seeds do not settle it, --allocation full would."
    )
