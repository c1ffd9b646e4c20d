"""DepthClassifier against MLPClassifier and skorch on three of scikit-learn's data sets.

    python benchmarks/estimators.py [--epochs 50] [--repeats 3] [--skorch-python PYTHON]

Each contestant is a process of its own, in turns, that fits five folds of one data set
with the same network for the same number of epochs. The first fit pays for
compilation, or reads what an earlier process compiled ("warm"); the median fold is
what a fit costs after that. Then the choice of depth and rate: 45 trainings a fold,
beside GridSearchCV over as many.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

PEER = Path(__file__).parent / "peers" / "estimator.py"
SETS = ("digits", "breast-cancer", "wine")


def timed(python: str, name: str, data: str, cache: str, *rest: str) -> dict[str, Any]:
    """Run one contestant; return what it printed and the seconds of the whole process."""
    started = time.perf_counter()
    done = subprocess.run(
        [python, str(PEER), name, data, *rest],
        env={**os.environ, "FATHOM_CACHE": cache},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{name} on {data} failed:\n{done.stderr[-2000:]}")
    return {**json.loads(done.stdout), "process": time.perf_counter() - started}


def contestants(skorch_python: str | None, *, choose: bool) -> list[tuple[str, str, str, bool]]:
    """Return what is shown, the peer's name, its Python, and whether its cache is empty."""
    listed = [
        ("DepthClassifier, cold", "fathom", sys.executable, True),
        ("DepthClassifier, warm", "fathom", sys.executable, False),
        ("MLPClassifier", "scikit-learn", sys.executable, False),
    ]
    if skorch_python and not choose:
        listed.append(("skorch", "skorch", skorch_python, False))
    return listed


def compare(asked: argparse.Namespace, data: str, *, choose: bool) -> None:
    """Run all contestants in turns on one data set, and print a row for each."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    rest = ("--epochs", str(asked.epochs), *(["--choose"] if choose else []))
    with tempfile.TemporaryDirectory() as folder:
        for turn in range(asked.repeats):
            for shown, name, python, is_cold in contestants(asked.skorch_python, choose=choose):
                cache = f"{folder}/cold-{turn}" if is_cold else f"{folder}/cold-0"
                found[shown].append(timed(python, name, data, cache, *rest))
    for shown, runs in found.items():
        first, later, process, accuracy = (
            statistics.median(values) for values in zip(*map(_numbers, runs), strict=True)
        )
        print(
            f"| {data} | {shown} | {first:.2f} | {later:.2f} | {process:.1f} | {accuracy:.3f} |",
            flush=True,
        )


def _numbers(run: dict[str, Any]) -> tuple[float, float, float, float]:
    first, *later = run["fit_seconds"]
    return first, statistics.median(later), run["process"], run["accuracy"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=50)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--skorch-python", help="a Python that has skorch and torch")
    parser.add_argument("--without-choice", action="store_true")
    asked = parser.parse_args()
    for choose in (False,) if asked.without_choice else (False, True):
        print("\n" + ("choosing depth and rate" if choose else "one network"))
        print("| data | estimator | first fit | later fits | whole process | accuracy |")
        print("|---|---|---|---|---|---|")
        for data in asked.sets:
            compare(asked, data, choose=choose)


if __name__ == "__main__":
    main()
