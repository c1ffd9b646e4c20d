"""A model as a PyTorch program that reads its weights from a file beside it."""

from __future__ import annotations

from fathom.exports.graph import Graph, written
from fathom.exports.pytorch_layers import Part, write
from fathom.exports.texts import called

PROGRAM = '''\
"""{title} as a PyTorch program; the weights are in {weights}, beside it.

Tensors have rows first and channels last, as in Keras.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn

WEIGHTS = Path(__file__).with_name({weights!r})
{helpers}

class Network(nn.Module):
    def __init__(self):
        super().__init__()
{modules}

    def forward(self, {inputs}):
{calls}


def load():
    """Return the network with the weights of the file, ready to answer."""
    network = Network()
    with np.load(WEIGHTS) as arrays:
        weights = {{name: torch.from_numpy(arrays[name]) for name in arrays.files}}
    with torch.no_grad():
{loads}
    return network.eval()


if __name__ == "__main__":
    print(load())
'''


def pytorch_program(graph: Graph, *, weights: str) -> str:
    """Return the program.

    Args:
        graph: The model.
        weights: Name of the .npz file with `graph.weights`.

    Raises:
        ModelError: PyTorch has no word for some layers.
    """
    parts: list[Part] = written(
        graph, write, kind="PyTorch code", hint="Keras code and .keras files keep every layer"
    )
    modules = {name: made for part in parts for name, made in part.modules.items()}
    loads = {name: value for part in parts for name, value in part.loads.items()}
    helpers = dict.fromkeys(helper for part in parts for helper in part.helpers)
    calls = [f"{step.name} = {part.call}" for step, part in zip(graph.steps, parts, strict=True)]
    calls.append(f"return {', '.join(graph.outputs)}")
    return PROGRAM.format(
        title=called(graph.name),
        weights=weights,
        helpers="".join(f"\n{helper}".rstrip("\n") + "\n" for helper in helpers),
        modules=_lines([f"self.{name} = {made}" for name, made in modules.items()] or ["pass"]),
        inputs=", ".join(one.name for one in graph.inputs),
        calls=_lines(calls),
        loads=_lines(
            [f"network.{name}.copy_({value})" for name, value in loads.items()] or ["pass"]
        ),
    )


def _lines(lines: list[str]) -> str:
    return "\n".join(f"        {line}" for line in lines)
