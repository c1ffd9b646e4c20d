"""What a network is made of, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fathom.specs.names import one_of
from fathom.specs.ranges import at_least, within

TASKS = ("classification", "regression")
NORMALIZATIONS = ("none", "batch", "layer")


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One network of a family.

    Args:
        family: A family's name, such as "mlp" or "residual", or
            "FILE.py:FUNCTION" for the user's own.
        depth: Hidden blocks between stem and head; 0 is the linear model.
        width: Units per hidden block.
        input_shape: Shape of one input, without the batch axis.
        task: "classification" or "regression".
        num_classes: Number of classes; 0 for regression.
        activation: A Keras activation name.
        normalization: "none", "batch" or "layer".
        dropout: Share of units dropped after each hidden block, in [0, 1).
        l1: L1 penalty on hidden kernels.
        l2: L2 penalty on hidden kernels.
        initializer: A Keras initializer name, or "auto": He for the ReLU
            family, LeCun for SELU, Glorot otherwise.

    Raises:
        SpecError: A setting is out of range or unknown.
    """

    family: str = "mlp"
    depth: int = 1
    width: int = 64
    input_shape: tuple[int, ...]
    task: str = "classification"
    num_classes: int = 0
    activation: str = "relu"
    normalization: str = "none"
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    initializer: str = "auto"

    def __post_init__(self) -> None:
        one_of("task", self.task, TASKS)
        one_of("normalization", self.normalization, NORMALIZATIONS)
        at_least("depth", self.depth, 0, hint="depth 0 is the linear model")
        at_least("width", self.width, 1)
        within("dropout", self.dropout, 0, 1)
        at_least("l1", self.l1, 0)
        at_least("l2", self.l2, 0)
        if self.task == "classification":
            at_least("num_classes", self.num_classes, 2)

    def at(self, *, depth: int, width: int) -> ModelSpec:
        """Return the same network at another depth and width."""
        return replace(self, depth=depth, width=width)

    @property
    def outputs(self) -> int:
        """Units of the head: one for regression and two classes."""
        return 1 if self.task == "regression" or self.num_classes == 2 else self.num_classes
