"""Who is examined: trained networks of one model, checked against the data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import keras
import numpy as np

from fathom import measure, models, train
from fathom.data import Dataset, Split
from fathom.errors import DataError, ModelError

PROBABILITIES = ("softmax", "sigmoid")
ROWS_LOOKED_AT = 64


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Trained networks of one model, and where their layers are.

    Args:
        model: The model.
        networks: Weights of the trained networks.
        initial: The weights they began with; None if they are not known.
        trace: The calls of the model.
        sites: Its layers and blocks.
        task: "classification" or "regression".
        from_logits: Whether its outputs still need a softmax or sigmoid.
        input_shape: Of one row.
    """

    model: keras.Model
    networks: train.Networks
    initial: train.Networks | None
    trace: models.Trace
    sites: tuple[models.Site, ...]
    task: str
    from_logits: bool
    input_shape: tuple[int, ...]

    @property
    def credit(self) -> Any:
        """What is computed of each row's output."""
        return measure.credit_of(self.task, from_logits=self.from_logits)

    def loss(self, y: Any, outputs: Any) -> Any:
        """Return the mean loss of a batch."""
        score = measure.scorer(self.task, from_logits=self.from_logits)
        return score(y, outputs.astype("float32"))["loss"]

    def flops(self) -> dict[int, int]:
        """Return the operations of each call, for one row."""
        return measure.flops_by_scope(self.trace.program, models.SCOPE)


def subject_of(
    model: keras.Model,
    dataset: Dataset,
    *,
    networks: Sequence[Sequence[Any]] | None = None,
    initial: Sequence[Sequence[Any]] | None = None,
) -> Subject:
    """Return the subject, once model, weights and data are known to fit.

    Args:
        model: A built model with one input and one output.
        dataset: What it was trained for.
        networks: Weights of each trained network, trainable then others, in the model's order;
            those the model has if None.
        initial: The weights each began with, likewise.

    Raises:
        ModelError: The model has several inputs or outputs, no layer with weights, weights that
            are not finite, or cannot be followed.
        DataError: The data do not fit the model's input or output.
    """
    _check_model(model)
    trained = _stacked(model, networks or [_values(model)])
    _check_finite(model, trained)
    x = fitted(model, dataset.train, dataset.name).x
    trace = _traced(model, x)
    sites = models.find_sites(trace)
    if not sites:
        raise ModelError(
            f"A model must have a layer with weights. Received: {model.name!r}, which has none.",
            hint="build the model, and train it, first",
        )
    activation = models.output_activation(trace)
    _check_outputs(model, trace.output_shape, activation, dataset)
    return Subject(
        model=model,
        networks=trained,
        initial=None if initial is None else _stacked(model, initial),
        trace=trace,
        sites=sites,
        task=dataset.task,
        from_logits=not _gives_probabilities(model, activation, x),
        input_shape=tuple(x.shape[1:]),
    )


def fitted(model: keras.Model, split: Split, name: str) -> Split:
    """Return a split with its inputs in the shape the model takes.

    Raises:
        DataError: They do not have as many numbers per row.
    """
    wanted = _input_shape(model)
    given = tuple(split.x.shape[1:])
    if wanted is None or _matches(given, wanted):
        return split
    known = tuple(size for size in wanted if size is not None)
    if len(known) == len(wanted) and math.prod(known) == math.prod(given):
        return Split(split.x.reshape(len(split), *known), split.y, split.rows)
    raise DataError(
        f"The data must fit the model's input. Received: rows of shape {given} in {name}, "
        f"and a model that takes {tuple(wanted)}.",
        hint="use the data, split and preprocessing that the model was trained with",
    )


def drawn_rows(split: Split, rows: int, seed: int) -> Split:
    """Return all rows, or as many drawn at random, in their order."""
    if len(split) <= rows:
        return split
    chosen = np.sort(np.random.default_rng([seed, 3]).permutation(len(split))[:rows])
    return Split(split.x[chosen], split.y[chosen], split.rows[chosen])


def joined(networks: train.Networks, others: train.Networks | None) -> train.Networks:
    """Return networks, and after them others, if there are any."""
    if others is None:
        return networks
    return jax.tree.map(lambda one, other: np.concatenate([one, other]), networks, others)


def _check_model(model: Any) -> None:
    if not isinstance(model, keras.Model):
        raise ModelError(f"The model must be a keras.Model. Received: {type(model).__name__}.")
    if not model.built:
        raise ModelError(
            f"The model must be built. Received: {model.name!r}, whose layers have no weights yet.",
            hint="call it on some rows, or start it with keras.Input",
        )
    inputs, outputs = _number(model, "inputs"), _number(model, "outputs")
    if inputs > 1 or outputs > 1:
        raise ModelError(
            "The model must have one input and one output, because a layer is judged by what it "
            f"does for one prediction. Received: {inputs} inputs and {outputs} outputs.",
            hint="make a model of the input and output that you want to know about",
        )


