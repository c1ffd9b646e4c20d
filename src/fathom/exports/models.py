"""A model in another tool's format: files by name."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from fathom.specs import one_of

if TYPE_CHECKING:
    import keras
    import numpy as np

ENDINGS = {
    "onnx": (".onnx",),
    "keras-code": (".py",),
    "pytorch-code": (".py",),
    "savedweights": (".safetensors", ".npz"),
}
MODEL_FORMATS = tuple(ENDINGS)


def model_files(model: keras.Model, *, to: str, name: str) -> dict[str, bytes]:
    """Return the files that a model is in another format.

    Args:
        model: A functional or built Sequential model.
        to: "onnx"; "keras-code" or "pytorch-code", a program with the exact
            layers and an .npz file of weights that it reads; or "savedweights",
            the weights alone, as the name ends in .safetensors or .npz.
        name: Name of the first file.

    Returns:
        The files by name, the one that was asked for first.

    Raises:
        SpecError: The format is unknown, or its package is not installed.
        ModelError: Some layers cannot be written so; the message names them.
    """
    from fathom.exports.graph import graph_of

    one_of("to", to, MODEL_FORMATS)
    graph = graph_of(model)
    if to == "onnx":
        from fathom.exports.onnx_file import onnx_file

        return {name: onnx_file(graph)}
    if to == "savedweights":
        return {name: _weights(graph.weights, name)}
    weights = f"{PurePath(name).stem}.npz"
    return {
        name: _program(graph, to, weights).encode(),
        weights: _weights(graph.weights, weights),
    }


def _program(graph: object, to: str, weights: str) -> str:
    from fathom.exports.keras_code import keras_program
    from fathom.exports.pytorch_code import pytorch_program

    write = {"keras-code": keras_program, "pytorch-code": pytorch_program}[to]
    return write(graph, weights=weights)  # pyright: ignore[reportArgumentType]


def _weights(arrays: Mapping[str, np.ndarray], name: str) -> bytes:
    import numpy as np

    if name.endswith(".npz"):
        file, named = io.BytesIO(), dict[str, Any](arrays)
        np.savez(file, **named)
        return file.getvalue()
    from safetensors.numpy import save

    return save({key: np.ascontiguousarray(value) for key, value in arrays.items()})
