"""What was measured about the layers of a trained network, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fathom.specs import at_least

BYPASS, ZERO, MEAN = "bypass", "zero", "mean"


class Estimate(NamedTuple):
    """A number with its 95% bootstrap interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class AnatomySpec:
    """How the layers of a network are examined.

    Args:
        draws: Fresh weights that each layer is given, one after another.
        recalibrate: Whether the statistics of batch normalisation are also computed anew for
            every changed network, and both scores told.
        probe_rows: Training rows, at most, that probes are fitted on, and units are watched on.
        score_rows: Test rows, at most, on which scores are read.
        similarity_rows: Test rows, at most, on which layers are compared.
        seed: Of the draws, the shuffled labels and the intervals.

    Raises:
        SpecError: A number is out of range.
    """

    draws: int = 5
    recalibrate: bool = False
    probe_rows: int = 4096
    score_rows: int = 10_000
    similarity_rows: int = 2048
    seed: int = 0

    def __post_init__(self) -> None:
        at_least("draws", self.draws, 1)
        at_least("probe_rows", self.probe_rows, 1)
        at_least("score_rows", self.score_rows, 1)
        at_least("similarity_rows", self.similarity_rows, 4)
        at_least("seed", self.seed, 0)


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    """A layer with what serves it alone, or a residual block.

    Scores are on held-out rows; what something costs is the fall of the score.
    Where a number is None, `notes` says why under its name, unless it does not apply.

    Args:
        name: The layer's name; of a block, that of its sum.
        kind: "layer" or "block".
        layers: Names of the Keras layers whose weights belong to it.
        type: The Keras class of the layer; "block" for a block.
        input_shape: Without rows.
        output_shape: Without rows.
        activation: Keras name; None if there is none.
        parameters: Trainable parameters.
        flops: Floating-point operations for one row.
        moved: Norm of the change of its weights since initialisation over the norm they had.
        reinit: Cost of its initial weights.
        rerandom: Cost of fresh weights.
        bypass: Cost of passing its input on.
        zero: Cost of zeros for its output.
        mean: Cost of its mean output over training rows.
        recalibrated: The costs by name ("reinit", "rerandom", "bypass", "zero", "mean") once the
            statistics of batch normalisation are computed anew; empty unless asked for.
        worth: Cost of doing without it, in the way that costs least: bypass, zero or mean.
        worth_by: That way.
        rank: 1 for the layer that is worth most; blocks are ranked among blocks.
        probe: Score of a linear probe on its output.
        probe_untrained: The same, of untrained networks.
        probe_shuffled: The same, of labels that were shuffled.
        similar_before: CKA with what is before it: the layer before, or the input.
        similar_output: CKA with the last layer's output.
        dead: Share of units never above zero; rectifiers only.
        near_dead: Share of units above zero on less than 1% of rows and positions.
        saturated: Share of activations with a slope under 5% of the steepest; bounded ones only.
        gradient_share: Its part of the squared norm of the loss's gradient.
        notes: Why a number is missing or what it stands for, by name.
    """

    name: str
    kind: str
    layers: tuple[str, ...]
    type: str
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    activation: str | None
    parameters: int
    flops: int
    moved: Estimate | None = None
    reinit: Estimate | None = None
    rerandom: Estimate | None = None
    bypass: Estimate | None = None
    zero: Estimate | None = None
    mean: Estimate | None = None
    recalibrated: dict[str, Estimate] = field(default_factory=dict)
    worth: Estimate | None = None
    worth_by: str | None = None
    rank: int | None = None
    probe: Estimate | None = None
    probe_untrained: Estimate | None = None
    probe_shuffled: Estimate | None = None
    similar_before: Estimate | None = None
    similar_output: Estimate | None = None
    dead: float | None = None
    near_dead: float | None = None
    saturated: float | None = None
    gradient_share: Estimate | None = None
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def is_block(self) -> bool:
        """Whether it is a residual block."""
        return self.kind == "block"


@dataclass(frozen=True, kw_only=True)
class EffectiveDepth:
    """How many layers the network uses, by three definitions.

    Args:
        by_probe: The first layer whose probe scores within one standard error of the best.
        probe_place: Its place among the layers, counted from 1; 0 if that is the input.
        removable: Blocks, and layers outside them, that can be bypassed.
        removed: Those that greedy bypassing removed within one standard error of the whole
            network's validation score, in order.
        needed: Those that are left.
        path_length: For residual networks, the mean number of blocks on a path, weighted by
            its gradient.
    """

    by_probe: str | None
    probe_place: int | None
    removable: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    needed: int | None = None
    path_length: float | None = None


@dataclass(frozen=True, kw_only=True)
class AnatomyResult:
    """All that was measured about a trained network's layers.

    Args:
        model: The model's name.
        dataset: What it was measured on, in a word.
        task: "classification" or "regression".
        metric: Name of the score.
        networks: How many trained networks of the model were examined.
        initial: Where the initial weights come from: "stored", or "drawn" if they are not known.
        rows: Rows used, by split.
        score: Of the whole networks, on test rows.
        error: Its standard error.
        guess: Score of guessing on the same rows.
        parameters: Trainable parameters.
        flops: Floating-point operations for one row.
        probe_input: Score of a linear probe on the raw input.
        layers: The rows of the table, in the order they run.
        similarity: CKA of every pair of "input" and the layers, mean over networks.
        similarity_names: The names of its rows and columns.
        depth: Effective depth.
        is_trained: Whether the score is better than guessing.
        findings: What was found, in sentences by name.
        notices: What else the reader should know.
        seconds: Time it took.
    """

    model: str
    dataset: str
    task: str
    metric: str
    networks: int
    initial: str
    rows: dict[str, int]
    score: Estimate
    error: float
    guess: float
    parameters: int
    flops: int
    probe_input: Estimate | None
    layers: tuple[LayerRow, ...]
    similarity: tuple[tuple[float | None, ...], ...]
    similarity_names: tuple[str, ...]
    depth: EffectiveDepth
    is_trained: bool
    findings: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def text(self) -> str:
        """The findings as a person would write them, in paragraphs."""
        return "\n\n".join(self.findings.values())

    def row(self, name: str) -> LayerRow:
        """Return the row of a layer or block."""
        return next(row for row in self.layers if row.name == name)

    def records(self) -> list[dict[str, Any]]:
        """Return the table with a column per number: `bypass`, `bypass_low`, `bypass_high`, ..."""
        return [_flat(row) for row in self.layers]


def _flat(row: LayerRow) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in vars(row).items():
        if name in ("notes", "recalibrated"):
            continue
        if name in _ESTIMATES:
            numbers = value or (None, None, None)
            cells |= dict(zip((name, f"{name}_low", f"{name}_high"), numbers))
        elif isinstance(value, tuple):
            cells[name] = ("×" if name.endswith("shape") else ", ").join(map(str, value))
        else:
            cells[name] = value
    return cells


_ESTIMATES = (
    "moved", "reinit", "rerandom", "bypass", "zero", "mean", "worth", "probe", "probe_untrained",
    "probe_shuffled", "similar_before", "similar_output", "gradient_share",
)  # fmt: skip
