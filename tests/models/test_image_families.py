"""Convolutional networks: one shape for every image and depth, plain and residual alike."""

from __future__ import annotations

import itertools
from pathlib import Path

import jax
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom import models
from fathom.errors import SpecError
from fathom.models.families.convolutions import num_halvings, stage_channels, stages_of_blocks
from fathom.specs import ModelSpec

FAMILIES = ("cnn", "residual-cnn")


def spec_of(**settings) -> ModelSpec:
    return ModelSpec(**{"family": "cnn", "input_shape": (8, 8, 1), "num_classes": 5, **settings})


def structure(spec: ModelSpec) -> keras.Model:
    with models.without_values():
        return models.build(spec)


def closed_form(spec: ModelSpec, *, channels: list[int], stages: list[int]) -> int:
    """The sum one would write on paper, from the channels of the stages and the blocks' stages."""
    norm = 0 if spec.normalization == "none" else 2
    stem = 9 * spec.input_shape[-1] * channels[0] + channels[0]
    halvings = sum(4 * a * b + b for a, b in itertools.pairwise(channels))
    blocks = sum(9 * c * c + c + norm * c for c in (channels[stage] for stage in stages))
    return stem + halvings + blocks + norm * channels[-1] + (channels[-1] + 1) * spec.outputs


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("normalization", ["none", "batch", "layer"])
def test_parameters_are_the_closed_form(family: str, normalization: str) -> None:
    on_paper = [
        ({"input_shape": (8, 8, 1), "width": 16, "depth": 3}, [8, 16], [0, 1, 1]),
        ({"input_shape": (28, 28, 1), "width": 64, "depth": 4}, [8, 16, 32, 64], [0, 1, 2, 3]),
        ({"input_shape": (28, 28, 3), "width": 64, "depth": 1}, [8, 16, 32, 64], [2]),
        ({"input_shape": (16, 40, 2), "width": 30, "depth": 2}, [8, 15, 30], [0, 2]),
        ({"input_shape": (5, 5, 1), "width": 7, "depth": 2}, [7], [0, 0]),
    ]
    for settings_, channels, stages in on_paper:
        spec = spec_of(family=family, normalization=normalization, **settings_)
        built = models.count_trainable(structure(spec))
        expected = closed_form(spec, channels=channels, stages=stages)
        assert models.num_parameters(spec) == expected == built, spec


def test_residual_and_plain_differ_in_the_sums_alone() -> None:
    for depth, normalization in itertools.product((1, 2, 5, 9), ("none", "batch")):
        settings_ = {"depth": depth, "normalization": normalization, "input_shape": (12, 12, 1)}
        plain, residual = (
            structure(spec_of(family=family, dropout=0.1, **settings_)) for family in FAMILIES
        )
        sums = [layer.name for layer in residual.layers if layer.name.startswith("add_")]
        assert sums == [f"add_{block}" for block in range(1, depth + 1)]
        assert [layer.name for layer in plain.layers] == [
            layer.name for layer in residual.layers if layer.name not in sums
        ]
        assert [v.shape for v in plain.variables] == [v.shape for v in residual.variables]


def test_residual_branches_start_at_zero_and_plain_ones_do_not() -> None:
    plain, residual = (models.build(spec_of(family=family, depth=3)) for family in FAMILIES)
    for block in (1, 2, 3):
        assert not np.asarray(residual.get_layer(f"conv_{block}").kernel).any()
        assert np.asarray(plain.get_layer(f"conv_{block}").kernel).any()


def test_residual_blocks_start_as_the_identity() -> None:
    model = models.build(spec_of(family="residual-cnn", depth=4, input_shape=(6, 6, 1)))
    x = np.random.default_rng(0).normal(size=(4, 6, 6, 1)).astype("float32")
    after = keras.Model(model.input, model.get_layer("add_4").output)
    before = keras.Model(model.input, model.get_layer("stem").output)
    np.testing.assert_array_equal(np.asarray(after(x)), np.asarray(before(x)))


@settings(max_examples=25)
@given(
    height=st.integers(1, 300), width=st.integers(1, 300), channels=st.integers(1, 4),
    depth=st.integers(1, 12), units=st.integers(1, 80), family=st.sampled_from(FAMILIES),
)  # fmt: skip
def test_every_image_takes_every_depth(
    height: int, width: int, channels: int, depth: int, units: int, family: str
) -> None:
    shape = (height, width, channels)
    spec = spec_of(family=family, input_shape=shape, depth=depth, width=units)
    model = structure(spec)

    smallest = min(model.get_layer("activation_out").output.shape[1:3])
    assert smallest >= min(4, height, width)
    assert smallest < 8
    assert model.get_layer("pool").output.shape == (None, units)
    assert models.count_trainable(model) == models.num_parameters(spec)


@given(side=st.integers(1, 600), depth=st.integers(1, 40), width=st.integers(1, 200))
def test_blocks_are_spread_evenly_over_the_stages(side: int, depth: int, width: int) -> None:
    spec = spec_of(input_shape=(side, side, 1), depth=depth, width=width)
    stages, channels = stages_of_blocks(spec), stage_channels(spec)
    num_stages = num_halvings(spec.input_shape) + 1

    per_stage = np.bincount(stages, minlength=num_stages)
    assert len(per_stage) == len(channels) == num_stages
    assert per_stage.max() - per_stage.min() <= 1
    assert list(stages) == sorted(stages)
    assert list(channels) == sorted(channels)
    assert channels[-1] == width


