"""Hyperparameters that members of one compiled program may have for themselves.

Keras reads most of them as plain attributes while it is traced. For as long
as a trace lasts, the attribute holds the member's own traced number, and the
arithmetic that Keras does with it becomes part of the program. Where Keras
also asks `if momentum != 0`, the question is answered by a reference value
that is not zero; the arithmetic gives the same at zero, except where it is
said here, and then members that ask for zero are trained in a program of
their own.
"""

from __future__ import annotations

import contextlib
import functools
import math
import operator
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import keras

from fathom.errors import SpecError, UnknownNameError
from fathom.specs import closest
from fathom.train import keras_internals

# Attributes of optimizers that Keras only calculates with.
CALCULATED = ("beta_1", "beta_2", "rho", "epsilon", "weight_decay", "ema_momentum")
# And those it also asks about; members that ask for 0 of the second group have another program.
ASKED = ("momentum",)
ASKED_AND_ZERO_IS_OFF = ("clipnorm", "clipvalue", "global_clipnorm")
SCHEDULES = {
    "ExponentialDecay": ("initial_learning_rate", "decay_rate"),
    "InverseTimeDecay": ("initial_learning_rate", "decay_rate"),
    "CosineDecay": ("initial_learning_rate", "alpha"),
    "CosineDecayRestarts": ("initial_learning_rate", "alpha"),
}
DROPOUTS = ("Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell")
WEIGHT_REGULARIZERS = (
    "kernel_regularizer", "bias_regularizer", "recurrent_regularizer", "embeddings_regularizer",
    "depthwise_regularizer", "pointwise_regularizer", "beta_regularizer", "gamma_regularizer",
)  # fmt: skip
LOSS_SETTINGS = ("label_smoothing", "delta", "gamma", "alpha")


@dataclass(frozen=True)
class Place:
    """Where Keras reads a hyperparameter.

    Args:
        owner: The object, or the dict, that holds it.
        attribute: Its name there.
        is_asked: Whether Keras decides by it, beside calculating with it.
        is_off_at_zero: Whether zero turns off what it sets.
        high: What it must be below.
    """

    owner: Any
    attribute: str
    is_asked: bool = False
    is_off_at_zero: bool = False
    high: float = math.inf

    @property
    def value(self) -> Any:
        """What is there now."""
        if isinstance(self.owner, dict):
            return self.owner[self.attribute]
        return getattr(self.owner, self.attribute)

    def put(self, value: Any) -> None:
        """Put a value there, past Keras's bookkeeping of attributes."""
        if isinstance(self.owner, dict):
            self.owner[self.attribute] = value
        else:
            object.__setattr__(self.owner, self.attribute, value)


Places = Mapping[str, Sequence[Place]]


def places_in(model: keras.Model, *, optimizer: Any = None) -> dict[str, list[Place]]:
    """Return where a compiled model reads each of its hyperparameters, by name.

    The learning rate of an optimizer without a schedule is not among them: it
    is a variable.
    """
    found: dict[str, list[Place]] = defaultdict(list)
    optimizer = keras_internals.inner_optimizer(optimizer or model.optimizer)
    for name, place in (*_of_optimizer(optimizer), *_of_schedule(optimizer._learning_rate)):
        found[name].append(place)
    for layer in model._flatten_layers():
        for name, place in (*_of_layer(layer), *_of_regularizers(layer)):
            if place not in found[name]:  # layers may share a regularizer
                found[name].append(place)
    for loss in keras_internals.losses_of(model):
        for name, place in _of_loss(loss):
            found[name].append(place)
    return {name: places for name, places in found.items() if places}


def known(model: keras.Model) -> tuple[str, ...]:
    """Return the names of the hyperparameters that members of `model` may have."""
    return ("seed", "learning_rate", *sorted({*places_in(model)} - {"learning_rate"}))


def _of_optimizer(optimizer: Any) -> Iterator[tuple[str, Place]]:
    settings = optimizer.get_config()
    for name in (*CALCULATED, *ASKED, *ASKED_AND_ZERO_IS_OFF):
        if name in settings and hasattr(optimizer, name):
            high = 1.0 if name.startswith(("beta", "rho", "momentum", "ema")) else math.inf
            off = name in ASKED_AND_ZERO_IS_OFF
            yield name, Place(optimizer, name, name not in CALCULATED, off, high)


def _of_schedule(schedule: Any) -> Iterator[tuple[str, Place]]:
    for attribute in SCHEDULES.get(type(schedule).__name__, ()):
        name = "learning_rate" if attribute == "initial_learning_rate" else attribute
        yield name, Place(schedule, attribute)


def _of_layer(layer: Any) -> Iterator[tuple[str, Place]]:
    """Yield rates and deviations that are not zero: at zero Keras draws no seed for the layer."""
    kind = type(layer).__name__
    if not type(layer).__module__.startswith("keras."):
        return
    if kind in DROPOUTS and layer.rate:
        yield "dropout", Place(layer, "rate", is_asked=True, high=1.0)
    elif kind in CELLS and layer.dropout:
        yield "dropout", Place(layer, "dropout", is_asked=True, high=1.0)
    elif kind == "GaussianNoise" and layer.stddev:
        yield "noise", Place(layer, "stddev", is_asked=True)


def _of_regularizers(layer: Any) -> Iterator[tuple[str, Place]]:
    for attribute in WEIGHT_REGULARIZERS:
        yield from _of_regularizer(getattr(layer, attribute, None), prefix="")
    yield from _of_regularizer(getattr(layer, "activity_regularizer", None), prefix="activity_")


