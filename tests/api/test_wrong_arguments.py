"""What is called with a wrong argument says which, in one FathomError, before anything trains."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
import pandas as pd
import pytest

import fathom
from fathom.errors import FathomError, SpecError
from fathom.specs import as_typed, several, typed

FRAME = pd.DataFrame({"width": [1.0, 2.0], "kind": ["left", "right"]})
X, Y = np.zeros((20, 4), "float32"), np.arange(20) % 2
# Wrong for whatever takes numbers, words, switches, paths or lists of them.
STRANGE = (object(), np.zeros((2, 2)), {"a": 1}, [object()], b"bytes", lambda: None)
ANY = {"Any", "object"}


@pytest.fixture(scope="module")
def model() -> keras.Model:
    network = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, name="hidden"), keras.layers.Dense(2)]
    )
    network.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return network


@typed
def taker(
    count: int = 1,
    *,
    share: float = 0.5,
    depths: int | Iterable[int] = (),
    names: str | Sequence[str] = (),
    patience: int | Literal["auto"] | None = "auto",
    size: tuple[int, int] | None = None,
    path: str | Path | None = None,
    switch: bool = False,
    across: str | Mapping[str, Sequence[object]] | None = None,
    on_event: Callable[[Any], None] | None = None,
    frame: pd.DataFrame | None = None,
) -> dict[str, Any]:
    return dict(locals())


@pytest.mark.parametrize(
    ("name", "value", "taken"),
    [
        ("count", np.int64(3), 3),
        ("count", 3.0, 3),
        ("share", np.float32(0.25), 0.25),
        ("share", 2, 2),
        ("depths", 4, 4),
        ("depths", range(3), (0, 1, 2)),
        ("depths", np.arange(3), (0, 1, 2)),
        ("depths", (depth for depth in (1, 2)), (1, 2)),
        ("names", "dense", "dense"),
        ("names", ["dense"], ("dense",)),
        ("patience", None, None),
        ("patience", "auto", "auto"),
        ("size", [8, 8], (8, 8)),
        ("path", Path("a"), Path("a")),
        ("switch", np.bool_(1), True),
        ("across", {"width": [1, 2]}, {"width": [1, 2]}),
        ("on_event", print, print),
    ],
)
def test_what_an_annotation_allows_arrives_as_plain_python(name, value, taken):
    arrived = taker(**{name: value})[name]
    assert arrived == taken and type(arrived) is type(taken)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("count", "three", "`count` must be a whole number. Received: count='three'."),
        ("count", 1.5, "a whole number. Received: count=1.5."),
        ("count", True, "a whole number. Received: count=True."),
        ("count", float("nan"), "a whole number. Received: count=nan."),
        ("count", 10**30, "`count` is too large a number"),
        ("share", "half", "must be a number. Received: share='half'."),
        ("share", np.zeros((9, 9)), "must be a number. Received: share of type ndarray."),
        ("depths", "0-4", "a whole number or a list of whole numbers. Received: depths='0-4'."),
        ("depths", [1, 2.5], "a list of whole numbers. Received: depths=[1, 2.5]."),
        ("names", [1], "text or a list of texts. Received: names=[1]."),
        ("patience", "none", "a whole number or 'auto' or None. Received: patience='none'."),
        ("size", [8, 8, 3], "(a whole number, a whole number) or None"),
        ("path", 3, "text or a path or None. Received: path=3."),
        ("switch", 1, "True or False. Received: switch=1."),
        ("across", 3, "text or a dictionary or None. Received: across=3."),
        ("on_event", 3, "a function or None. Received: on_event=3."),
        ("frame", 3, "a DataFrame or None. Received: frame=3."),
    ],
)
def test_what_an_annotation_does_not_allow_is_refused_in_words(name, value, words):
    with pytest.raises(SpecError) as refused:
        taker(**{name: value})
    assert words in str(refused.value)


def test_an_unknown_argument_is_answered_with_the_nearest():
    with pytest.raises(SpecError, match="`taker` has no argument `depth`") as refused:
        taker(depth=3)  # pyright: ignore[reportCallIssue]
    assert "did you mean `depths`?" in str(refused.value)


def test_options_for_later_are_taken_like_arguments():
    assert as_typed(taker, {"depths": np.arange(2)}) == {"depths": (0, 1)}
    with pytest.raises(SpecError, match="`switch` must be True or False"):
        as_typed(taker, {"switch": "yes"})


def test_one_value_stands_for_a_list_of_one():
    assert several(4) == (4,) and several("dense") == ("dense",) and several(range(2)) == (0, 1)


FUNCTIONS = (
    fathom.anatomy,
    fathom.depth_separation,
    fathom.diagnose,
    fathom.experiment,
    fathom.export,
    fathom.features,
    fathom.find_learning_rate,
    fathom.gradient_noise_scale,
    fathom.live,
    fathom.load,
    fathom.open_study,
    fathom.open_sweep,
    fathom.playground,
    fathom.prune,
    fathom.resume,
    fathom.resume_sweep,
    fathom.study,
    fathom.study_spec,
    fathom.sweep,
    fathom.transfer,
    fathom.trim,
    fathom.ParquetBatches,
    fathom.Population,
    fathom.Store,
    fathom.TensorBoard,
)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_public_functions_name_the_argument_that_is_of_a_wrong_kind(function):
    parameters = inspect.signature(function).parameters.values()
    checked = [
        one
        for one in parameters
        if one.kind is not one.VAR_KEYWORD and one.annotation not in ANY and one.name != "on_event"
    ]
    required = {one.name: "iris" for one in parameters if one.default is one.empty}
    required = {name: value for name, value in required.items() if name != "hyperparameters"}
    for parameter in checked:
        for value in STRANGE:
            with pytest.raises(SpecError, match=f"`{parameter.name}` must be"):
                function(**{**_first(required, parameter.name), parameter.name: value})


def _first(required: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return what a function cannot do without, of the kind that its first check lets pass."""
    fitting = {"share": 0.5, "dataset": fathom.load("iris")}
    return {one: fitting.get(one, value) for one, value in required.items() if one != name}


