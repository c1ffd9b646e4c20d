"""The options of `fathom fit`, beside those of the data."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from fathom.cli import number_lists
from fathom.cli.options import NETWORKS, OUTPUT, TRAINING, Json

DEFAULT_LEARNING_RATE = 1e-3


def _about(help: str, metavar: str | None = None, **settings: Any) -> Parameter:
    return Parameter(help=help, metavar=metavar, **settings)


@Parameter(name="*", group=NETWORKS)
@dataclass(frozen=True, kw_only=True)
class FitNetworkOptions:
    """The network, where no .keras file gives it."""

    family: Annotated[
        str | None,
        _about(
            "mlp, residual, cnn, residual-cnn, rnn, transformer, or your own FILE.py:FUNCTION; "
            "mlp without it.",
            "NAME",
        ),
    ] = None
    depth: Annotated[int | None, _about("Number of hidden blocks; 2 without it.", "NUMBER")] = None
    width: Annotated[int | None, _about("Units per hidden block; 64 without it.", "NUMBER")] = None
    activation: Annotated[
        str | None, _about("Any of Keras's, such as relu, tanh or gelu.", "NAME")
    ] = None
    normalization: Annotated[str | None, _about("none, batch or layer.", "NAME")] = None
    dropout: Annotated[
        float | None,
        _about("Share of units dropped after each hidden block, from 0 to below 1.", "NUMBER"),
    ] = None
    l2: Annotated[float | None, _about("L2 penalty on the hidden layers' weights.", "NUMBER")] = (
        None
    )
    initializer: Annotated[
        str | None, _about("Any of Keras's; auto takes the one that suits the activation.", "NAME")
    ] = None

    def typed(self) -> dict[str, Any]:
        """Return the options that were typed, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def spec_options(self) -> dict[str, Any]:
        """Return these options as those of `fathom.study_spec`."""
        options = {"depth": 2, "width": 64, **self.typed()}
        return {"depths": (options.pop("depth"),), "widths": options.pop("width"), **options}


@Parameter(name="*", group=TRAINING)
@dataclass(frozen=True, kw_only=True)
class FitTrainingOptions:
    """How it is trained."""

    optimizer: Annotated[str, _about("Any of Keras's, such as adam or sgd.", "NAME")] = "adam"
    learning_rate: Annotated[float, _about("Step size of the optimizer.", "NUMBER")] = (
        DEFAULT_LEARNING_RATE
    )
    epochs: Annotated[
        int | None,
        _about(
            "Passes over the training rows, at most. By default 40, and up to 200 for small data.",
            "NUMBER",
        ),
    ] = None
    batch_size: Annotated[
        int | None,
        _about("Rows per step. By default 32, and up to 256 for large data.", "NUMBER"),
    ] = None
    patience: Annotated[
        str,
        _about(
            "Epochs without improvement before training stops; 0 or none trains all epochs, auto "
            "is a fifth of them. The weights of the best epoch are kept either way.",
            "NUMBER",
            allow_leading_hyphen=True,
        ),
    ] = "auto"
    seed: Annotated[
        int, _about("Draws the split, initial weights, batch orders and dropout.", "NUMBER")
    ] = 0

    def spec_options(self) -> dict[str, Any]:
        """Return these options as those of `fathom.study_spec`.

        Raises:
            SpecError: The patience cannot be read.
        """
        return {
            "optimizer": self.optimizer,
            "learning_rates": (self.learning_rate,),
            "epochs": self.epochs,
            "batch_size": self.batch_size,
            "patience": number_lists.patience(self.patience),
            "seed": self.seed,
            "seeds": 1,
        }


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True, kw_only=True)
class FitOutputOptions:
    """What is written where."""

    save: Annotated[
        Path | None,
        _about("Write the trained network, for Keras to load; after Ctrl-C too.", "OUT.keras"),
    ] = None
    json: Json = False
