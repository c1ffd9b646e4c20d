"""What a transfer experiment is asked, and what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fathom.specs import above, at_least, distinct
from fathom.studies.anatomy import Estimate

# Yosinski's names: where the first layers come from, whose task is learned, "+" for fine-tuned.
FROZEN, FINE_TUNED = "AnB", "AnB+"
SELF, SELF_FINE_TUNED = "BnB", "BnB+"
RANDOM = "RnB"
ARMS = {
    FROZEN: "source, frozen",
    FINE_TUNED: "source, fine-tuned",
    SELF: "own, frozen",
    SELF_FINE_TUNED: "own, fine-tuned",
    RANDOM: "random, frozen",
}


@dataclass(frozen=True, kw_only=True)
class TransferSpec:
    """How networks are trained to find out what carries over.

    Args:
        seeds: Networks of every kind, at least 1.
        learning_rates: Tried for every kind; the one with the best mean validation score is used.
        epochs: Passes over the training rows, at most.
        batch_size: Rows per step, at most.
        patience: Epochs without a lower validation loss after which a network stops.
        labels: Training rows that have labels, drawn anew for every seed; None for all.
        optimizer: A Keras optimizer's name.
        seed: The first of the seeds, and that of the intervals.

    Raises:
        SpecError: A number is out of range.
    """

    seeds: int = 5
    learning_rates: tuple[float, ...] = (3e-4, 1e-3, 3e-3, 1e-2)
    epochs: int = 200
    batch_size: int = 32
    patience: int = 20
    labels: int | None = None
    optimizer: str = "adam"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("seeds", "epochs", "batch_size", "patience"):
            at_least(name, getattr(self, name), 1)
        at_least("seed", self.seed, 0)
        if self.labels is not None:
            at_least("labels", self.labels, 2)
        distinct("learning_rates", self.learning_rates)
        for rate in self.learning_rates:
            above("learning_rates", rate, 0)


@dataclass(frozen=True, kw_only=True)
class Arm:
    """One kind of network: the same layers kept from the same place, over seeds.

    Args:
        name: "AnB", "AnB+", "BnB", "BnB+" or "RnB"; "baseB" for the network from scratch.
        cut: How many layers are kept; 0 for none.
        learning_rate: The one that validated best.
        validation: Mean score on validation rows.
        test: Score on test rows, with its interval over seeds and rows.
        gain: By how much `test` is above that of the network from scratch, seed by seed; None
            for that network itself.
        diverged: Networks, at that rate, whose loss did not stay finite.
    """

    name: str
    cut: int
    learning_rate: float
    validation: float
    test: Estimate
    gain: Estimate | None = None
    diverged: int = 0


@dataclass(frozen=True, kw_only=True)
class Cut:
    """What was found for one number of layers.

    Args:
        cut: How many layers are kept.
        layer: Name of the last of them.
        arms: Every kind of network, by name.
        specificity: BnB - AnB: what frozen layers lose because they were learned elsewhere.
        lost_coadaptation: baseB - BnB: what is lost because the layers above cannot be found again.
        learned_benefit: AnB - RnB: what the source's layers are worth beyond random ones.
    """

    cut: int
    layer: str
    arms: dict[str, Arm]
    specificity: Estimate
    lost_coadaptation: Estimate
    learned_benefit: Estimate


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The verdict: what to do with the source network.

    Args:
        is_gain: Whether keeping layers is better than training from scratch, beyond its interval.
        cut: Layers that were kept by the best way to keep any, chosen on validation rows.
        is_fine_tuned: Whether these are trained on.
        gain: Its score on test rows above that of training from scratch.
        carried: First layers, counted from the input, that can be frozen without a loss that could
            be measured against the network's own layers, and are better than random ones.
    """

    is_gain: bool
    cut: int
    is_fine_tuned: bool
    gain: Estimate
    carried: int

    @property
    def arm(self) -> str:
        """Name of the kind of network that was compared."""
        return FINE_TUNED if self.is_fine_tuned else FROZEN


@dataclass(frozen=True, kw_only=True)
class TransferResult:
    """How many layers carry over.

    Args:
        spec: How it was found out.
        model: Name of the source network.
        dataset: Name of the new task's data.
        metric: "accuracy" or "r2".
        networks: Source networks there were.
        layers: Names of the layers and blocks that can be kept, from the input on.
        rows: Rows of the three splits, by name; "train" after labels were taken away.
        base: The network from scratch.
        cuts: One for each number of kept layers, from 1.
        choice: The verdict.
        trainings: Networks that were trained.
        text: What was found, in paragraphs.
        notices: What the reader should know.
        seconds: Wall time.
    """

    spec: TransferSpec
    model: str
    dataset: str
    metric: str
    networks: int
    layers: tuple[str, ...]
    rows: dict[str, int]
    base: Arm
    cuts: tuple[Cut, ...]
    choice: Choice
    trainings: int
    text: str = ""
    notices: tuple[str, ...] = ()
    seconds: float | None = None

    def chosen_arm(self) -> Arm:
        """Return the best way to keep layers."""
        return self.cuts[self.choice.cut - 1].arms[self.choice.arm]

    def records(self) -> list[dict[str, Any]]:
        """Return a flat row per kind of network, the one from scratch first."""
        return [_flat(self.base, "")] + [
            _flat(arm, cut.layer) for cut in self.cuts for arm in cut.arms.values()
        ]


def _flat(arm: Arm, layer: str) -> dict[str, Any]:
    return {
        "kept": arm.cut,
        "last_kept_layer": layer,
        "network": arm.name,
        "learning_rate": arm.learning_rate,
        "validation": arm.validation,
        **_ends("test", arm.test),
        **_ends("gain", arm.gain),
        "diverged": arm.diverged,
    }


def _ends(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    values = (None, None, None) if estimate is None else estimate
    return {f"{name}_{end}": value for end, value in zip(Estimate._fields, values)}
