"""The ladder that people climb on MNIST, each rung a population of seeds, beside Keras's `fit`.

    python benchmarks/mnist.py [mnist.npz] [--seeds 5] [--keras]

784-10-10 with sigmoid; ReLU in place of sigmoid; 512 units in place of 10; 20 epochs in
place of 5; batches of 32 in place of 100. SGD, learning rate 0.01. Prints a row of the
table in benchmarks/README.md per rung: mean test accuracy, its 95% interval over seeds
(Student's t), and seconds. With --keras the first seed is trained by Keras as well.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

import fathom  # before keras: it chooses the JAX backend

import keras  # isort: skip


@dataclass(frozen=True)
class Rung:
    """One step of the ladder."""

    units: int
    activation: str
    epochs: int
    batch_size: int

    @property
    def words(self) -> str:
        """The rung as the table calls it."""
        return f"{self.units} {self.activation}, batch {self.batch_size}, {self.epochs} epochs"


RUNGS = (
    Rung(10, "sigmoid", 5, 100),
    Rung(10, "relu", 5, 100),
    Rung(512, "relu", 5, 100),
    Rung(512, "relu", 20, 100),
    Rung(512, "relu", 5, 32),
    Rung(512, "relu", 20, 32),
)
MNIST = Path("../shared/data/mnist.npz")
Data = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def network(rung: Rung) -> keras.Model:
    """Return a compiled network."""
    model = keras.Sequential(
        [
            keras.Input((784,)),
            keras.layers.Dense(rung.units, rung.activation),
            keras.layers.Dense(10, "softmax"),
        ]
    )
    optimizer = keras.optimizers.SGD(0.01)
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def population_accuracies(rung: Rung, data: Data, seeds: int) -> tuple[np.ndarray, float]:
    """Return the test accuracy of every seed, and seconds."""
    x, y, x_test, y_test = data
    started = time.perf_counter()
    population = fathom.Population(lambda: network(rung), seed=range(seeds))
    for _ in population.train(x, y, epochs=rung.epochs, batch_size=rung.batch_size):
        pass
    accuracies = np.asarray(population.evaluate(x_test, y_test)["accuracy"], "float64")
    return accuracies, time.perf_counter() - started


def keras_accuracy(rung: Rung, data: Data) -> tuple[float, float]:
    """Return what Keras reaches from seed 0, and seconds."""
    x, y, x_test, y_test = data
    started = time.perf_counter()
    keras.utils.set_random_seed(0)
    model = network(rung)
    model.fit(x, y, epochs=rung.epochs, batch_size=rung.batch_size, verbose=0)
    accuracy = model.evaluate(x_test, y_test, verbose=0)[1]
    return accuracy, time.perf_counter() - started


def main() -> None:
    """Climb the ladder and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?", default=MNIST, help="x_train, y_train, ...")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--keras", action="store_true", help="train seed 0 by Keras, too")
    options = parser.parse_args()
    if not options.file.exists():
        print(f"{options.file} is not there: give the path of an mnist.npz")
        return
    data = read(options.file)
    titles = ["network", "test accuracy", "95% interval", "seconds", "seed 0"]
    titles += ["Keras, seed 0", "seconds"] if options.keras else []
    print(f"| {' | '.join(titles)} |\n|{'---|' * len(titles)}")
    for rung in RUNGS:
        accuracies, seconds = population_accuracies(rung, data, options.seeds)
        half = stats.t.ppf(0.975, options.seeds - 1) * stats.sem(accuracies)
        mean = accuracies.mean()
        cells = [rung.words, f"{mean:.3f}", f"{mean - half:.3f} to {mean + half:.3f}"]
        cells += [f"{seconds:.0f}", f"{accuracies[0]:.4f}"]
        if options.keras:
            accuracy, keras_seconds = keras_accuracy(rung, data)
            cells += [f"{accuracy:.4f}", f"{keras_seconds:.0f}"]
        print(f"| {' | '.join(cells)} |", flush=True)


def read(file: Path) -> Data:
    """Return training and test rows, pixels in [0, 1]."""
    with np.load(file) as arrays:
        x, y, x_test, y_test = (arrays[k] for k in ("x_train", "y_train", "x_test", "y_test"))
    return _pixels(x), y.astype("int32"), _pixels(x_test), y_test.astype("int32")


def _pixels(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), 784).astype("float32") / 255


if __name__ == "__main__":
    main()
