"""Training alone: microseconds per optimisation step and member, Keras fit and populations.

    python benchmarks/steps.py [--repeats 5]

Adam, random data. Keras's `fit` runs one epoch of the same steps, after one to
warm up; a population four epochs after two, with validation on 64 rows and the
keeping of weights included. Compilation is left out of both.
"""

from __future__ import annotations

import argparse
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from fathom import measure, train

import keras  # isort: skip  # after fathom, which chooses its backend

SHAPES = {
    "2-8-8-8-2, batch 10": ((2, 8, 8, 8, 2), 10, 400),
    "64-64x4-10, batch 32": ((64, 64, 64, 64, 64, 10), 32, 200),
    "784-512-10, batch 100": ((784, 512, 10), 100, 60),
}
MEMBERS = (1, 8, 32)
WARM, TIMED = 2, 4


def build(widths: tuple[int, ...]) -> keras.Model:
    """Return a ReLU network of these widths that ends in logits."""
    hidden = inputs = keras.Input((widths[0],))
    for width in widths[1:-1]:
        hidden = keras.layers.Dense(width, "relu")(hidden)
    return keras.Model(inputs, keras.layers.Dense(widths[-1])(hidden))


def compiled(model: keras.Model) -> keras.Model:
    """Compile for integer classes."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=loss)
    return model


def data(widths: tuple[int, ...], rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random inputs and classes."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, widths[0])).astype("float32")
    return x, generator.integers(widths[-1], size=rows).astype("int32")


def keras_step(widths: tuple[int, ...], batch: int, steps: int) -> float:
    """Return seconds per step of `fit`."""
    x, y = data(widths, batch * steps)
    model = compiled(build(widths))
    model.fit(x, y, batch_size=batch, verbose=0)
    started = time.perf_counter()
    model.fit(x, y, batch_size=batch, verbose=0)
    return (time.perf_counter() - started) / steps


def population_step(widths: tuple[int, ...], batch: int, steps: int, members: int) -> float:
    """Return seconds per step and member of a population, validation left out."""
    x, y = data(widths, batch * steps)
    blueprint = train.record(lambda: build(widths), compiled, x[:batch], y[:batch])
    population = train.Population(
        blueprint,
        train.product(range(members), (1e-3,)),
        train.TrainingData.place((x, y), (x[:64], y[:64])),
        score=measure.scorer("classification"),
        batch_size=batch,
    )
    with ThreadPoolExecutor(2) as executor:
        population.compile(executor)
        population.wait()
    epochs = iter(population.train(epochs=WARM + TIMED))
    for _ in range(1 + WARM):  # the first tells of the initialisation
        next(epochs)
    started = time.perf_counter()
    for _ in range(TIMED):
        next(epochs)
    return (time.perf_counter() - started) / (TIMED * steps * members)


def main() -> None:
    """Print a Markdown table of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    repeats = parser.parse_args().repeats
    columns = " | ".join(f"{members} member{'s' * (members > 1)}" for members in MEMBERS)
    print(f"| network | Keras fit, us/step | {columns} | Keras / best |")
    print("|---|---|" + "---|" * len(MEMBERS) + "---|")
    for name, (widths, batch, steps) in SHAPES.items():
        keras_times, ours = [], {members: [] for members in MEMBERS}
        for _ in range(repeats):
            keras_times.append(keras_step(widths, batch, steps))
            for members in MEMBERS:
                ours[members].append(population_step(widths, batch, steps, members))
        fit = statistics.median(keras_times)
        medians = [statistics.median(ours[members]) for members in MEMBERS]
        cells = " | ".join(f"{1e6 * median:.1f}" for median in medians)
        print(f"| {name} | {1e6 * fit:.0f} | {cells} | {fit / min(medians):.1f} |", flush=True)


if __name__ == "__main__":
    main()
