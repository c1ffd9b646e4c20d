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
import inspect
import json
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import jax
import keras
from jax import export

from fathom import runtime
from fathom.train import devices
from fathom.train.lowering import lowered_convolutions
from fathom.train.probe import Sight
from fathom.train.programs import Asked, Judging, State, Weights, Work

FLAGS = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_numpy_dtype_promotion",
    "jax_threefry_partitionable",
    "jax_default_prng_impl",
)
MODELS = ("Functional", "Sequential", "Model")
# Compiled programs that a process keeps at hand.
MOST_COMPILED = 64

for _kind in (State, Weights, Sight, Work, Asked, Judging):
    export.register_namedtuple_serialization(
        _kind, serialized_name=f"fathom.train.{_kind.__name__}"
    )


def compiled(
    make: Callable[[], Any],
    arguments: Any,
    *,
    name: str | None,
    donate: tuple[int, ...] = (),
    quickly: bool = False,
    tracing: AbstractContextManager[Any] | None = None,
) -> Any:
    """Return the compiled program of `make()` for `arguments`.

    What this process compiled before is returned again; what any process of
    this user traced before is read from the cache folder.

    Args:
        make: Returns the function to trace.
        arguments: Shapes, dtypes and placements.
        name: All that the program depends on beside its arguments; None
            traces and compiles it anew.
        donate: Which arguments the program takes over, with their memory.
        quickly: Whether it is run so seldom that it is not worth optimising.
        tracing: Held while the program is traced.
    """
    digest = None if name is None else _digest(name, arguments)
    key = None if digest is None else (digest, donate, quickly)
    if key in _COMPILED:
        _COMPILED.move_to_end(key)
        return _COMPILED[key]
    with tracing or nullcontext(), lowered_convolutions():
        lowered = _lowered(make, arguments, digest, donate)
    program = lowered.compile(compiler_options=devices.compiler_options(quickly=quickly))
    if key is not None:
        _COMPILED[key] = program
        while len(_COMPILED) > MOST_COMPILED:
            _COMPILED.popitem(last=False)
    return program


def forget() -> None:
    """Let go of the programs that this process has compiled."""
    _COMPILED.clear()


_COMPILED: OrderedDict[tuple[str, tuple[int, ...], bool] | None, Any] = OrderedDict()


def _lowered(
    make: Callable[[], Any], arguments: Any, key: str | None, donate: tuple[int, ...]
) -> Any:
    if key is None:
        return jax.jit(make(), donate_argnums=donate).trace(*arguments).lower()
    program = _read(key)
    if program is None:
        program = export.export(jax.jit(make()))(*arguments)
        runtime.write_cached(key, bytes(program.serialize()))
    return jax.jit(program.call, donate_argnums=donate).trace(*arguments).lower()


def describe(model: keras.Model, **settings: Any) -> str | None:
    """Return all that a compiled model's programs depend on, None if it cannot be told.

    Numbers that Keras gave to names, such as "dense_7", do not count: a second
    model of the same architecture has the same description.

    Args:
        model: A compiled model.
        **settings: What else the program depends on, as JSON data.
    """
    if not _is_all_keras(model):
        return None
    parts = {
        "model": model.get_config(),
        "compiled": model.get_compile_config(),
        "trainable": [layer.trainable for layer in model._flatten_layers()],
        "settings": settings,
    }
    try:
        return json.dumps(_renumbered(json.loads(json.dumps(parts))), sort_keys=True)
    except TypeError:  # a setting of the model that is not data
        return None


def _is_all_keras(model: keras.Model) -> bool:
    if type(model).__name__ not in MODELS or not _is_of_keras(model):
        return False
    layers = list(model._flatten_layers(include_self=False))
    asked = keras.tree.flatten(model._compile_config.config)
    parts = [part for part in (*layers, model.optimizer, *asked) if not _is_data(part)]
    return all(map(_is_of_keras, parts)) and all(map(_holds_only_kerass, parts))


def _is_data(part: Any) -> bool:
    return part is None or isinstance(part, str | int | float)


def _is_of_keras(part: Any) -> bool:
    kind = part if inspect.isfunction(part) else type(part)
    return (kind.__module__ or "").split(".")[0] == "keras"


def _holds_only_kerass(part: Any) -> bool:
    """Return whether the functions that an object calls are Keras's own."""
    if isinstance(part, keras.layers.Lambda) or hasattr(part, "adapt"):
        return False  # what a layer was adapted to is not in its configuration
    held = vars(part).values() if hasattr(part, "__dict__") else ()
    return all(_is_of_keras(value) for value in held if inspect.isfunction(value))


def _renumbered(config: Any) -> Any:
    """Return a configuration with its names numbered anew, in the order they appear."""
    names = dict.fromkeys(_names(config))
    counts: Counter[str] = Counter()
    for name in names:
        base = name.rstrip("0123456789").rstrip("_")
        names[name] = f"{base}#{counts[base]}"
        counts[base] += 1
    return _replaced(config, names)


def _names(config: Any) -> Iterator[str]:
    if isinstance(config, dict):
        if isinstance(config.get("name"), str):
            yield config["name"]
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from _names(part)


def _replaced(config: Any, names: Mapping[str, Any]) -> Any:
    if isinstance(config, dict):
        return {names.get(key, key): _replaced(part, names) for key, part in config.items()}
    if isinstance(config, list):
        return [_replaced(part, names) for part in config]
    return names.get(config, config) if isinstance(config, str) else config


def _digest(name: str, arguments: Any) -> str:
    leaves, structure = jax.tree.flatten(arguments)
    described = [f"{leaf.shape} {leaf.dtype} {leaf.sharding.spec}" for leaf in leaves]
    text = "\n".join([name, circumstances(), str(structure), *described])
    return hashlib.sha256(text.encode()).hexdigest()


@functools.cache
def circumstances() -> str:
    """Return what all programs of this process depend on."""
    device = jax.devices()[0]
    flags = {flag: str(getattr(jax.config, flag)) for flag in FLAGS}
    sources = hashlib.sha256()
    package = Path(__file__).parent
    for file in sorted(package.rglob("*.py")):
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
