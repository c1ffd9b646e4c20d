"""What a network is made of, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from fathom.errors import SpecError
from fathom.specs.names import one_of
from fathom.specs.ranges import at_least, within

AUTO = "auto"
TASKS = ("classification", "regression")
NORMALIZATIONS = ("none", "batch", "layer")
CELLS = ("lstm", "gru", "simple")
READOUTS = ("last", "mean")

_USUAL = {"activation": "relu", "normalization": "none", "cell": AUTO, "readout": AUTO}


@dataclass(frozen=True, kw_only=True)
class _Family:
    """What is particular to a family.

    Args:
        block: What a block is called.
        width: What its width counts.
        usual: Settings that "auto" stands for, where they are not those of most.
        is_convolutional: Whether blocks are convolutions over images.
    """

    block: str = "block"
    width: str = "units"
    usual: Mapping[str, str] = field(default_factory=dict)
    is_convolutional: bool = False


_FAMILIES = MappingProxyType(
    {
        "mlp": _Family(block="hidden layer"),
        "residual": _Family(block="residual block"),
        "cnn": _Family(
            block="convolution block",
            width="channels",
            usual={"normalization": "batch"},
            is_convolutional=True,
        ),
        "residual-cnn": _Family(
            block="residual convolution block",
            width="channels",
            usual={"normalization": "batch"},
            is_convolutional=True,
        ),
        "rnn": _Family(
            block="recurrent layer",
            usual={"activation": "tanh", "cell": "lstm", "readout": "last"},
        ),
        "transformer": _Family(
            block="transformer block",
            width="dimensions",
            usual={"activation": "gelu", "normalization": "layer"},
        ),
    }
)
_OWN = _Family()


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """One network of a family.

    Args:
        family: A family's name, such as "mlp" or "cnn", or
            "FILE.py:FUNCTION" for the user's own.
        depth: Hidden blocks between stem and head; 0 is the linear model.
        width: Units per hidden block.
        input_shape: Shape of one input, without the batch axis.
        task: "classification" or "regression".
        num_classes: Number of classes; 0 for regression.
        activation: A Keras activation name, or "auto": tanh in recurrent
            networks, GELU in transformers, ReLU otherwise.
        normalization: "none", "batch" or "layer", or "auto": batch in
            convolutional networks, layer in transformers, none otherwise.
        dropout: Share of units dropped after each hidden block, in [0, 1).
        l1: L1 penalty on hidden kernels.
        l2: L2 penalty on hidden kernels.
        initializer: A Keras initializer name, or "auto": He for the ReLU
            family, LeCun for SELU, Glorot otherwise.
        cell: "lstm", "gru" or "simple" for family "rnn", where "auto" is
            LSTM; "auto" for all others.
        readout: What the head of family "rnn" reads: "last", the state after
            the last step, or "mean", over the steps; "auto" is last. "auto"
            for all others.
        masked: Whether inputs are sequences filled up with zeros, whose last
            feature is 1 at the steps that are there and 0 elsewhere.
        tokens: How many features make each token of family "transformer",
            where inputs are vectors; () for one each.

    Raises:
        SpecError: A setting is out of range or unknown.
    """

    family: str = "mlp"
    depth: int = 1
    width: int = 64
    input_shape: tuple[int, ...]
    task: str = "classification"
    num_classes: int = 0
    activation: str = AUTO
    normalization: str = AUTO
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    initializer: str = AUTO
    cell: str = AUTO
    readout: str = AUTO
    masked: bool = False
    tokens: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        self._settle()
        one_of("task", self.task, TASKS)
        one_of("normalization", self.normalization, NORMALIZATIONS)
        at_least("depth", self.depth, 0, hint="depth 0 is the linear model")
        at_least("width", self.width, 1)
        within("dropout", self.dropout, 0, 1)
        at_least("l1", self.l1, 0)
        at_least("l2", self.l2, 0)
        if self.task == "classification":
            at_least("num_classes", self.num_classes, 2)
        self._check_family_settings()

    def _settle(self) -> None:
        """Put the family's usual setting where "auto" was asked for."""
        usual = {**_USUAL, **self._family.usual}
        for setting, value in usual.items():
            if getattr(self, setting) == AUTO:
                object.__setattr__(self, setting, value)

    def _check_family_settings(self) -> None:
        for setting, known in (("cell", CELLS), ("readout", READOUTS)):
            value = getattr(self, setting)
            if self.family == "rnn":
                one_of(setting, value, known)
            elif value != AUTO:
                raise SpecError(
                    f"`{setting}` belongs to family 'rnn'. "
                    f"Received: {setting}={value!r} with family={self.family!r}.",
                    hint=f"leave `{setting}` out, or use family='rnn'",
                )

    def at(self, *, depth: int, width: int) -> ModelSpec:
        """Return the same network at another depth and width."""
        return replace(self, depth=depth, width=width)

    def linear(self) -> ModelSpec:
        """Return the linear model of the same inputs and target, whatever the family."""
        return replace(self, family="mlp", depth=0, cell=AUTO, readout=AUTO)

    @property
    def block_words(self) -> tuple[str, str]:
        """What a block is called, and what its width counts.

        Example:
            >>> ModelSpec(
            ...     family="cnn", input_shape=(8, 8, 1), task="regression", num_classes=0
            ... ).block_words
            ('convolution block', 'channels')
        """
        return self._family.block, self._family.width

    @property
    def is_convolutional(self) -> bool:
        """Whether its blocks are convolutions over images."""
        return self._family.is_convolutional

    @property
    def _family(self) -> _Family:
        return _FAMILIES.get(self.family, _OWN)

    @property
    def outputs(self) -> int:
        """Units of the head: one for regression and two classes."""
        return 1 if self.task == "regression" or self.num_classes == 2 else self.num_classes
