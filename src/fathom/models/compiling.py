"""The loss, metrics and optimizer that a task asks for."""

from __future__ import annotations

import keras

from fathom.models.heads import Head, classification_head, head_of, training_view
from fathom.specs import TASKS, above, one_of

# The base class, and wrappers that need other optimizers as arguments.
_NOT_BY_NAME = {"Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"}


def compile_for(
    model: keras.Model,
    *,
    task: str,
    optimizer: str,
    learning_rate: float = 1e-3,
    metrics: bool = True,
) -> keras.Model:
    """Return the training view of `model`, compiled for `task`.

    The view shares its layers with `model`: what it learns, `model` knows.

    Args:
        model: Functional or Sequential, one input, one output.
        task: "classification" (integer classes `(batch,)`; metric "accuracy")
            or "regression" (values `(batch,)` or `(batch, 1)`; metric "r2").
        optimizer: A Keras optimizer's name, in any case, such as "adam".
        learning_rate: Greater than 0.
        metrics: Whether the score is computed while training, beside the loss.

    Raises:
        SpecError: A setting is unknown or out of range.
        ModelError: The model's head does not fit the task.
    """
    one_of("task", task, TASKS)
    check_optimizer(optimizer)
    above("learning_rate", learning_rate, 0)
    view = model if task == "regression" else training_view(model)
    view.compile(
        optimizer=_optimizers()[optimizer.lower()](learning_rate=learning_rate),
        loss=loss_for(view, task),
        metrics=[metric_for(view, task)] if metrics else None,
    )
    return view


def ready_to_use(
    model: keras.Model, *, task: str, optimizer: str, learning_rate: float
) -> keras.Model:
    """Compile `model` as it is, to probabilities or the value, and return it.

    Args:
        model: As for `compile_for`.
        task: "classification" or "regression".
        optimizer: A Keras optimizer's name, to train on with.
        learning_rate: Greater than 0.
    """
    model.compile(
        optimizer=_optimizers()[optimizer.lower()](learning_rate=learning_rate),
        loss=loss_for(model, task),
        metrics=[metric_for(model, task)],
    )
    return model


def gives_logits(model: keras.Model) -> bool:
    """Return whether what `model` puts out still needs a softmax or sigmoid."""
    return not head_of(model).gives_probabilities


def loss_for(model: keras.Model, task: str) -> keras.losses.Loss:
    """Return the loss of `task` for what `model` puts out, logits or probabilities."""
    if task == "regression":
        return keras.losses.MeanSquaredError()
    head = classification_head(model)
    if head.units == 1:
        return keras.losses.BinaryCrossentropy(from_logits=not head.gives_probabilities)
    return keras.losses.SparseCategoricalCrossentropy(from_logits=not head.gives_probabilities)


def metric_for(model: keras.Model, task: str) -> keras.metrics.Metric:
    """Return the score of `task`, higher is better: "accuracy" or "r2"."""
    if task == "regression":
        return keras.metrics.R2Score(name="r2")
    head = classification_head(model)
    if head.units == 1:
        return keras.metrics.BinaryAccuracy(name="accuracy", threshold=_middle(head))
    return keras.metrics.SparseCategoricalAccuracy(name="accuracy")


def known_optimizers() -> tuple[str, ...]:
    """Return the names of Keras's optimizers, in lower case."""
    return tuple(sorted(_optimizers()))


def check_optimizer(name: str) -> None:
    """Raise SpecError, listing the optimizers there are, unless `name` is one in any case."""
    if name.lower() not in _optimizers():
        one_of("optimizer", name, known_optimizers())


def _optimizers() -> dict[str, type[keras.optimizers.Optimizer]]:
    base = keras.optimizers.Optimizer
    return {
        name.lower(): kind
        for name, kind in vars(keras.optimizers).items()
        if isinstance(kind, type) and issubclass(kind, base) and name not in _NOT_BY_NAME
    }


def _middle(head: Head) -> float:
    """Return the output at which both classes are equally likely."""
    return 0.5 if head.gives_probabilities else 0.0
