"""The experiment in an address's fragment: TensorFlow Playground's own form, or ours.

What the original can express is written in its form, so that it opens there
too: `#activation=tanh&batchSize=10&dataset=circle&...`. Anything else is
`#fathom=` and the base64url of the JSON of what differs from the default.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fathom.errors import SpecError
from fathom.play.experiment import (
    DEFAULT,
    Data,
    Experiment,
    Layer,
    Regularization,
    changed,
    experiment_data,
    read_experiment,
)
from fathom.play.limits import CLASSIC_BATCH, CLASSIC_LAYERS, CLASSIC_UNITS
from fathom.play.rules import check, is_classic_experiment

OURS = "fathom="
MOST_CHARACTERS = 200_000
FEATURES = {
    "x": "x",
    "y": "y",
    "xSquared": "x^2",
    "ySquared": "y^2",
    "xTimesY": "x*y",
    "sinX": "sin(x)",
    "sinY": "sin(y)",
}
REGRESSION = {"reg-plane": "plane", "reg-gauss": "gaussian"}
REGULARIZATIONS = {"none": "none", "L1": "l1", "L2": "l2"}
VIEW = ("showTestData", "discretize", "hideText", "collectStats", "tutorial")
HIDDEN = "_hide"


def read_hash(fragment: str) -> Experiment:
    """Return the experiment of a fragment, with or without its `#`; the default of an empty one.

    Values that the original would not know are passed over, as it does.

    Raises:
        SpecError: It is of our form and damaged.
    """
    text = fragment.removeprefix("#")
    if len(text) > MOST_CHARACTERS:
        raise SpecError("The address is too long to be an experiment.")
    if text.startswith(OURS):
        return check(read_experiment(_read_ours(text.removeprefix(OURS))))
    return _read_original(dict(parse_qsl(text, keep_blank_values=True))) if text else DEFAULT


def write_hash(experiment: Experiment) -> str:
    """Return the fragment of an experiment, beginning with `#`."""
    if _original_can(experiment):
        return "#" + urlencode(_original(experiment), safe=",")
    return "#" + OURS + _write_ours(experiment)


# -- ours ----------------------------------------------------------------------------


def _write_ours(experiment: Experiment) -> str:
    differing = _difference(experiment_data(experiment), experiment_data(DEFAULT))
    text = json.dumps(differing, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _difference(data: dict[str, Any], default: dict[str, Any]) -> dict[str, Any]:
    """Return the members that differ; parts are compared member by member."""
    found: dict[str, Any] = {}
    for key, value in data.items():
        before = default.get(key)
        if value == before and type(value) is type(before):
            continue
        is_part = key in ("data", "network", "regularization", "stop", "output")
        found[key] = _difference(value, before) if is_part and before is not None else value
    return found


def _read_ours(text: str) -> Any:
    try:
        padded = text + "=" * (-len(text) % 4)
        decoded = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (ValueError, binascii.Error) as error:
        raise SpecError(
            "This address holds no experiment: it is damaged.",
            hint="copy the whole address again",
        ) from error
    return _joined(experiment_data(DEFAULT), decoded)


def _joined(default: dict[str, Any], found: Any) -> Any:
    """Return the default with the members that were found."""
    if not isinstance(found, dict):
        return found
    joined = dict(default)
    for key, value in found.items():
        is_part = key in ("data", "network", "regularization", "stop", "output")
        joined[key] = _joined(default.get(key) or {}, value) if is_part else value
    return joined


# -- TensorFlow Playground's ---------------------------------------------------------


def _read_original(values: dict[str, str]) -> Experiment:
    hidden = _layer_units(values.get("networkShape", "4,2"))
    activation = _one_of(values.get("activation"), ("relu", "tanh", "sigmoid", "linear"), "tanh")
    is_regression = values.get("problem") == "regression"
    layers = tuple(Layer(units=units, activation=activation) for units in hidden)
    return changed(
        DEFAULT,
        seed=values.get("seed", DEFAULT.seed)[:64] or DEFAULT.seed,
        data=Data(
            source=_source(values, is_regression=is_regression),
            noise=_clamped(values.get("noise"), 0, 50, 0),
            train_share=_clamped(values.get("percTrainData"), 10, 90, 50),
        ),
        features=_features(values),
        network=changed(DEFAULT.network, layers=layers),
        optimizer={
            "name": "sgd",
            "learning_rate": _clamped(values.get("learningRate"), 1e-8, 1000, 0.03),
        },
        regularization=Regularization(
            name=REGULARIZATIONS.get(values.get("regularization", "none"), "none"),
            rate=_clamped(values.get("regularizationRate"), 0, 10, 0),
        ),
        batch_size=int(_clamped(values.get("batchSize"), 1, CLASSIC_BATCH, 10)),
        init_zero=values.get("initZero") == "true",
        hide=tuple(
            key.removesuffix(HIDDEN)
            for key, value in values.items()
            if key.endswith(HIDDEN) and value == "true"
        )[:64],
        view={key: values[key] == "true" for key in VIEW[:4] if values.get(key) == "true"},
    )


def _features(values: dict[str, str]) -> tuple[str, ...]:
    """Return the active features in the original's order; x and y are on by default."""
    on_by_default = {"x": "true", "y": "true"}
    active = [
        ours
        for name, ours in FEATURES.items()
        if values.get(name, on_by_default.get(name, "false")) == "true"
    ]
    return tuple(active) or ("x", "y")


