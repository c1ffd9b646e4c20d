"""What the layers of a trained network have learned, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fathom.errors import SpecError
from fathom.specs import at_least, one_of
from fathom.studies.anatomy import Estimate

MEAN_BASELINE, ZERO_BASELINE = "mean", "zero"
BASELINES = (MEAN_BASELINE, ZERO_BASELINE)
PICTURE, PLANE, TABLE, SEQUENCE = "picture", "plane", "table", "sequence"
WEIGHTS, KERNELS = "weights", "kernels"
INPUT = "input"


@dataclass(frozen=True, kw_only=True)
class FeaturesSpec:
    """How it is found out what the layers of a network have learned.

    Args:
        layers: Names of the layers whose units are shown; () for all.
        units: Numbers of the units that are shown of each layer that has them; () for those that
            vary most.
        num_units: How many those are, at most.
        top: Rows shown of those that excite a unit most.
        embedding: "pca", "tsne" or "isomap".
        steps: Steps of the ascent to the input that a unit responds to most.
        decay: Its pull towards the mean input (L2).
        variation: Of images: its pull towards smooth pictures (total variation).
        blur: Of images: share that each step blurs, in [0, 1).
        jitter: Of images: pixels, at most, that each step moves the picture by. None chooses:
            a sixteenth of the side where the network convolves, else 0.
        picture: Shape of the picture, (height, width) or with channels, that a row of numbers is.
        baseline: Where the path to each row begins, for conductance: "mean" or "zero".
        rows: Training rows, at most, that are searched for those that excite units.
        probe_rows: Training rows, at most, that probes are fitted on.
        score_rows: Test rows, at most, on which layers are compared.
        embedding_rows: Test rows, at most, that are drawn.
        seed: Of all that is drawn.

    Raises:
        SpecError: A setting is out of range.
    """

    layers: tuple[str, ...] = ()
    units: tuple[int, ...] = ()
    num_units: int = 8
    top: int = 9
    embedding: str = "pca"
    steps: int = 100
    decay: float = 1.0
    variation: float = 0.3
    blur: float = 0.0
    jitter: int | None = None
    picture: tuple[int, ...] | None = None
    baseline: str = MEAN_BASELINE
    rows: int = 10_000
    probe_rows: int = 4096
    score_rows: int = 2048
    embedding_rows: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("num_units", "top", "steps", "rows", "probe_rows"):
            at_least(name, getattr(self, name), 1)
        for name in ("score_rows", "embedding_rows"):
            at_least(name, getattr(self, name), 4)
        for name in ("decay", "variation", "seed"):
            at_least(name, getattr(self, name), 0)
        if not 0 <= self.blur < 1:
            raise SpecError(f"`blur` must be in [0, 1). Received: blur={self.blur:g}.")
        if self.jitter is not None:
            at_least("jitter", self.jitter, 0)
        one_of("baseline", self.baseline, BASELINES)
        _check_embedding(self.embedding)
        for unit in self.units:
            at_least("units", unit, 0)
        if self.picture is not None:
            _check_picture(self.picture)


def _check_embedding(name: str) -> None:
    from fathom.measure import EMBEDDINGS

    one_of("embedding", name, EMBEDDINGS)


def _check_picture(shape: tuple[int, ...]) -> None:
    fits = len(shape) in (2, 3) and all(size > 0 for size in shape)
    if not fits or (len(shape) == 3 and shape[2] not in (1, 3, 4)):
        raise SpecError(
            "`picture` must be (height, width), or with 1, 3 or 4 channels. "
            f"Received: picture={shape}."
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Inputs:
    """What the network's inputs are, and how they are shown.

    Args:
        kind: "picture", "plane" (two features), "table" or "sequence".
        shape: Of one input as it is shown: (height, width, channels), (features,), or
            (steps, features).
        names: Names of the features; () for pictures.
        low: Least values in the training rows, shown units, of the last axis for pictures and
            sequences.
        high: Largest values, likewise.
        mean: Mean of each feature, shaped `shape`.
        deviation: Standard deviation of each feature, likewise.
    """

    kind: str
    shape: tuple[int, ...]
    names: tuple[str, ...]
    low: np.ndarray
    high: np.ndarray
    mean: np.ndarray
    deviation: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class UnitFeatures:
    """What one unit or channel responds to.

    Its response is what leaves the layer; of a map, the strongest over positions.

    Args:
        layer: The layer's name.
        unit: Its number.
        rows: Numbers, in the source, of the training rows that excite it most, strongest first;
            () for a unit that responds to none.
        responses: To each of them.
        labels: Their classes, or targets in their own units.
        inputs: The rows themselves as they are shown, (rows, *shape).
        positions: Where in the unit's map each response was, a place on every axis of positions;
            () for each where there is no map.
        maximiser: The input found by gradient ascent, shaped likewise; None where that is not
            possible, for which the layer's notes say why.
        reached: The response to it.
    """

    layer: str
    unit: int
    rows: tuple[int, ...]
    responses: tuple[float, ...]
    labels: tuple[str, ...]
    inputs: np.ndarray
    positions: tuple[tuple[int, ...], ...] = ()
    maximiser: np.ndarray | None = None
    reached: float | None = None

    @property
    def common_label(self) -> tuple[str, int]:
        """The label that most of its rows have, and how many have it."""
        counted = [(label, self.labels.count(label)) for label in dict.fromkeys(self.labels)]
        return max(counted, key=lambda pair: pair[1], default=("", 0))


@dataclass(frozen=True, kw_only=True, eq=False)
class LayerFeatures:
    """A layer with what serves it alone, or a residual block, and what it has learned.

    Args:
        name: Its name.
        kind: "layer" or "block".
        type: Its class.
        output_shape: Without rows.
        activation: Keras name of its activation, None if it has none.
        units: How many units or channels it has.
        dead: Those that respond to no row: at most zero everywhere, for rectifiers; the same
            to every row, for others.
        mean: Mean response of each unit over the rows, float32 (units,).
        deviation: Standard deviation, likewise.
        active: Share of rows with a response above zero, likewise.
        top_rows: Numbers in the source of the rows that excite each unit most, (units, top).
        top_responses: The responses to them, likewise.
        probe: Score of a linear probe on its output, on test rows.
        probe_untrained: The same, of untrained networks.
        probe_shuffled: The same, of labels that were shuffled.
        between: Share of its output's variance that lies between classes.
        between_untrained: The same, of untrained networks.
        silhouette: Mean silhouette of the classes.
        explained: Share of the variance that its plane of principal components keeps.
        notes: Why something is missing, by name.
    """

    name: str
    kind: str
    type: str
    output_shape: tuple[int, ...]
    activation: str | None
    units: int
    dead: tuple[int, ...]
    mean: np.ndarray
    deviation: np.ndarray
    active: np.ndarray
    top_rows: np.ndarray
    top_responses: np.ndarray
    probe: Estimate | None = None
    probe_untrained: Estimate | None = None
    probe_shuffled: Estimate | None = None
    between: Estimate | None = None
    between_untrained: Estimate | None = None
    silhouette: Estimate | None = None
    explained: float | None = None
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def is_block(self) -> bool:
        """Whether it is a residual block."""
        return self.kind == "block"

    @property
    def fisher(self) -> float | None:
        """Fisher's ratio of the variances between and within classes; None if it has no end."""
        if self.between is None or self.between.mean >= 1:
            return None
        return self.between.mean / (1 - self.between.mean)


