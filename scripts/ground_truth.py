"""Ask for the depth of data whose right depth is known, a hundred times each, and count.

python scripts/ground_truth.py                       every task from 100 seeds; an hour on 2 cores
python scripts/ground_truth.py --seeds 5 --only circle xor
python scripts/ground_truth.py --write               also write the table into docs/method.md

A seed draws the data, their split, and the networks' weights. Studies are kept under `--store`:
what is there is judged again, not trained again.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np

PAGE = Path(__file__).resolve().parents[1] / "docs" / "method.md"
BEGIN, END = "<!-- ground truth: begin -->", "<!-- ground truth: end -->"
# The verdicts on a task that must be right.
ENOUGH = 0.95
# A depth is as good as the best if its test score, averaged over all data sets, is at most so
# much lower.
AS_GOOD = 0.05
NOTHING = None


@dataclass(frozen=True, kw_only=True)
class Task:
    """Data whose right depth is known.

    Args:
        why: What makes it right.
        right: The depth that is right; `NOTHING` where nothing can be learned.
        data: Draws the data of a seed, split.
        depths: Depths that are compared.
        width: Units a layer.
        seeds: Seeds of each study; more where networks of one depth differ much.
        is_least: Whether all that is known is that nothing shallower will do.
    """

    why: str
    right: int | None
    data: Callable[[int], Any]
    depths: range = range(5)
    width: int = 16
    seeds: int = 5
    is_least: bool = False

    def is_right(self, depth: int | None) -> bool:
        """Return whether a verdict is right."""
        if self.is_least and depth is not None and self.right is not None:
            return depth >= self.right
        return depth == self.right

    @property
    def right_in_words(self) -> str:
        """The depth that is right."""
        if self.right is NOTHING:
            return "none"
        return f"{self.right} or more" if self.is_least else str(self.right)


@dataclass
class Tally:
    """What was found on one task, seed by seed.

    Args:
        chosen: The depth that each verdict named.
        tests: Test scores by depth, one per data set.
    """

    chosen: list[int | None] = field(default_factory=list)
    tests: dict[int, list[float]] = field(default_factory=dict)

    def add(self, depth: int | None, tests: Mapping[int, float]) -> None:
        """Count one study."""
        self.chosen.append(depth)
        for tried, score in tests.items():
            self.tests.setdefault(tried, []).append(score)

    def share(self, task: Task) -> float:
        """Return the share of verdicts that are right."""
        return fmean(task.is_right(depth) for depth in self.chosen)

    def share_as_good(self) -> float | None:
        """Return the share of named depths that are as good as the best; None if none was named."""
        expected = {depth: fmean(scores) for depth, scores in self.tests.items()}
        floor = max(expected.values()) - AS_GOOD
        named = [depth for depth in self.chosen if depth is not None]
        return fmean(expected[depth] >= floor for depth in named) if named else None

    def row(self, name: str, task: Task) -> str:
        """Return a row of the table."""
        counts = Counter("none" if depth is None else str(depth) for depth in self.chosen)
        named = ", ".join(f"{depth}: {count}" for depth, count in sorted(counts.items()))
        expected = ", ".join(f"{fmean(scores):.2f}" for _, scores in sorted(self.tests.items()))
        as_good = self.share_as_good()
        cells = (
            name,
            task.why,
            task.right_in_words,
            named,
            f"{100 * self.share(task):.0f}%",
            "–" if as_good is None or task.right is NOTHING else f"{100 * as_good:.0f}%",
            expected,
        )
        return f"| {' | '.join(cells)} |"


def made(source: str, **options: Any) -> Callable[[int], Any]:
    """Return what draws a generator's data from a seed."""
    import fathom

    return lambda seed: fathom.load(source, seed=seed, **options)


def noise(seed: int, *, regression: bool) -> Any:
    """Return 500 rows of 10 inputs that say nothing about the target, 2 classes or a number."""
    import fathom

    rng = np.random.default_rng(seed)
    x = rng.normal(size=(500, 10))
    y = rng.normal(size=500) if regression else rng.integers(0, 2, 500)
    return fathom.load((x, y), task="regression" if regression else "classification", seed=seed)


