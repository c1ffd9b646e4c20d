"""The lowered operations give Keras's values and gradients, whatever the configuration."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from fathom.train.lowering import dense, lowered_convolutions, operations, trained_products

SIZES = (7, 6, 5)
FEW_EXAMPLES = settings(max_examples=6)


def array(*shape: int, dtype: str = "float32", seed: int = 0) -> Any:
    """Return normal numbers of which some are equal, to meet ties."""
    values = np.random.default_rng(seed).normal(size=shape)
    return jnp.asarray(np.round(values, 1), dtype)


def results(function: Callable[..., Any], *arguments: Any) -> list[Any]:
    """Return the values of a function and the gradients of all its arguments."""

    @jax.jit
    def run(*arguments: Any) -> Any:
        value, pull = jax.vjp(function, *arguments)
        return value, *pull(array(*value.shape, seed=1).astype(value.dtype))

    return list(run(*arguments))


def assert_equal_to_keras(
    function: Callable[..., Any], *arguments: Any, tolerance: float = 1e-5
) -> None:
    """Compare a function's values and gradients, lowered and not."""
    expected = results(lambda *a: function(*a), *arguments)
    with lowered_convolutions():
        traced = str(jax.make_jaxpr(function)(*arguments))
        found = results(lambda *a: function(*a), *arguments)
    assert "conv_general_dilated" not in traced
    assert "reduce_window" not in traced
    for ours, keras_own in zip(found, expected, strict=True):
        assert ours.dtype == keras_own.dtype
        assert_close(ours, keras_own, tolerance)


def assert_close(found: Any, expected: Any, tolerance: float = 1e-5) -> None:
    found, expected = np.asarray(found, "float64"), np.asarray(expected, "float64")
    scale = max(np.abs(expected).max(), 1e-6)
    np.testing.assert_allclose(found / scale, expected / scale, rtol=0, atol=tolerance)


