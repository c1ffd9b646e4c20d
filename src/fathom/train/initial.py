"""Initial weights of many members, as Keras would have drawn them for each seed.

For every member the result is what `keras.utils.set_random_seed(seed)`
followed by building the model gives, without building a model per member: the
seeds that Keras would draw are replayed, and each initializer is evaluated
once for all members.
"""

from __future__ import annotations

import copy
import functools
import json
import math
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from fathom.train import keras_internals, threefry
from fathom.train.blueprint import Blueprint

Values = list[Any]  # one array (member, ...) per variable
# Numbers per member up to which drawing on the host is quicker than compiling a program.
MOST_ON_HOST = 2**17


def initial_weights(blueprint: Blueprint, seeds: Sequence[int]) -> tuple[Values, Values]:
    """Return the trainable and non-trainable variables of each seed's member.

    Args:
        blueprint: The recorded model.
        seeds: A seed per member.

    Returns:
        Two lists in the order of `model.trainable_variables` and
        `model.non_trainable_variables`; each entry has the axes
        (member, *variable.shape).
    """
    model = blueprint.model
    if not _is_recorded(blueprint):
        return _by_building(blueprint, seeds)
    draws = _draws_per_member(blueprint, seeds)
    places = {seed: place for place, seed in enumerate(blueprint.draws)}

    def values(variables: Sequence[Any]) -> Values:
        return [_value(variable, draws, places) for variable in variables]

    return values(model.trainable_variables), values(model.non_trainable_variables)


def initial_optimizer_state(blueprint: Blueprint, learning_rates: Sequence[float | None]) -> Values:
    """Return the optimizer's variables of each member.

    Args:
        blueprint: The recorded model.
        learning_rates: Each member's own; None for the optimizer's.
    """
    members = len(learning_rates)
    optimizer: Any = blueprint.model.optimizer
    values = [
        np.broadcast_to(start, (members, *np.shape(start)))
        for start in map(_start, optimizer.variables)
    ]
    place = keras_internals.learning_rate_place(optimizer)
    if place is not None:
        rates = [values[place][i] if r is None else r for i, r in enumerate(learning_rates)]
        values[place] = np.asarray(rates, "float32")
    return values


def initial_metrics_state(blueprint: Blueprint, members: int) -> Values:
    """Return the variables of the training metrics, as they are at an epoch's start."""
    starts = map(_start, blueprint.model.metrics_variables)
    return [np.broadcast_to(start, (members, *np.shape(start))) for start in starts]


def _is_recorded(blueprint: Blueprint) -> bool:
    variables = blueprint.model.trainable_variables + blueprint.model.non_trainable_variables
    return all(_is_replayable(variable, blueprint.draws) for variable in variables)


def _is_replayable(variable: Any, draws: tuple[int, ...]) -> bool:
    initializer = keras_internals.initializer_of(variable)
    if initializer is None:
        return False
    if keras_internals.seed_of(variable) is not None or _constant(variable) is not None:
        return True
    return type(initializer).__module__.startswith("keras.") and isinstance(
        getattr(initializer, "seed", None), int
    )


def _by_building(blueprint: Blueprint, seeds: Sequence[int]) -> tuple[Values, Values]:
    models = []
    for seed in seeds:
        keras.utils.set_random_seed(seed)
        models.append(blueprint.build())
    trainable = [[np.asarray(v) for v in model.trainable_variables] for model in models]
    others = [[np.asarray(v) for v in model.non_trainable_variables] for model in models]
    return _stack(trainable), _stack(others)


def _stack(members: Sequence[Sequence[np.ndarray]]) -> Values:
    return [np.stack(values) for values in zip(*members, strict=True)]


def _draws_per_member(blueprint: Blueprint, seeds: Sequence[int]) -> np.ndarray:
    count = len(blueprint.draws)
    rows = {seed: keras_internals.drawn_seeds(seed, count) for seed in set(seeds)}
    return np.array([rows[seed] for seed in seeds], "uint32")  # (member, draw)


