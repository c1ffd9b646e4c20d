"""What is wrong with a training, from whatever is left of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fathom.errors import SpecError
from fathom.specs import LayerRecord, RunRecord, WatchedTraining, typed

if TYPE_CHECKING:
    from fathom.measure import Course, Diagnosis

SCORES = (
    "accuracy",
    "acc",
    "sparse_categorical_accuracy",
    "categorical_accuracy",
    "binary_accuracy",
)
CROSS_ENTROPIES = ("categorical_crossentropy", "sparse_categorical_crossentropy")
BINARY = "binary_crossentropy"


@typed
def diagnose(training: Any, *, member: int | None = None) -> Diagnosis:
    """Tell what is wrong with a training, why, and what to do.

    Looks for a diverged loss and its first cause, exploding and vanishing
    gradients, dead and saturated units, a learning rate too high or too
    low, labels that do not belong to their inputs, over- and underfitting.
    What is the effect of another finding is not told. The
    thresholds and their reasons are in docs/diagnose.md.

    Args:
        training: The history of `fathom.fit(..., watch="layers")`, which tells
            most; the history of Keras's own `fit`, or its dictionary of losses;
            a run of a study (`study.result.runs`); the epochs that a population told, as a
            list; or a `measure.Course`, put together by hand.
        member: Which member of a population.

    Returns:
        The findings, each with severity, numbers, a sentence and a mend;
        `.text` is all of it in words.

    Raises:
        SpecError: It is none of these, or has no training loss.

    Example:
        >>> diagnosis = diagnose({"loss": [2.3, 0.9, float("nan")]})
        >>> diagnosis.names
        ('diverged',)
    """
    from fathom.measure import diagnosed

    return diagnosed(course_of(training, member=member))


def course_of(training: Any, *, member: int | None = None) -> Course:
    """Return what is known of a training.

    Raises:
        SpecError: It is none that `diagnose` knows, or has no training loss.
    """
    from fathom.measure import Course

    if isinstance(training, Course):
        return training
    if isinstance(training, RunRecord):
        return _of_run(training)
    if isinstance(training, Mapping):
        return _of_logs(training)
    if isinstance(training, Sequence) and training and hasattr(training[0], "standing"):
        return _of_member(training, _chosen(training, member))
    if isinstance(getattr(training, "history", None), Mapping):
        return _of_history(training)
    raise SpecError(
        "A diagnosis needs a history, a dictionary of losses or a study's run. "
        f"Received: {type(training).__name__}.",
        hint="pass what fathom.fit or model.fit returned",
    )


def _of_run(run: RunRecord) -> Course:
    from fathom.measure import Course

    return Course(
        loss=run.train_loss,
        validation_loss=run.validation_losses,
        validation_score=run.validation_scores,
        layers=run.layers,
        learning_rate=run.learning_rate,
    )


def _chosen(epochs: Sequence[Any], member: int | None) -> int:
    count = len(epochs[0].standing.active)
    if member is None or not -count <= member < count:
        raise SpecError(
            f"`member` must be from 0 to {count - 1}, one of the population's {count}. "
            f"Received: member={member}.",
            hint="diagnose(epochs, member=0)",
        )
    return member


def _of_member(epochs: Sequence[Any], member: int) -> Course:
    from fathom.measure import Course

    trained = [epoch for epoch in epochs if epoch.loss is not None]
    validation = {
        name: [float(epoch.validation[name][member]) for epoch in trained if epoch.validation]
        for name in ("loss", "accuracy")
        if trained and name in trained[0].validation
    }
    return Course(
        loss=tuple(float(epoch.loss[member]) for epoch in trained),
        validation_loss=tuple(validation.get("loss", ())),
        validation_score=tuple(validation.get("accuracy", ())),
        layers=tuple(record for epoch in epochs for record in _looked_at(epoch, member)),
    )


def _looked_at(epoch: Any, member: int) -> Sequence[LayerRecord]:
    """Return what one epoch of a population tells of a member's layers, counted from 1."""
    from fathom.measure import layer_records

    if epoch.layers is None:
        return ()
    found = {name: values[member] for name, values in epoch.layers.items()}
    names = [f"layer {place}" for place in range(1, len(next(iter(found.values()))) + 1)]
    return layer_records(names, found, epoch=epoch.epoch)


def _of_history(history: Any) -> Course:
    watched = getattr(history, "watched", None) or WatchedTraining()
    model = getattr(history, "model", None)
    guess = watched.guess_loss if watched.guess_loss is not None else _loss_of_equal_classes(model)
    return _of_logs(
        history.history,
        layers=watched.layers,
        activations=watched.activations,
        first_cause=watched.first_cause,
        guess_loss=guess,
        guess_score=watched.guess_score,
        learning_rate=_learning_rate(model),
    )


def _of_logs(logs: Mapping[str, Sequence[Any]], **known: Any) -> Course:
    from fathom.measure import Course

    if not logs.get("loss"):
        raise SpecError(
            f"A diagnosis needs the training loss of each epoch. Received: {_named(logs)}.",
            hint="train for at least one epoch",
        )
    rates = _numbers(logs.get("learning_rate") or ())
    if rates:
        known["learning_rate"] = rates[0]
    return Course(
        loss=_numbers(logs["loss"]),
        validation_loss=_numbers(logs.get("val_loss", ())),
        validation_score=_numbers(_score(logs)),
        **known,
    )


def _numbers(values: Sequence[Any]) -> tuple[float, ...]:
    try:
        return tuple(math.nan if value is None else float(value) for value in values)
    except (TypeError, ValueError):
        raise SpecError(
            f"A loss or score must be a list of numbers, one per epoch. Received: {values!r:.60}.",
            hint="pass what fathom.fit or model.fit returned",
        ) from None


def _score(logs: Mapping[str, Sequence[Any]]) -> Sequence[Any]:
    return next((logs[f"val_{name}"] for name in SCORES if f"val_{name}" in logs), ())


def _named(logs: Mapping[str, Any]) -> str:
    return ", ".join(map(str, logs)) or "nothing"


def _learning_rate(model: Any) -> float | None:
    """Return the optimizer's rate; None where there is none, or a schedule."""
    optimizer = getattr(model, "optimizer", None)
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    rate = getattr(optimizer, "_learning_rate", None)
    return float(rate) if hasattr(rate, "value") else None  # pyright: ignore[reportArgumentType]


def _loss_of_equal_classes(model: Any) -> float | None:
    """Return the cross-entropy of guessing where all classes are as many; None for other losses."""
    units = _units(model)
    name = loss_name(model)
    if units is None or name not in (*CROSS_ENTROPIES, BINARY):
        return None
    classes = 2 if name == BINARY else units
    return math.log(classes) if classes > 1 else None


def _units(model: Any) -> int | None:
    shape = getattr(getattr(model, "output", None), "shape", None) if _has_output(model) else None
    return int(shape[-1]) if shape and shape[-1] else None


def _has_output(model: Any) -> bool:
    return bool(getattr(model, "outputs", None)) and len(model.outputs) == 1


def loss_name(model: Any) -> str:
    import keras

    loss = getattr(model, "loss", None)
    if isinstance(loss, str):
        try:
            loss = keras.losses.get(loss)
        except ValueError:
            return ""
    name = getattr(loss, "__name__", None) or type(loss).__name__
    return _snake_case(name)


def _snake_case(name: str) -> str:
    words = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    return words.lstrip("_").replace("cross_entropy", "crossentropy")
