"""The parts of Keras that are not public and that the engine stands on, all in one place.

Pinned by `keras>=3.15.1,<3.16`; `tests/train/test_keras_internals.py` fails
for each of them that changes.
"""

from __future__ import annotations

import contextlib
import inspect
import math
import random
import types
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np
from keras.src import backend, tree
from keras.src.backend.common import backend_utils
from keras.src.callbacks.callback import Callback
from keras.src.distribution import distribution_lib
from keras.src.initializers.random_initializers import compute_fans
from keras.src.models.functional import Functional
from keras.src.trainers import data_adapters
from keras.src.trainers.data_adapters import array_slicing, data_adapter_utils
from keras.src.trainers.data_adapters.array_data_adapter import ArrayDataAdapter
from keras.src.trainers.data_adapters.data_adapter import DataAdapter as DataAdapter
from keras.src.trainers.epoch_iterator import EpochIterator
from keras.src.utils import python_utils

from fathom.models import without_values

# Standard deviation of a standard normal truncated at two deviations.
TRUNCATED_DEVIATION = 0.87962566103423978


@contextlib.contextmanager
def default_seeds(seed: int) -> Iterator[None]:
    """Make Keras draw its default seeds as after `keras.utils.set_random_seed(seed)`."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def drawn_seeds(seed: int, count: int) -> list[int]:
    """Return the first `count` default seeds that Keras draws after `seed`."""
    generator = random.Random(seed)
    return [generator.randint(1, int(1e9)) for _ in range(count)]


def initializer_of(variable: Any) -> Callable[..., Any] | None:
    """Return the initializer of a variable made `without_values`, None if it has a value."""
    return None if variable._value is not None else variable._initializer


def seed_of(variable: Any) -> int | None:
    """Return the seed of a valueless variable that holds a seed generator's state."""
    if variable.dtype != "uint32" or tuple(variable.shape) != (2,):
        return None
    if isinstance(variable._initializer, keras.initializers.Initializer):
        return None
    return int(np.asarray(variable._initializer(variable.shape, dtype=variable.dtype))[0])


def is_bias_of_lstm(initializer: Any) -> bool:
    """Return whether this is the function in which an LSTM puts ones among zeros of its bias."""
    function = getattr(initializer, "__qualname__", "")
    if function != "LSTMCell.build.<locals>.bias_initializer":
        return False
    cells = [cell.cell_contents for cell in initializer.__closure__ or ()]
    return any(
        isinstance(getattr(cell, "bias_initializer", None), keras.initializers.Zeros)
        for cell in cells
    )


def distribution_of(initializer: Any, shape: Sequence[int]) -> tuple[str, float, float] | None:
    """Return the distribution that one of Keras's initializers draws from.

    Returns:
        `("uniform", low, high)`, `("normal", mean, deviation)` or
        `("truncated_normal", mean, deviation)`, the deviation before
        truncation; None for any other initializer.
    """
    kinds = keras.initializers
    if isinstance(initializer, kinds.RandomUniform):
        return "uniform", initializer.minval, initializer.maxval
    if isinstance(initializer, kinds.TruncatedNormal):
        return "truncated_normal", initializer.mean, initializer.stddev
    if isinstance(initializer, kinds.RandomNormal):
        return "normal", initializer.mean, initializer.stddev
    if isinstance(initializer, kinds.VarianceScaling):
        return _scaled_distribution(initializer, shape)
    return None


def _scaled_distribution(initializer: Any, shape: Sequence[int]) -> tuple[str, float, float]:
    fan_in, fan_out = compute_fans(
        shape, input_axes=initializer.input_axes, output_axes=initializer.output_axes
    )
    fans = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}
    variance = initializer.scale / max(1.0, fans[initializer.mode])
    if initializer.distribution == "truncated_normal":
        return "truncated_normal", 0.0, math.sqrt(variance) / TRUNCATED_DEVIATION
    if initializer.distribution == "untruncated_normal":
        return "normal", 0.0, math.sqrt(variance)
    return "uniform", -math.sqrt(3 * variance), math.sqrt(3 * variance)


class FixedSeed(keras.random.SeedGenerator):
    """Stands where an initializer holds its seed, and gives a seed that may be traced."""

    def __init__(self, seed: Any) -> None:
        self.value = seed

    def next(self, ordered: bool = True) -> Any:
        """Return the state that Keras makes of an integer seed: `(seed, 0)`, uint32."""
        return keras.ops.stack([self.value, keras.ops.zeros_like(self.value)])