@pytest.fixture(params=["by patches", "by convolution"])
def route(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Take one of the two ways to evaluate a convolution, whatever its size."""
    limit = 2**40 if request.param == "by patches" else 0
    monkeypatch.setattr(dense, "PATCH_BYTES", limit)
    monkeypatch.setattr(dense, "FEW_CHANNELS_PATCH_BYTES", limit)
    return request.param


@st.composite
def windows(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a number of spatial axes and what Keras takes about windows."""
    rank = draw(st.integers(1, 3))
    strides = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    dilation = (1,) * rank
    if max(strides) == 1:
        dilation = tuple(draw(st.integers(1, 2)) for _ in range(rank))
    return {
        "kernel": tuple(draw(st.integers(1, 3)) for _ in range(rank)),
        "strides": strides,
        "padding": draw(st.sampled_from(["same", "valid"])),
        "dilation_rate": dilation,
        "data_format": draw(st.sampled_from(["channels_last", "channels_first"])),
    }


def images(options: dict[str, Any], channels: int, rows: int = 2) -> Any:
    sizes = SIZES[: len(options["kernel"])]
    if options["data_format"] == "channels_first":
        return array(rows, channels, *sizes)
    return array(rows, *sizes, channels)


@pytest.mark.parametrize("limit", [0, 2**40], ids=["by convolution", "by patches"])
@FEW_EXAMPLES
@given(options=windows(), groups=st.sampled_from([1, 2, 9]), channels=st.integers(1, 3))
def test_convolutions_are_keras_s(limit: int, options: dict[str, Any], groups: int, channels: int):
    kernel = array(*options["kernel"], channels, 2 * groups, seed=2)
    x = images(options, groups * channels)
    options.pop("kernel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "PATCH_BYTES", limit)
        patch.setattr(dense, "FEW_CHANNELS_PATCH_BYTES", limit)
        assert_equal_to_keras(lambda x, k: keras.ops.conv(x, k, **options), x, kernel)


@FEW_EXAMPLES
@given(options=windows(), channels=st.sampled_from([3, 17]), multiplier=st.integers(1, 2))
def test_depthwise_convolutions_are_keras_s(
    options: dict[str, Any], channels: int, multiplier: int
):
    kernel = array(*options["kernel"], channels, multiplier, seed=2)
    x = images(options, channels)
    if len(options.pop("kernel")) > 2:  # Keras knows depthwise convolution of one or two axes
        return
    assert_equal_to_keras(lambda x, k: keras.ops.depthwise_conv(x, k, **options), x, kernel)


@pytest.mark.parametrize("limit", [0, 2**40], ids=["by convolution", "by patches"])
@FEW_EXAMPLES
@given(options=windows(), channels=st.integers(1, 3))
def test_transposed_convolutions_are_keras_s(limit: int, options: dict[str, Any], channels: int):
    kernel = array(*options["kernel"], 2, channels, seed=2)
    x = images(options, channels)
    options.pop("kernel")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dense, "PATCH_BYTES", limit)
        patch.setattr(dense, "FEW_CHANNELS_PATCH_BYTES", limit)
        assert_equal_to_keras(lambda x, k: keras.ops.conv_transpose(x, k, **options), x, kernel)


def test_transposed_convolutions_with_output_padding_are_keras_s():
    x, kernel = array(2, 4, 5, 3), array(3, 3, 2, 3, seed=2)
    assert_equal_to_keras(
        lambda x, k: keras.ops.conv_transpose(x, k, 3, "same", output_padding=(1, 2)), x, kernel
    )


@pytest.mark.parametrize("channels", [4, 16])
def test_separable_convolutions_are_keras_s(channels: int):
    x, depth = array(2, 6, 6, channels), array(3, 3, channels, 1, seed=2)
    point = array(1, 1, channels, 5, seed=3)
    assert_equal_to_keras(
        lambda x, d, p: keras.ops.separable_conv(x, d, p, padding="same"), x, depth, point
    )


@pytest.mark.parametrize("operation", [keras.ops.max_pool, keras.ops.average_pool])
@FEW_EXAMPLES
@given(options=windows())
def test_pooling_is_keras_s_also_among_equal_values(
    operation: Callable[..., Any], options: dict[str, Any]
):
    x = images(options, 3)
    del options["dilation_rate"]
    assert_equal_to_keras(lambda x: operation(x, options["kernel"], **_but_kernel(options)), x)


def _but_kernel(options: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in options.items() if name != "kernel"}


def test_a_maximum_of_nan_is_nan():
    x = jnp.asarray([[[1.0], [np.nan], [2.0], [3.0]]])
    with lowered_convolutions():
        found = keras.ops.max_pool(x, 2, 2)
    np.testing.assert_array_equal(np.isnan(np.asarray(found)).ravel(), [True, False])


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_differs_from_keras_s_by_its_rounding(dtype: str):
    x, kernel = array(2, 6, 6, 4, dtype=dtype), array(3, 3, 4, 5, dtype=dtype, seed=2)
    assert_equal_to_keras(keras.ops.conv, x, kernel, tolerance=2e-2)
    assert_equal_to_keras(lambda x: keras.ops.average_pool(x, 2, 2), x, tolerance=2e-2)
    assert_equal_to_keras(lambda x: keras.ops.max_pool(x, 2, 2), x, tolerance=2e-2)


@pytest.mark.parametrize(
    "sizes", [(10, 8, 8), (1, 1, 1), (7, 3, 1), (10, 2, 8), (32, 64, 10), (128, 100, 90)]
)
def test_products_of_matrices_are_keras_s(sizes: tuple[int, int, int]):
    rows, channels, units = sizes
    x, kernel = array(rows, channels), array(channels, units, seed=2)
    with lowered_convolutions(), trained_products():
        assert "product_form" in str(jax.make_jaxpr(keras.ops.matmul)(x, kernel))
    with trained_products():
        assert_equal_to_keras(keras.ops.matmul, x, kernel)


@pytest.mark.parametrize(
    ("members", "sizes", "is_turned"),
    [
        (1, (4, 8, 8), False),  # fused
        (1, (32, 64, 64), True),
        (4, (32, 64, 64), True),
        (1, (128, 100, 90), False),  # spread over threads by XLA
        (2, (128, 100, 90), True),
    ],
)
def test_inputs_are_turned_for_the_gradient_of_a_kernel_alone(
    members: int, sizes: tuple[int, int, int], is_turned: bool
):
    rows, channels, units = sizes
    x, kernel = array(members, rows, channels), array(members, channels, units, seed=2)

    def loss(x: Any, kernel: Any) -> Any:
        return jnp.sum(jax.vmap(keras.ops.matmul)(x, kernel) ** 2)

    def turned(function: Any) -> int:
        with lowered_convolutions():
            return jax.jit(function).lower(x, kernel).as_text().count("optimization_barrier")

    with trained_products():
        assert turned(loss) == turned(jax.grad(loss, 0)) == 0
        assert turned(jax.grad(loss, 1)) == int(is_turned)
    jax.clear_caches()
    assert turned(jax.grad(loss, 1)) == 0  # not in training: not worth its tracing


# -- many members --------------------------------------------------------------------


def trained_matmul(x: Any, kernel: Any) -> Any:
    """Multiply as a training step does."""
    with trained_products():
        return keras.ops.matmul(x, kernel)


FORMS: dict[str, tuple[Callable[..., Any], tuple[int, ...], tuple[int, ...]]] = {
    "dense": (lambda x, k: keras.ops.conv(x, k, 2, "same"), (2, 7, 6, 3), (3, 2, 3, 4)),
    "pointwise": (lambda x, k: keras.ops.conv(x, k), (2, 3, 3, 3), (1, 1, 3, 4)),
    "grouped": (lambda x, k: keras.ops.conv(x, k), (2, 5, 5, 18), (2, 2, 2, 9)),
    "depthwise": (keras.ops.depthwise_conv, (2, 5, 5, 17), (2, 2, 17, 1)),
    "transposed": (lambda x, k: keras.ops.conv_transpose(x, k, 2), (2, 3, 3, 3), (3, 3, 4, 3)),
    "few tiny products": (keras.ops.matmul, (4, 3), (3, 2)),
    "many tiny products": (keras.ops.matmul, (32, 8), (8, 8)),
    "products": (trained_matmul, (32, 20), (20, 12)),
}


@pytest.mark.parametrize("kind", FORMS)
@pytest.mark.parametrize("shared", ["nothing", "kernel", "input"])
def test_members_are_what_each_is_alone(kind: str, shared: str, route: str):
    function, x_shape, kernel_shape = FORMS[kind]
    x, kernels = array(3, *x_shape), array(3, *kernel_shape, seed=2)
    axes = (None if shared == "input" else 0, None if shared == "kernel" else 0)
    x, kernels = x if axes[0] == 0 else x[0], kernels if axes[1] == 0 else kernels[0]
    with lowered_convolutions():
        found = results(lambda x, k: jax.vmap(function, axes)(x, k), x, kernels)
    expected = results(lambda x, k: jax.vmap(function, axes)(x, k), x, kernels)
    for ours, keras_own in zip(found, expected, strict=True):
        assert_close(ours, keras_own)


@pytest.mark.parametrize("kind", FORMS)
def test_members_of_members_are_what_each_is_alone(kind: str):
    function, x_shape, kernel_shape = FORMS[kind]
    x, kernels = array(2, 3, *x_shape), array(2, *kernel_shape, seed=2)
    many = jax.vmap(jax.vmap(function, (0, None)))
    with lowered_convolutions():
        found = results(lambda x, k: many(x, k), x, kernels)
    for ours, keras_own in zip(found, results(many, x, kernels), strict=True):
        assert_close(ours, keras_own)


def test_members_take_turns_where_their_patches_are_large(monkeypatch: pytest.MonkeyPatch):
    x, kernel = array(5, 2, 6, 6, 2), array(5, 3, 3, 2, 3, seed=2)
    one_member = 2 * 4 * 4 * 9 * 2 * 4
    monkeypatch.setattr(dense, "PATCH_BYTES", 2 * one_member)
    with lowered_convolutions():
        found = results(lambda x, k: jax.vmap(keras.ops.conv)(x, k), x, kernel)
    for ours, keras_own in zip(found, results(jax.vmap(keras.ops.conv), x, kernel), strict=True):
        assert_close(ours, keras_own)


def test_memory_of_patches_is_bounded_also_for_many_members():
    x, kernel = jnp.zeros((16, 64, 32, 32, 16)), jnp.zeros((16, 3, 3, 16, 16))
    patches = 16 * x[0].nbytes * 9
    with lowered_convolutions():
        compiled = jax.jit(lambda x, k: jax.vmap(keras.ops.conv)(x, k)).lower(x, kernel).compile()
    assert compiled.memory_analysis().temp_size_in_bytes < 0.3 * patches


# -- derivatives ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", FORMS)
def test_forward_and_second_derivatives_are_keras_s(kind: str):
    function, x_shape, kernel_shape = FORMS[kind]
    x, kernel = array(*x_shape), array(*kernel_shape, seed=2)

    def energy(x: Any, kernel: Any) -> Any:
        return jnp.sum(jnp.tanh(function(x, kernel)) ** 2)

    def curvature(x: Any, kernel: Any) -> Any:
        return jax.jvp(jax.grad(energy, (0, 1)), (x, kernel), (x, kernel))

    def penalty(x: Any, kernel: Any) -> Any:
        return jax.grad(lambda k: jnp.sum(jax.grad(energy)(x, k) ** 2))(kernel)

    with lowered_convolutions():
        found = jax.jit(lambda x, k: (curvature(x, k), penalty(x, k)))(x, kernel)
    expected = jax.jit(lambda x, k: (curvature(x, k), penalty(x, k)))(x, kernel)
    for ours, own in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert_close(ours, own, 1e-4)


# -- where it is on ------------------------------------------------------------------


def is_lowered() -> bool:
    x, kernel = array(1, 4, 1), array(2, 1, 1)
    return "conv_general" not in str(jax.make_jaxpr(lambda x, k: keras.ops.conv(x, k))(x, kernel))


def test_it_is_off_before_and_after_and_when_a_trace_fails():
    assert not is_lowered()
    with pytest.raises(ZeroDivisionError), lowered_convolutions():
        assert is_lowered()
        _ = 1 / 0
    assert not is_lowered()


def test_other_threads_trace_as_keras_writes():
    seen: list[bool] = []
    with lowered_convolutions():
        thread = threading.Thread(target=lambda: seen.append(is_lowered()))
        thread.start()
        thread.join()
        with lowered_convolutions():
            assert is_lowered()
        assert is_lowered()
    assert seen == [False]


def test_programs_for_other_devices_are_traced_as_keras_writes(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with lowered_convolutions():
        assert not is_lowered()


def test_integers_are_left_to_keras():
    x, kernel = jnp.ones((1, 4, 1), "int32"), jnp.ones((2, 1, 1), "int32")
    with lowered_convolutions():
        found = keras.ops.conv(x, kernel)
    np.testing.assert_array_equal(np.asarray(found).ravel(), [2, 2, 2])


def test_faults_are_told_in_keras_s_words():
    x = array(1, 4, 4, 3)
    with lowered_convolutions():
        with pytest.raises(ValueError, match="empty output"):
            keras.ops.conv(x, array(5, 5, 3, 2))
        with pytest.raises(ValueError, match="evenly divisible"):
            keras.ops.conv(x, array(2, 2, 2, 2))
        with pytest.raises(ValueError, match="padding"):
            keras.ops.max_pool(x, 2, 2, padding="full")


def test_large_windows_are_pooled_as_keras_does():
    size = (operations.pooling.MOST_PLACES + 1, 2)
    x = array(1, 40, 1)
    with lowered_convolutions():
        found = keras.ops.max_pool(x, *size)
    assert_close(found, keras.ops.max_pool(x, *size))


# -- in a loop -----------------------------------------------------------------------


def test_every_convolution_of_a_loop_is_in_the_layout_of_the_fast_kernels(route: str):
    def train(x: Any, kernel: Any) -> Any:
        def energy(x: Any, kernel: Any) -> Any:
            return jnp.sum(keras.ops.conv(x, kernel, 2, "same") ** 2)

        def step(_: int, state: Any) -> Any:
            slopes = jax.grad(energy, (0, 1))(*state)
            return tuple(a - 0.01 * slope for a, slope in zip(state, slopes, strict=True))

        return lax.fori_loop(0, 3, step, (x, kernel))

    with lowered_convolutions():
        compiled = jax.jit(train).lower(array(4, 9, 9, 3), array(3, 3, 3, 4)).compile().as_text()
    convolutions = [line for line in compiled.splitlines() if " convolution(" in line]
    assert bool(convolutions) == (route == "by convolution")
    assert all("dim_labels=b01f_01io->b01f" in line for line in convolutions)


def test_a_network_trained_in_a_loop_is_the_one_keras_fits():
    x, y = array(24, 10, 10, 2), np.random.default_rng(3).integers(3, size=24).astype("int32")
    model = network()
    state = [[v.value for v in group] for group in groups(model)]

    def step(index: Any, state: Any) -> Any:
        batch = [lax.dynamic_slice_in_dim(jnp.asarray(a), index * 8, 8) for a in (x, y)]
        _, state = model.train_step(tuple(state), (*batch, None))
        return [list(group) for group in state]

    with lowered_convolutions():
        trained = jax.jit(lambda state: lax.fori_loop(0, 3, step, state))(state)
    model.fit(np.asarray(x), y, batch_size=8, shuffle=False, verbose=0)
    for ours, keras_own in zip(trained[0], model.trainable_variables, strict=True):
        assert_close(ours, keras_own.value)


def groups(model: keras.Model) -> tuple[Any, ...]:
    return (
        model.trainable_variables,
        model.non_trainable_variables,
        model.optimizer.variables,
        model.metrics_variables,
    )


def network() -> keras.Model:
    """Return a compiled network of several kinds of convolution and pooling, built."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((10, 10, 2)),
            layers.Conv2D(4, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.SeparableConv2D(4, 3, padding="same", activation="tanh"),
            layers.Conv2DTranspose(4, 3, 2, padding="same"),
            layers.AveragePooling2D(4),
            layers.Flatten(),
            layers.Dense(3),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), loss)
    model.build((None, 10, 10, 2))
    model.optimizer.build(model.trainable_variables)
    model._symbolic_build(data_batch=(np.zeros((8, 10, 10, 2), "f"), np.zeros(8, "int32"), None))
    return model