def _value(variable: Any, draws: np.ndarray, places: dict[int, int]) -> Any:
    """Return (member, *shape) values of one variable."""
    members = len(draws)
    own_seed = keras_internals.seed_of(variable)
    if own_seed is not None:
        return _seed_states(own_seed, draws, places)
    constant = _constant(variable)
    if constant is not None:
        return np.broadcast_to(constant, (members, *constant.shape))
    initializer = keras_internals.initializer_of(variable)
    seed = initializer.seed  # pyright: ignore[reportOptionalMemberAccess,reportFunctionMemberAccess]
    seeds = draws[:, places[seed]] if seed in places else np.full(members, seed, "uint32")
    distinct, members_of = np.unique(seeds, return_inverse=True)
    return _draw(initializer, tuple(variable.shape), variable.dtype, distinct)[members_of]


def _draw(initializer: Any, shape: tuple[int, ...], dtype: str, seeds: np.ndarray) -> np.ndarray:
    """Return (seed, *shape): small draws on the host, others by a compiled program."""
    distribution = keras_internals.distribution_of(initializer, shape)
    if distribution is None or dtype != "float32" or math.prod(shape) > MOST_ON_HOST:
        return np.asarray(_drawer(initializer, shape, dtype)(seeds))
    kind, first, second = distribution
    if kind == "uniform":
        return threefry.uniform(seeds, shape, low=first, high=second)
    draw = threefry.normal if kind == "normal" else threefry.truncated_normal
    return draw(seeds, shape) * np.float32(second) + np.float32(first)


def _seed_states(own_seed: int, draws: np.ndarray, places: dict[int, int]) -> np.ndarray:
    seeds = draws[:, places[own_seed]] if own_seed in places else np.full(len(draws), own_seed)
    return np.stack([seeds, np.zeros_like(seeds)], axis=1).astype("uint32")


def _constant(variable: Any) -> np.ndarray | None:
    """Return the variable's initial value if its initializer draws nothing."""
    initializer = keras_internals.initializer_of(variable)
    shape, dtype = tuple(variable.shape), jnp.dtype(variable.dtype)
    if isinstance(initializer, keras.initializers.Zeros):
        return np.zeros(shape, dtype)
    if isinstance(initializer, keras.initializers.Ones):
        return np.ones(shape, dtype)
    if isinstance(initializer, keras.initializers.Constant):
        return np.full(shape, initializer.value, dtype)
    if isinstance(initializer, keras.initializers.Identity):
        return np.asarray(initializer(shape, dtype=variable.dtype))
    if initializer is not None and keras_internals.is_bias_of_lstm(initializer):
        return np.asarray(initializer(shape, dtype=variable.dtype))
    return None


def _start(variable: Any) -> np.ndarray:
    """Return the first value of an optimizer's or metric's variable."""
    if keras_internals.initializer_of(variable) is None:
        return np.asarray(variable.value)
    constant = _constant(variable)
    if constant is not None:
        return constant
    initializer: Any = keras_internals.initializer_of(variable)
    return np.asarray(initializer(tuple(variable.shape), dtype=variable.dtype))


def _drawer(initializer: Any, shape: tuple[int, ...], dtype: str) -> Callable[..., Any]:
    """Return the compiled draw that is shared by all equal initializers of one shape."""
    config = {key: value for key, value in initializer.get_config().items() if key != "seed"}
    key = (type(initializer), json.dumps(config, sort_keys=True, default=str), shape, dtype)
    return _compiled_drawer(_Keyed(key, initializer), shape, dtype)


class _Keyed:
    """An initializer that compares equal to others of the same configuration."""

    def __init__(self, key: Any, initializer: Any) -> None:
        self.key, self.initializer = key, initializer

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Keyed) and self.key == other.key


@functools.lru_cache(maxsize=256)
def _compiled_drawer(keyed: _Keyed, shape: tuple[int, ...], dtype: str) -> Callable[..., Any]:
    def draw(seed: Any) -> Any:
        initializer = copy.copy(keyed.initializer)
        initializer.seed = keras_internals.FixedSeed(seed)
        return jnp.asarray(initializer(shape, dtype=dtype))

    return jax.jit(jax.vmap(draw))
