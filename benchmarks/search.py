"""Searches for a depth: Fathom beside KerasTuner, Optuna and Ray Tune on one space and split.

    python benchmarks/search.py [--task digits|mnist] [--repeats 3] [--peer-python PYTHON]

Every contestant is a process of its own and is told the same task: depths times learning
rates, Adam, batches of 32, so many epochs at most; it may begin as many trainings as the whole grid
has, each point from as many seeds where it can repeat. It names a depth when it is done. Test rows
are scored outside the clock. Beside stands what each would have handed over had it been stopped
when Fathom was done: of the networks trained by then, the one that validated best.

    digits   depths 1-8, dense layers of 64, 3 rates x 3 seeds, 20 epochs, 1078 training rows
    mnist    depths 0-3, convolutions, 2 rates x 2 seeds, 5 epochs, 10,000 images of --mnist

KerasTuner runs Keras on JAX; Optuna and Ray Tune run PyTorch on one thread a training. A peer
that PYTHON has not got is left out, and that is said.
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
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

PEERS = Path(__file__).parent / "peers"
sys.path.insert(0, str(PEERS))

from searching import Task  # noqa: E402

MNIST = Path("../shared/data/mnist.npz")
MNIST_ROWS = 10_000
RATES = (3e-4, 1e-3, 3e-3)
Told = dict[str, Any]
COLD, WARM, HALVING = (
    "Fathom, empty cache",
    "Fathom, warm cache",
    "Fathom, halving, empty cache",
)


@dataclass(frozen=True)
class Contestant:
    """A search.

    Args:
        name: What the table calls it.
        command: The script in peers/, and its options.
        needs: The modules it cannot do without; none for Fathom itself.
    """

    name: str
    command: tuple[str, ...]
    needs: tuple[str, ...] = ()


KERAS_TUNER = ("keras_tuner", "six", "jax")
CONTESTANTS = (
    Contestant(COLD, ("search_fathom.py", "full")),
    Contestant(WARM, ("search_fathom.py", "full")),
    Contestant(HALVING, ("search_fathom.py", "halving")),
    Contestant("KerasTuner RandomSearch", ("search_keras_tuner.py", "random"), KERAS_TUNER),
    Contestant("KerasTuner Hyperband", ("search_keras_tuner.py", "hyperband"), KERAS_TUNER),
    Contestant("Optuna, median pruner, PyTorch", ("search_optuna.py",), ("optuna", "torch")),
    Contestant("Ray Tune, ASHA, PyTorch", ("search_ray.py",), ("ray.tune", "torch")),
)

# -- the task --------------------------------------------------------------------------------


def digits(file: Path) -> Task:
    """Return the task of digits, its rows written to `file`."""
    from sklearn.datasets import load_digits

    x, y = load_digits(return_X_y=True)
    _write(file, x.astype("float32"), y)
    return Task(
        data=str(file), family="mlp", depths=tuple(range(1, 9)), rates=RATES, seeds=3, epochs=20
    )


def mnist(file: Path, archive: Path) -> Task:
    """Return the task of the first images of MNIST, written to `file`."""
    if not archive.exists():
        raise SystemExit(f"{archive} is not there: name it with --mnist")
    with np.load(archive) as arrays:
        x, y = arrays["x_train"][:MNIST_ROWS], arrays["y_train"][:MNIST_ROWS]
    _write(file, x.astype("float32")[..., None], y)
    return Task(
        data=str(file), family="cnn", depths=(0, 1, 2, 3), rates=RATES[1:], seeds=2, epochs=5
    )


def _write(file: Path, x: np.ndarray, y: np.ndarray) -> None:
    """Write 60% of the rows for training, 20% each to validate and to test, standardised."""
    order = np.random.default_rng(0).permutation(len(x))
    parts = dict(zip(("train", "validation", "test"), np.split(order, _ends(len(x)))))
    mean, deviation = x[parts["train"]].mean(), x[parts["train"]].std()
    arrays = {f"x_{name}": (x[rows] - mean) / deviation for name, rows in parts.items()}
    arrays |= {f"y_{name}": y[rows].astype("int32") for name, rows in parts.items()}
    np.savez(file, **arrays)


def _ends(rows: int) -> list[int]:
    return [int(0.6 * rows), int(0.8 * rows)]


# -- the searches ------------------------------------------------------------------------------


def there(contestants: list[Contestant], python: str) -> list[Contestant]:
    """Return those that can run, and say which cannot."""
    found = []
    for one in contestants:
        missing = _missing(python, one.needs)
        if missing:
            words = f"{python} has no {' and no '.join(missing)}"
            print(f"left out: {one.name} ({words})", file=sys.stderr)
        else:
            found.append(one)
    return found


def _missing(python: str, modules: tuple[str, ...]) -> list[str]:
    """Return the modules that a Python has not got."""
    code = (
        "import importlib.util, json, sys\n"
        "def has(name):\n"
        "    try: return importlib.util.find_spec(name) is not None\n"
        "    except ImportError: return False\n"
        "print(json.dumps([name for name in sys.argv[1:] if not has(name)]))"
    )
    done = subprocess.run(
        [python, "-c", code, *modules], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def run(one: Contestant, task: Task, folder: Path, *, python: str) -> Told | None:
    """Run one search to its end, and return what it told; None for a peer that failed."""
    task.write(folder / "task.json")
    script, *options = one.command
    cache = COLD if one.name == WARM else one.name
    environment = {
        **os.environ,
        "FATHOM_CACHE": str(folder / f"{cache} {task.first_seed}"),
        "SEARCH_STARTED": repr(time.time()),
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [
            python if one.needs else sys.executable,
            str(PEERS / script),
            str(folder / "task.json"),
            *options,
        ],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        print(f"{one.name} failed:\n{done.stderr[-3000:]}", file=sys.stderr)
        return None if one.needs else sys.exit(1)
    return json.loads(done.stdout.splitlines()[-1])


def handed_over(told: Told, by: float | None = None) -> float | None:
    """Return the test accuracy of the network that a search hands over.

    Args:
        told: What it told.
        by: Stopped after so many seconds it hands over what validated best until then, None
            if nothing was trained; at its end, the best network of what it names.
    """
    if by is None:
        named = (told["depth"], told["rate"])
        trained = [one for one in told["networks"] if (one["depth"], one["rate"]) == named]
    else:
        trained = [one for one in told["networks"] if one["seconds"] <= by]
    best = max(trained, key=lambda one: one["validation"], default=None)
    return None if best is None else best["test"]


# -- the table ---------------------------------------------------------------------------------

TITLES = (
    "search",
    "seconds to its answer",
    "times Fathom cold",
    "depths named",
    "test accuracy",
    "at Fathom's cold time",
    "at Fathom's warm time",
    "trainings",
    "epochs",
)


def table(turns: dict[str, list[Told | None]]) -> str:
    """Return medians over the turns as Markdown; a peer that failed in all turns has no row."""
    limits = [_seconds(turns[name]) for name in (COLD, WARM)]
    rows = [_row(name, runs, limits) for name, runs in turns.items() if any(runs)]
    head = [f"| {' | '.join(TITLES)} |", "|---" * len(TITLES) + "|"]
    return "\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)])


def _row(name: str, runs: list[Told | None], limits: list[list[float]]) -> list[str]:
    done = [told for told in runs if told]
    seconds = statistics.median(_seconds(runs))
    is_ours = name.startswith("Fathom")
    trainings = statistics.median(len(told["networks"]) for told in done)
    epochs = statistics.median(told["epochs"] for told in done)
    return [
        name,
        f"{seconds:.1f}",
        f"{seconds / statistics.median(limits[0]):.1f}",
        ", ".join(str(told["depth"]) for told in done),
        _accuracy([handed_over(told) for told in done]),
        *("" if is_ours else _stopped(runs, each) for each in limits),
        "" if is_ours else f"{trainings:.0f}",
        f"{epochs:.0f}",
    ]


def _seconds(runs: list[Told | None]) -> list[float]:
    return [told["seconds"] for told in runs if told]


def _stopped(runs: list[Told | None], limits: list[float]) -> str:
    return _accuracy([handed_over(told, by=by) for told, by in zip(runs, limits) if told])


def _accuracy(values: list[float | None]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return "none trained yet"
    few = "" if len(known) == len(values) else f" ({len(known)} of {len(values)} turns)"
    return f"{statistics.median(known):.3f}{few}"


# -- all of it -----------------------------------------------------------------------------------


def options() -> argparse.Namespace:
    """Return what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--task", choices=("digits", "mnist"), default="digits")
    parser.add_argument("--mnist", type=Path, default=MNIST, help="x_train, y_train, ...")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peer-python", default=sys.executable, help="a Python with the peers")
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME")
    parser.add_argument("--epochs", type=int, help="fewer, to try the script")
    parser.add_argument("--depths", type=int, nargs="+", help="fewer, to try the script")
    asked = parser.parse_args()
    if shutil.which(asked.peer_python) is None:
        parser.error(f"--peer-python must name a Python that runs. Received: {asked.peer_python}")
    return asked


