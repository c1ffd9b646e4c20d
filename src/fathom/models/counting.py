"""How many parameters a spec has, and the width that has a given number."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable

import keras

from fathom.errors import ModelError
from fathom.models.blocks import num_features
from fathom.models.building import build, check
from fathom.models.families import FAMILIES
from fathom.models.own import is_own
from fathom.models.shapes import without_values
from fathom.specs import ModelSpec, at_least

_WIDEST = 2**24


def num_parameters(spec: ModelSpec) -> int:
    """Return the trainable parameters of one network of `spec`.

    In closed form for the built-in families; a network of the user's own is
    built and counted.

    Example:
        >>> num_parameters(ModelSpec(depth=2, width=8, input_shape=(2,), num_classes=3))
        123
    """
    check(spec)
    if is_own(spec.family):
        return _count_own(spec)
    if spec.depth == 0:
        return (num_features(spec) + 1) * spec.outputs
    hidden = FAMILIES[spec.family].hidden_parameters(spec)
    return hidden + (spec.width + 1) * spec.outputs


def _count_own(spec: ModelSpec) -> int:
    try:
        with without_values():
            return count_trainable(build(spec))
    except ModelError:  # a function that looks at its weights needs them
        return count_trainable(build(spec))


def count_trainable(model: keras.Model) -> int:
    """Return the number of trainable parameters of `model`."""
    return sum(math.prod(variable.shape) for variable in model.trainable_variables)


def matched_width(spec: ModelSpec, parameters: int) -> int:
    """Return the width at which `spec`, at its depth, has nearest to `parameters` parameters.

    The narrower of two equally near; a multiple of 4 for the transformer, so
    that it has several heads. Where width changes nothing (depth 0, or
    a network of the user's own that takes no notice of it) it is the spec's own.

    Raises:
        SpecError: `parameters` is below 1, or the spec cannot be built.
    """
    at_least("parameters", parameters, 1)
    check(spec)
    step = 1 if is_own(spec.family) else FAMILIES[spec.family].width_multiple
    count = functools.cache(lambda steps: _count_at(spec, step * steps))
    if spec.depth == 0 or count(1) == count(2):
        return spec.width
    return step * _nearest(count, parameters, _WIDEST // step)


def _nearest(count: Callable[[int], int], parameters: int, most: int) -> int:
    """Return the argument up to `most` at which the increasing `count` is nearest."""
    high = 1
    while count(high) < parameters and high < most:
        high *= 2
    low = max(high // 2, 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if count(middle) < parameters else (low, middle)
    return min(max(high - 1, 1), high, key=lambda width: abs(count(width) - parameters))


def _count_at(spec: ModelSpec, width: int) -> int:
    return num_parameters(spec.at(depth=spec.depth, width=width))
