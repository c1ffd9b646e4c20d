"""The experiment: everything that an address says, as frozen data."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from fathom.errors import SpecError

CLASSIC = "classic"
MODERN = "modern"
MODES = (CLASSIC, MODERN)

Setting = str | bool | float | None


class Piece(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the experiment; what is left out takes its default."""


class Data(Piece, frozen=True, kw_only=True):
    """What is learned from.

    Args:
        source: A key of the catalog's sources, or "upload:ID".
        task: "classification", "regression", or None for the data's own.
        rows: Number of points; None for the source's own number.
        noise: In percent, 0 to 50.
        train_share: Share of the rows to train on in percent, 10 to 90.
        target: Column to predict, of tables.
        inputs: Columns to learn from, of tables; None for all.
        axes: The two inputs that are drawn.
        formula: Of x and y, for the source "formula".
        added: Further training points, (x, y, label) each.
        removed: Ids of points that are taken away.
    """

    source: str = "circle"
    task: str | None = None
    rows: int | None = None
    noise: float = 0
    train_share: float = 50
    target: str | None = None
    inputs: tuple[str, ...] | None = None
    axes: tuple[int, int] = (0, 1)
    formula: str = "sin(x) * y"
    added: tuple[tuple[float, float, float], ...] = ()
    removed: tuple[int, ...] = ()


class Layer(Piece, frozen=True, kw_only=True):
    """One hidden layer."""

    units: int = 4
    activation: str = "tanh"
    normalization: str = "none"
    dropout: float = 0
    skip: bool = False
    frozen: bool = False


class Output(Piece, frozen=True, kw_only=True):
    """The last layer: kind is "auto", "tanh", "sigmoid", "softmax" or "linear"."""

    kind: str = "auto"
    frozen: bool = False


class Network(Piece, frozen=True, kw_only=True):
    """The network between the inputs and the prediction."""

    layers: tuple[Layer, ...] = (Layer(units=4), Layer(units=2))
    output: Output = Output()
    initializer: str = "playground"


class Regularization(Piece, frozen=True, kw_only=True):
    """A penalty on the kernels: "none", "l1" or "l2"."""

    name: str = "none"
    rate: float = 0


class Stop(Piece, frozen=True, kw_only=True):
    """When training stops by itself; None: never."""

    epochs: int | None = None
    test_loss: float | None = None
    patience: int | None = None


def _sgd() -> dict[str, Setting]:
    return {"name": "sgd", "learning_rate": 0.03}


def _constant() -> dict[str, Setting]:
    return {"name": "constant"}


class Experiment(Piece, frozen=True, kw_only=True):
    """Everything that lives in the address.

    Args:
        mode: "classic" trains as TensorFlow Playground does; "modern" is a Keras model.
        seed: Text that points and first weights are drawn from.
        weights_seed: Text that first weights are drawn from; None: the points' stream goes on.
        features: Formulas of x and y that the network sees.
        optimizer: Its name and settings.
        schedule: Its name and settings.
        shuffle: Whether each epoch has an order of its own.
        init_zero: Whether all weights begin at zero.
        hide: Controls that the address asks to hide.
        view: The page's own settings, carried only.
    """

    mode: str = CLASSIC
    seed: str = "0.38573"
    weights_seed: str | None = None
    data: Data = Data()
    features: tuple[str, ...] = ("x", "y")
    network: Network = Network()
    loss: str = "auto"
    optimizer: dict[str, Setting] = msgspec.field(default_factory=_sgd)
    schedule: dict[str, Setting] = msgspec.field(default_factory=_constant)
    regularization: Regularization = Regularization()
    batch_size: int = 10
    shuffle: bool = False
    init_zero: bool = False
    stop: Stop = Stop()
    hide: tuple[str, ...] = ()
    view: dict[str, Any] = {}

    @property
    def is_classic(self) -> bool:
        """Whether it trains as TensorFlow Playground does."""
        return self.mode == CLASSIC

    @property
    def learning_rate(self) -> float:
        """The optimizer's rate before any schedule."""
        return float(self.optimizer.get("learning_rate") or 0.0)


DEFAULT = Experiment()


def read_experiment(data: Any) -> Experiment:
    """Return the experiment that JSON data describe; its ranges are checked by `check`.

    Raises:
        SpecError: A member is unknown or of the wrong kind.
    """
    try:
        return msgspec.convert(data, Experiment, strict=True)
    except msgspec.ValidationError as error:
        raise SpecError(f"This is no experiment: {error}.") from error


def experiment_data(experiment: Experiment) -> dict[str, Any]:
    """Return the experiment as JSON data, all members present."""
    return msgspec.to_builtins(experiment)


_AnyPiece = TypeVar("_AnyPiece", bound=Piece)


def changed(piece: _AnyPiece, **changes: Any) -> _AnyPiece:
    """Return a piece of the experiment, or all of it, with some members replaced."""
    return msgspec.structs.replace(piece, **changes)
