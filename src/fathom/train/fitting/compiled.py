"""Compiled loops kept at hand: a second `fit` of one architecture compiles nothing.

Models made of nothing but Keras's own classes share their programs by
description, and what was traced is kept between processes (`program_cache`).
Any other model keeps its own programs for as long as it lives and is not
compiled anew.
"""

from __future__ import annotations

import hashlib
import json
import weakref
from collections import OrderedDict
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import jax
import keras
import numpy as np
from jax import export

from fathom import runtime
from fathom.train import devices, program_cache
from fathom.train.fitting.steps import Outcome, Weights
from fathom.train.lowering import lowered_convolutions
from fathom.train.pacing import Pace

MOST_PROGRAMS = 128
# What layers learn from data in `adapt` is a constant of the program, and in no configuration.
ADAPTED = ("Normalization", "Discretization", "StringLookup", "IntegerLookup", "TextVectorization")

for _kind in (Weights, Outcome):
    export.register_namedtuple_serialization(
        _kind, serialized_name=f"fathom.train.fitting.{_kind.__name__}"
    )


@dataclass
class Program:
    """A compiled loop and how fast it was.

    Args:
        call: The compiled function.
        pace: Of its calls.
    """

    call: Callable[..., Any]
    pace: Pace = field(default_factory=Pace)


_SHARED: OrderedDict[Any, Program] = OrderedDict()


@dataclass
class _Own:
    """Programs of one model as it was compiled."""

    compiled_as: tuple[Any, ...]
    programs: dict[Any, Program] = field(default_factory=dict)


_OWN: weakref.WeakKeyDictionary[keras.Model, _Own] = weakref.WeakKeyDictionary()


class Programs:
    """The programs of one model.

    Args:
        model: A built and compiled model.
        bitwise: Whether its layers compute as Keras writes them, not as a loop runs them fastest.
    """

    def __init__(self, model: keras.Model, *, bitwise: bool = False) -> None:
        self._tracing = nullcontext if bitwise else lowered_convolutions
        self._description = description(model)
        self._kept = _SHARED if self._description else _own_programs(model)
        self._described = hashlib.sha256((self._description or "").encode()).hexdigest()
        self._at_hand: dict[Any, Program] = {}

    def program(
        self, name: str, make: Callable[[], Any], arguments: Any, *, donate: tuple[int, ...] = ()
    ) -> Program:
        """Return the program of `make()` for arguments like these, compiled if need be.

        Args:
            name: Which of the model's programs, and all its settings.
            make: Returns the function to trace.
            arguments: Arrays, or their shapes and dtypes.
            donate: Places of the arguments whose memory the program may take over.
        """
        signature = (name, self._tracing.__name__, donate, _signature(arguments[3]))
        if (program := self._at_hand.get(signature)) is None:
            key = (self._described, signature, _signature(arguments))
            program = self._kept.get(key)
            if program is None:
                program = Program(self._compile(key, make, arguments, donate))
                _keep(self._kept, key, program)
            self._at_hand[signature] = program
        return program

    def _compile(
        self, key: Any, make: Callable[[], Any], arguments: Any, donate: tuple[int, ...]
    ) -> Any:
        shapes = jax.tree.map(_shape, arguments)
        with self._tracing():
            function = make() if self._description is None else _kept(repr(key), make, shapes)
            lowered = jax.jit(function, donate_argnums=donate).trace(*shapes).lower()
        options: Any = devices.compiler_options()
        return lowered.compile(compiler_options=options)


def _shape(leaf: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(np.shape(leaf), jax.dtypes.canonicalize_dtype(leaf.dtype))


def _signature(arguments: Any) -> Any:
    leaves, structure = jax.tree.flatten(arguments)
    return structure, tuple((leaf.shape, leaf.dtype) for leaf in leaves)


def _keep(kept: Any, key: Any, program: Program) -> None:
    kept[key] = program
    if kept is _SHARED and len(kept) > MOST_PROGRAMS:
        _SHARED.popitem(last=False)


def _own_programs(model: keras.Model) -> dict[Any, Program]:
    trainer: Any = model
    variables = (*model.trainable_variables, *model.non_trainable_variables)
    compiled_as = (model.optimizer, trainer._compile_loss, trainer._compile_metrics, *variables)
    own = _OWN.get(model)
    if own is None or not _are_same(own.compiled_as, compiled_as):
        own = _OWN[model] = _Own(compiled_as)
    return own.programs


def _are_same(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other))


def _kept(name: str, make: Callable[[], Any], shapes: Any) -> Callable[..., Any]:
    """Return the function as it was traced, by this process or an earlier one.

    A program with a part that JAX does not promise to run later is traced anew each time.
    """
    key = hashlib.sha256(f"{name}\n{program_cache.circumstances()}".encode()).hexdigest()
    if (stored := _read(key)) is not None:
        return stored
    function = make()
    try:
        program = export.export(jax.jit(function))(*shapes)
        runtime.write_cached(key, bytes(program.serialize()))
    except (ValueError, NotImplementedError):
        return function
    return program.call


def _read(key: str) -> Callable[..., Any] | None:
    stored = runtime.read_cached(key)
    if stored is None:
        return None
    try:
        return export.deserialize(bytearray(stored)).call
    except Exception:  # whatever a damaged file makes of itself: trace anew, and replace it
        return None


def description(model: keras.Model) -> str | None:
    """Return all that a model's loops depend on, None if its configuration does not tell it.

    The learning rate is a variable and does not count, unless it is a schedule.
    """
    layers = list(model._flatten_layers())
    if any(map(_is_more_than_its_configuration, layers)) or not _is_compiled_as_told(model):
        return None
    try:
        described = program_cache.describe(
            model,
            optimizer=_without_rate(keras.optimizers.serialize(model.optimizer)),
            epsilon=keras.config.epsilon(),
            image_data_format=keras.config.image_data_format(),
            flash_attention=keras.config.is_flash_attention_enabled(),
        )
    except Exception:  # a part of the model that cannot tell its configuration
        return None
    return described and _without_compiled_optimizer(described)


def _is_more_than_its_configuration(layer: Any) -> bool:
    return type(layer).__name__ in ADAPTED or getattr(layer, "_remat_mode", None) is not None


def _is_compiled_as_told(model: Any) -> bool:
    """Whether loss and metrics are those of the last `compile`: Keras keeps earlier ones."""
    told, metrics = model._compile_config.config, model._compile_metrics
    same_metrics = metrics is None or metrics._user_metrics is told.get("metrics")
    return model.loss is told.get("loss") and same_metrics


def _without_compiled_optimizer(described: str) -> str:
    """Drop the optimizer as it was given: its present settings are told apart from it."""
    parts = json.loads(described)
    parts["compiled"].pop("optimizer", None)
    return json.dumps(parts, sort_keys=True)


def _without_rate(serialized: Any) -> Any:
    config = dict(serialized["config"])
    if isinstance(config.get("learning_rate"), float):
        del config["learning_rate"]
    inner = {name: _without_rate(part) for name, part in config.items() if _is_optimizer(part)}
    return {**serialized, "config": {**config, **inner}}


def _is_optimizer(part: Any) -> bool:
    return isinstance(part, dict) and "learning_rate" in part.get("config", {})
