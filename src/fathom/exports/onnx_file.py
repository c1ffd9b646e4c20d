"""A model as an ONNX file."""

from __future__ import annotations

from fathom.errors import ModelError
from fathom.exports.graph import Graph, Step, written
from fathom.exports.onnx_builder import TYPES, Builder
from fathom.exports.onnx_layers import write


def onnx_file(graph: Graph) -> bytes:
    """Return the file; its rows are free, its other sizes those of the model.

    Raises:
        ModelError: ONNX has no word for some layers, or an input is of a type it is not written in.
        SpecError: The package onnx is not installed.
    """
    builder = Builder()
    names = {one.name: one.name for one in graph.inputs}
    strange = [one.dtype for one in graph.inputs if one.dtype not in TYPES]
    if strange:
        raise ModelError(
            f"ONNX is written with inputs of {', '.join(TYPES)}. Received: {strange[0]}."
        )

    def add(step: Step) -> None:
        # A step that cannot be written stands for itself, so that all such steps are found.
        names[step.name] = step.name
        names[step.name] = write(builder, step, [names[name] for name in step.inputs])

    written(
        graph,
        add,
        kind="ONNX",
        hint="Keras code and .keras files keep every layer: --to keras-code",
    )
    shapes = {step.name: step.shape for step in graph.steps}
    shapes |= {one.name: one.shape for one in graph.inputs}
    return builder.model(
        name=graph.name,
        inputs=[(one.name, one.shape, one.dtype) for one in graph.inputs],
        outputs=[
            (f"output_{place}" if len(graph.outputs) > 1 else "output", names[name], shapes[name])
            for place, name in enumerate(graph.outputs, 1)
        ],
    )
