"""What is compared: networks, the data they learn from, and how they are trained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fathom.studies.experiments.splits import Splits

if TYPE_CHECKING:
    import keras

MNIST = "mnist"

# From the splits to a network that is not compiled, ending in logits, probabilities or the value.
Network = Callable[[Splits], "keras.Model"]


@dataclass(frozen=True, kw_only=True)
class Data:
    """What is learned from.

    Args:
        source: What `fathom.load` reads by name; "mnist" is the file that the user names, or
            digits where there is none.
        options: Further options of `fathom.load`.
        train_rows: Training rows that are kept, drawn by the seed; all if None.
        make: Makes the splits from a seed, in place of a source.
        words: What `make` makes.
    """

    source: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    train_rows: int | None = None
    make: Callable[[int], Splits] | None = None
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Training:
    """How the members of an arm are trained.

    Args:
        optimizer: Keras name of the optimizer.
        settings: Its further settings, such as momentum.
        learning_rates: Rates that are tried; the one with the best mean validation score counts.
        epochs: How many; several to measure after each of them.
        batch_size: Rows per step, at most all there are.
        patience: Epochs without a lower validation loss before a member stops, and goes back to
            its best epoch.
        schedule: "constant", or "cosine" for a rate that falls to zero.
        epoch_rows: What an epoch is counted in, where data may be smaller than the claim's: as
            many steps are taken as epochs of so many rows have.
        watch: Whether layers are measured after every epoch.
        chosen_by: Score on validation rows that a rate is chosen by: "score" (accuracy or R2), or
            "loss".
    """

    optimizer: str = "adam"
    settings: Mapping[str, Any] = field(default_factory=dict)
    learning_rates: tuple[float, ...] = (1e-3,)
    epochs: int | tuple[int, ...] = 20
    batch_size: int = 32
    patience: int | None = None
    schedule: str = "constant"
    epoch_rows: int | None = None
    watch: bool = False
    chosen_by: str = "score"

    @property
    def stops(self) -> tuple[int, ...]:
        """Epochs after which something is measured, ascending."""
        return self.epochs if isinstance(self.epochs, tuple) else (self.epochs,)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One setting that is compared with others.

    Args:
        name: In words, short.
        network: What is trained.
        training: How.
        data: What it learns from, where that is not the experiment's.
        at: Its place on the figure's axis, where that is a number.
        line: The line of the figure it belongs to, where there are several.
    """

    name: str
    network: Network
    training: Training = Training()
    data: Data | None = None
    at: float | None = None
    line: str = ""
