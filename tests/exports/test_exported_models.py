"""Exported programs and ONNX files give what the model gives, run by the tools they are for."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest
from safetensors.numpy import load_file
from support.exported import NETWORKS, answers, drawn_network, drawn_rows

import fathom
from fathom.errors import ModelError, SpecError, StoreError

TOLERANCE = 1e-5
L = keras.layers


@pytest.fixture(scope="module", params=NETWORKS)
def network(request) -> tuple[keras.Model, list[np.ndarray], list[np.ndarray]]:
    model = drawn_network(request.param)
    rows = drawn_rows(model)
    return model, rows, answers(model, rows)


def test_keras_code_gives_the_same_predictions(network, tmp_path):
    model, rows, expected = network

    fathom.export(model, tmp_path / "program.py", to="keras-code")
    loaded = _run(tmp_path / "program.py").load()

    assert loaded.name == model.name
    _assert_same(answers(loaded, rows), expected)


def test_onnx_gives_the_same_predictions_for_any_number_of_rows(network, tmp_path):
    model, rows, expected = network

    fathom.export(model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    names = [one.name for one in session.get_inputs()]

    for count in (len(rows[0]), 1):
        given = session.run(None, {n: part[:count] for n, part in zip(names, rows, strict=True)})
        _assert_same(given, [part[:count] for part in expected])


def test_pytorch_code_gives_the_same_predictions_where_there_is_pytorch(network, tmp_path):
    """Without PyTorch, whether the program is Python and reads weights that are there."""
    model, rows, expected = network

    fathom.export(model, tmp_path / "program.py", to="pytorch-code")

    if importlib.util.find_spec("torch") is None:
        assert _weights_read(tmp_path / "program.py") == set(np.load(tmp_path / "program.npz"))
    else:
        _assert_same(_answers_of_torch(_run(tmp_path / "program.py").load(), rows), expected)


def test_saved_weights_are_those_of_the_model_by_layer(network, tmp_path):
    model, _, _ = network

    fathom.export(model, tmp_path / "weights.safetensors")
    fathom.export(model, tmp_path / "weights.npz")

    by_name = load_file(tmp_path / "weights.safetensors")
    sizes = sorted(value.size for value in by_name.values())
    assert sizes == sorted(int(np.prod(variable.shape)) for variable in model.weights)
    with np.load(tmp_path / "weights.npz") as arrays:
        assert all(np.array_equal(arrays[name], value) for name, value in by_name.items())


def test_layers_that_cannot_be_written_are_named_in_one_message(tmp_path):
    inputs = keras.Input((4, 4, 1))
    x = keras.layers.Conv2DTranspose(2, 3, name="wider")(inputs)
    x = keras.layers.Dense(2, activation="sparsemax", name="sparse")(x)
    x = keras.layers.LayerNormalization(axis=(1, 2), name="twofold")(x)
    model = keras.Model(inputs, keras.layers.Dense(1, name="fine")(x))

    for name, to in (("model.onnx", "onnx"), ("model.py", "pytorch-code")):
        with pytest.raises(ModelError) as refused:
            fathom.export(model, tmp_path / name, to=to)
        assert all(f"'{layer}'" in str(refused.value) for layer in ("wider", "sparse", "twofold"))
        assert "fine" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


REFUSED = {
    "a slope, threshold or maximum of its own": ((3,), L.ReLU(negative_slope=0.1)),
    "several axes": ((3, 4), L.Softmax(axis=(1, 2))),
    "mask_zero": ((3,), L.Embedding(5, 2, mask_zero=True)),
    "interpolation bilinear": ((4, 4, 1), L.UpSampling2D(interpolation="bilinear")),
    "an axis that is not the last": ((4, 4, 2), L.BatchNormalization(axis=1)),
    "axes other than the last": ((4, 4), L.LayerNormalization(axis=1)),
    "steps taken backwards": ((4, 3), L.LSTM(2, go_backwards=True)),
    "a recurrent activation other": ((4, 3), L.LSTM(2, recurrent_activation="hard_sigmoid")),
    "activation elu": ((4, 3), L.SimpleRNN(2, activation="elu")),
    "reset_after=False": ((4, 3), L.Bidirectional(L.GRU(2, reset_after=False))),
    "not put side by side": ((4, 3), L.Bidirectional(L.LSTM(2), merge_mode="sum")),
    "channels first": ((1, 4, 4), L.Conv2D(1, 1, data_format="channels_first")),
}


@pytest.mark.parametrize("reason", REFUSED)
@pytest.mark.parametrize(("name", "to"), [("model.onnx", "onnx"), ("model.py", "pytorch-code")])
def test_settings_without_a_counterpart_are_refused_for_the_same_reason(reason, name, to, tmp_path):
    shape, layer = REFUSED[reason]
    inputs = keras.Input(shape)
    with pytest.raises(ModelError, match=reason):
        fathom.export(keras.Model(inputs, layer(inputs)), tmp_path / name, to=to)
    assert list(tmp_path.iterdir()) == []


def test_what_keras_code_cannot_say_is_refused(tmp_path):
    @keras.saving.register_keras_serializable("tests")
    class Own(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x

    inputs = keras.Input((2,))
    own = keras.Model(inputs, Own(name="my_own")(inputs))
    code = keras.Model(inputs, keras.layers.Lambda(lambda x: x, name="my_code")(inputs))

    for model, name in ((own, "my_own"), (code, "my_code")):
        with pytest.raises(ModelError, match=name):
            fathom.export(model, tmp_path / "program.py", to="keras-code")
    with pytest.raises(ModelError, match="functional"):
        fathom.export(_Subclassed(), tmp_path / "program.py", to="keras-code")


class _Subclassed(keras.Model):
    def call(self, x: Any) -> Any:
        return x


def test_a_models_name_cannot_break_out_of_the_program(tmp_path):
    inputs = keras.Input((2,), name='x"\n    import os')
    model = keras.Model(
        inputs, keras.layers.Dense(1, name="lambda")(inputs), name='a"""\nimport os'
    )

    fathom.export(model, tmp_path / "program.py", to="keras-code")
    tree = ast.parse((tmp_path / "program.py").read_text())

    imported = [
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    ]
    assert imported == ["keras", "numpy"]
    rows = drawn_rows(model)
    _assert_same(answers(_run(tmp_path / "program.py").load(), rows), answers(model, rows))


