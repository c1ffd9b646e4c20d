"""Training alone, side by side: Keras `fit`, PyTorch, `fathom.fit`, and populations.

    python benchmarks/engine.py [--repeats 5] [--networks 2-8 conv] [--pytorch-python PYTHON]

Microseconds of wall time per optimisation step (and member), Adam, random data,
compilation left out: every contestant trains once to warm up, then they take
turns, and medians of the turns are printed. What a turn includes: a whole call of
`fit` for one epoch; of a population one epoch. Beside: what part of the machine's rate
of matrix products the population reaches, how a population gains from a second core,
and how many programs are compiled for a first and a second model of one architecture.

PyTorch is measured in a process of its own by any Python that has it and Keras.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
sys.path.insert(0, str(PEERS))

if "--cores" in sys.argv:  # before JAX counts them
    allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, allowed[: int(sys.argv[sys.argv.index("--cores") + 1])])

import fathom  # noqa: E402, I001
from fathom.train import Population  # noqa: E402

import jax  # noqa: E402
import keras  # noqa: E402
from networks import NETWORKS, Network, keras_model  # noqa: E402

MEMBERS = 32
MATRIX = 2048

Turn = Callable[[], float]  # trains for a while, returns seconds per step (and member)


# -- contestants ---------------------------------------------------------------------


def keras_turn(network: Network) -> Turn:
    """Return a turn of Keras's own `fit`."""
    return _fitting(network, keras.Model.fit)


def fit_turn(network: Network) -> Turn:
    """Return a turn of `fathom.fit`."""
    return _fitting(network, fathom.fit)


def _fitting(network: Network, fit: Callable[..., object]) -> Turn:
    model, (x, y) = keras_model(network), network.data()

    def turn() -> float:
        started = time.perf_counter()
        fit(model, x, y, batch_size=network.batch, verbose=0)
        return (time.perf_counter() - started) / network.steps

    turn()
    return turn


def population_turn(network: Network, members: int = MEMBERS) -> Turn:
    """Return a turn of a population."""
    x, y = network.data()
    population = Population(keras_model(network), seed=list(range(members)))
    training = population.train(x, y, batch_size=network.batch, epochs=10**6)

    def turn() -> float:
        started = time.perf_counter()
        next(training)
        return (time.perf_counter() - started) / (network.steps * members)

    turn()
    turn()
    return turn


def product_turn() -> Turn:
    """Return a turn of one large matrix product; its seconds are of one multiplication."""
    multiply = jax.jit(lambda a: a @ a)
    matrix = jax.numpy.ones((MATRIX, MATRIX), "float32")

    def turn() -> float:
        started = time.perf_counter()
        multiply(matrix).block_until_ready()
        return (time.perf_counter() - started) / (2 * MATRIX**3)

    turn()
    return turn


# -- tables --------------------------------------------------------------------------


def in_turns(turns: dict[str, Turn], repeats: int) -> dict[str, float]:
    """Return the median of each contestant's turns; each repeat gives each of them one."""
    taken: dict[str, list[float]] = {name: [] for name in turns}
    for _ in range(repeats):
        for name, turn in turns.items():
            taken[name].append(turn())
    return {name: statistics.median(times) for name, times in taken.items()}


def step_table(networks: list[Network], options: argparse.Namespace) -> None:
    """Print times per step and their ratios to Keras."""
    peers = pytorch_seconds(networks, options)
    header("network", "Keras fit", "PyTorch", "Keras fit on PyTorch", "fathom.fit", "Keras / ours")
    populations = []
    for network in networks:
        found = measured(network, options.repeats)
        populations.append((network, found))
        own, on_keras = peers.get(network.name, (None, None))
        ratio = found["keras"] / found["fit"]
        row(
            network.name,
            *map(micro, (found["keras"], own, on_keras, found["fit"])),
            beside(ratio, network.one),
        )
    print()
    header("network", f"{MEMBERS} members", "Keras / ours", "GFLOP/s", "of the machine's")
    for network, found in populations:
        ratio, rate = (
            found["keras"] / found["population"],
            operations(network) / found["population"],
        )
        share = rate * found["product"]
        row(
            network.name,
            micro(found["population"]),
            beside(ratio, network.many),
            f"{rate / 1e9:.1f}" if rate else "",
            f"{share:.0%}" if rate else "",
        )


def measured(network: Network, repeats: int) -> dict[str, float]:
    """Return median seconds per step of every contestant of this process."""
    turns = {
        "keras": keras_turn(network),
        "fit": fit_turn(network),
        "population": population_turn(network),
        "product": product_turn(),
    }
    found = in_turns(turns, repeats)
    print(f"  {network.name}: {found}", file=sys.stderr, flush=True)
    return found


def operations(network: Network) -> int:
    """Return the operations of a step's matrix products, 0 where it has convolutions.

    The gradient of the inputs is neither needed nor counted.
    """
    if any(kind != "dense" for kind, *_ in network.hidden):
        return 0
    widths = [network.inputs[0], *(units for _, units in network.hidden), network.classes]
    sizes = [a * b for a, b in itertools.pairwise(widths)]
    return 2 * network.batch * (3 * sum(sizes) - sizes[0])


