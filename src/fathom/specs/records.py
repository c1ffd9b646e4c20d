"""What a study tells as it goes: typed records, in the order they happen.

The records of a study are its truth: the store appends them to a log, and
the table, the figures and the verdict are functions of them. A number that is
not finite is never stored as a number: it is None, beside a status in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

RECORD_VERSION = 2

FINISHED = "finished"
STOPPED_EARLY = "stopped-early"
DIVERGED = "diverged"
DROPPED = "dropped"

BOOSTING = "hist-gradient-boosting"
LAST_VALUE = "last-value"


@dataclass(frozen=True, kw_only=True)
class StudyRecord:
    """The first record: what is to be run, on what, with what.

    Args:
        name: The study's name in its store.
        spec: The study's spec as JSON data.
        dataset: The data set's summary as JSON data: name, source, task,
            classes, rows per split, columns and what was decided about each.
        metric: Name of the score, higher is better: "accuracy" or "r2".
        versions: Versions of Fathom, Keras, JAX, NumPy, scikit-learn, Python.
        machine: What it runs on: devices, cores, platform.
        trainings: Members the study will train.
        loading: What `fathom.load` was called with, to read the same data
            again; None for data that were in memory.
    """

    name: str
    spec: dict[str, Any]
    dataset: dict[str, Any]
    metric: str
    versions: dict[str, str]
    machine: dict[str, Any]
    trainings: int
    loading: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class ArchitectureRecord:
    """One architecture of the study, before its members train.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        parameters: Trainable parameters of one member.
        layers: Names of the layers that are watched, from input to output.
        members: Members trained as one program.
        bytes: Memory predicted for the population: states, best weights and
            working memory.
        flops: Floating-point operations of a prediction for one row; a
            multiplication and an addition count as one each. None if not counted.
    """

    depth: int
    width: int
    parameters: int
    layers: tuple[str, ...]
    members: int
    bytes: int | None
    flops: int | None = None


@dataclass(frozen=True, kw_only=True)
class LayerRecord:
    """What one layer did at one epoch (definitions: docs/measures.md).

    Args:
        layer: The layer's name.
        epoch: Epochs trained before the measurement; 0 is initialisation.
        activation_gradient: Norm of dL/dz over the probe rows, z the layer's
            pre-activation.
        weight_gradient: Norm of dL/dW.
        weight_norm: Norm of W.
        update_ratio: Norm of the last step's change of W over the norm of W;
            None at initialisation.
        activation_mean: Mean of the layer's output.
        activation_std: Standard deviation of the layer's output.
        dead: Share of units that are zero or negative on every probe row; for ReLU-like
            activations, else None.
        near_dead: Share of units active on less than 1% of the probe rows.
        saturated: Share of activations where the activation's slope is below 5% of
            its maximum; for bounded activations, else None.
    """

    layer: str
    epoch: int
    activation_gradient: float | None
    weight_gradient: float | None
    weight_norm: float | None
    update_ratio: float | None
    activation_mean: float | None
    activation_std: float | None
    dead: float | None = None
    near_dead: float | None = None
    saturated: float | None = None


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """One member, trained.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        learning_rate: The member's learning rate.
        seed: The member's seed.
        status: "finished", "stopped-early", "diverged", or "dropped": let go at a rung.
        reason: Why, in words.
        epochs: Epochs trained.
        best_epoch: Epoch, counted from 1, of the kept weights; None if
            no epoch gave a finite validation loss.
        validation_score: Score of the kept weights on the validation split.
        validation_loss: Loss of the kept weights on the validation split.
        train_loss: Mean training loss, an entry per epoch.
        validation_losses: Validation loss, an entry per epoch.
        validation_scores: Validation score, an entry per epoch.
        layers: Measurements of the layers at initialisation and at some epochs.
        train_seconds: The member's share of the time its population trained.
    """

    depth: int
    width: int
    learning_rate: float
    seed: int
    status: str
    reason: str
    epochs: int
    best_epoch: int | None
    validation_score: float | None
    validation_loss: float | None
    train_loss: tuple[float | None, ...]
    validation_losses: tuple[float | None, ...]
    validation_scores: tuple[float | None, ...]
    layers: tuple[LayerRecord, ...]
    train_seconds: float


@dataclass(frozen=True, kw_only=True)
class LetGo:
    """A member that trains no further, so that others can.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        learning_rate: The member's learning rate.
        seed: The member's seed.
        reason: "rate": its rate is worse than another at its depth; "depth": other
            depths do better, and seeds beyond the first two go first; "time": there was
            no time for it.
    """

    depth: int
    width: int
    learning_rate: float
    seed: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class RungRecord:
    """A moment at which members were let go, and what the others still have before them.

    Args:
        epoch: Epochs that members in training had trained; 0 is the plan.
        epochs: Epochs that the others train at most.
        architectures: Depth and width of all it was about.
        members: Members in training before it.
        left: Those that were let go.
        message: What was decided, in words.
        is_end: Whether nobody was let go: the epochs were fitted to the time that is left.
    """

    epoch: int
    epochs: int
    architectures: tuple[tuple[int, int], ...]
    members: int
    left: tuple[LetGo, ...]
    message: str
    is_end: bool = False


@dataclass(frozen=True, kw_only=True)
class TestRecord:
    """The one reading of the test split for an architecture at its chosen rate.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        learning_rate: The rate chosen on the validation split.
        scores: A score per seed; a member that diverged at once guesses.
        mean: Mean over seeds; None if it could not be computed.
        low: Lower end of the 95% bootstrap interval over seeds and rows.
        high: Upper end.
        batch_ms: Milliseconds that a core (or another device) takes to predict a
            row for one member, where rows are predicted in batches.
        row_scores: What each test row adds to the score, mean over members: the share
            that is right, or 1 - squared error / variance of the target; their mean is
            `mean`. None where there are too many rows to keep.
    """

    __test__ = False  # not a test class, whatever pytest thinks of its name

    depth: int
    width: int
    learning_rate: float
    scores: tuple[float, ...]
    mean: float | None
    low: float | None
    high: float | None
    batch_ms: float | None = None
    row_scores: tuple[float, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class LatencyRecord:
    """How long an architecture takes to predict a single row.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        milliseconds: Median of a compiled call for one row, warmed up.
    """

    depth: int
    width: int
    milliseconds: float


@dataclass(frozen=True, kw_only=True)
class RegularizationTried:
    """A setting that an overfitting depth was trained with again.

    Args:
        dropout: Share of units dropped after each hidden block.
        l2: L2 penalty on hidden kernels.
        validation: Mean validation score over seeds.
    """

    dropout: float
    l2: float
    validation: float


@dataclass(frozen=True, kw_only=True)
class RegularizedRecord:
    """A depth that overfitted, trained again with regularisation before it was rejected.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        learning_rate: The depth's chosen rate.
        tried: What was tried; () where nothing could be.
        reason: Why nothing was tried, in words; "" otherwise.
        dropout: The setting with the best mean validation score.
        l2: The same.
        scores: Validation score of every seed with it.
        test_scores: Test score of every seed with it.
        mean: Mean test score over seeds.
        low: Lower end of its 95% bootstrap interval over seeds and rows.
        high: Upper end.
        train_seconds: Mean time to train one member.
    """

    depth: int
    width: int
    learning_rate: float
    tried: tuple[RegularizationTried, ...]
    reason: str = ""
    dropout: float = 0.0
    l2: float = 0.0
    scores: tuple[float, ...] = ()
    test_scores: tuple[float, ...] = ()
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    train_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class BaselineRecord:
    """A model that is not a network, on the same split.

    Args:
        name: "hist-gradient-boosting", "linear", "majority-class", "mean" or "last-value".
        validation: Score on the validation split.
        test: Score on the test split.
        low: Lower end of the 95% bootstrap interval over test rows.
        high: Upper end.
        train_seconds: Time to fit.
    """

    name: str
    validation: float
    test: float
    low: float
    high: float
    train_seconds: float


@dataclass(frozen=True, kw_only=True)
class ComparisonRecord:
    """How another architecture does against the chosen one, on the same seeds and test rows.

    Args:
        depth: Hidden blocks of the other.
        width: Its units per hidden block.
        difference: Its mean test score minus that of the chosen one.
        low: Lower end of the difference's 95% interval.
        high: Upper end.
        probability: That the other is the better one, in [0, 1].
        is_clear: Whether the difference is clear when all comparisons of the study must
            hold at once with 95%.
    """

    depth: int
    width: int
    difference: float
    low: float
    high: float
    probability: float
    is_clear: bool


@dataclass(frozen=True, kw_only=True)
class VerdictRecord:
    """What the study found.

    Args:
        depth: The chosen depth; None if no depth learned anything, or none is
            within the limits that were asked for.
        width: The chosen depth's width.
        rule: "one-standard-error".
        text: The verdict as a person would write it, in paragraphs.
        findings: The verdict's parts by name, for those who want one only.
        comparisons: Every other architecture against the chosen one.
    """

    depth: int | None
    width: int | None
    rule: str
    text: str
    findings: dict[str, str] = field(default_factory=dict)
    comparisons: tuple[ComparisonRecord, ...] = ()


@dataclass(frozen=True, kw_only=True)
class StatusRecord:
    """A change in the study's life: "running", "paused", "finished", "failed"."""

    status: str
    message: str
    wall_seconds: float | None = None