def test_a_program_that_was_not_exported_is_not_replaced(tmp_path):
    model = drawn_network("sequential")
    (tmp_path / "mine.py").write_text("print('years of work')\n")

    with pytest.raises(StoreError, match="no exported program"):
        fathom.export(model, tmp_path / "mine.py", to="pytorch-code")
    assert "years" in (tmp_path / "mine.py").read_text()
    for _ in range(2):
        fathom.export(model, tmp_path / "theirs.py", to="pytorch-code")


def test_format_and_ending_must_fit(tmp_path):
    model = drawn_network("sequential")
    for name, to, message in [
        ("model.py", None, "Received: none"),
        ("model.py", "onnx", "must end in .onnx"),
        ("model.onnx", "tflite", "tflite"),
    ]:
        with pytest.raises(SpecError, match=message):
            fathom.export(model, tmp_path / name, to=to)


def test_the_command_exports_a_file_and_says_what_it_wrote(fathom, tmp_path):
    model = drawn_network("sequential")
    model.compile("sgd", "mse")
    model.save(tmp_path / "small.keras")

    told = fathom("export", "small.keras", "--to", "keras-code")
    refused = fathom("export", "small.keras", "-o", "small.h5")

    assert told.returncode == 0 and "small_keras.py and small_keras.npz" in told.stdout
    assert (tmp_path / "small_keras.npz").is_file()
    assert refused.returncode == 2 and "onnx, keras-code" in refused.stderr


def _run(program: Path) -> ModuleType:
    spec: Any = importlib.util.spec_from_file_location("exported_program", program)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _weights_read(program: Path) -> set[str]:
    tree = ast.parse(program.read_text())
    return {
        str(node.slice.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.value, ast.Name)
        and node.value.id == "weights"
        and isinstance(node.slice, ast.Constant)
    }


def _answers_of_torch(network: Any, rows: list[np.ndarray]) -> list[np.ndarray]:
    import torch  # pyright: ignore[reportMissingImports]

    with torch.no_grad():
        given = network(*map(torch.from_numpy, rows))
    return [part.numpy() for part in (given if isinstance(given, tuple) else (given,))]


def _assert_same(given: Any, expected: list[np.ndarray]) -> None:
    for ours, theirs in zip(given, expected, strict=True):
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < TOLERANCE * max(1, np.abs(theirs).max())