def _number(model: keras.Model, name: str) -> int:
    try:
        return len(getattr(model, name) or [None])
    except (AttributeError, ValueError):  # a subclassed model does not tell
        return 1


def _values(model: keras.Model) -> list[np.ndarray]:
    return [np.asarray(v) for v in (*model.trainable_variables, *model.non_trainable_variables)]


def _stacked(model: keras.Model, networks: Sequence[Sequence[Any]]) -> train.Networks:
    shapes = [tuple(v.shape) for v in (*model.trainable_variables, *model.non_trainable_variables)]
    for values in networks:
        received = [tuple(np.shape(value)) for value in values]
        if received != shapes:
            raise ModelError(
                f"Weights must have the shapes of the model's variables. Received: {received}, "
                f"and a model of {shapes}."
            )
    arrays = [np.stack([np.asarray(value) for value in values]) for values in zip(*networks)]
    return train.Networks(
        arrays[: len(model.trainable_variables)], arrays[len(model.trainable_variables) :]
    )


def _check_finite(model: keras.Model, networks: train.Networks) -> None:
    variables = [*model.trainable_variables, *model.non_trainable_variables]
    bad: dict[str, int] = {}
    for variable, values in zip(variables, [*networks.trainable, *networks.non_trainable]):
        if np.issubdtype(values.dtype, np.floating) and not np.isfinite(values).all():
            bad[variable.path] = int((~np.isfinite(values)).sum())
    if bad:
        listed = ", ".join(f"{count:,} in {path}" for path, count in list(bad.items())[:5])
        raise ModelError(
            f"Weights must be finite numbers. Received: {listed}.",
            hint="the training diverged: train again with a smaller learning rate",
        )


def _input_shape(model: keras.Model) -> tuple[int | None, ...] | None:
    try:
        return tuple(model.inputs[0].shape[1:])
    except (AttributeError, TypeError, ValueError, IndexError):
        return None


def _matches(given: tuple[int, ...], wanted: tuple[int | None, ...]) -> bool:
    return len(given) == len(wanted) and all(w in (None, g) for g, w in zip(given, wanted))


def _traced(model: keras.Model, x: np.ndarray) -> models.Trace:
    try:
        return models.trace(model, x)
    except (TypeError, ValueError, jax.errors.JAXTypeError) as error:
        raise ModelError(
            f"The model must run on rows of shape {tuple(x.shape[1:])}. Received: {model.name!r}, "
            f"which raised {type(error).__name__}: {str(error).splitlines()[0][:200]}",
            hint="its call must take one array and return one array, in operations JAX can trace",
        ) from error


def _check_outputs(
    model: keras.Model, shape: tuple[int, ...], activation: str | None, dataset: Dataset
) -> None:
    units = shape[-1] if len(shape) == 1 else None
    if dataset.task == "regression":
        if activation in PROBABILITIES or units != 1:
            raise DataError(
                "A regression target needs a model that ends in one number. Received: "
                f"{dataset.name}, a regression, and {model.name!r}, {_ending(shape, activation)}.",
                hint="use the data that the model was trained for, or --task classification",
            )
        return
    fits = units == dataset.num_classes or (units == 1 and dataset.num_classes == 2)
    if not fits or activation not in (None, "linear", *PROBABILITIES):
        raise DataError(
            "A classifier must end in one output per class (or one for two classes), "
            f"probabilities or logits. Received: {dataset.name}, "
            f"{dataset.num_classes} classes, and {model.name!r}, {_ending(shape, activation)}.",
            hint="use the data that the model was trained for",
        )


def _ending(shape: tuple[int, ...], activation: str | None) -> str:
    through = f" through {activation}" if activation not in (None, "linear") else ""
    return f"which puts out {'×'.join(map(str, shape)) or 'one number'} per row{through}"


def _gives_probabilities(model: keras.Model, activation: str | None, x: np.ndarray) -> bool:
    """Tell by the last activation; where that cannot be seen, by whether outputs sum to one."""
    if activation is not None:
        return activation in PROBABILITIES
    trainable = [v.value for v in model.trainable_variables]
    others = [v.value for v in model.non_trainable_variables]
    outputs = np.asarray(models.stateless_outputs(model, trainable, others, x[:ROWS_LOOKED_AT]))
    if outputs.shape[-1] == 1:
        return False
    return bool((outputs >= 0).all() and np.allclose(outputs.sum(axis=-1), 1, atol=1e-3))