@dataclass(frozen=True, kw_only=True, eq=False)
class Filters:
    """The first layer's weights, unit by unit.

    Args:
        layer: Its name.
        kind: "picture" (a weight for each pixel), "kernels" (of a convolution), or "weights" (one
            for each named input).
        values: Float32 (units, height, width, channels), or (units, inputs).
        units: The units' numbers.
        total: How many units there are.
    """

    layer: str
    kind: str
    values: np.ndarray
    units: tuple[int, ...]
    total: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Embeddings:
    """The same test rows in the plane, layer by layer.

    Args:
        by: "pca", "tsne" or "isomap".
        names: "input" and the layers.
        points: Float64 (layer, rows, 2).
        explained: Share of the variance kept, of each; None but for PCA.
        labels: Class numbers, or targets in their own units, (rows,).
    """

    by: str
    names: tuple[str, ...]
    points: np.ndarray
    explained: tuple[float | None, ...]
    labels: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Surfaces:
    """Responses over the plane of two features.

    Args:
        x: Values of the first feature, (columns,).
        y: Values of the second, (lines,).
        layers: Names.
        units: The units drawn of each layer.
        values: Of each layer, float32 (units, lines, columns).
        points: Training rows, (rows, 2).
        labels: Their class numbers or targets, (rows,).
    """

    x: np.ndarray
    y: np.ndarray
    layers: tuple[str, ...]
    units: tuple[tuple[int, ...], ...]
    values: tuple[np.ndarray, ...]
    points: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True, kw_only=True, eq=False)
