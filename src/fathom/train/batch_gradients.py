"""How long gradients are on small batches and on large ones."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np
from jax import lax

from fathom.train import keras_internals, targets
from fathom.train.fitting.failures import explaining
from fathom.train.group import Source
from fathom.train.rebuilding import compile_like
from fathom.train.rows import as_rows, num_rows


def batch_gradient_lengths(
    model: Any,
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    *,
    batch_size: int,
    batches: int,
    draws: int,
    seed: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return squared lengths of the loss's gradient on batches drawn with replacement.

    Args:
        model: A compiled model, or a function that builds one; it is left as it is.
        x: Inputs.
        y: Targets.
        sample_weight: Weights of the rows.
        batch_size: Rows of a small batch.
        batches: Small batches that make a large one.
        draws: Large batches.
        seed: Of the drawing.

    Returns:
        float64 (draw,): the mean over each large batch's small ones, and the
        large batch's own.
    """
    source = Source.of(model)
    rows = as_rows(x, y, sample_weight)
    targets.check_rows(source.model, rows, is_trained=True)
    generator = np.random.default_rng(seed)
    order = generator.integers(num_rows(rows), size=(draws, batches, batch_size)).astype("int32")
    with explaining(source.model, rows, batch_axes=1):
        built = _with_values(source, jax.tree.map(lambda a: a[:batch_size], rows), seed)
        measure = jax.jit(_measure(built))
        lengths = [measure(_values(built), rows, one) for one in order]
    small, large = np.array(lengths, "float64").T
    return small, large


def _with_values(source: Source, batch: Any, seed: int) -> keras.Model:
    """Return a copy with the model's weights, or where it has none with those of the seed."""
    with keras_internals.default_seeds(seed):
        copied = compile_like(source.build(batch[0]), source.model)
    own = source.own_weights()
    if own is not None:
        values = (*own.trainable, *own.non_trainable)
        variables = (*copied.trainable_variables, *copied.non_trainable_variables)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
    copied.optimizer.build(copied.trainable_variables)
    copied._symbolic_build(data_batch=batch)
    return copied


def _values(model: keras.Model) -> Any:
    parts = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.metrics_variables,
        model.optimizer.variables,
    )
    return [[variable.value for variable in part] for part in parts]


def _measure(model: keras.Model) -> Any:
    """Return the function from values, rows and order (batches, batch) to both squared lengths."""

    def gradient(values: Any, batch: Any) -> Any:
        trainable, *others, optimizer = values

        def loss(trainable: Any) -> Any:
            _, (unscaled, *_) = model.compute_loss_and_updates(
                trainable, *others, *batch, training=True, optimizer_variables=optimizer
            )
            return unscaled

        return jax.grad(loss)(trainable)

    def measure(values: Any, rows: Any, order: Any) -> tuple[Any, Any]:
        def one(carried: Any, indices: Any) -> Any:
            total, lengths = carried
            found = gradient(values, jax.tree.map(lambda a: a[indices], rows))
            return (jax.tree.map(jnp.add, total, found), lengths + _squared_length(found)), None

        zeros = jax.tree.map(jnp.zeros_like, values[0])
        (total, lengths), _ = lax.scan(one, (zeros, jnp.float32(0)), order)
        count = jnp.float32(order.shape[0])
        return lengths / count, _squared_length(total) / count**2

    return measure


def _squared_length(gradient: Any) -> Any:
    parts = [jnp.sum(jnp.square(a.astype("float32"))) for a in jax.tree.leaves(gradient)]
    return jnp.sum(jnp.stack(parts))
