"""Does halving, or a limit in minutes, reach the full grid's verdict, and at what part of its cost?

Each built-in data set: the full grid, halving, and a share of the full grid's wall time as
`--minutes`. Whole processes, one after another, with programs traced and compiled before (studies
of two epochs fill the cache). What such a study of two epochs takes is subtracted: imports,
reading, gradient boosting, loading programs. Deeper networks that overfit are not trained again
with regularisation, which some verdicts would ask for and others not. Prints a Markdown table.

    python benchmarks/allocation.py
    python benchmarks/allocation.py --data digits iris --share 0.35
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

DATA = (
    "digits",
    "iris",
    "wine",
    "breast-cancer",
    "diabetes",
    "circle",
    "xor",
    "gauss",
    "spiral",
    "plane",
    "gaussian",
    "moons",
    "parity",
    "sawtooth",
)
HEADER = (
    "data",
    "allocation",
    "depth",
    "test",
    "member-epochs",
    "training, CPU s",
    "training, wall s",
    "whole, wall s",
    "of its time",
)


@dataclass(frozen=True)
class Outcome:
    """What a study found, and what it cost.

    Args:
        depth: The verdict's; None if nothing was learned.
        test: Test score of that depth.
        member_epochs: Epochs trained, over all members.
        cpu_seconds: Of the process and its threads, beyond its start.
        wall_seconds: Of the process, beyond its start.
        whole_seconds: Of the whole process.
    """

    depth: int | None
    test: float | None
    member_epochs: int
    cpu_seconds: float
    wall_seconds: float
    whole_seconds: float

    def beyond(self, start: Outcome) -> Outcome:
        """Return the same without what a very short study takes."""
        return replace(
            self,
            cpu_seconds=max(self.cpu_seconds - start.cpu_seconds, 0.01),
            wall_seconds=max(self.wall_seconds - start.wall_seconds, 0.01),
        )


def run(name: str, store: Path, *options: str) -> Outcome:
    """Run one study in a process of its own."""
    command = [sys.executable, "-m", "fathom", "study", name, "--store", str(store), "--json"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [*command, *options], check=True, capture_output=True, text=True, env=environment
    )
    wall, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    found = json.loads(done.stdout)
    depth = found["verdict"]["depth"]
    chosen = next((row for row in found["depths"] if row["depth"] == depth), None)
    return Outcome(
        depth=depth,
        test=chosen and chosen["test"]["mean"],
        member_epochs=member_epochs(found["study"], store),
        cpu_seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        wall_seconds=wall,
        whole_seconds=wall,
    )


def member_epochs(study: str, store: Path) -> int:
    """Return the epochs of all members of a stored study."""
    import fathom

    return sum(run.epochs for run in fathom.open_study(study, store=store).result.runs)


def rows(name: str, *, share: float, depths: str, store: Path) -> Iterator[list[str]]:
    """Yield a row for each way to share out the trainings of a data set."""
    grid = ("--depths", depths, "--no-regularize")
    short = (*grid, "--epochs", "2")
    halving = ("--allocation", "halving")
    run(name, store, *short)
    run(name, store, *short, *halving)
    start, halved_start = run(name, store, *short), run(name, store, *short, *halving)
    full = run(name, store, *grid).beyond(start)
    yield _row(name, "full", full, full)
    halved = run(name, store, *grid, *halving).beyond(halved_start)
    yield _row(name, "halving", halved, full)
    minutes = (halved_start.wall_seconds + share * full.wall_seconds) / 60
    label = f"{60 * minutes:.0f} s"
    try:
        timed = run(name, store, *grid, "--minutes", f"{minutes:.4f}")
    except subprocess.CalledProcessError as refused:
        hint = refused.stderr.strip().splitlines()[-1]
        yield [name, label, f"refused: {hint}", *[""] * (len(HEADER) - 3)]
        return
    yield _row(name, label, timed.beyond(halved_start), full, limit=60 * minutes)


def _row(
    name: str, allocation: str, found: Outcome, full: Outcome, *, limit: float | None = None
) -> list[str]:
    def part(ours: float, theirs: float, digits: int) -> str:
        return f"{ours:,.{digits}f}" + ("" if found is full else f" ({ours / theirs:.0%})")

    return [
        name,
        allocation,
        "none" if found.depth is None else str(found.depth),
        "" if found.test is None else f"{found.test:.3f}",
        part(found.member_epochs, full.member_epochs, 0),
        part(found.cpu_seconds, full.cpu_seconds, 1),
        part(found.wall_seconds, full.wall_seconds, 1),
        f"{found.whole_seconds:.1f}",
        "" if limit is None else f"{found.whole_seconds / limit:.0%}",
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, row by row."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--data", nargs="*", default=DATA)
    parser.add_argument("--share", type=float, default=0.35, help="of the full grid's training")
    parser.add_argument("--depths", default="0-8")
    asked = parser.parse_args(arguments)
    print(f"| {' | '.join(HEADER)} |", "|---" * len(HEADER) + "|", sep="\n")
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.data:
            for row in rows(name, share=asked.share, depths=asked.depths, store=Path(folder)):
                print(f"| {' | '.join(row)} |", flush=True)


if __name__ == "__main__":
    main()