class Conductance:
    """How much of the answer for a class passes through each unit.

    Args:
        targets: Names of the classes; of a regression, low and high values of its target.
        change: F(x) - F(x') for each, mean over its rows: F is the network's output for the class,
            x a row of the class, x' the baseline.
        layers: Names.
        values: Of each layer, float32 (class, units), mean over the class's rows.
        gap: Of each layer, the part of `change` that its units do not add up to, relative to
            it, (class,): near 0 where everything passes through the layer.
        rows: How many rows of each class were used.
        baseline: "mean" or "zero".
    """

    targets: tuple[str, ...]
    change: np.ndarray
    layers: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    gap: tuple[np.ndarray, ...]
    rows: int
    baseline: str


@dataclass(frozen=True, kw_only=True, eq=False)
class FeaturesResult:
    """All that was found about what a network's layers have learned.

    Args:
        model: The model's name.
        dataset: What it was looked at with, in a word.
        task: "classification" or "regression".
        metric: Name of the score.
        classes: Class names; () for a regression.
        target: The target's name, if it has one.
        networks: Trained networks that scores are means over; pictures are of the first.
        rows: Rows used, by what for.
        score: Of the networks, on test rows.
        error: Standard error of the best probe's score.
        guess: Score of guessing.
        is_trained: Whether the score is better than guessing.
        inputs: What the inputs are.
        probe_input: Score of a linear probe on the raw input.
        between_input: Share of the raw input's variance that lies between classes.
        silhouette_input: Mean silhouette of the classes in the raw input.
        finished: The first layer whose probe is within one standard error of the best; "input" if
            the raw input is.
        layers: In the order they run.
        units: Units that are shown, layer by layer.
        filters: The first layer's; None where it has none.
        embedding: The test rows in the plane.
        surfaces: Of data with two features.
        conductance: None where it is not possible.
        notes: Why filters, surfaces or conductance are missing, by name.
        findings: What was found, in sentences by name.
        notices: What else the reader should know.
        seconds: Time it took.
    """

    model: str
    dataset: str
    task: str
    metric: str
    classes: tuple[str, ...]
    target: str | None
    networks: int
    rows: dict[str, int]
    score: Estimate
    error: float
    guess: float
    is_trained: bool
    inputs: Inputs
    probe_input: Estimate
    between_input: Estimate | None
    silhouette_input: Estimate | None
    finished: str
    layers: tuple[LayerFeatures, ...]
    units: tuple[UnitFeatures, ...]
    filters: Filters | None
    embedding: Embeddings
    surfaces: Surfaces | None
    conductance: Conductance | None
    notes: dict[str, str] = field(default_factory=dict)
    findings: dict[str, str] = field(default_factory=dict)
    notices: tuple[str, ...] = ()
    seconds: float | None = None

    @property
    def text(self) -> str:
        """The findings as a person would write them, in paragraphs."""
        return "\n\n".join(self.findings.values())

    def row(self, name: str) -> LayerFeatures:
        """Return what was found about a layer."""
        return next(row for row in self.layers if row.name == name)

    def units_of(self, name: str) -> list[UnitFeatures]:
        """Return the units of a layer that are shown."""
        return [unit for unit in self.units if unit.layer == name]

    def records(self) -> list[dict[str, Any]]:
        """Return the table, a row per layer with a column per number."""
        return [_record(row) for row in self.layers]

    def unit_records(self, layer: str | None = None) -> list[dict[str, Any]]:
        """Return a row per unit of one layer, or of all."""
        return [
            record
            for row in self.layers
            if layer in (None, row.name)
            for record in _unit_records(row)
        ]


_ESTIMATES = (
    "probe", "probe_untrained", "probe_shuffled", "between", "between_untrained", "silhouette",
)  # fmt: skip


def _record(row: LayerFeatures) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "name": row.name,
        "kind": row.kind,
        "type": row.type,
        "shape": "×".join(map(str, row.output_shape)),
        "activation": row.activation,
        "units": row.units,
        "dead": len(row.dead),
    }
    for name in _ESTIMATES:
        numbers = getattr(row, name) or (None, None, None)
        cells |= dict(zip((name, f"{name}_low", f"{name}_high"), numbers))
    return cells | {"fisher": row.fisher, "explained": row.explained}


def _unit_records(row: LayerFeatures) -> list[dict[str, Any]]:
    return [
        {
            "layer": row.name,
            "unit": unit,
            "mean": float(row.mean[unit]),
            "deviation": float(row.deviation[unit]),
            "active": float(row.active[unit]),
            "dead": unit in row.dead,
            "top_rows": row.top_rows[unit].tolist(),
            "top_responses": row.top_responses[unit].tolist(),
        }
        for unit in range(row.units)
    ]
