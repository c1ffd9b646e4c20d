"""`fathom layers` against the loop that anyone would write with Keras.

    python benchmarks/layers.py [--repeats 3] [--rows 10000] [--layers 10] [--width 64] [--seeds 5]

Both examine the same trained networks on the same test rows, in processes of their own, in turns.
Fathom's side is the whole of `fathom layers`: imports, compilation, every column (all changes of
all layers, probes with their controls, CKA, activity, gradients, effective depth, intervals), with
an empty cache and again with the one that left. Keras's side is the changes alone
(`peers/keras_layers.py`), once Keras is loaded: of every seed and layer, initial weights, fresh
weights, bypass, zeros and means. What both find must agree, or nothing is printed.

Processor seconds are user and system time of the process: on a busy machine they say more than
those of the clock.
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
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import fathom

FEATURES, CLASSES = 64, 10
# Changes without draws: both must find the same for these.
EXACT = ("reinit", "bypass", "zero")
CLOSE = 2e-3
COLD, WARM, LOOP = "`fathom layers`, empty cache", "`fathom layers`, warm cache", "Keras loop"


@dataclass(frozen=True)
class Taken:
    """What one contestant took: seconds of the clock and of processors, and memory in bytes."""

    wall: float
    cpu: float
    peak: float


def write_data(path: Path, rows: int) -> None:
    """Write classes that take a few layers to tell apart."""
    draw = np.random.default_rng(0)
    x = draw.normal(size=(rows, FEATURES)).astype("float32")
    hidden = np.tanh(x @ draw.normal(size=(FEATURES, 32)) / 4)
    y = np.argmax(hidden @ draw.normal(size=(32, CLASSES)), axis=1)
    np.savez(path, x=x, y=y)


def train_networks(folder: Path, options: argparse.Namespace) -> fathom.Study:
    """Train the networks of all seeds as a study, and keep it."""
    data = fathom.load(folder / "data.npz")
    return fathom.study(
        data,
        depths=(options.layers - 1,),
        widths=options.width,
        seeds=options.seeds,
        learning_rates=1e-3,
        epochs=8,
        baselines=False,
        store=folder / "store",
        name="networks",
    )


def write_networks(folder: Path, study: fathom.Study, options: argparse.Namespace) -> None:
    """Write weights and rows for the loop."""
    from fathom.api.subjects import trained

    found, data = trained(study), fathom.load(folder / "data.npz")
    arrays = {
        f"{name}_{seed}_{place}": value
        for name, networks in (("kept", found.networks), ("initial", found.initial))
        for seed, values in enumerate(networks or [])
        for place, value in enumerate(values)
    }
    np.savez(
        folder / "networks.npz",
        size=[FEATURES, options.width, options.layers - 1, CLASSES],
        seeds=options.seeds,
        draws=options.draws,
        x_train=data.train.x,
        x_test=data.test.x,
        y_test=data.test.y,
        **arrays,
    )


def run(command: list[str], environment: dict[str, str]) -> tuple[Taken, dict]:
    """Run a process; return what it took and the JSON it printed."""
    started = time.perf_counter()
    with tempfile.TemporaryFile() as printed:
        process = subprocess.Popen(
            [sys.executable, *command], stdout=printed, env={**os.environ, **environment}
        )
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{command} failed")
        printed.seek(0)
        told = json.load(printed)
    cpu = usage.ru_utime + usage.ru_stime
    return Taken(time.perf_counter() - started, cpu, usage.ru_maxrss * 1024), told


def fathom_run(folder: Path, draws: int) -> tuple[Taken, dict]:
    """Run `fathom layers` with the cache as it is."""
    command = ["-m", "fathom", "layers", "networks", str(folder / "data.npz")]
    command += ["--store", str(folder / "store"), "--draws", str(draws), "--json"]
    return run(command, {"FATHOM_CACHE": str(folder / "cache")})


def keras_run(folder: Path) -> tuple[Taken, dict]:
    """Run the loop; its imports do not count."""
    script = Path(__file__).parent / "peers" / "keras_layers.py"
    taken, told = run([str(script), str(folder / "networks.npz")], {})
    return Taken(**told["seconds"], peak=taken.peak), told


def check_agreement(anatomy: dict, loop: dict) -> None:
    """Refuse to compare what is not the same."""
    for place, row in enumerate(anatomy["layers"]):
        for name in EXACT:
            theirs = loop["costs"].get(f"{name} {place}")
            if theirs is not None and abs(row[name]["mean"] - theirs) > CLOSE:
                raise SystemExit(f"{name} of layer {place}: {row[name]['mean']}, Keras {theirs}")


def one_turn(folder: Path, draws: int) -> dict[str, Taken]:
    """Let everyone run once."""
    shutil.rmtree(folder / "cache", ignore_errors=True)
    cold, _ = fathom_run(folder, draws)
    warm, found = fathom_run(folder, draws)
    loop, theirs = keras_run(folder)
    check_agreement(found, theirs)
    for name, taken in ((COLD, cold), (WARM, warm), (LOOP, loop)):
        print(f"  {name}: {taken.wall:.1f} s, processors {taken.cpu:.1f} s", file=sys.stderr)
    return {COLD: cold, WARM: warm, LOOP: loop}


def print_table(turns: list[dict[str, Taken]]) -> None:
    """Print medians, and medians of the ratios within each turn."""

    def median(name: str, of: str) -> float:
        return statistics.median(getattr(turn[name], of) for turn in turns)

    def times(name: str, of: str) -> float:
        return statistics.median(getattr(t[LOOP], of) / getattr(t[name], of) for t in turns)

    print("| | seconds | Keras loop takes | processor seconds | Keras loop takes | memory, MiB |")
    print("|---|---|---|---|---|---|")
    for name in turns[0]:
        ratios = ("", "") if name == LOOP else [f"{times(name, of):.1f}x" for of in ("wall", "cpu")]
        print(
            f"| {name} | {median(name, 'wall'):.1f} | {ratios[0]} | {median(name, 'cpu'):.1f} "
            f"| {ratios[1]} | {median(name, 'peak') / 2**20:.0f} |"
        )


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    defaults = {"rows": 10_000, "layers": 10, "width": 64, "seeds": 5, "draws": 5, "repeats": 3}
    for name, default in defaults.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "data.npz", options.rows)
        write_networks(folder, train_networks(folder, options), options)
        turns = [one_turn(folder, options.draws) for _ in range(options.repeats)]
    print(f"{options.layers} layers of {options.width}, {options.rows:,} rows, ", end="")
    print(f"{options.seeds} seeds, {options.draws} draws; medians of {options.repeats} turns:\n")
    print_table(turns)


if __name__ == "__main__":
    main()