def half_plane(seed: int) -> Any:
    """Return two classes on the sides of a plane in 10 dimensions, a tenth of them swapped."""
    import fathom

    rng = np.random.default_rng(seed)
    x, normal = rng.normal(size=(500, 10)), rng.normal(size=10)
    y = (x @ normal > 0) ^ (rng.random(500) < 0.1)
    return fathom.load((x, y.astype(int)), task="classification", seed=seed)


def tasks() -> dict[str, Task]:
    """Return the tasks by name."""
    curved = "one hidden layer separates it, a line does not"
    return {
        "noise": Task(
            why="classes drawn by lot", right=NOTHING, data=partial(noise, regression=False)
        ),
        "noise-regression": Task(
            why="numbers drawn by lot", right=NOTHING, data=partial(noise, regression=True)
        ),
        "clouds": Task(
            why="between two overlapping normal clouds a line is best",
            right=0,
            data=made("gauss", noise=40),
        ),
        "half-plane": Task(why="a plane, and a tenth swapped", right=0, data=half_plane),
        "plane": Task(
            why="the target is linear, and noise", right=0, data=made("plane", noise=20, rows=500)
        ),
        "circle": Task(why=curved, right=1, data=made("circle", noise=10)),
        "quadrants": Task(why=curved, right=1, data=made("xor", noise=10)),
        "parity": Task(
            why="of 4 bits: 4 hidden units compute it, no linear model does",
            right=1,
            data=made("parity", bits=4, rows=500),
        ),
        "tents": Task(
            why="8 linear pieces; depth 1 has to place 12 units, depth composes them",
            right=2,
            data=made("sawtooth", compositions=3, rows=1000),
            depths=range(7),
            width=12,
            seeds=10,
            is_least=True,
        ),
        "spiral": Task(
            why="of 8 units a layer: a line through the centre changes class 6 times",
            right=2,
            data=made("spiral"),
            depths=range(7),
            width=8,
            seeds=10,
            is_least=True,
        ),
    }


def verdict(name: str, task: Task, seed: int, store: Path) -> tuple[int | None, dict[int, float]]:
    """Return the depth that a study names, and every depth's test score."""
    import fathom
    from fathom.errors import UnknownNameError
    from fathom.studies import judge

    kept_as = f"{name}-{seed}"
    try:
        study = fathom.open_study(kept_as, store=store)
        if study.verdict is None:  # it was stopped
            study = fathom.resume(kept_as, data=task.data(seed), store=store)
    except UnknownNameError:
        study = fathom.study(
            task.data(seed),
            name=kept_as,
            store=store,
            seed=seed,
            depths=task.depths,
            widths=[task.width],
            seeds=task.seeds,
            baselines=False,
        )
    tests = {row.depth: row.test.mean for row in study.result.rows() if row.test}
    scores = {depth: score for depth, score in tests.items() if score is not None}
    return judge(study.result).depth, scores


def tally(name: str, task: Task, seeds: Sequence[int], store: Path) -> Tally:
    """Return what the studies of all seeds found on a task."""
    found = Tally()
    for seed in seeds:
        found.add(*verdict(name, task, seed, store))
        print(f"{name} {seed}: {found.chosen[-1]}", file=sys.stderr, flush=True)
    return found


def table(names: Sequence[str], seeds: int, store: Path) -> Iterator[tuple[str, float]]:
    """Yield each task's row and the share of right verdicts."""
    for name, task in tasks().items():
        if not names or name in names:
            found = tally(name, task, range(seeds), store)
            yield found.row(name, task), found.share(task)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 if too few verdicts on a task are right."""
    options = _parser().parse_args(arguments)
    rows = [
        f"| data | right, because | depth | verdicts of {options.seeds} | right "
        "| as good as the best | test score by depth |",
        "|---|---|---|---|---|---|---|",
    ]
    shares = []
    for row, share in table(options.only, options.seeds, options.store):
        rows.append(row)
        shares.append(share)
        print(row, flush=True)
    if options.write:
        before, rest = PAGE.read_text().split(BEGIN)
        after = rest.split(END)[1]
        PAGE.write_text("\n".join([f"{before}{BEGIN}", *rows, f"{END}{after}"]))
    return int(min(shares) < ENOUGH)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--only", nargs="+", choices=list(tasks()), default=[], metavar="TASK")
    parser.add_argument("--store", type=Path, default=Path("ground-truth"))
    parser.add_argument("--write", action="store_true", help=f"write the table into {PAGE.name}")
    return parser


if __name__ == "__main__":
    sys.exit(main())
