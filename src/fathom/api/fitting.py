"""`fathom.fit`: what `keras.Model.fit` does, with the same weights, sooner."""

from __future__ import annotations

import difflib
import inspect
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from fathom.api.history import History
from fathom.api.watched import watched_training
from fathom.errors import FathomWarning, SpecError
from fathom.measure import layer_statistics
from fathom.specs import WatchedTraining, one_of
from fathom.train.fitting import (
    Asked,
    Observers,
    Watcher,
    check_model,
    check_numbers,
    prepare,
    reason_for_keras,
)


def fit(
    model: keras.Model,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    epochs: int = 1,
    verbose: str | int = "auto",
    callbacks: Any = None,
    validation_split: float = 0.0,
    validation_data: Any = None,
    shuffle: bool | str = True,
    class_weight: dict[int, float] | None = None,
    sample_weight: Any = None,
    initial_epoch: int = 0,
    steps_per_epoch: int | None = None,
    validation_steps: int | None = None,
    validation_batch_size: int | None = None,
    validation_freq: int | list[int] = 1,
    *,
    watch: str | None = None,
    bitwise: bool = False,
    **unknown: Any,
) -> History:
    """Train a compiled Keras model as `model.fit` would, and return its history.

    The arguments are those of `keras.Model.fit`, and so are the results: the
    same batches in the same order, the same weights, optimizer state, metrics
    and logs. Whole epochs are compiled, so that small models train many times
    faster. What needs Python at every batch works too, on a slower path that
    says so in a `FathomWarning`.

    Args:
        model: A compiled model; it is trained in place.
        x: Arrays (rows, ...), lists or dicts of them, a dataframe, a
            `keras.utils.PyDataset`, or an iterable of `(x, y)` or
            `(x, y, sample_weight)` batches.
        y: Targets (rows, ...), unless `x` holds them.
        batch_size: Rows per step; 32 if not given.
        epochs: The epoch, counted from 1, after which training ends.
        verbose: 0 silent, 1 or "auto" a progress bar, 2 a line per epoch.
        callbacks: Keras callbacks. Their weights and optimizer changes count.
        validation_split: Share of the rows, the last ones, to validate on.
        validation_data: What to validate on, `(x, y)`, `(x, y, sample_weight)`
            or anything that `x` may be.
        shuffle: Whether rows are reordered every epoch, from NumPy's global
            random numbers as in Keras.
        class_weight: From class to the weight of its rows.
        sample_weight: Weight of each row, (rows,).
        initial_epoch: Epochs that were trained before.
        steps_per_epoch: Batches of an epoch, None for all.
        validation_steps: Batches of a validation, None for all.
        validation_batch_size: Rows per validation batch, None for `batch_size`.
        validation_freq: Every how many epochs to validate, or after which.
        watch: "layers" looks at every layer before training and after each
            epoch, for `fathom.diagnose`. Training is not changed by it. None
            looks only where a callback shows layers, as `fathom.live()` does.
        bitwise: Whether to round as Keras does, so that weights are equal bit
            for bit. Otherwise convolutions, poolings and products of tiny
            matrices are computed as the CPU runs them fastest in a loop, and
            weights differ from Keras's by rounding.

    Returns:
        A `fathom.History`, which is a `keras.callbacks.History`, with more attributes:
        `initial_weights`, the weights before training in the order of
        `model.get_weights()`; with `watch`, `watched`, a `WatchedTraining`, and
        `layers`, the measurements in it, a record per layer and epoch. A
        notebook shows its curves, layers and diagnosis.

    Raises:
        FathomError: Before anything is compiled, where the model cannot be
            trained, naming the argument, what arrived, and the mend.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        >>> model.compile(optimizer="sgd", loss="mse")
        >>> x = np.zeros((8, 2), "float32")
        >>> fit(model, x, x[:, :1], epochs=3, verbose=0).history["loss"]
        [0.0, 0.0, 0.0]
    """
    _refuse(unknown)
    check_model(model)
    check_numbers(
        epochs=epochs,
        initial_epoch=initial_epoch,
        batch_size=batch_size,
        steps_per_epoch=steps_per_epoch,
        validation_steps=validation_steps,
        validation_batch_size=validation_batch_size,
        validation_split=validation_split,
        validation_freq=validation_freq,
        class_weight=class_weight,
        sample_weight=sample_weight,
    )
    _check_callbacks(callbacks)
    _check_switches(verbose=verbose, shuffle=shuffle, bitwise=bitwise)
    if watch is not None:
        one_of("watch", watch, ("layers",))
    elif _shows_layers(callbacks):
        watch = "layers"
    epochs = _capped(epochs)
    arguments = {
        "batch_size": batch_size,
        "epochs": epochs,
        "validation_split": validation_split,
        "shuffle": shuffle,
        "class_weight": class_weight,
        "initial_epoch": initial_epoch,
        "steps_per_epoch": steps_per_epoch,
        "validation_steps": validation_steps,
        "validation_batch_size": validation_batch_size,
        "validation_freq": validation_freq,
    }
    data = (x, y, sample_weight)
    if reason := reason_for_keras(model, (data, validation_data)):
        return _fit_by_keras(
            model,
            reason,
            watch=watch,
            x=x,
            y=y,
            sample_weight=sample_weight,
            validation_data=validation_data,
            callbacks=callbacks,
            verbose=verbose,
            **arguments,
        )
    prepared = prepare(model, Asked(data=data, validation=validation_data, **arguments))
    _say(prepared.notes)
    observers = _callback_list(
        callbacks, model, verbose=verbose, epochs=epochs, steps=prepared.steps
    )
    _say(_slow_paths(observers))
    watcher = prepared.watcher(layer_statistics) if watch else None
    _show(watcher, observers)
    prepared.run(observers, watcher=watcher, bitwise=bitwise)
    history = _history_of(model)
    history.initial_weights = prepared.initial_weights
    if watcher is not None:
        _keep_watched(history, watched_training(model, watcher, y=y, steps=prepared.steps))
    return history


