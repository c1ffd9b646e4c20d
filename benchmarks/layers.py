"""`fathom layers` against the loop that anyone would write with Keras.

    python benchmarks/layers.py [--rows 10000] [--layers 10] [--width 64] [--seeds 5] [--draws 5]

Both examine the same trained networks on the same test rows. Fathom's side is a whole process:
imports, compilation, every column (ablations, probes with their controls, CKA, activity,
gradients, effective depth), with an empty cache and again with a warm one. Keras's side is the
ablations alone, in a process that has imported and loaded everything: per seed and layer, initial
weights, fresh weights, bypass, zeros and means, each evaluated with `predict`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import fathom

import fathom.models  # isort: skip  # chooses Keras's backend before it is imported
import keras  # isort: skip

FEATURES, CLASSES = 64, 10


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


def fathom_seconds(folder: Path, cache: Path, draws: int) -> float:
    """Return the seconds of one whole `fathom layers`."""
    command = [sys.executable, "-m", "fathom", "layers", "networks", str(folder / "data.npz")]
    command += ["--store", str(folder / "store"), "--draws", str(draws), "--json"]
    started = time.perf_counter()
    environment = {**os.environ, "FATHOM_CACHE": str(cache)}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - started


# -- the loop -----------------------------------------------------------------------


def keras_seconds(study: fathom.Study, options: argparse.Namespace) -> float:
    """Return the seconds that the same ablations take in a loop over Keras models."""
    from fathom.api.subjects import trained

    networks = trained(study)
    data = fathom.load(study.folder.parent.parent / "data.npz")
    started = time.perf_counter()
    for kept, begun in zip(networks.networks or [], networks.initial or []):
        model = networks.model
        _give(model, kept)
        for changed in changes(model, begun, data.train.x, options.draws):
            outputs = changed.predict(data.test.x, verbose=0, batch_size=256)
            (outputs.argmax(axis=1) == data.test.y).mean()
    return time.perf_counter() - started


def changes(
    model: keras.Model, begun: list[np.ndarray], x: np.ndarray, draws: int
) -> Iterator[keras.Model]:
    """Yield the model with one layer changed, for every change of every layer."""
    dense = [layer for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    places = {id(v): place for place, v in enumerate(model.trainable_variables)}
    for layer in dense:
        kept = layer.get_weights()
        layer.set_weights([begun[places[id(v)]] for v in layer.weights])
        yield model
        for draw in range(draws):
            keras.utils.set_random_seed(draw)
            fresh = type(layer).from_config(layer.get_config())
            fresh.build(layer.input.shape)
            layer.set_weights(fresh.get_weights())
            yield model
        layer.set_weights(kept)
    for layer in dense:
        output = _activated(model, layer)
        whole = keras.Model(model.inputs, output)
        mean = whole.predict(x, verbose=0, batch_size=256).mean(axis=0)
        if layer.input.shape == output.shape:
            yield _with(model, output, lambda inside, source=layer.input: source)
        yield _with(model, output, lambda inside: keras.ops.zeros_like(inside))
        yield _with(model, output, lambda inside, m=mean: keras.ops.zeros_like(inside) + m)


def _activated(model: keras.Model, layer: keras.layers.Layer) -> keras.KerasTensor:
    names = [one.name for one in model.layers]
    after = model.layers[names.index(layer.name) + 1] if layer.name != "logits" else None
    return layer.output if after is None else after.output


def _with(model: keras.Model, tensor: keras.KerasTensor, make: object) -> keras.Model:
    """Return the model with one tensor replaced, its layers shared."""
    reached = False
    hidden = make(tensor)  # type: ignore[operator]
    for layer in model.layers:
        if reached:
            hidden = layer(hidden)
        reached = reached or layer.output is tensor
    return keras.Model(model.inputs, hidden)


def _give(model: keras.Model, values: list[np.ndarray]) -> None:
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def main() -> None:
    """Print a Markdown table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("rows", 10_000), ("layers", 10), ("width", 64), ("seeds", 5)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--draws", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_data(folder / "data.npz", options.rows)
        study = train_networks(folder, options)
        cache = folder / "cache"
        cold = fathom_seconds(folder, cache, options.draws)
        warm = fathom_seconds(folder, cache, options.draws)
        loop = keras_seconds(study, options)
    print(f"{options.layers} layers of {options.width}, {options.rows} rows, {options.seeds} seeds")
    print("| | seconds | Keras's loop takes |")
    print("|---|---|---|")
    print(f"| `fathom layers`, whole process, empty cache | {cold:.1f} | {loop / cold:.1f} times |")
    print(f"| `fathom layers`, whole process, warm cache | {warm:.1f} | {loop / warm:.1f} times |")
    print(f"| Keras loop, the ablations alone | {loop:.1f} | |")


if __name__ == "__main__":
    main()