def is_graph(model: keras.Model) -> bool:
    """Return whether a model is a graph of layers: functional or Sequential."""
    return isinstance(model, keras.Sequential | Functional)


def build_without_data(model: keras.Model, x: Any) -> None:
    """Create the variables of a model for a batch of inputs; only shapes and dtypes matter."""
    symbols = keras.tree.map_structure(
        lambda a: keras.KerasTensor(np.shape(a), keras.backend.standardize_dtype(a.dtype)), x
    )
    backend.compute_output_spec(model, symbols, training=False)


def build_training_state(model: keras.Model, x: Any, y: Any, sample_weight: Any = None) -> None:
    """Create the variables of optimizer, loss and metrics, without values.

    Args:
        model: A compiled model.
        x: One batch of inputs; only shapes and dtypes matter.
        y: The batch's targets.
        sample_weight: The batch's weights, if it has any.
    """
    _build_optimizer(model)
    with without_values():
        model._symbolic_build(data_batch=(x, y, sample_weight))


def _build_optimizer(model: keras.Model) -> None:
    """Build the optimizer without values, or with, where it computes while it builds."""
    optimizer: Any = model.optimizer
    try:
        with without_values():
            optimizer.build(model.trainable_variables)
    except ValueError:  # a half-built optimizer cannot be built again
        model.optimizer = type(optimizer).from_config(optimizer.get_config())
        model.optimizer.build(model.trainable_variables)