def _of_regularizer(regularizer: Any, *, prefix: str) -> Iterator[tuple[str, Place]]:
    kinds = keras.regularizers
    if type(regularizer) in (kinds.L1, kinds.L1L2):
        yield f"{prefix}l1", Place(regularizer, "l1", is_asked=True)
    if type(regularizer) in (kinds.L2, kinds.L1L2):
        yield f"{prefix}l2", Place(regularizer, "l2", is_asked=True)


def _of_loss(loss: Any) -> Iterator[tuple[str, Place]]:
    settings = getattr(loss, "_fn_kwargs", {})
    for name in LOSS_SETTINGS:
        if isinstance(settings.get(name), int | float):
            is_share = name == "label_smoothing"
            high = 1.0 if is_share else math.inf
            yield name, Place(settings, name, is_asked=is_share, high=high)
            if hasattr(loss, name):  # for its configuration alone
                yield name, Place(loss, name, is_asked=is_share, high=high)


# -- checking --------------------------------------------------------------------


def check_names(names: Sequence[str], there_are: Sequence[str]) -> None:
    """Raise UnknownNameError, listing the hyperparameters there are, unless all are known."""
    for name in names:
        if name not in there_are:
            meant = closest(name, there_are)
            raise UnknownNameError(
                f"This model has no hyperparameter {name!r}. It has {', '.join(there_are)}.",
                hint=f"did you mean {meant!r}?" if meant else _how_to_have(name),
            )


def _how_to_have(name: str) -> str | None:
    if name in ("dropout", "noise"):
        return "a layer whose rate is 0 draws nothing: build the model with any rate above 0"
    if name in ("l1", "l2"):
        return f'build the layers with kernel_regularizer="{name}"'
    return None


def check_value(name: str, value: Any, places: Sequence[Place]) -> None:
    """Raise SpecError unless a member's value of a hyperparameter can be.

    Args:
        name: The hyperparameter.
        value: What was asked for; None turns off what may be turned off.
        places: Where it is read.
    """
    if value is None and all(place.value is None or place.is_off_at_zero for place in places):
        return
    high = min((place.high for place in places), default=math.inf)
    if not _is_number(value) or not 0 <= value < high:
        bound = "at least 0" if high == math.inf else f"at least 0 and below {high:g}"
        raise SpecError(f"`{name}` must be a number {bound}. Received: {name}={value!r}.")


def _is_number(value: Any) -> TypeGuard[float]:
    is_real = isinstance(value, int | float) and not isinstance(value, bool)
    return is_real and math.isfinite(value)


def is_off(value: Any, places: Sequence[Place]) -> bool:
    """Return whether a value turns off what it sets, which takes a program of its own."""
    return value is None or (value == 0 and any(place.is_off_at_zero for place in places))


# -- applying -----------------------------------------------------------------------


@contextlib.contextmanager
def applied(places: Places, values: Mapping[str, Any]) -> Iterator[None]:
    """Let Keras read `values` where it reads hyperparameters, until the context ends.

    Args:
        places: Where each is read.
        values: A traced or plain number, or None, by name.
    """
    chosen = [(place, values[name]) for name in values for place in places[name]]
    before = [(place, place.value) for place, _ in chosen]
    try:
        for place, value in chosen:
            place.put(_Traced(value, place) if place.is_asked and _is_traced(value) else value)
        with _unwrapping() if any(place.is_asked for place, _ in chosen) else _nothing():
            yield
    finally:
        for place, value in before:
            place.put(value)


def _is_traced(value: Any) -> bool:
    return hasattr(value, "aval")


_nothing = contextlib.nullcontext
# Keras compares with 0 and, for rates, with 1.
REFERENCE = 0.5


class _Traced:
    """A traced number that Keras may ask about: calculations go to the tracer.

    Comparisons are answered as for a number between zero and one.
    """

    def __init__(self, tracer: Any, place: Place) -> None:
        self.tracer = tracer
        self.place = place

    def __bool__(self) -> bool:
        return True

    def __hash__(self) -> int:
        return id(self)

    def __neg__(self) -> Any:
        return -self.tracer


def _plain(value: Any) -> Any:
    return value.tracer if isinstance(value, _Traced) else value


def _calculating(name: str) -> Callable[[Any, Any], Any]:
    function = getattr(operator, name)
    return lambda self, other: function(self.tracer, _plain(other))


def _calculating_from_the_right(name: str) -> Callable[[Any, Any], Any]:
    function = getattr(operator, name)
    return lambda self, other: function(_plain(other), self.tracer)


def _comparing(name: str) -> Callable[[Any, Any], Any]:
    function = getattr(operator, name)
    return lambda self, other: function(REFERENCE, other)


for _name in ("add", "sub", "mul", "truediv", "pow"):
    setattr(_Traced, f"__{_name}__", _calculating(_name))
    setattr(_Traced, f"__r{_name}__", _calculating_from_the_right(_name))
for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    setattr(_Traced, f"__{_name}__", _comparing(_name))


@contextlib.contextmanager
def _unwrapping() -> Iterator[None]:
    """Let Keras's operations take what Keras may ask about, for as long as a trace lasts."""
    with keras_internals.wrapped_operations(_taking_traced):
        yield


def _taking_traced(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def taking(*args: Any, **kwargs: Any) -> Any:
        return function(*map(_plain, args), **{key: _plain(v) for key, v in kwargs.items()})

    return taking
