"""Files made to harm: each is refused with a message, within bounds, and leaves no trace."""

from __future__ import annotations

import io
import json
import resource
import struct
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state
from keras.src.saving import serialization_lib

from fathom import models
from fathom.errors import ModelError
from fathom.models.files.allowed import allowed_classes, allowed_functions
from fathom.specs import ModelSpec

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MAX_GROWTH_KIBIBYTES = 300 * 1024


@pytest.fixture(scope="module")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Members of a file that Keras wrote."""
    path = tmp_path_factory.mktemp("model") / "ordinary.keras"
    spec = ModelSpec(depth=1, width=3, input_shape=(4,), num_classes=3)
    path.write_bytes(models.model_bytes(models.build(spec)))
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(autouse=True)
def _process_is_as_it_was() -> Iterator[None]:
    before, memory = process_state(), peak_kibibytes()
    yield
    assert process_state() == before
    assert peak_kibibytes() - memory < MAX_GROWTH_KIBIBYTES


def process_state() -> dict[str, Any]:
    return {
        "floatx": keras.config.floatx(),
        "policy": keras.config.dtype_policy().name,
        "image": keras.config.image_data_format(),
        "custom": dict(keras.saving.get_custom_objects()),
        "safe": serialization_lib.in_safe_mode(),
        "scope": global_state.get_global_attribute("stateless_scope"),
        "pending": len(global_state.get_global_attribute("uninitialized_variables") or ()),
        "path": list(sys.path),
    }


def peak_kibibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def write(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def with_config(
    members: dict[str, bytes], change: Callable[[dict[str, Any]], Any]
) -> dict[str, bytes]:
    config = json.loads(members[CONFIG])
    change(config)
    return {**members, CONFIG: json.dumps(config).encode()}


def hidden_layer(config: dict[str, Any]) -> dict[str, Any]:
    return config["config"]["layers"][1]


def becomes(class_name: str, module: str | None = "keras.layers", **more: Any) -> Callable:
    """Return a change that makes the hidden layer something else, with `more` settings."""

    def change(config: dict[str, Any]) -> None:
        layer = hidden_layer(config)
        layer.update(class_name=class_name, module=module, registered_name=None)
        layer["config"] = {"name": layer["name"], **more}

    return change


def setting(**settings: Any) -> Callable:
    """Return a change of settings of the hidden layer."""
    return lambda config: hidden_layer(config)["config"].update(settings)


def consistently(change: Callable) -> Callable:
    """Return a change after which the layers above take whatever shape they are given."""

    def changed(config: dict[str, Any]) -> None:
        change(config)
        for layer in config["config"]["layers"]:
            layer.pop("build_config", None)

    return changed


def compiled_with(**settings: Any) -> Callable:
    return lambda config: config["compile_config"].update(settings)


def keras_object(class_name: str, module: str | None, config: Any, registered: Any = None) -> dict:
    return {"class_name": class_name, "module": module, "config": config,
            "registered_name": registered}  # fmt: skip


SET_FLOATX = keras_object("function", "keras.config", "set_floatx", "set_floatx")
LAMBDA = keras_object("Lambda", "keras.layers", {"function": SET_FLOATX, "name": "evil"})

NOT_KERAS = {
    "lambda-layer": becomes("Lambda", function=SET_FLOATX, arguments={"value": "float64"}),
    "other-library": becomes("TorchModuleWrapper", module_="x"),
    "saved-model": becomes("TFSMLayer", filepath="/tmp/evil"),
    "jax-function": becomes("JaxLayer", call_fn=SET_FLOATX),
    "vocabulary-file": becomes("StringLookup", vocabulary="/etc/passwd"),
    "no-module": becomes("Dense", None, units=3),
    "other-module": becomes("system", "os"),
    "inside-keras": becomes("Lambda", "keras.src.layers.core.lambda_layer"),
    "keras-like": becomes("Thing", "keras_hub.models"),
    "unknown": becomes("Dense2"),
    "list-for-name": lambda config: hidden_layer(config).update(class_name=["Dense"]),
    "list-for-module": lambda config: hidden_layer(config).update(module=["keras.layers"]),
    "registered": lambda config: hidden_layer(config).update(registered_name="evil>Dense"),
    "python-lambda": setting(activation=keras_object("__lambda__", None, {"value": ["", "", ""]})),
    "config-function": setting(activation=SET_FLOATX),
    "download": setting(activation=keras_object("function", "keras.utils", "get_file", "get_file")),
    "os-function": setting(activation=keras_object("function", "os", "system", "system")),
    "deserializer": setting(
        activation=keras_object("function", "keras.activations", "deserialize", "deserialize")
    ),
    "tensor": setting(bias_initializer=keras_object("__tensor__", None, {"value": [1.0]})),
    "array": setting(bias_initializer=keras_object("__numpy__", None, {"value": [1.0]})),
    "deep-in-a-wrapper": becomes("TimeDistributed", layer=LAMBDA),
    "as-a-cell": becomes("RNN", cell=LAMBDA),
    "as-a-seed": setting(seed=LAMBDA),
    "in-a-list": setting(anything=[[[{"x": LAMBDA}]]]),
    "in-the-loss": compiled_with(loss=LAMBDA),
    "in-the-metrics": compiled_with(metrics=[SET_FLOATX]),
    "in-the-optimizer": compiled_with(
        optimizer=keras_object("MultiOptimizer", "keras.optimizers", {})
    ),
    "in-a-call": lambda config: hidden_layer(config)["inbound_nodes"][0]["kwargs"].update(x=LAMBDA),
    "policy": setting(dtype=keras_object("DTypePolicy", "keras", {"name": "int8_from_float32"})),
}

TOO_MUCH = {
    "units": consistently(setting(units=10**9)),
    "more-units": setting(units=10**15),
    "negative": setting(units=-(10**12)),
    "digits": setting(units=10**4000),
    "repeat": consistently(becomes("RepeatVector", n=10**9)),
    "rows": lambda config: config["config"]["layers"][0]["config"].update(batch_shape=[10**8, 4]),
    "thresholds": compiled_with(
        metrics=[keras_object("AUC", "keras.metrics", {"num_thresholds": 10**8})]
    ),
    "confusion": compiled_with(
        metrics=[keras_object("MeanIoU", "keras.metrics", {"num_classes": 50_000})]
    ),
    "metric-as-a-cell": becomes(
        "RNN", cell=keras_object("AUC", "keras.metrics", {"num_thresholds": 10**8})
    ),
    "unrolled": becomes("LSTM", units=1, unroll=True),
    "quantised": setting(quantization_config={"mode": "int8"}),
    "number-type": setting(dtype="int8_from_float32"),
    "objects": setting(anything=[keras_object("Zeros", "keras.initializers", {})] * 30_000),
    "levels": lambda config: setting(anything=json.loads("[" * 150 + "]" * 150))(config),
}


def refusal(path: Path, match: str) -> str:
    with pytest.raises(ModelError, match=match) as caught:
        models.load_model(path)
    message = str(caught.value)
    assert path.name in message
    assert message.isascii() and "\x1b" not in message
    return message


@pytest.mark.parametrize("name", NOT_KERAS)
def test_what_is_not_keras_own_is_named_and_refused(
    name: str, ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    path = write(tmp_path / "m.keras", with_config(ordinary, NOT_KERAS[name]))
    refusal(path, r"which is not one of the Keras classes and functions that Fathom lets a file")


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_asks_for_too_much_is_refused_before_it_gets_it(
    name: str, ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    path = write(tmp_path / "m.keras", with_config(ordinary, TOO_MUCH[name]))
    refusal(path, r"must have|must be stored in its file|must put out at most")


def test_a_billion_units_are_refused_by_what_they_would_take(
    ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    path = write(tmp_path / "m.keras", with_config(ordinary, TOO_MUCH["units"]))
    refusal(path, r"Received: 3[0-9]{10} bytes declared, \d+ stored")


def test_models_in_models_are_counted_call_by_call(
    ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    with models.without_values():
        inputs = keras.Input((None,))
        model = keras.Model(inputs, keras.layers.ReLU()(inputs))
        for _ in range(16):  # 65,536 calls in a file of a few kilobytes
            inputs = keras.Input((None,))
            model = keras.Model(inputs, model(model(inputs)))
    config = json.dumps(keras.saving.serialize_keras_object(model)).encode()
    path = write(tmp_path / "m.keras", {**ordinary, CONFIG: config})
    refusal(path, "at most 20000 objects, each counted per call")


def test_a_refusal_prints_no_control_characters(ordinary: dict[str, bytes], tmp_path: Path) -> None:
    change = becomes("\x1b[31mDense\u202e" + "x" * 10_000)
    message = refusal(write(tmp_path / "m.keras", with_config(ordinary, change)), "not one of")
    assert len(message) < 1000


def test_the_unchanged_file_is_read(ordinary: dict[str, bytes], tmp_path: Path) -> None:
    for compression in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = write(tmp_path / "m.keras", ordinary, compression)
        assert models.load_model(path).output_shape == (None, 3)


def test_everything_that_may_be_named_exists() -> None:
    layers = {name for module, name in allowed_classes() if module == "keras.layers"}
    assert all(hasattr(keras.layers, name) for name in layers)
    assert not layers & {"Lambda", "TFSMLayer", "JaxLayer", "FlaxLayer", "TorchModuleWrapper"}
    find = serialization_lib._retrieve_class_or_fn
    for module, name in allowed_classes():
        assert isinstance(find(name, None, module, "class", {}, {}), type), name
    for name in allowed_functions():
        assert callable(find(name, None, "builtins", "function", {}, {})), name


def test_configuration_that_is_no_model_is_refused(
    ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    for content, match in [
        (b"", "not JSON"), (b"{", "not JSON"), (b"\xff\xfe", "not JSON"), (b"[]", "not describe"),
        (b"{}", "must have a model"), (b"[" * 100_000, "not JSON"),
        (json.dumps(keras_object("Dense", "keras.layers", {"units": 1})).encode(), "have a model"),
        (json.dumps(keras_object("Sequential", "keras", {"layers": 3})).encode(), "cannot build"),
        (json.dumps(keras_object("Sequential", "keras", {})).encode(), "cannot build"),
    ]:  # fmt: skip
        refusal(write(tmp_path / "m.keras", {**ordinary, CONFIG: content}), match)


def h5_bytes(fill: Callable[[h5py.File], None], original: bytes) -> bytes:
    file = io.BytesIO(original)
    with h5py.File(file, "r+") as opened:
        fill(opened)
    return file.getvalue()


def replaced(name: str, make: Callable[[h5py.Group], None]) -> Callable[[h5py.File], None]:
    def fill(file: h5py.File) -> None:
        group = file["layers/dense/vars"]
        assert isinstance(group, h5py.Group)
        del group[name]
        make(group)

    return fill


def bomb(group: h5py.Group) -> None:
    group.create_dataset("0", shape=(10**9, 4), dtype="f4", chunks=(10**6, 4), compression="gzip")


def outside(group: h5py.Group) -> None:
    group.create_dataset("0", shape=(4, 3), dtype="f4", external=[("/etc/hostname", 0, 48)])


def virtual(group: h5py.Group) -> None:
    layout = h5py.VirtualLayout(shape=(4, 3), dtype="f4")
    layout[:] = h5py.VirtualSource("/tmp/other.h5", "x", shape=(4, 3))
    group.create_virtual_dataset("0", layout)


def shared(group: h5py.Group) -> None:
    data = group.create_dataset("0", data=np.zeros((100, 100), "f4"))
    for number in range(100):
        group[f"again_{number}"] = data


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (bomb, "not all there"),
        (lambda group: group.create_dataset("0", shape=(10**9,), dtype="f4"), "not all there"),
        (outside, "kept somewhere else"),
        (virtual, "kept somewhere else"),
        (shared, "bytes of arrays in a file of"),
        (lambda group: group.__setitem__("0", h5py.SoftLink("/layers/dense/vars/1")), "a link to"),
        (lambda group: group.__setitem__("0", h5py.ExternalLink("/x.h5", "/y")), "a link to"),
        (lambda group: group.__setitem__("0", group.parent), "too many entries"),
        (lambda group: group.create_dataset("0", data="text"), "not an array of numbers"),
        (lambda group: group.create_dataset("0", data=h5py.Empty("f4")), "kept somewhere else"),
        (lambda group: group.create_dataset("0", data=np.zeros((9, 9), "f4")), "cannot build"),
        (lambda group: None, "cannot build"),
    ],
)
def test_weights_that_are_not_plain_arrays_are_refused(
    make: Callable, match: str, ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    weights = h5_bytes(replaced("0", make), ordinary[WEIGHTS])
    refusal(write(tmp_path / "m.keras", {**ordinary, WEIGHTS: weights}), match)


def test_archives_that_keras_did_not_write_are_refused(
    ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "m.keras"
    without = {name: content for name, content in ordinary.items() if name != WEIGHTS}
    for members in (
        {**ordinary, "../evil": b"x"}, {**ordinary, "assets/vocabulary.txt": b"x"}, without, {},
    ):  # fmt: skip
        refusal(write(path, members), "must hold config.json, metadata.json, model.weights.h5")
    many = {**ordinary, **{f"member_{number}": b"" for number in range(1000)}}
    refusal(write(path, many), "more than the three members")
    refusal(write(path, ordinary, zipfile.ZIP_LZMA), "compressed in an unusual way")


def test_a_member_named_twice_is_refused(ordinary: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "m.keras", ordinary)
    with (
        pytest.warns(UserWarning, match="Duplicate name"),
        zipfile.ZipFile(path, "a") as archive,
    ):
        archive.writestr(CONFIG, json.dumps(LAMBDA))
    refusal(path, "must hold config.json")


def test_members_that_unpack_to_too_much_are_refused(
    ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    path = tmp_path / "m.keras"
    zeros = bytes(50 * 2**20)
    refusal(write(path, {**ordinary, WEIGHTS: zeros}, zipfile.ZIP_DEFLATED), "may unpack to 100")
    refusal(
        write(path, {**ordinary, CONFIG: zeros}, zipfile.ZIP_DEFLATED),
        "config.json must be at most 5242880 bytes",
    )


def test_a_header_that_lies_about_sizes_is_refused(
    ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    path = write(tmp_path / "m.keras", ordinary)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")  # the last entry of the directory: the weights
    struct.pack_into("<L", content, entry + 24, 2**31 - 1)
    path.write_bytes(content)
    refusal(path, "may unpack to|must be at most|not a whole")
    struct.pack_into("<H", content, entry + 8, 1)
    struct.pack_into("<L", content, entry + 24, len(ordinary[WEIGHTS]))
    path.write_bytes(content)
    refusal(path, "model.weights.h5 encrypted")


def test_a_file_cut_short_anywhere_is_refused(ordinary: dict[str, bytes], tmp_path: Path) -> None:
    whole = write(tmp_path / "whole.keras", ordinary).read_bytes()
    path = tmp_path / "cut.keras"
    for size in (0, 1, 21, 22, 100, len(whole) // 2, len(whole) - 23, len(whole) - 1):
        path.write_bytes(whole[:size])
        refusal(path, "is not a whole .keras file")


def test_flipped_bytes_never_give_anything_but_a_message(
    ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    whole = write(tmp_path / "whole.keras", ordinary).read_bytes()
    path = tmp_path / "flipped.keras"
    refused = 0
    for position in np.random.default_rng(0).integers(len(whole), size=40):
        content = bytearray(whole)
        content[position] ^= 0xFF
        path.write_bytes(content)
        try:
            models.load_model(path)
        except ModelError:
            refused += 1
    assert refused > 30  # the archive's checksums see nearly all


def test_flipped_bytes_in_the_weights_never_give_anything_but_a_message(
    ordinary: dict[str, bytes], tmp_path: Path
) -> None:
    for position in np.random.default_rng(1).integers(4096, size=25):
        weights = bytearray(ordinary[WEIGHTS])
        weights[position] ^= 0xFF
        path = write(tmp_path / "flipped.keras", {**ordinary, WEIGHTS: bytes(weights)})
        try:
            models.load_model(path)
        except ModelError as error:
            assert path.name in str(error)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("absent.keras", None, "There is no file"),
        ("m.h5", b"x", r"\.keras format. Received(?s:.*)model.save"),
        ("m.hdf5", b"x", r"\.keras format. Received"),
        ("m.pkl", b"x", r"must end in \.keras"),
        ("m.keras", b"x" * 500, "not a zip archive"),
    ],
)
def test_files_of_other_kinds_are_refused(
    name: str, content: bytes | None, match: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    refusal(path, match)


def test_places_that_are_not_files_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder.keras"
    folder.mkdir()
    refusal(folder, "Received: the folder")
    for place in ("hf://user/model.keras", "https://evil.com/m.keras", "s3://bucket/m.keras"):
        with pytest.raises(ModelError, match="must be a local file"):
            models.load_model(place)