def assign_values(variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Give variables their values, also those made `without_values`."""
    for variable, value in zip(variables, values, strict=True):
        variable._value = backend.convert_to_tensor(np.asarray(value), dtype=variable.dtype)
        variable._initializer = None


def with_mask_of(tensor: Any, like: Any) -> Any:
    """Return `tensor` with the mask that Keras attached to `like`, if there is one."""
    mask = backend.get_keras_mask(like)
    if mask is not None:
        backend.set_keras_mask(tensor, mask)
    return tensor


# -- the trainer: what `keras.Model.fit` does around its steps ---------------


class Batches(EpochIterator):
    """Keras's own account of an epoch: what a step is, when it ends, what it warns of."""

    def _get_iterator(self) -> Iterator[Any]:
        return self.data_adapter.get_jax_iterator()

    def __next__(self) -> tuple[int, int, Iterator[Any]]:
        """Return the first and last step of an execution, and where its batches come from."""
        return next(self._epoch_iterator)  # pyright: ignore[reportArgumentType]


def data_adapter(x: Any, y: Any = None, sample_weight: Any = None, **settings: Any) -> Any:
    """Return Keras's adapter of the data; ValueError where it knows none."""
    return data_adapters.get_data_adapter(x=x, y=y, sample_weight=sample_weight, **settings)


def is_known_data_set(x: Any) -> bool:
    """Whether Keras has an adapter for this data set or generator."""
    kinds = data_adapters
    checks = (kinds.is_tf_dataset, kinds.is_torch_dataloader, kinds.is_grain_dataset)
    return isinstance(x, types.GeneratorType) or any(check(x) for check in checks)


def is_sparse(x: Any) -> bool:
    """Whether `x` is a sparse array of SciPy or JAX."""
    return data_adapter_utils.is_scipy_sparse(x) or data_adapter_utils.is_jax_sparse(x)


def batch_rows(adapter: ArrayDataAdapter) -> Iterator[Any]:
    """Yield the rows of each batch of an epoch, a slice or an array, drawn as Keras draws them."""
    return adapter._get_iterator(lambda _, indices=None: indices, 0)


def as_numpy_rows(array: Any) -> np.ndarray:
    """Return an array or column as the NumPy array whose rows Keras would train on."""
    sliceable: Any = array_slicing.convert_to_sliceable(array, target_backend="jax")
    return np.asarray(sliceable.convert_to_jax_compatible(sliceable[0 : array.shape[0]]))


def as_jax_batches(batches: Any) -> Iterator[Any]:
    """Yield batches with every leaf an array."""
    return data_adapter_utils.get_jax_iterator(batches)


def validation_split(arrays: Any, share: float) -> tuple[Any, Any]:
    """Return `(x, y, sample_weight)` cut in two, the last `share` of the rows second."""
    return array_slicing.train_validation_split(arrays, validation_split=share)


def tree_map(function: Callable[[Any], Any], structure: Any) -> Any:
    """Apply `function` to every array of a structure as Keras understands structures."""
    return tree.map_structure(function, structure, none_is_leaf=False)


def tree_leaves(structure: Any) -> list[Any]:
    """Return the arrays of a structure as Keras understands structures, without None."""
    return [leaf for leaf in tree.flatten(structure) if leaf is not None]


def build_for(model: keras.Model, batches: Batches) -> None:
    """Create what is missing of a model's, optimizer's and metrics' variables, as `fit` does.

    Draws from the data exactly when Keras would.
    """
    model._symbolic_build(iterator=batches)
    batches.reset()


def is_due(model: keras.Model, epoch: int, frequency: int | list[int]) -> bool:
    """Whether an epoch, counted from 0, ends with validation."""
    return model._should_eval(epoch, frequency)


def as_python(logs: Any) -> dict[str, Any]:
    """Return logs as `fit` keeps them: floats, sorted by name."""
    return python_utils.pythonify_logs(logs)


def is_overridden(callback: Callback, method: str) -> bool:
    """Whether a callback has a method of its own in place of Keras's empty one."""
    return not python_utils.is_default(getattr(callback, method))


def is_distributed() -> bool:
    """Whether Keras was told to spread models over devices."""
    return distribution_lib.distribution() is not None


def read_values(variables: Sequence[Any]) -> list[Any]:
    """Return the arrays that variables hold, without copying."""
    return [variable._value for variable in variables]


def write_values(variables: Sequence[Any], values: Sequence[Any]) -> None:
    """Let variables hold these arrays of their own shapes and dtypes, without copying."""
    for variable, value in zip(variables, values):
        variable._value = value


def first_epoch(model: keras.Model, asked: int) -> int:
    """Return where training begins: a restored backup may have moved it."""
    return model._initial_epoch or asked


def drop_stepwise_state(model: keras.Model) -> None:
    """Tell a model that its variables are all there is, as `fit` does when it ends."""
    model._jax_state = None
    model._jax_state_synced = True


def inner_optimizer(optimizer: Any) -> Any:
    """Return the optimizer that a loss-scaling one wraps, or the optimizer itself."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def learning_rate_place(optimizer: Any) -> int | None:
    """Return the place of the learning rate among an optimizer's variables, None for a schedule."""
    rate = inner_optimizer(optimizer)._learning_rate
    return next((i for i, v in enumerate(optimizer.variables) if v is rate), None)


def losses_of(model: keras.Model) -> list[Any]:
    """Return the loss objects of a compiled model."""
    losses: Any = model._compile_loss
    if losses is None or losses._flat_losses is None:  # not built yet: as they were given
        given = tree.flatten(model._compile_config.config["loss"])
        return [loss for loss in given if isinstance(loss, keras.Loss)]
    return [entry.loss for entry in losses._flat_losses]


_OF_JAX = {f"keras.src.backend.jax.{name}" for name in ("core", "numpy", "nn")}


@contextlib.contextmanager
def wrapped_operations(wrap: Callable[[Callable[..., Any]], Callable[..., Any]]) -> Iterator[None]:
    """Pass the functions of Keras's JAX backend through `wrap`; one context at a time."""
    modules = (backend, backend.core, backend.numpy, backend.nn)
    kept = [
        (module, name, function)
        for module in modules
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ in _OF_JAX
    ]
    for module, name, function in kept:
        setattr(module, name, wrap(function))
    try:
        yield
    finally:
        for module, name, function in kept:
            setattr(module, name, function)


def divert(name: str, around: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    """Put `around` between Keras and an operation of its JAX backend, for good and once.

    Args:
        name: Of a function of `keras.src.backend.nn` or `keras.src.backend.numpy`.
        around: Makes what is called instead from Keras's own function.
    """
    module = backend.nn if hasattr(backend.nn, name) else backend.numpy
    own = getattr(module, name)
    if not getattr(own, "is_diverted", False):
        diverted: Any = around(own)
        diverted.is_diverted = True
        setattr(module, name, diverted)


def transposed_padding(
    inputs: Sequence[int],
    kernel: Sequence[int],
    strides: Any,
    padding: str,
    output_padding: Any,
    dilation: Any,
) -> list[tuple[int, int]]:
    """Return the zeros before and after each axis with which Keras transposes a convolution.

    They surround the input after its strides are filled with zeros.
    """
    return backend_utils.compute_conv_transpose_padding_args_for_jax(
        inputs, kernel, strides, padding, output_padding, dilation
    )
