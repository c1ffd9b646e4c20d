"""How much memory training takes, told before anything is compiled, and how much there is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np

from fathom.train import devices

# A population may take this share of the free memory, unless it is told otherwise.
SHARE = 0.5
# States of a member that exist at once: before and after a call, and parked between epochs.
STATES = 3
# Arrays as large as what a layer puts out that a step keeps: the output, its gradient, a copy.
ACTIVATIONS = 3


def member_bytes(model: keras.Model, batch_size: int, x: Any) -> int:
    """Return the bytes that one member in training takes.

    Args:
        model: A compiled model with the variables of its optimizer.
        batch_size: Rows per step.
        x: The inputs, with rows on the first axis.
    """
    state = sum(map(_bytes_of, (*model.variables, *model.optimizer.variables)))
    return STATES * state + step_bytes(model, batch_size, x)


def step_bytes(model: keras.Model, batch_size: int, x: Any) -> int:
    """Return the bytes that a step of one member takes beside its state.

    Args:
        model: A compiled model.
        batch_size: Rows per step.
        x: The inputs, with rows on the first axis.
    """
    gradients = sum(map(_bytes_of, model.trainable_variables))
    row = sum(math.prod(np.shape(a)[1:]) * a.dtype.itemsize for a in jax.tree.leaves(x))
    outputs = 4 * sum(_units(layer) for layer in model._flatten_layers(include_self=False))
    return 2 * gradients + batch_size * (ACTIVATIONS * outputs + 2 * row)


def _bytes_of(variable: Any) -> int:
    return math.prod(variable.shape) * np.dtype(jax.numpy.dtype(variable.dtype)).itemsize


def _units(layer: Any) -> int:
    """Return the numbers that a layer puts out for a row, where it can be known."""
    try:
        shapes = keras.tree.flatten(layer.output)
    except (AttributeError, ValueError):  # called more than once, or not in a graph
        return 0
    return sum(math.prod(size or 1 for size in shape.shape[1:]) for shape in shapes)


def data_bytes(data: Sequence[Any]) -> int:
    """Return the bytes of arrays that every device holds."""
    return devices.num_devices() * sum(leaf.nbytes for leaf in jax.tree.leaves(data))


def free_bytes() -> int:
    """Return the memory that is free: the GPU's, or the machine's within the process's limits."""
    statistics = jax.devices()[0].memory_stats() if not devices.is_cpu() else None
    if statistics:
        each = statistics["bytes_limit"] - statistics["bytes_in_use"]
        return each * devices.num_devices()
    return min(_machine_bytes(), _control_group_bytes())


def _machine_bytes() -> int:
    for line in _lines(Path("/proc/meminfo")):
        if line.startswith("MemAvailable:"):
            return 1024 * int(line.split()[1])
    return 8 * 2**30  # a system that does not tell: as much as a small machine has


def _control_group_bytes() -> int:
    folder = Path("/sys/fs/cgroup")
    limit, used = (_number(folder / name) for name in ("memory.max", "memory.current"))
    return 2**62 if limit is None or used is None else max(limit - used, 0)


def _number(file: Path) -> int | None:
    text = "".join(_lines(file)).strip()
    return int(text) if text.isdigit() else None


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text().splitlines()
    except OSError:
        return []


def in_words(count: float) -> str:
    """Return a number of bytes as people read it, such as "1.5 GB"."""
    for unit in ("bytes", "kB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