def test_every_public_function_is_tried():
    callables = {name for name in fathom.__all__ if inspect.isfunction(getattr(fathom, name))}
    # `fit` has Keras's arguments and refuses them by rules of its own.
    assert callables - {"fit", "experiments"} <= {one.__name__ for one in FUNCTIONS}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"callbacks": [keras.callbacks.EarlyStopping]}, "make one of it: EarlyStopping(...)"),
        ({"callbacks": ["progress"]}, "`callbacks` must be Keras callbacks. Received: str."),
        ({"shuffle": FRAME}, "`shuffle` must be True or False"),
        ({"watch": 3}, "`watch` must be one of layers. Received: watch=3."),
        ({"x": FRAME}, "must be numbers. Received: DataFrame."),
        ({"y": "kind"}, "must be arrays"),
        ({"x": np.float32(1)}, "must be arrays"),
        ({"validation_data": {}}, "must be arrays"),
    ],
)
def test_fit_names_what_it_cannot_train_with(model, arguments, words):
    given = {"x": X, "y": Y[:2] if arguments.get("x") is FRAME else Y}
    with pytest.raises(FathomError) as refused:
        fathom.fit(model, **{**given, "verbose": 0, **arguments})
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda model: fathom.trim(model, (X, Y), batch_size=0), "`batch_size` must be at least 1"),
        (lambda model: fathom.trim(model, (X, Y), learning_rate=-1.0), "`learning_rate` must be"),
        (lambda model: fathom.prune(model, 0.5, (X, Y), seed=-1), "`seed` must be at least 0"),
        (lambda model: fathom.find_learning_rate(model, X, Y, seed=-1), "`seed` must be at least"),
        (lambda model: fathom.find_learning_rate(model, X, Y, batch_size=0), "`batch_size` must"),
        (lambda model: fathom.gradient_noise_scale(model, X, draws=2), "`y` must fit the model's"),
        (lambda model: fathom.anatomy(model, (X, Y), initial=3), "`initial` must be the weights"),
        (lambda model: fathom.anatomy(None, (X, Y)), "must be a Keras model"),
        (lambda model: fathom.study("iris", dept=[1]), "did you mean `depths`?"),
        (lambda model: fathom.sweep("iris", splits=2, minutes="ten"), "`minutes` must be a number"),
        (lambda model: fathom.sweep("iris", across={"width": 4}), "two values"),
        (lambda model: fathom.diagnose({"loss": ["low"]}), "a list of numbers"),
        (lambda model: fathom.diagnose({"loss": 0.5}), "a list of numbers"),
        (lambda model: fathom.load((X,)), "Received: a tuple of 1."),
        (lambda model: fathom.load(FRAME, target="kind", split=3), "`split` must name a column"),
        (lambda model: fathom.playground(rows=10), "`rows` would say how data are loaded"),
        (lambda model: fathom.Population(model, seed=0).member(1.5), "must be a whole number"),
        (lambda model: fathom.Population(model, seed=0).save("a\0b"), "without NUL"),
        (
            lambda model: list(fathom.Population(model, seed=0).train(X, Y, epochs=1.5)),
            "`epochs` must be a whole number. Received: epochs=1.5.",
        ),
    ],
)
def test_a_wrong_argument_is_refused_in_one_message(model, call, words):
    with pytest.raises(FathomError) as refused:
        call(model)
    assert words in str(refused.value)


def test_one_number_is_a_list_of_one_wherever_a_list_is_taken(model):
    spec = fathom.study_spec(fathom.load("iris"), depths=4, widths=8, learning_rates=0.01)
    assert (spec.depths, spec.widths, spec.learning_rates) == ((4,), (8,), (0.01,))
    found = fathom.features(model, (X + Y[:, None], Y), units=2, layers="hidden", steps=1)
    assert {(unit.layer, unit.unit) for unit in found.result.units} == {("hidden", 2)}
