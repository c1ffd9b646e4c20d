"""Every change of every layer in a loop over Keras models, as anyone would write it.

    python keras_layers.py NETWORKS.npz ABLATIONS.npz

NETWORKS.npz holds the test and training rows, the size of the network, and, by seed, its trained
and its initial weights. Says what the ablations cost, and how long they took once Keras was loaded.
"""

import json
import os
import sys
import time

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np

L = keras.layers
BATCH = 1024


def network(features: int, width: int, hidden: int, classes: int) -> keras.Model:
    """Return the network that was trained, without its weights."""
    inputs = stream = keras.Input((features,))
    for _ in range(hidden):
        stream = L.Dense(width, "relu", kernel_initializer="he_normal")(stream)
    return keras.Model(inputs, L.Dense(classes, "softmax")(stream))


def changes(model: keras.Model, initial: list, x: np.ndarray, draws: int):
    """Yield the name of every change, its layer, and the model that has it."""
    for place, layer in enumerate(model.layers[1:]):
        kept = layer.get_weights()
        layer.set_weights(initial[2 * place : 2 * place + 2])
        yield "reinit", place, model
        for draw in range(draws):
            keras.utils.set_random_seed(1 + draw)
            fresh = type(layer).from_config(layer.get_config())
            fresh.build(layer.input.shape)
            layer.set_weights(fresh.get_weights())
            yield "rerandom", place, model
        layer.set_weights(kept)
    for place, layer in enumerate(model.layers[1:]):
        inside = keras.Model(model.inputs, layer.output)
        mean = inside.predict(x, batch_size=BATCH, verbose=0).mean(axis=0)
        if layer.input.shape == layer.output.shape:
            yield "bypass", place, without(model, place, lambda entering, leaving: entering)
        yield "zero", place, without(model, place, lambda _, leaving: keras.ops.zeros_like(leaving))
        yield "mean", place, without(model, place, lambda _, leaving, m=mean: 0.0 * leaving + m)


def without(model: keras.Model, place: int, replacement) -> keras.Model:
    """Return the model with one layer's output replaced; the layers are shared."""
    stream = model.inputs[0]
    for number, layer in enumerate(model.layers[1:]):
        leaving = layer(stream)
        stream = replacement(stream, leaving) if number == place else leaving
    return keras.Model(model.inputs, stream)


def accuracy(model: keras.Model, x: np.ndarray, y: np.ndarray) -> float:
    """Return the share of rows that are classified rightly."""
    outputs = model.predict(x, batch_size=BATCH, verbose=0)
    return float((outputs.argmax(axis=1) == y).mean())


def main() -> None:
    """Change everything, and print the mean cost of each change of each layer."""
    given = np.load(sys.argv[1])
    seeds, draws = (int(given[name]) for name in ("seeds", "draws"))
    size = [int(number) for number in given["size"]]
    number = 2 * (size[2] + 1)
    started, cpu = time.perf_counter(), time.process_time()
    costs: dict[str, list[float]] = {}
    for seed in range(seeds):
        model = network(*size)
        model.set_weights([given[f"kept_{seed}_{place}"] for place in range(number)])
        initial = [given[f"initial_{seed}_{place}"] for place in range(number)]
        whole = accuracy(model, given["x_test"], given["y_test"])
        for name, place, changed in changes(model, initial, given["x_train"], draws):
            cost = whole - accuracy(changed, given["x_test"], given["y_test"])
            costs.setdefault(f"{name} {place}", []).append(cost)
    means = {name: sum(one) / len(one) for name, one in costs.items()}
    seconds = {"wall": time.perf_counter() - started, "cpu": time.process_time() - cpu}
    print(json.dumps({"seconds": seconds, "costs": means}))


main()
