"""Does halving name the full grid's depth, and with what part of its work?

A member is the same bit for bit whoever trains beside it. So the full grid is trained once for
each data set and seed, and who would have been let go is computed from its curves, by the rule
that studies follow. "arithmetic" counts parameters times epochs. Prints a Markdown table.

    python benchmarks/halving.py
    python benchmarks/halving.py --data breast-cancer iris --seeds 0 1 4
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import replace

from allocation import DATA

import fathom
from fathom.specs import DROPPED, RunRecord
from fathom.studies import StudyResult, halving
from fathom.studies.members import course_of
from fathom.studies.rule import choose


def halved(result: StudyResult) -> StudyResult:
    """Return a full grid as halving would have left it."""
    epochs, runs = result.spec.train.epochs, {_name(run): run for run in result.runs}
    raced = sum(halving.is_raced(run.depth) for run in result.runs)
    for rung in halving.rungs(epochs):
        gone = halving.leaving(
            [one for run in runs.values() if (one := course_of(run, rung=rung)) is not None],
            rung=rung,
            keep=halving.survivors(rung, epochs=epochs, members=raced),
            guess=result.guess,
            is_first=rung == halving.rungs(epochs)[0],
        )
        for one in gone:
            name = (one.depth, one.width, one.learning_rate, one.seed)
            runs[name] = _cut(runs[name], rung)
    return replace(result, runs=tuple(runs.values()), verdict=None)


def _name(run: RunRecord) -> tuple[int, int, float, int]:
    return run.depth, run.width, run.learning_rate, run.seed


def _cut(run: RunRecord, rung: int) -> RunRecord:
    return replace(
        run,
        status=DROPPED,
        epochs=rung,
        train_loss=run.train_loss[:rung],
        validation_losses=run.validation_losses[:rung],
        validation_scores=run.validation_scores[:rung],
    )


def work(result: StudyResult) -> tuple[int, int]:
    """Return the epochs of all members, and the same times each one's parameters."""
    parameters = {(one.depth, one.width): one.parameters for one in result.architectures}
    epochs = [(run.epochs, parameters[run.depth, run.width]) for run in result.runs]
    return sum(count for count, _ in epochs), sum(count * size for count, size in epochs)


def rows(names: list[str], seeds: list[int]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each data set and seed."""
    for name in names:
        for seed in seeds:
            full = fathom.study(
                fathom.load(name, seed=seed),
                depths=range(9),
                seeds=5,
                seed=seed,
                regularize=False,
                baselines=False,
                store=tempfile.mkdtemp(),
            ).result
            left = halved(full)
            depths = [str(choose(one.rows(), one).depth) for one in (full, left)]
            shares = [f"{part / all_:.0%}" for part, all_ in zip(work(left), work(full))]
            yield name, str(seed), *depths, *shares


def main() -> None:
    """Train the grids and print the table, row by row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="+", default=list(DATA))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    asked = parser.parse_args()
    print("| data | seed | depth, full grid | depth, halving | member-epochs | arithmetic |")
    print("|---|---|---|---|---|---|")
    for row in rows(asked.data, asked.seeds):
        print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
