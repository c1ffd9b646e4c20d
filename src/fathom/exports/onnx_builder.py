"""An ONNX graph as it is put together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from fathom.errors import SpecError

OPSET = 20
IR_VERSION = 10  # readable by runtimes from 2024 on
TYPES = {"float32": "FLOAT", "int32": "INT32", "int64": "INT64", "bool": "BOOL", "uint8": "UINT8"}


def onnx_package() -> Any:
    """Return the `onnx` package.

    Raises:
        SpecError: It is not installed.
    """
    try:
        import onnx
    except ImportError as error:
        raise SpecError(
            "ONNX files are written by the package onnx. Received: it is not installed.",
            hint="pip install 'fathom-nn[export]'",
        ) from error
    return onnx


class Builder:
    """Nodes and constants, each named for the step they belong to.

    Args:
        step: Name of the step that is written.
    """

    def __init__(self) -> None:
        self._onnx = onnx_package()
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.step = ""
        self._count = 0

    def add(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> str:
        """Add a node and return the name of its first output."""
        self._count += 1
        name = f"{self.step}/{kind}_{self._count}"
        names = [name, *(f"{name}_{k}" for k in range(1, outputs))]
        node = self._onnx.helper.make_node(kind, list(inputs), names, name=name, **attributes)
        self.nodes.append(node)
        return name

    def constant(self, values: Any, *, name: str = "constant", dtype: str = "float32") -> str:
        """Add an array and return its name."""
        self._count += 1
        full = f"{self.step}/{name}_{self._count}"
        array = np.ascontiguousarray(np.asarray(values, dtype))
        self.constants.append(self._onnx.numpy_helper.from_array(array, full))
        return full

    def integers(self, values: Sequence[int]) -> str:
        """Add whole numbers, such as a shape, and return their name."""
        return self.constant(list(values), name="sizes", dtype="int64")

    def transposed(self, value: str, order: Sequence[int]) -> str:
        """Add a transposition and return its name."""
        return self.add("Transpose", value, perm=list(order))

    def reshaped(self, value: str, shape: Sequence[int]) -> str:
        """Add a reshape, where 0 keeps a size, and return its name."""
        return self.add("Reshape", value, self.integers(shape))

    def model(
        self,
        *,
        name: str,
        inputs: Sequence[tuple[str, Sequence[int | None], str]],
        outputs: Sequence[tuple[str, str, Sequence[int | None]]],
    ) -> bytes:
        """Return the file.

        Args:
            name: The model's name.
            inputs: Name, shape of a row, and type of each.
            outputs: Name, what it is called in the nodes, and shape of a row of each.
        """
        helper = self._onnx.helper
        for public, inner, _ in outputs:
            self.nodes.append(helper.make_node("Identity", [inner], [public], name=public))
        graph = helper.make_graph(
            self.nodes,
            name,
            [self._value(n, shape, TYPES[dtype]) for n, shape, dtype in inputs],
            [self._value(n, shape, "FLOAT") for n, _, shape in outputs],
            self.constants,
        )
        opset = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=opset, producer_name="fathom")
        model.ir_version = IR_VERSION
        self._onnx.checker.check_model(model, full_check=True)
        return model.SerializeToString()

    def _value(self, name: str, shape: Sequence[int | None], kind: str) -> Any:
        sizes = ["rows", *(f"{name}_{k}" if s is None else s for k, s in enumerate(shape))]
        element = getattr(self._onnx.TensorProto, kind)
        return self._onnx.helper.make_tensor_value_info(name, element, sizes)
