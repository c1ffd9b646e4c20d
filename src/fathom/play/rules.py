"""What an experiment may say: every setting in its range, and together something that trains."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from fathom.errors import SpecError
from fathom.play import catalog, formulas, limits
from fathom.play.experiment import MODES, Data, Experiment, Layer, Setting
from fathom.specs import one_of

ELSEWHERE = ("upload:", "study:", "given")
"""Beginnings of the names of data that only the server that is asked may have."""

TASKS = ("classification", "regression")


def check(experiment: Experiment) -> Experiment:
    """Return the experiment if all of it can be done.

    Raises:
        SpecError: A setting is out of range, unknown, or not of the classic mode.
    """
    one_of("mode", experiment.mode, MODES)
    _check_seed("seed", experiment.seed)
    if experiment.weights_seed is not None:
        _check_seed("weights_seed", experiment.weights_seed)
    _check_data(experiment.data)
    _check_features(experiment.features)
    _check_network(experiment)
    _check_training(experiment)
    _check_page_settings(experiment)
    if experiment.is_classic:
        _check_classic(experiment)
    return experiment


def between(setting: str, value: float, low: float, high: float) -> None:
    """Raise unless `low <= value <= high`."""
    if not (math.isfinite(value) and low <= value <= high):
        raise SpecError(
            f"`{setting}` must be from {low:g} to {high:g}. Received: {setting}={value:g}."
        )


def _check_seed(setting: str, seed: str) -> None:
    if not 0 < len(seed) <= limits.MOST_SEED:
        raise SpecError(
            f"`{setting}` must be a text of 1 to {limits.MOST_SEED} characters. "
            f"Received: {len(seed)} characters."
        )


def _check_data(data: Data) -> None:
    if not data.source.startswith(ELSEWHERE):
        one_of("source", data.source, catalog.keys(catalog.SOURCES))
    if data.task is not None:
        one_of("task", data.task, TASKS)
    if data.rows is not None:
        between("rows", data.rows, limits.FEWEST_ROWS, limits.MOST_ROWS)
    between("noise", data.noise, 0, limits.MOST_NOISE)
    between("train_share", data.train_share, *limits.SHARES)
    if min(data.axes) < 0:
        raise SpecError(f"`axes` must be places of inputs. Received: axes={list(data.axes)}.")
    if max(len(data.added), len(data.removed)) > limits.MOST_ADDED * 10 or (
        len(data.added) > limits.MOST_ADDED
    ):
        raise SpecError(f"At most {limits.MOST_ADDED} points can be added.")
    if not all(math.isfinite(number) for point in data.added for number in point):
        raise SpecError("Points that are added must be finite numbers.")
    if data.source == "formula":
        formulas.parse(data.formula)


def _check_features(features: tuple[str, ...]) -> None:
    if not 1 <= len(features) <= limits.MOST_FEATURES:
        raise SpecError(
            f"A network needs 1 to {limits.MOST_FEATURES} features. Received: {len(features)}.",
            hint="choose at least one, such as x",
        )
    if len(set(features)) < len(features):
        raise SpecError("A feature must not be named twice.")
    for feature in features:
        formulas.parse(feature)


def _check_network(experiment: Experiment) -> None:
    network = experiment.network
    if len(network.layers) > limits.MOST_LAYERS:
        raise SpecError(
            f"A network has at most {limits.MOST_LAYERS} hidden layers. "
            f"Received: {len(network.layers)}."
        )
    for layer in network.layers:
        _check_layer(layer)
    one_of("output", network.output.kind, catalog.keys(catalog.OUTPUTS))
    one_of("initializer", network.initializer, catalog.keys(catalog.INITIALIZERS))


def _check_layer(layer: Layer) -> None:
    between("units", layer.units, 1, limits.MOST_UNITS)
    one_of("activation", layer.activation, catalog.keys(catalog.ACTIVATIONS))
    one_of("normalization", layer.normalization, catalog.NORMALIZATIONS)
    between("dropout", layer.dropout, 0, 0.9)


def _check_training(experiment: Experiment) -> None:
    if experiment.loss != "auto":
        one_of("loss", experiment.loss, catalog.keys(catalog.LOSSES))
    _check_choice("optimizer", experiment.optimizer, catalog.OPTIMIZERS, extra=("learning_rate",))
    _check_choice("schedule", experiment.schedule, catalog.SCHEDULES)
    rate = experiment.optimizer.get("learning_rate")
    if not _is_number(rate) or not 0 < float(rate or 0) <= limits.MOST_RATE:
        raise SpecError(
            f"`learning_rate` must be above 0 and at most {limits.MOST_RATE:g}. "
            f"Received: learning_rate={rate}."
        )
    regularization = experiment.regularization
    one_of("regularization", regularization.name, catalog.REGULARIZATIONS)
    between("regularization rate", regularization.rate, 0, 10)
    between("batch_size", experiment.batch_size, 1, limits.MOST_BATCH)
    _check_stop(experiment)


def _check_stop(experiment: Experiment) -> None:
    stop = experiment.stop
    if stop.epochs is not None:
        between("stop.epochs", stop.epochs, 1, 10_000_000)
    if stop.patience is not None:
        between("stop.patience", stop.patience, 1, 1_000_000)
    if stop.test_loss is not None:
        between("stop.test_loss", stop.test_loss, 0, 1e9)


def _check_choice(
    what: str,
    settings: dict[str, Setting],
    choices: tuple[catalog.Choice, ...],
    extra: tuple[str, ...] = (),
) -> None:
    """Raise unless `settings` name one of `choices` and only its own settings, in range."""
    name = one_of(what, str(settings.get("name")), catalog.keys(choices))
    known = {one.key: one for one in catalog.chosen(choices, name).settings}
    for key, value in settings.items():
        if key == "name" or key in extra:
            continue
        one_of(f"setting of {name}", key, known)
        _check_setting(known[key], value)


def _check_setting(known: catalog.SettingOf, value: Setting) -> None:
    if known.kind == "flag":
        if not isinstance(value, bool):
            raise SpecError(f"`{known.key}` must be true or false. Received: {value!r}.")
        return
    if not _is_number(value):
        raise SpecError(f"`{known.key}` must be a number. Received: {value!r}.")
    between(known.key, float(value or 0), known.low, known.high)


def _is_number(value: Setting) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_page_settings(experiment: Experiment) -> None:
    if len(json.dumps(experiment.view)) > limits.MOST_VIEW_BYTES:
        raise SpecError(f"`view` must be at most {limits.MOST_VIEW_BYTES} bytes of JSON.")
    if len(experiment.hide) > 64 or any(len(name) > 64 for name in experiment.hide):
        raise SpecError("`hide` must be a short list of names of controls.")


# -- the classic mode --------------------------------------------------------------


def _check_classic(experiment: Experiment) -> None:
    """Raise unless TensorFlow Playground has all of it."""
    found = next(_beyond_classic(experiment), None)
    if found is not None:
        raise SpecError(
            f"The classic mode has no {found}.", hint="switch to the modern mode, which has"
        )


def is_classic_experiment(experiment: Experiment) -> bool:
    """Return whether TensorFlow Playground has all of it."""
    return next(_beyond_classic(experiment), None) is None


def _beyond_classic(experiment: Experiment) -> Iterator[str]:
    layers = experiment.network.layers
    data = experiment.data
    optimizer = experiment.optimizer
    plain_sgd = {"name": "sgd", "momentum": 0, "nesterov": False}
    rules = {
        f"data {data.source!r}": data.source not in catalog.classic_keys(catalog.SOURCES),
        "own task for its data": data.task is not None,
        "features but the seven": not set(experiment.features)
        <= set(catalog.classic_keys(catalog.FEATURES)),
        f"more than {limits.CLASSIC_LAYERS} layers": len(layers) > limits.CLASSIC_LAYERS,
        f"more than {limits.CLASSIC_UNITS} units": any(
            layer.units > limits.CLASSIC_UNITS for layer in layers
        ),
        "activation by layer": len({layer.activation for layer in layers}) > 1,
        "activation but relu, tanh, sigmoid and linear": any(
            layer.activation not in catalog.classic_keys(catalog.ACTIVATIONS) for layer in layers
        ),
        "normalisation": any(layer.normalization != "none" for layer in layers),
        "dropout": any(layer.dropout > 0 for layer in layers),
        "skip connections": any(layer.skip for layer in layers),
        "frozen layers": any(layer.frozen for layer in layers) or experiment.network.output.frozen,
        "other output": experiment.network.output.kind != "auto",
        "other initializer": experiment.network.initializer != "playground",
        "other loss": experiment.loss not in ("auto", "half_squared_error"),
        "optimizer but plain SGD": any(
            value != plain_sgd.get(key, value) for key, value in optimizer.items()
        ),
        "schedule": experiment.schedule.get("name") != "constant",
        f"batch of more than {limits.CLASSIC_BATCH}": experiment.batch_size > limits.CLASSIC_BATCH,
        "shuffling": experiment.shuffle,
    }
    return (what for what, is_beyond in rules.items() if is_beyond)
