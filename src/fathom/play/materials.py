"""The points of an experiment: what is seen, what is to be said, which of them train."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from fathom.errors import DataError, SpecError
from fathom.play import formulas
from fathom.play.experiment import Data, Experiment
from fathom.play.limits import MOST_ROWS
from fathom.play.made_points import DRAWS, EDGE, REGRESSION, ROWS, made_points
from fathom.play.seedrandom import SeedRandom

if TYPE_CHECKING:
    from fathom.data import Dataset

SIGNED, INDEX, NUMBER = "signed", "index", "number"
PLANE, TABLE, IMAGE = "plane", "table", "image"
CLASSIC_CLASSES = ("-1", "1")
SQUARE = ((-EDGE, EDGE), (-EDGE, EDGE))
MARGIN = 0.15
"""Space around points of other data, as a share of their range."""

Ranges = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, kw_only=True)
class Material:
    """Points, training points first.

    Args:
        name: Of the data, to show.
        kind: "plane" (two inputs), "table" or "image".
        task: "classification" or "regression".
        classes: Names of the classes; () in regression.
        labels: "signed" (-1 and +1), "index" of the class, or "number".
        inputs: Names of the inputs.
        x: float64 (rows, inputs), as they are before features are made of them.
        y: float64 (rows,).
        num_train: The first so many rows are trained on.
        ids: int32 (rows,), by which points are named.
        ranges: Lowest and highest value drawn, of the two axes.
        axes: The inputs that are drawn.
        image: (height, width, channels) of images, else None.
        all_inputs: Names of all inputs there are to choose from.
        notes: What was decided about the data.
        stream: From which first weights are drawn, if points were.
    """

    name: str
    kind: str
    task: str
    classes: tuple[str, ...]
    labels: str
    inputs: tuple[str, ...]
    x: np.ndarray
    y: np.ndarray
    num_train: int
    ids: np.ndarray
    ranges: Ranges = SQUARE
    axes: tuple[int, int] = (0, 1)
    image: tuple[int, int, int] | None = None
    all_inputs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    stream: SeedRandom | None = field(default=None, compare=False)

    @property
    def rows(self) -> int:
        """All points."""
        return len(self.y)

    @property
    def is_classification(self) -> bool:
        """Whether classes are told apart."""
        return self.task == "classification"

    @property
    def class_numbers(self) -> np.ndarray:
        """Class of each point, int32 (rows,)."""
        if self.labels == SIGNED:
            return (self.y > 0).astype(np.int32)
        return self.y.astype(np.int32)

    def data(self) -> dict[str, Any]:
        """Return what the page shows about the data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "labels": self.labels,
            "rows": self.rows,
            "train": self.num_train,
            "test": self.rows - self.num_train,
            "inputs": list(self.inputs),
            "ranges": [list(one) for one in self.ranges],
            "axes": list(self.axes),
            "columns": list(self.all_inputs) or None,
            "image": list(self.image) if self.image else None,
            "notes": list(self.notes),
        }


Open = Callable[[Data], "Dataset"]
"""Returns the data set of an upload, of what was given, or built in."""


def gather(experiment: Experiment, open_dataset: Open) -> Material:
    """Return the points of an experiment.

    Args:
        experiment: One that `rules.check` has passed.
        open_dataset: Opens what is not made here.

    Raises:
        DataError: The data cannot be used as they are.
        SpecError: A formula has no value somewhere, or a name is unknown.
    """
    data = experiment.data
    if data.source in DRAWS:
        material = _made(data, SeedRandom(experiment.seed))
    elif data.source == "formula":
        material = _from_formula(data, SeedRandom(experiment.seed))
    else:
        material = _from_dataset(open_dataset(data), data)
    return _with_changes(material, data)


def weights_stream(experiment: Experiment, material: Material) -> SeedRandom:
    """Return the stream of the first weights: the points' goes on, unless another seed is given.

    The stream is spent by drawing from it; gather the points again for a fresh one.
    """
    if experiment.weights_seed is not None or material.stream is None:
        return SeedRandom(experiment.weights_seed or experiment.seed)
    return _copied(material.stream)


def _copied(stream: SeedRandom) -> SeedRandom:
    import copy

    return copy.deepcopy(stream)


# -- made points -------------------------------------------------------------------