def pytorch_seconds(
    networks: list[Network], options: argparse.Namespace
) -> dict[str, tuple[float, float]]:
    """Return PyTorch's seconds per step by network, nothing where there is no PyTorch."""
    names = [network.name for network in networks]
    command = [options.pytorch_python, str(PEERS / "pytorch_steps.py"), *names]
    turns: list[dict[str, tuple[float, float]]] = []
    for _ in range(options.repeats):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"PyTorch is left out: {done.stderr.strip().splitlines()[-1]}", file=sys.stderr)
            return {}
        turns.append(json.loads(done.stdout))
    return {
        name: tuple(statistics.median(turn[name][place] for turn in turns) for place in (0, 1))
        for name in turns[0]
    }


def scaling_table(networks: list[Network], repeats: int) -> None:
    """Print what a second core is worth to a population."""
    print()
    header("network", f"1 core, {MEMBERS} members", "2 cores", "gain")
    for network in networks:
        taken: dict[int, list[float]] = {1: [], 2: []}
        for _ in range(repeats):
            for cores, times in taken.items():
                times.append(alone("population", network, "--cores", str(cores))["seconds"])
        one, two = (statistics.median(times) for times in taken.values())
        row(network.name, micro(one), micro(two), beside(one / two, 1.8))


def compile_table(networks: list[Network]) -> None:
    """Print how many programs are compiled, and what the first epoch then takes."""
    print()
    header(
        "network", "what", "first", "second model", "another process", "first epoch, s", "again, s"
    )
    for network in networks:
        for what in ("compile-fit", "compile-population"):
            with tempfile.TemporaryDirectory() as cache:
                cold, warm = (alone(what, network, cache=cache) for _ in range(2))
            name = what.removeprefix("compile-")
            row(
                network.name,
                name,
                *cold["compiled"],
                warm["compiled"][0],
                *(f"{told['seconds']:.1f}" for told in (cold, warm)),
            )


def header(*names: str) -> None:
    """Print a table's head."""
    row(*names)
    row(*("---" for _ in names))


def row(*cells: object) -> None:
    """Print one row of a Markdown table."""
    print("|", " | ".join(map(str, cells)), "|", flush=True)


def micro(seconds: float | None) -> str:
    """Return microseconds, nothing for what was not measured."""
    return (
        ""
        if seconds is None
        else f"{1e6 * seconds:.3g}"
        if seconds < 1e-4
        else f"{1e6 * seconds:.0f}"
    )


def beside(ratio: float, target: float) -> str:
    """Return a ratio and what it should be at least."""
    return f"{ratio:.3g} (target {target:g})"


# -- processes of their own ----------------------------------------------------------


def alone(what: str, network: Network, *more: str, cache: str | None = None) -> dict:
    """Return what a process of its own measures."""
    environment = {**os.environ, **({"FATHOM_CACHE": cache} if cache else {})}
    command = [sys.executable, __file__, "--alone", what, "--networks", network.name, *more]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return json.loads(done.stdout)


def measure_alone(what: str, network: Network) -> dict:
    """Measure one thing in this process."""
    if what == "population":
        turn = population_turn(network)
        return {"seconds": statistics.median(turn() for _ in range(3))}
    return counted(fit_turn if what == "compile-fit" else population_turn, network)


def counted(begin: Callable[[Network], Turn], network: Network) -> dict:
    """Count the programs compiled for a first and a second model of one architecture."""
    count = {"compiled": 0}

    def compiled(event: str, seconds: float, **_: object) -> None:
        count["compiled"] += event == "/jax/core/compile/backend_compile_duration"

    def cached(event: str, **_: object) -> None:
        count["compiled"] -= event == "/jax/compilation_cache/cache_hits"

    jax.monitoring.register_event_duration_secs_listener(compiled)
    jax.monitoring.register_event_listener(cached)
    started = time.perf_counter()
    begin(network)
    seconds, first = time.perf_counter() - started, count["compiled"]
    begin(network)
    return {"seconds": seconds, "compiled": [first, count["compiled"] - first]}


# -- the command ---------------------------------------------------------------------


def main() -> None:
    """Print Markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--networks", nargs="*", default=[""], help="beginnings of their names")
    parser.add_argument("--pytorch-python", default=sys.executable, help="a Python with PyTorch")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    parser.add_argument("--cores", help=argparse.SUPPRESS)
    options = parser.parse_args()
    networks = [n for n in NETWORKS if n.name.startswith(tuple(options.networks))]
    if options.alone:
        print(json.dumps(measure_alone(options.alone, networks[0])))
        return
    print("Microseconds per step, medians of", options.repeats, "turns.\n")
    step_table(networks, options)
    scaling_table(networks, min(options.repeats, 3))
    compile_table(networks)


if __name__ == "__main__":
    main()
