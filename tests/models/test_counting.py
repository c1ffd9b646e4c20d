"""Widths that match a number of parameters."""

from __future__ import annotations

import pytest

from fathom import models
from fathom.errors import SpecError
from fathom.specs import ModelSpec

WIDEST = 200


def brute_force(spec: ModelSpec, parameters: int) -> int:
    return min(
        range(1, WIDEST),
        key=lambda width: (
            abs(models.num_parameters(spec.at(depth=spec.depth, width=width)) - parameters),
            width,
        ),
    )


@pytest.mark.parametrize("family", ["mlp", "residual"])
@pytest.mark.parametrize("depth", [1, 2, 8])
@pytest.mark.parametrize("normalization", ["none", "layer"])
def test_matched_width_is_the_nearest(family: str, depth: int, normalization: str) -> None:
    spec = ModelSpec(
        family=family, depth=depth, input_shape=(10,), num_classes=3, normalization=normalization
    )
    for parameters in (1, 15, 16, 100, 555, 1234, 2500):
        assert models.matched_width(spec, parameters) == brute_force(spec, parameters)


def test_matched_width_finds_a_network_again() -> None:
    spec = ModelSpec(depth=8, width=64, input_shape=(64,), num_classes=10)
    assert models.matched_width(spec.at(depth=8, width=1), models.num_parameters(spec)) == 64


def test_of_two_equally_near_the_narrower_is_taken() -> None:
    spec = ModelSpec(depth=1, input_shape=(1,), task="regression")  # 3 w + 1 parameters
    assert [models.num_parameters(spec.at(depth=1, width=w)) for w in (1, 2, 3)] == [4, 7, 10]
    even = ModelSpec(depth=1, input_shape=(2,), task="regression")  # 4 w + 1 parameters
    assert models.matched_width(even, 7) == 1  # 5 and 9 are both 2 away
    assert models.matched_width(spec, 9) == 3


def test_linear_model_keeps_its_width() -> None:
    spec = ModelSpec(depth=0, width=17, input_shape=(10,), num_classes=3)
    assert models.matched_width(spec, 12345) == 17


def test_no_parameters_are_refused() -> None:
    spec = ModelSpec(depth=1, input_shape=(10,), num_classes=3)
    with pytest.raises(SpecError, match=r"`parameters` must be at least 1. Received: parameters=0"):
        models.matched_width(spec, 0)