def _source(values: dict[str, str], *, is_regression: bool) -> str:
    if is_regression:
        return REGRESSION.get(values.get("regDataset", "reg-plane"), "plane")
    return _one_of(values.get("dataset"), ("circle", "xor", "gauss", "spiral"), "circle")


def _layer_units(text: str) -> list[int]:
    numbers = [int(part) for part in text.split(",") if part.strip().isdigit()]
    return [min(max(units, 1), CLASSIC_UNITS) for units in numbers[:CLASSIC_LAYERS]]


def _one_of(value: str | None, known: tuple[str, ...], default: str) -> str:
    return value if value in known else default


def _clamped(text: str | None, low: float, high: float, default: float) -> float:
    try:
        value = float(text) if text else default
    except ValueError:
        return default
    return min(max(value, low), high) if value == value else default


def _original_can(experiment: Experiment) -> bool:
    """Return whether the original's form says all of an experiment."""
    try:
        return (
            experiment.is_classic
            and is_classic_experiment(experiment)
            and check(experiment) is experiment
            and _read_original(_original(experiment)) == experiment
        )
    except SpecError:
        return False


def _original(experiment: Experiment) -> dict[str, str]:
    data = experiment.data
    names = {ours: theirs for theirs, ours in REGRESSION.items()}
    theirs = {ours: name for name, ours in REGULARIZATIONS.items()}
    layers = experiment.network.layers
    is_regression = data.source in names
    written = {
        "activation": layers[0].activation if layers else "tanh",
        "regularization": theirs[experiment.regularization.name],
        "batchSize": _number(experiment.batch_size),
        "dataset": "circle" if is_regression else data.source,
        "regDataset": names.get(data.source, "reg-plane"),
        "learningRate": _number(experiment.learning_rate),
        "regularizationRate": _number(experiment.regularization.rate),
        "noise": _number(data.noise),
        "networkShape": ",".join(str(layer.units) for layer in layers),
        "seed": experiment.seed,
        "percTrainData": _number(data.train_share),
        **{name: _flag(ours in experiment.features) for name, ours in FEATURES.items()},
        "problem": "regression" if is_regression else "classification",
        "initZero": _flag(experiment.init_zero),
        **{key: _flag(value) for key, value in experiment.view.items() if key in VIEW},
        **{name + HIDDEN: "true" for name in experiment.hide},
    }
    if experiment.regularization.name == "none":
        del written["regularization"]
    return written


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _flag(value: object) -> str:
    return "true" if value else "false"
