"""Traced programs kept between processes, so that a study that was run before starts at once.

Tracing Keras models takes longer than training small ones. What JAX traces
and lowers is kept as a portable artifact (`jax.export`; no pickle) under a
name made of all that it depends on; XLA's own cache then finds the compiled
program. Only models made of nothing but Keras's own classes are kept: of others the
configuration does not tell the code.

References:
    The key follows JAX's persistent compilation cache: versions, flags, devices, input.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import keras
from jax import export

from fathom import runtime
from fathom.train import devices
from fathom.train.probe import Sight
from fathom.train.programs import State, Weights

FLAGS = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_numpy_dtype_promotion",
    "jax_threefry_partitionable",
    "jax_default_prng_impl",
)
MODELS = ("Functional", "Sequential", "Model")

for _kind in (State, Weights, Sight):
    export.register_namedtuple_serialization(
        _kind, serialized_name=f"fathom.train.{_kind.__name__}"
    )


def lowered(make: Callable[[], Any], arguments: Any, *, name: str | None) -> Any:
    """Return the lowered program of `make()` for `arguments`, from the cache where it is there.

    Args:
        make: Returns the function to trace.
        arguments: Shapes, dtypes and placements.
        name: All that the program depends on beside its arguments; None
            traces it anew.
    """
    if name is None:
        return jax.jit(make()).trace(*arguments).lower()
    key = _digest(name, arguments)
    program = _read(key)
    if program is None:
        program = export.export(jax.jit(make()))(*arguments)
        runtime.write_cached(key, bytes(program.serialize()))
    return jax.jit(program.call).trace(*arguments).lower()


def describe(model: keras.Model, **settings: Any) -> str | None:
    """Return all that a compiled model's programs depend on, None if it cannot be told.

    Args:
        model: A compiled model.
        **settings: What else the program depends on, as JSON data.
    """
    if not _is_all_keras(model):
        return None
    parts = {
        "model": model.get_config(),
        "optimizer": _nameless(keras.optimizers.serialize(model.optimizer)),
        "loss": _nameless(keras.losses.serialize(model.loss)),
        "settings": settings,
    }
    try:
        return json.dumps(parts, sort_keys=True)
    except TypeError:  # a setting of the model that is not data
        return None


def _nameless(serialized: Any) -> dict[str, Any]:
    """Return a serialized object without its name, which Keras may have numbered."""
    config = {key: value for key, value in serialized["config"].items() if key != "name"}
    return {"class": serialized["class_name"], "config": config}


def _is_all_keras(model: keras.Model) -> bool:
    if type(model).__name__ not in MODELS or not _is_of_keras(model):
        return False
    parts = [*model._flatten_layers(include_self=False), model.optimizer, model.loss]
    return all(map(_is_of_keras, parts)) and not any(
        isinstance(part, keras.layers.Lambda) for part in parts
    )


def _is_of_keras(part: Any) -> bool:
    return type(part).__module__.split(".")[0] == "keras"


def _digest(name: str, arguments: Any) -> str:
    leaves, structure = jax.tree.flatten(arguments)
    described = [f"{leaf.shape} {leaf.dtype} {leaf.sharding.spec}" for leaf in leaves]
    text = "\n".join([name, _circumstances(), str(structure), *described])
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def _circumstances() -> str:
    """Return what all programs of this process depend on."""
    device = jax.devices()[0]
    flags = {flag: str(getattr(jax.config, flag)) for flag in FLAGS}
    sources = hashlib.sha256()
    package = Path(__file__).parent
    for file in sorted(package.glob("*.py")):
        sources.update(file.read_bytes())
    parts = {
        "versions": [jax.__version__, keras.__version__],
        "devices": [device.platform, device.device_kind, devices.num_devices()],
        "flags": flags,
        "floatx": keras.config.floatx(),
        "sources": sources.hexdigest(),
    }
    return json.dumps(parts, sort_keys=True)


def _read(key: str) -> export.Exported | None:
    stored = runtime.read_cached(key)
    if stored is None:
        return None
    try:
        return export.deserialize(bytearray(stored))
    except Exception:  # whatever a damaged file makes of itself: trace anew, and replace it
        return None
