"""What to run: a study of depth, as frozen data."""

from __future__ import annotations

from dataclasses import dataclass

from fathom.specs.model import ModelSpec
from fathom.specs.names import one_of
from fathom.specs.ranges import above, at_least, distinct

DEFAULT_LEARNING_RATES = (3e-4, 1e-3, 3e-3)
FULL, HALVING = "full", "halving"
ALLOCATIONS = (FULL, HALVING)
CONSTANT, LINEAR, COSINE = "none", "linear", "cosine"
DECAYS = (CONSTANT, LINEAR, COSINE)


@dataclass(frozen=True, kw_only=True)
class TrainSpec:
    """How each member is trained.

    Args:
        optimizer: A Keras optimizer name, such as "adam" or "sgd".
        epochs: Passes over the training rows, at most.
        batch_size: Rows per optimisation step.
        patience: Epochs without a better validation loss before a member
            stops and returns to its best weights; None trains all epochs,
            and still keeps the best weights.
        watch: Whether each layer is measured once per epoch.
        decay: How the learning rate falls over the epochs: "none" leaves it as it is,
            "linear" brings it to zero in a straight line, "cosine" in half a cosine.

    Raises:
        SpecError: A number is out of range, or the decay is unknown.
    """

    optimizer: str = "adam"
    epochs: int = 40
    batch_size: int = 32
    patience: int | None = 8
    watch: bool = True
    decay: str = CONSTANT

    def __post_init__(self) -> None:
        at_least("epochs", self.epochs, 1, hint="use epochs=1 for a single pass over the data")
        at_least("batch_size", self.batch_size, 1)
        if self.patience is not None:
            at_least("patience", self.patience, 1)
        one_of("decay", self.decay, DECAYS)


@dataclass(frozen=True, kw_only=True)
class StudySpec:
    """A study of depth: every depth x learning rate x seed.

    Args:
        model: The family and everything the depths have in common; its
            `depth` and `width` are those of the reference network.
        train: How each member is trained.
        depths: Numbers of hidden blocks to compare; 0 is the linear model.
        widths: Units per hidden block; each is compared at every depth.
        learning_rates: Rates tried at every depth; the best is chosen per
            depth on the validation split.
        seeds: Number of seeds, each with its own initial weights and batch
            order.
        seed: First seed; the study uses seed, seed + 1, ...
        match_parameters: Whether each depth gets the width that brings its
            parameter count nearest to the reference network's (the deepest
            network, at the first width).
        allocation: How trainings are shared out; "full" trains the whole grid,
            "halving" lets the worst go at rungs.
        minutes: Time for the whole study; None takes what it takes.
        baselines: Whether gradient boosting and the majority class (or mean)
            are run on the same split.
        regularize: Whether a deeper network that overfits is trained again with
            dropout and L2 before it is rejected.
        max_parameters: Trainable parameters that the chosen network may have, at
            most; None for any number. Larger ones are trained too, so that the
            verdict can say what the limit costs.
        max_latency_ms: Milliseconds that the chosen network may take to predict
            one row; None for any time.

    Raises:
        SpecError: A setting is out of range or unknown.
    """

    model: ModelSpec
    train: TrainSpec = TrainSpec()
    depths: tuple[int, ...] = tuple(range(9))
    widths: tuple[int, ...] = (64,)
    learning_rates: tuple[float, ...] = DEFAULT_LEARNING_RATES
    seeds: int = 5
    seed: int = 0
    match_parameters: bool = False
    allocation: str = FULL
    baselines: bool = True
    minutes: float | None = None
    regularize: bool = True
    max_parameters: int | None = None
    max_latency_ms: float | None = None

    def __post_init__(self) -> None:
        distinct("depths", self.depths)
        distinct("widths", self.widths)
        distinct("learning_rates", self.learning_rates)
        for depth in self.depths:
            at_least("depths", depth, 0, hint="depth 0 is the linear model")
        for width in self.widths:
            at_least("widths", width, 1)
        for rate in self.learning_rates:
            above("learning_rates", rate, 0)
        at_least("seeds", self.seeds, 1)
        at_least("seed", self.seed, 0)
        one_of("allocation", self.allocation, ALLOCATIONS)
        if self.minutes is not None:
            above("minutes", self.minutes, 0)
        if self.max_parameters is not None:
            at_least("max_parameters", self.max_parameters, 1)
        if self.max_latency_ms is not None:
            above("max_latency_ms", self.max_latency_ms, 0)

    @property
    def member_seeds(self) -> tuple[int, ...]:
        """The seeds of the study's members, in order."""
        return tuple(range(self.seed, self.seed + self.seeds))

    @property
    def is_staged(self) -> bool:
        """Whether all architectures train side by side, so that members can be let go."""
        return self.allocation == HALVING or self.minutes is not None

    @property
    def trainings(self) -> int:
        """Number of members the full grid trains."""
        return len(self.depths) * len(self.widths) * len(self.learning_rates) * self.seeds
