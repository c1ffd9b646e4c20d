"""Networks from a user's own FILE.py:FUNCTION."""

from __future__ import annotations

import textwrap
from pathlib import Path

import keras
import numpy as np
import pytest

from fathom import models
from fathom.errors import ModelError
from fathom.specs import ModelSpec

HEADER = "import keras\nfrom keras import layers\n"
STACK = """
def build(depth, width=8, input_shape=(4,), outputs=3):
    inputs = keras.Input(input_shape)
    x = inputs
    for _ in range(depth):
        x = layers.Dense(width, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(outputs)(x))
"""


def spec_for(folder: Path, source: str, *, function: str = "build", **settings) -> ModelSpec:
    file = folder / "nets.py"
    file.write_text(HEADER + textwrap.dedent(source))
    settings = {"depth": 2, "input_shape": (4,), "num_classes": 3, **settings}
    return ModelSpec(family=f"{file}:{function}", **settings)


def sizes(model: keras.Model) -> list[int]:
    return [layer.units for layer in model.layers if isinstance(layer, keras.layers.Dense)]


def test_a_function_gets_what_it_accepts_of_the_spec(tmp_path: Path) -> None:
    model = models.build(spec_for(tmp_path, STACK, depth=3, width=5, num_classes=7))
    assert sizes(model) == [5, 5, 5, 7]
    assert model.output_shape == (None, 7)


@pytest.mark.parametrize(
    "signature",
    ["depth", "n", "depth, /", "*, depth", "n, width", "depth, **rest", "width, depth", "*sizes"],
)
def test_depth_arrives_by_name_or_in_first_place(tmp_path: Path, signature: str) -> None:
    source = f"""
    def build({signature}):
        given = {{**locals(), **locals().get("rest", {{}})}}
        depth = given.get("depth", given.get("n", given.get("sizes")))
        depth = depth[0] if isinstance(depth, tuple) else depth
        width = given.get("width", 8)
        return keras.Sequential(
            [keras.Input((4,))] + [layers.Dense(width)] * 0
            + [layers.Dense(width) for _ in range(depth)] + [layers.Dense(3)])
    """
    accepts_width = "width" in signature or "rest" in signature
    model = models.build(spec_for(tmp_path, source, depth=2, width=6))
    assert sizes(model) == [6, 6, 3] if accepts_width else [8, 8, 3]


@pytest.mark.parametrize(
    ("num_classes", "units", "activation"),
    [(3, 3, "softmax"), (2, 1, "sigmoid"), (2, 2, "softmax")],
)
def test_logits_are_finished_with_probabilities(
    tmp_path: Path, num_classes: int, units: int, activation: str
) -> None:
    source = f"""
    def build(depth):
        return keras.Sequential([keras.Input((4,)), layers.Dense({units}, name="probabilities")])
    """
    model = models.build(spec_for(tmp_path, source, num_classes=num_classes))
    assert model.layers[-1].activation is getattr(keras.activations, activation)
    total = np.asarray(model(np.ones((2, 4), "float32"))).sum(axis=-1)
    assert units == 1 or np.allclose(total, 1)
    view = models.compile_for(model, task="classification", optimizer="adam")
    assert view.loss.get_config()["from_logits"] is True


@pytest.mark.parametrize(
    "last", ["layers.Dense(3, activation='softmax')", "layers.Dense(3), layers.Softmax()"]
)
def test_probabilities_are_left_as_they_are(tmp_path: Path, last: str) -> None:
    source = f"""
    def build(depth):
        model = keras.Sequential([keras.Input((4,)), {last}])
        model.compile("sgd", "sparse_categorical_crossentropy")
        return model
    """
    model = models.build(spec_for(tmp_path, source))
    assert isinstance(model, keras.Sequential)
    x, y = np.ones((8, 4), "float32"), np.arange(8) % 3
    view = models.compile_for(model, task="classification", optimizer="adam")
    separate = "Softmax" in last
    assert (view is not model) == separate
    assert view.loss.get_config()["from_logits"] is separate
    assert np.isfinite(view.evaluate(x, y, verbose="silent")).all()


def test_a_sequential_model_without_an_input_gets_the_datas(tmp_path: Path) -> None:
    source = """
    def build(depth):
        return keras.Sequential([layers.Flatten(), layers.Dense(3)])
    """
    model = models.build(spec_for(tmp_path, source, input_shape=(2, 5)))
    assert model.input_shape == (None, 2, 5)


def test_parameters_are_counted_by_building(tmp_path: Path) -> None:
    spec = spec_for(tmp_path, STACK, depth=2, width=5)
    assert models.num_parameters(spec) == (4 * 5 + 5) + (5 * 5 + 5) + (5 * 3 + 3)
    plain = ModelSpec(depth=2, width=5, input_shape=(4,), num_classes=3)
    assert models.matched_width(spec, 400) == models.matched_width(plain, 400)


def test_a_function_that_ignores_width_keeps_it(tmp_path: Path) -> None:
    source = "def build(depth):\n    return keras.Sequential([keras.Input((4,)), layers.Dense(3)])"
    spec = spec_for(tmp_path, source, width=11)
    assert models.matched_width(spec, 1000) == 11


