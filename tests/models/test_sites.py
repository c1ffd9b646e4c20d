"""Layers and residual blocks are found in any model, with what serves each alone."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from fathom import measure, models
from fathom.specs import ModelSpec

L = keras.layers


def sites(model: keras.Model, shape: tuple[int, ...] = (6,), dtype: str = "float32") -> list[Any]:
    return list(models.find_sites(models.trace(model, np.zeros((2, *shape), dtype))))


def told(model: keras.Model, **given: Any) -> list[tuple[str, str, str | None]]:
    return [(site.kind, site.name, site.activation) for site in sites(model, **given)]


def test_normalisation_and_activation_belong_to_the_layer_they_serve() -> None:
    spec = ModelSpec(depth=1, width=4, input_shape=(6,), num_classes=3, normalization="batch")
    first, head = sites(models.build(spec))
    assert [layer.name for layer in first.layers] == ["dense_1", "normalization_1"]
    assert (first.exit.name, first.activation) == ("activation_1", "relu")
    assert head.is_head and head.exit.name == "logits"


def test_a_residual_block_is_bypassed_by_what_runs_past_it() -> None:
    spec = ModelSpec(family="residual", depth=2, width=4, input_shape=(6,), num_classes=3)
    blocks = [site for site in sites(models.build(spec)) if site.is_block]
    assert [block.name for block in blocks] == ["add_1", "add_2"]
    assert [layer.name for layer in blocks[1].layers] == ["dense_2"]
    assert blocks[0].skip == 0


def test_a_sum_written_as_plus_is_a_block_too_and_so_is_one_with_a_projection() -> None:
    inputs = keras.Input((6,))
    branch = L.Dense(6, name="inner")(keras.ops.relu(inputs))
    stream = branch + inputs
    long = L.Dense(4, name="second")(L.Dense(4, name="first")(stream))
    both = L.Add(name="projected")([L.Dense(4, name="projection")(stream), long])
    blocks = [site for site in sites(keras.Model(inputs, L.Dense(2)(both))) if site.is_block]
    assert [[layer.name for layer in block.layers] for block in blocks] == [
        ["inner"],
        ["first", "second"],
    ]


def test_shared_nested_and_subclassed_layers_are_found() -> None:
    class Own(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first = L.Dense(6, "relu", name="first")
            self.inner = keras.Sequential([L.Dense(6, name="inside")])

        def call(self, x: Any) -> Any:
            return self.inner(self.first(self.first(x)))

    model = Own()
    model(np.zeros((1, 6), "float32"))
    first, inside = sites(model)
    assert (first.name, first.num_calls, first.activation) == ("first", 2, "relu")
    assert inside.name == "inside" and inside.is_head


def test_where_shapes_differ_the_reason_is_told() -> None:
    model = keras.Sequential([keras.Input((8, 8, 1)), L.Conv2D(4, 3, padding="same"), L.Flatten()])
    (conv,) = sites(model, shape=(8, 8, 1))
    assert conv.no_bypass == "8×8×1 goes in, 8×8×4 comes out"
    tokens = keras.Input((4,), dtype="int32")
    embedding, _ = sites(
        keras.Model(tokens, L.Dense(4)(L.Embedding(9, 4)(tokens))), shape=(4,), dtype="int32"
    )
    assert embedding.no_bypass is not None


def test_equal_names_are_told_apart_by_their_model() -> None:
    def part(name: str) -> keras.Model:
        return keras.Sequential([keras.Input((6,)), L.Dense(6, name="same")], name=name)

    inputs = keras.Input((6,))
    assert [name for _, name, _ in told(keras.Model(inputs, part("b")(part("a")(inputs))))] == [
        "a/same",
        "b/same",
    ]


@pytest.mark.parametrize(
    ("layer", "shape", "flops"),
    [
        (lambda: L.Dense(5), (7,), 2 * 7 * 5 + 5),
        (lambda: L.Dense(5, use_bias=False), (3, 7), 3 * 2 * 7 * 5),
        (lambda: L.Conv2D(4, 3, use_bias=False), (6, 6, 2), 4 * 4 * 2 * 9 * 2 * 4),
        (lambda: L.DepthwiseConv2D(3, use_bias=False), (6, 6, 2), 4 * 4 * 2 * 9 * 2),
    ],
)
def test_operations_are_those_of_the_formula(
    layer: Any, shape: tuple[int, ...], flops: int
) -> None:
    model = keras.Sequential([keras.Input(shape), layer()])
    trace = models.trace(model, np.zeros((1, *shape), "float32"))
    assert measure.flops_by_scope(trace.program, models.SCOPE)[0] == flops