def _made(data: Data, stream: SeedRandom) -> Material:
    rows = data.rows or ROWS[data.source]
    points = made_points(data.source, rows=rows, noise=data.noise / 100, rng=stream)
    is_number = data.source in REGRESSION
    return _of_plane(
        np.array(points),
        data,
        name=data.source,
        labels=NUMBER if is_number else SIGNED,
        stream=stream,
    )


def _from_formula(data: Data, stream: SeedRandom) -> Material:
    """Return points over the square, labelled by the user's formula of the noised point."""
    formula = formulas.parse(data.formula)
    numbers = [stream.uniform(-EDGE, EDGE) for _ in range(2 * (data.rows or 500))]
    x = np.array(numbers).reshape(-1, 2)
    noised = x + [[stream.uniform(-EDGE, EDGE) * data.noise / 100 for _ in "xy"] for _ in x]
    values = formula(*noised.T)
    _check_values(data.formula, noised, values)
    is_number = data.task == "regression"
    labels = values if is_number else np.where(values >= 0, 1.0, -1.0)
    if len(set(labels)) < 2:
        raise DataError(
            f"A formula must give more than one {'value' if is_number else 'class'}. "
            f"Received: {data.formula!r}, which gives {labels[0]:g} at every point.",
            hint="write one that changes its sign, such as sin(x) * y",
        )
    points = np.column_stack([x, labels])
    return _of_plane(
        points, data, name=data.formula, labels=NUMBER if is_number else SIGNED, stream=stream
    )


def _check_values(text: str, x: np.ndarray, values: np.ndarray) -> None:
    bad = np.flatnonzero(~np.isfinite(values))
    if len(bad):
        place = ", ".join(f"{value:.2f}" for value in x[bad[0]])
        raise SpecError(
            f"A formula must have a value everywhere. Received: {text!r}, "
            f"which has none at ({place}).",
            hint="keep logarithms, roots and divisors above 0, such as log(abs(x) + 1)",
        )


def _of_plane(
    points: np.ndarray, data: Data, *, name: str, labels: str, stream: SeedRandom
) -> Material:
    return Material(
        name=name,
        kind=PLANE,
        task="regression" if labels == NUMBER else "classification",
        classes=() if labels == NUMBER else CLASSIC_CLASSES,
        labels=labels,
        inputs=("x", "y"),
        x=points[:, :2],
        y=points[:, 2],
        num_train=int(np.floor(len(points) * data.train_share / 100)),
        ids=np.arange(len(points), dtype=np.int32),
        stream=stream,
    )


# -- Fathom's data sets ------------------------------------------------------------


def _from_dataset(dataset: Dataset, data: Data) -> Material:
    train, test = _thinned(dataset, data.rows or MOST_ROWS)
    x = np.concatenate([part[0] for part in (train, test)]).astype(np.float64)
    y = np.concatenate([part[1] for part in (train, test)]).astype(np.float64)
    image = _image_shape(dataset)
    names = _names(dataset, x.shape[1:])
    columns = tuple(one.name for one in dataset.columns if one.kind not in ("target", "split"))
    wanted = None if image else data.inputs
    flat, inputs = _chosen_inputs(x.reshape(len(x), -1), names, wanted, columns)
    two_classes = dataset.num_classes == 2
    kind = IMAGE if image else PLANE if flat.shape[1] == 2 else TABLE
    axes = _axes(data.axes, flat.shape[1])
    return Material(
        name=dataset.name,
        kind=kind,
        task=dataset.task,
        classes=dataset.classes,
        labels=SIGNED if two_classes else INDEX if dataset.classes else NUMBER,
        inputs=inputs,
        x=flat,
        y=2 * y - 1 if two_classes else y,
        num_train=len(train[1]),
        ids=np.arange(len(y), dtype=np.int32),
        ranges=SQUARE if image else _ranges(flat, axes),
        axes=axes,
        image=image,
        all_inputs=() if image else names,
        notes=dataset.notices,
    )


def _thinned(dataset: Dataset, most: int) -> tuple[Any, Any]:
    """Return (x, y) to train on and to test on, at most so many rows in all."""
    joined = [
        np.concatenate([getattr(dataset.validation, k), getattr(dataset.test, k)]) for k in "xy"
    ]
    share = min(1.0, most / (len(dataset.train) + len(joined[1])))
    train = max(2, int(len(dataset.train) * share))
    test = max(2, int(len(joined[1]) * share))
    return (dataset.train.x[:train], dataset.train.y[:train]), (joined[0][:test], joined[1][:test])