def test_the_file_can_import_its_neighbours_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    (tmp_path / "own_parts_of_nets.py").write_text("UNITS = 3\n")
    source = """
    from own_parts_of_nets import UNITS

    def build(depth):
        return keras.Sequential([keras.Input((4,)), layers.Dense(UNITS)])
    """
    models.build(spec_for(tmp_path, source))
    assert not list(tmp_path.glob("__pycache__/nets*"))


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    assert len(models.build(spec_for(tmp_path, STACK)).layers) == 5
    changed = STACK.replace("range(depth)", "range(depth + 3)")
    assert len(models.build(spec_for(tmp_path, changed)).layers) == 8


def test_description_names_the_file(tmp_path: Path) -> None:
    spec = spec_for(tmp_path, STACK, depth=3, width=5)
    assert models.describe(spec) == f"{tmp_path}/nets.py:build, depth 3, width 5"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def build(depth):\n    return depth", r"must be a keras.Model. Received: int"),
        (
            "class Net(keras.Model):\n    pass\n\ndef build(depth):\n    return Net()",
            r"must be a functional or a built Sequential model.*a Net",
        ),
        (
            "def build(depth):\n    return keras.Sequential([keras.Input((4,)), layers.Dense(5)])",
            r"outputs of shape \(3,\) for classification with 3 classes. "
            r"Received: outputs of shape \(5,\)",
        ),
        (
            "def build(depth):\n    return keras.Sequential([keras.Input((9,)), layers.Dense(3)])",
            r"inputs of shape \(4,\).*Received: inputs of shape \(9,\)",
        ),
        (
            "def build(n):\n    return keras.Sequential([layers.Conv2D(3, 2), layers.Dense(3)])",
            r"does not take inputs of shape \(4,\)",
        ),
        (
            "def build(depth):\n    i = keras.Input((4,))\n"
            "    return keras.Model(i, layers.Dense(3, activation='tanh')(i))",
            r"must end in softmax, sigmoid, or no activation",
        ),
        (
            "def build(depth):\n    ratio = 1 / 0\n    return ratio",
            r"build raised ZeroDivisionError: division by zero \(.*nets.py:4\)",
        ),
        (
            "def build(depth):\n    return layers.Dense(-1)",
            r"nets.py:build raised ValueError: .*units.*\(.*nets.py:4\)",
        ),
        ("def build(depth):\n    raise SystemExit(3)", r"raised SystemExit: 3 \(.*nets.py:4\)"),
    ],
)
def test_what_a_function_returns_or_raises_is_told_in_one_message(
    tmp_path: Path, source: str, message: str
) -> None:
    spec = spec_for(tmp_path, source)
    models.check(spec)
    with pytest.raises(ModelError, match=message) as caught:
        models.build(spec)
    assert "Traceback" not in str(caught.value)


def test_a_wrong_number_of_outputs_for_two_classes_names_both_that_would_do(
    tmp_path: Path,
) -> None:
    source = "def build(depth):\n    return keras.Sequential([keras.Input((4,)), layers.Dense(3)])"
    with pytest.raises(ModelError, match=r"\(1,\) or \(2,\) for classification with 2 classes"):
        models.build(spec_for(tmp_path, source, num_classes=2))
    with pytest.raises(ModelError, match=r"outputs of shape \(1,\) for regression\. Received"):
        models.build(spec_for(tmp_path, source, task="regression", num_classes=0))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def biuld(depth):\n    pass", r"has no function 'build'(?s:.*)did you mean 'biuld'"),
        ("def residual(depth):\n    pass", r"no function 'build'(?s:.*)hint: it has residual"),
        ("build = 3", r"has no function 'build'"),
        ("def build(depth:\n    pass", r"raised SyntaxError: .*\(.*nets.py:3\)"),
        ("import nothing_of_this_name", r"raised ModuleNotFoundError: .*\(.*nets.py:3\)"),
        (
            "def build(depth, heads):\n    pass",
            r"no more than Fathom can give: width, input_shape, .*missing.*'heads'",
        ),
        ("def build():\n    pass", r"must take depth"),
        ("build = max", r"must take depth(?s:.*)no signature"),
    ],
)
def test_an_unfit_file_is_refused_before_anything_is_built(
    tmp_path: Path, source: str, message: str
) -> None:
    with pytest.raises(ModelError, match=message):
        models.check(spec_for(tmp_path, source))


@pytest.mark.parametrize(
    ("family", "message"),
    [
        ("nets.py", r"is named FILE.py:FUNCTION. Received: family='nets.py'"),
        (":build", r"is named FILE.py:FUNCTION"),
        ("nets.py:", r"is named FILE.py:FUNCTION"),
        ("absent.py:build", r"There is no file absent.py"),
    ],
)
def test_a_name_that_leads_nowhere_is_refused(family: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        models.check(ModelSpec(family=family, input_shape=(4,), num_classes=3))