def test_blocks_of_all_stages_cost_about_the_same() -> None:
    spec = spec_of(input_shape=(32, 32, 3), width=64, depth=4)
    sides = [32, 16, 8, 4]
    work = [9 * c * c * side * side for c, side in zip(stage_channels(spec), sides, strict=True)]
    assert len(set(work)) == 1


@pytest.mark.parametrize("family", FAMILIES)
def test_wider_networks_have_more_parameters(family: str) -> None:
    for shape, depth in itertools.product([(4, 4, 1), (28, 28, 1), (64, 64, 3)], (1, 3)):
        counts = [
            models.num_parameters(spec_of(family=family, input_shape=shape, depth=depth, width=w))
            for w in range(1, 70)
        ]
        assert counts == sorted(set(counts))


@pytest.mark.parametrize("family", FAMILIES)
def test_matched_width_finds_a_network_again(family: str) -> None:
    spec = spec_of(family=family, input_shape=(28, 28, 1), depth=5, width=48)
    found = models.matched_width(spec.at(depth=5, width=1), models.num_parameters(spec))
    assert found == 48


def test_depth_zero_is_the_linear_model_of_the_pixels() -> None:
    model = structure(spec_of(depth=0, input_shape=(8, 8, 3)))
    assert [layer.name for layer in model.layers] == ["input", "flatten", "logits", "probabilities"]
    assert models.num_parameters(spec_of(depth=0, input_shape=(8, 8, 3))) == (192 + 1) * 5


@pytest.mark.parametrize("family", FAMILIES)
def test_penalties_and_initializers_are_those_of_the_spec(family: str) -> None:
    model = structure(spec_of(family=family, depth=2, l2=0.1, initializer="orthogonal"))
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D):
            assert isinstance(layer.kernel_regularizer, keras.regularizers.L2), layer.name
            is_branch = layer.name.startswith("conv_") and family == "residual-cnn"
            kind = keras.initializers.Zeros if is_branch else keras.initializers.Orthogonal
            assert isinstance(layer.kernel_initializer, kind), layer.name


def test_the_scale_of_a_plain_stack_hardly_changes_with_depth() -> None:
    x = np.random.default_rng(0).normal(size=(16, 16, 16, 1)).astype("float32")
    keras.utils.set_random_seed(1)
    model = models.build(spec_of(input_shape=(16, 16, 1), depth=12, width=64))
    outputs = [model.get_layer(name).output for name in ("activation_1", "activation_12")]
    first, last = (float(np.std(h)) for h in keras.Model(model.input, outputs)(x))
    assert 0.2 < last / first < 5


@pytest.mark.parametrize("family", FAMILIES)
def test_the_deepest_network_allowed_can_be_built(family: str) -> None:
    with pytest.raises(SpecError, match=r"`depth` must be at most \d+ in blocks of . layers"):
        models.check(spec_of(family=family, depth=10_000))
    per_block = 5 if family == "residual-cnn" else 4
    spec = spec_of(family=family, depth=800 // per_block, width=2, input_shape=(4, 4, 1),
                   normalization="layer", dropout=0.1)  # fmt: skip
    assert models.count_trainable(structure(spec)) == models.num_parameters(spec)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        (
            (4,),
            r"(?s)reads images \(height, width, channels\).*vectors.*mlp and residual",
        ),
        ((20, 3), r"Received: sequences, input_shape=\(20, 3\)"),
        ((4, 4, 4, 1), "Received: arrays"),
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_what_is_no_image_is_refused(family: str, shape: tuple[int, ...], message: str) -> None:
    for depth in (0, 2):
        with pytest.raises(SpecError, match=message):
            models.check(spec_of(family=family, input_shape=shape, depth=depth))


def test_an_initializer_of_matrices_is_refused() -> None:
    with pytest.raises(SpecError, match=r"more than two axes. Received: initializer='identity'"):
        models.check(spec_of(depth=2, initializer="identity"))


def test_a_saved_network_says_the_same_when_read_again(tmp_path: Path) -> None:
    model = models.build(spec_of(family="residual-cnn", depth=2, normalization="batch", width=4))
    x = np.random.default_rng(0).normal(size=(3, 8, 8, 1)).astype("float32")
    path = tmp_path / "model.keras"
    path.write_bytes(models.model_bytes(model, task="classification"))
    again = models.load_model(path)
    np.testing.assert_array_equal(np.asarray(jax.jit(again)(x)), np.asarray(jax.jit(model)(x)))


def test_a_network_validates_as_it_trains_after_a_few_dozen_steps() -> None:
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = rng.uniform(0, 0.2, (60, 8, 8, 1)).astype("float32")
    x[y == 1, :, 3] = 1.0  # a bar
    spec = spec_of(depth=2, width=16, num_classes=2, normalization="batch")
    built, task = models.build(spec), "classification"
    model = models.compile_for(built, task=task, optimizer="adam", learning_rate=3e-3)
    trained = model.fit(x, y, epochs=15, batch_size=30, verbose=0).history["loss"][-1]
    validated, accuracy = model.evaluate(x, y, verbose=0)
    assert accuracy == 1.0
    assert validated < 1.5 * trained  # 2.8 times with averages that follow by a hundredth