def in_turns(
    contestants: list[Contestant], task: Task, folder: Path, *, repeats: int, python: str
) -> dict[str, list[Told | None]]:
    """Return what each contestant told in each turn, one after another."""
    turns: dict[str, list[Told | None]] = {one.name: [] for one in contestants}
    for turn in range(repeats):
        seeded = replace(task, first_seed=100 * turn)
        for one in contestants:
            told = run(one, seeded, folder, python=python)
            turns[one.name].append(told)
            if told:
                said = f"{told['seconds']:.1f} s, depth {told['depth']}"
                print(f"turn {turn + 1}, {one.name}: {said}", file=sys.stderr, flush=True)
    return turns


def main() -> None:
    """Run all in turns, and print the table."""
    asked = options()
    wanted = [one for one in CONTESTANTS if not _is_left_out(one.name, asked.without)]
    contestants = there(wanted, asked.peer_python)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / f"{asked.task}.npz"
        task = digits(file) if asked.task == "digits" else mnist(file, asked.mnist)
        fewer = {
            "epochs": asked.epochs or task.epochs,
            "depths": tuple(asked.depths or task.depths),
        }
        turns = in_turns(
            contestants,
            replace(task, **fewer),
            folder,
            repeats=asked.repeats,
            python=asked.peer_python,
        )
    print(table(turns))


def _is_left_out(name: str, words: list[str]) -> bool:
    return not name.startswith("Fathom") and any(w.lower() in name.lower() for w in words)


if __name__ == "__main__":
    main()