def _image_shape(dataset: Dataset) -> tuple[int, int, int] | None:
    shape = dataset.input_shape
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 and shape[2] in (1, 3) else None


def _names(dataset: Dataset, shape: tuple[int, ...]) -> tuple[str, ...]:
    size = int(np.prod(shape))
    names = dataset.feature_names
    return names if len(names) == size else tuple(f"x{k + 1}" for k in range(size))


def _chosen_inputs(
    x: np.ndarray,
    names: tuple[str, ...],
    wanted: tuple[str, ...] | None,
    columns: tuple[str, ...],
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return the chosen inputs of `x` (rows, inputs), and their names.

    An input is chosen by its own name, or with all others that are made of the
    same column by the column's; a column that was left out gives none.
    """
    if wanted is None:
        return x, names
    unknown = [name for name in wanted if name not in names and name not in columns]
    sources = [_column_of(name, columns) for name in names]
    chosen = [k for k, name in enumerate(names) if name in wanted or sources[k] in wanted]
    if unknown or not chosen:
        raise DataError(
            "`inputs` must name inputs of the data, or columns that give some. "
            f"Received: {', '.join(unknown or wanted) or 'none'}.",
            hint=f"there are {', '.join(names[:20])}",
        )
    return x[:, chosen], tuple(names[k] for k in chosen)


def _column_of(name: str, columns: tuple[str, ...]) -> str | None:
    """Return the column that an input is made of, None where none is known.

    Inputs are called like "color = red", "day: month" and "size is missing".
    """
    parts = [
        one
        for one in columns
        if name == one or name.startswith((f"{one} = ", f"{one}: ", f"{one} is missing"))
    ]
    return max(parts, key=len, default=None)


def _axes(wanted: tuple[int, int], inputs: int) -> tuple[int, int]:
    return (min(wanted[0], inputs - 1), min(wanted[1], inputs - 1))


def _ranges(x: np.ndarray, axes: tuple[int, int]) -> Ranges:
    """Return the drawn ranges: those of the points and a margin, of one width."""
    low, high = (f(x[:, axes], axis=0) for f in (np.min, np.max))
    middle, half = (low + high) / 2, (high - low) / 2 * (1 + MARGIN)
    half = np.where(half > 0, half, 1.0)
    first, second = ((float(m - h), float(m + h)) for m, h in zip(middle, half))
    return first, second


# -- points added and removed ------------------------------------------------------


def _with_changes(material: Material, data: Data) -> Material:
    if not data.added and not data.removed:
        return material
    added = _added(material, data)
    x = np.concatenate(
        [material.x[: material.num_train], added[0], material.x[material.num_train :]]
    )
    y = np.concatenate(
        [material.y[: material.num_train], added[1], material.y[material.num_train :]]
    )
    ids = np.concatenate(
        [
            material.ids[: material.num_train],
            material.rows + np.arange(len(added[1]), dtype=np.int32),
            material.ids[material.num_train :],
        ]
    )
    kept = ~np.isin(ids, data.removed)
    num_train = int(kept[: material.num_train + len(added[1])].sum())
    if num_train < 1:
        raise DataError("At least one training point must be left.")
    return replace(material, x=x[kept], y=y[kept], ids=ids[kept], num_train=num_train)


def _added(material: Material, data: Data) -> tuple[np.ndarray, np.ndarray]:
    if data.added and material.kind == IMAGE:
        raise DataError("Points cannot be added to images.")
    x = np.repeat(material.x.mean(axis=0)[None], len(data.added), axis=0)
    for axis, place in enumerate(material.axes):
        x[:, place] = [point[axis] for point in data.added]
    labels = np.array([point[2] for point in data.added], np.float64)
    _check_labels(material, labels)
    return x.astype(np.float64), labels


def _check_labels(material: Material, labels: np.ndarray) -> None:
    known = {SIGNED: (-1, 1), INDEX: tuple(range(len(material.classes)))}.get(material.labels)
    if known is not None and not np.isin(labels, known).all():
        raise DataError(
            f"A point's label must be one of {', '.join(map(str, known))}. "
            f"Received: {', '.join(f'{label:g}' for label in labels)}."
        )
