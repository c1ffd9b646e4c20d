"""Fathom against its peers on the same 72 trainings, whole processes, in turns.

    python benchmarks/study.py [--repeats 3] [--without pytorch keras]

Each repeat runs every contestant once, one after another, so that a busy
machine is busy for all of them. "cold" starts with an empty compilation cache,
"warm" with the one that the cold run left. Fathom chooses each member's epoch by
validation loss and reports its accuracy; Keras and PyTorch report the best
accuracy of any epoch, scikit-learn that of the last one.
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
FATHOM = (
    *("-m", "fathom", "study", "digits", "--depths", "1-8", "--learning-rates", "3e-4,1e-3,3e-3"),
    *("--seeds", "3", "--widths", "64", "--batch-size", "32", "--epochs", "20", "--patience", "0"),
    *("--no-baselines", "--json"),
)
CONTESTANTS = {
    "fathom cold": FATHOM,
    "fathom warm": FATHOM,
    "fathom cold, layers unwatched": (*FATHOM, "--no-watch"),
    "fathom warm, layers unwatched": (*FATHOM, "--no-watch"),
    "scikit-learn GridSearchCV(MLPClassifier), 2 jobs": ("scikit_learn.py",),
    "PyTorch loop, 1 thread": ("pytorch.py",),
    "Keras fit loop (JAX)": ("keras_fit.py",),
}


def timed(command: tuple[str, ...], environment: dict[str, str]) -> tuple[float, dict]:
    """Run one contestant; return wall seconds of the whole process and what it printed."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *_located(command)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - started
    if done.returncode:
        raise SystemExit(f"{command[0]} failed:\n{done.stderr[-2000:]}")
    return seconds, _validation(json.loads(done.stdout))


def _located(command: tuple[str, ...]) -> tuple[str, ...]:
    return command if command[0] == "-m" else (str(PEERS / command[0]), *command[1:])


def _validation(told: dict) -> dict[str, float]:
    """Return the validation accuracy by depth: of a peer, or of a Fathom study."""
    if "validation" in told:
        return told["validation"]
    return {row["depth"]: round(row["validation"]["mean"], 4) for row in told["depths"]}


def one_pass(names: list[str], cache: Path) -> dict[str, tuple[float, dict]]:
    """Run each contestant once."""
    results = {}
    for name in names:
        if "cold" in name:
            shutil.rmtree(cache, ignore_errors=True)
        store = cache.with_name(f"runs-{len(list(cache.parent.iterdir()))}")
        environment = {**os.environ, "FATHOM_CACHE": str(cache), "FATHOM_STORE": str(store)}
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
                validation[name] = told
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
        print(f"{name}: validation accuracy by depth {scores}")


if __name__ == "__main__":
    main()
