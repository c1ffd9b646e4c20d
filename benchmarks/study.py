"""Fathom against its peers on the same 72 trainings, whole processes, in turns.

    python benchmarks/study.py [--repeats 3] [--without pytorch keras]

Each repeat runs every contestant once, one after another, so that a busy
machine is busy for all of them. "cold" starts with an empty compilation cache,
"warm" with the one that the cold run left.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
CONTESTANTS = {
    "fathom cold": ("fathom_study.py",),
    "fathom warm": ("fathom_study.py",),
    "fathom cold, layers unwatched": ("fathom_study.py", "unwatched"),
    "fathom warm, layers unwatched": ("fathom_study.py", "unwatched"),
    "scikit-learn GridSearchCV(MLPClassifier), 2 jobs": ("scikit_learn.py",),
    "PyTorch loop, 1 thread": ("pytorch.py",),
    "Keras fit loop (JAX)": ("keras_fit.py",),
}


def timed(command: tuple[str, ...], environment: dict[str, str]) -> tuple[float, dict]:
    """Run one contestant; return wall seconds of the whole process and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, str(PEERS / command[0]), *command[1:]],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return seconds, json.loads(done.stdout.strip().splitlines()[-1])


def one_pass(names: list[str], cache: Path) -> dict[str, tuple[float, dict]]:
    """Run each contestant once."""
    results = {}
    for name in names:
        if "cold" in name:
            shutil.rmtree(cache, ignore_errors=True)
        environment = {**os.environ, "FATHOM_CACHE": str(cache)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        results[name] = timed(CONTESTANTS[name], environment)
        print(f"  {name}: {results[name][0]:.1f} s", file=sys.stderr, flush=True)
    return results


def main() -> None:
    """Print a Markdown table of medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[])
    options = parser.parse_args()
    names = [
        name
        for name in CONTESTANTS
        if not any(word.lower() in name.lower() for word in options.without)
    ]
    seconds: dict[str, list[float]] = {name: [] for name in names}
    validation = {}
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(options.repeats):
            print(f"pass {repeat + 1}", file=sys.stderr)
            for name, (taken, told) in one_pass(names, Path(folder) / "cache").items():
                seconds[name].append(taken)
                validation[name] = told["validation"]
    medians = {name: statistics.median(times) for name, times in seconds.items()}
    cold, warm = medians["fathom cold"], medians["fathom warm"]
    print("| whole process, 72 trainings | median s | range | ratio to cold | ratio to warm |")
    print("|---|---|---|---|---|")
    for name, median in sorted(medians.items(), key=lambda item: item[1]):
        low, high = min(seconds[name]), max(seconds[name])
        print(
            f"| {name} | {median:.1f} | {low:.1f}-{high:.1f} "
            f"| {median / cold:.1f} | {median / warm:.1f} |"
        )
    print()
    for name, scores in validation.items():
        print(f"{name}: best validation accuracy by depth {scores}")


if __name__ == "__main__":
    main()