def _capped(epochs: int) -> int:
    """Return the epochs, fewer if KERAS_MAX_EPOCHS says so."""
    most = keras.config.max_epochs()
    if not most or most >= epochs:
        return epochs
    _say([f"Trained for {most} epochs, not {epochs}: keras.config.max_epochs() is {most}."])
    return most


def _fit_by_keras(
    model: keras.Model, reason: str, *, watch: str | None, **arguments: Any
) -> History:
    """Train by Keras's own `fit`, and say why."""
    unwatched = " Its layers are not watched." if watch else ""
    note = f"Trained by Keras's own fit, at its speed: {reason}.{unwatched}"
    warnings.warn(note, FathomWarning, stacklevel=3)
    before = model.get_weights() if model.built else []
    arguments["callbacks"] = _with_history(arguments["callbacks"])
    model.fit(**arguments)
    history = _history_of(model)
    history.initial_weights = before
    if watch:
        _keep_watched(history, WatchedTraining(note=note))
    return history


def _show(watcher: Watcher | None, observers: keras.callbacks.CallbackList) -> None:
    """Give the watcher to the callbacks that have a place for it, and so see each look at once."""
    for callback in observers.callbacks:
        if hasattr(callback, "watcher"):
            callback.watcher = watcher


def _keep_watched(history: History, watched: WatchedTraining) -> None:
    history.keep(watched)
    if watched.note:
        warnings.warn(f"The layers were not watched: {watched.note}", FathomWarning, stacklevel=4)


def _check_callbacks(callbacks: Any) -> None:
    """Refuse what is no callback: a class instead of one of its instances, or a name."""
    if callbacks is None or isinstance(callbacks, keras.callbacks.CallbackList):
        return
    for one in keras.tree.flatten(callbacks):
        if not isinstance(one, keras.callbacks.Callback):
            name = one.__name__ if isinstance(one, type) else type(one).__name__
            is_class = isinstance(one, type) and issubclass(one, keras.callbacks.Callback)
            raise SpecError(
                "`callbacks` must be Keras callbacks. "
                f"Received: {'the class ' if is_class else ''}{name}.",
                hint=f"make one of it: {name}(...)" if is_class else "leave it out of the list",
            )


def _check_switches(**switches: Any) -> None:
    for name, value in switches.items():
        if not isinstance(value, bool | int | str | np.bool_ | None):
            raise SpecError(
                f"`{name}` must be True or False, or a word or number that Keras knows. "
                f"Received: {name} of type {type(value).__name__}."
            )


def _refuse(unknown: dict[str, Any]) -> None:
    """Refuse arguments that there are not, and name the ones there are."""
    if not unknown:
        return
    known = [name for name in inspect.signature(fit).parameters if name != "unknown"]
    name = next(iter(unknown))
    near = difflib.get_close_matches(name, known, n=1)
    raise SpecError(
        f"`fit` has no argument `{name}`. Received: {name}={unknown[name]!r}.",
        hint=f"did you mean `{near[0]}`?" if near else f"its arguments are {', '.join(known)}",
    )


def _callback_list(
    callbacks: Any, model: keras.Model, *, verbose: str | int, epochs: int, steps: int | None
) -> keras.callbacks.CallbackList:
    """Return Keras's list of callbacks, with a history and, unless silent, a progress bar."""
    if not isinstance(callbacks, keras.callbacks.CallbackList):
        callbacks = keras.callbacks.CallbackList(
            _with_history(callbacks),
            add_history=True,
            add_progbar=verbose != 0,
            verbose=verbose,
            epochs=epochs,
            steps=steps,
            model=model,
        )
    # What a callback does to the weights counts, so it must be done before the next step.
    callbacks._async_train = callbacks._async_test = False
    return callbacks


def _with_history(callbacks: Any) -> list[Any]:
    """Return callbacks with a history of Fathom's among them, unless they have one of their own."""
    listed = [] if callbacks is None else [*keras.tree.flatten(callbacks)]
    if any(isinstance(one, keras.callbacks.History) for one in listed):
        return listed
    return [*listed, History()]


def _history_of(model: keras.Model) -> History:
    """Return what the training left; a history of Keras's own is taken over."""
    found: Any = model.history
    if isinstance(found, History):
        return found
    taken = History()
    taken.set_model(model)
    taken.params, taken.epoch, taken.history = found.params, found.epoch, found.history
    return taken


def _shows_layers(callbacks: Any) -> bool:
    """Return whether a callback shows layers, and so asks that they are watched."""
    listed = getattr(callbacks, "callbacks", callbacks)
    return any(getattr(one, "shows_layers", False) for one in keras.tree.flatten(listed))


def _slow_paths(callbacks: keras.callbacks.CallbackList) -> list[str]:
    observers = Observers(callbacks)
    names = {type(one).__name__ for one in (*observers.of_batches, *observers.of_test_batches)}
    if not names:
        return []
    return [
        f"{_listed(sorted(names))} must see every batch, so each is a compiled call of its own "
        "and training is slower. Use on_epoch_begin and on_epoch_end to train at full speed."
    ]


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _say(notes: Sequence[str]) -> None:
    for note in notes:
        warnings.warn(note, FathomWarning, stacklevel=3)