Record = (
    StudyRecord
    | ArchitectureRecord
    | RunRecord
    | RungRecord
    | TestRecord
    | LatencyRecord
    | RegularizedRecord
    | BaselineRecord
    | VerdictRecord
    | StatusRecord
)

KINDS: dict[str, type[Any]] = {
    "study": StudyRecord,
    "architecture": ArchitectureRecord,
    "run": RunRecord,
    "rung": RungRecord,
    "test": TestRecord,
    "latency": LatencyRecord,
    "regularized": RegularizedRecord,
    "baseline": BaselineRecord,
    "verdict": VerdictRecord,
    "status": StatusRecord,
}


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a population is, for those who watch; never stored.

    Args:
        depth: Hidden blocks.
        width: Units per hidden block.
        epoch: Epochs done.
        epochs: Epochs planned.
        best_score: Best mean validation score over seeds of any rate so far.
        gradient_ratio: Activation gradient of the first layer over the
            last's, geometric mean over members; None if not measured.
        diverged: Members diverged so far.
        active: Members still training.
        dropped: Members let go so far.
        seconds_left: Estimate for the whole study; None while unknown.
        node: Address of the machine it trains on; "" for this one.
        process: Number of the process that trains it there; None for this one.
        death: Why the worker that trained it died, so that it begins again; "" otherwise.
    """

    depth: int
    width: int
    epoch: int
    epochs: int
    best_score: float | None
    gradient_ratio: float | None
    diverged: int
    active: int
    seconds_left: float | None
    dropped: int = 0
    node: str = ""
    process: int | None = None
    death: str = ""
