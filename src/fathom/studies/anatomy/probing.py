"""What a linear model reads from every layer, with its controls."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from fathom import measure, train
from fathom.data import Split
from fathom.studies.anatomy.subject import Subject, joined

# Rows of a block: many where layers put out little, fewer where they put out much.
MOST_ROWS, FEWEST_ROWS, BLOCK_BYTES = 1024, 256, 16 * 2**20
# Wider outputs are projected on so many random directions before they are probed.
WIDEST_PROBE = 1024
# Outputs of layers that are held for probing at a time.
PROBE_BYTES = 256 * 2**20
TRUE, SHUFFLED = range(2)


@dataclass(frozen=True, kw_only=True)
class ProbeRows:
    """The rows of the three splits that probes see."""

    train: Split
    validation: Split
    test: Split

    @property
    def all(self) -> np.ndarray:
        """Inputs of all splits, one after another."""
        return np.concatenate([self.train.x, self.validation.x, self.test.x])

    def split(self, features: np.ndarray) -> measure.Rows:
        """Return features (..., rows, d) of all splits as those of each."""
        first, second = len(self.train), len(self.train) + len(self.validation)
        parts = features[..., :first, :], features[..., first:second, :], features[..., second:, :]
        return measure.Rows(*parts)


@dataclass(frozen=True, kw_only=True)
class Probed:
    """Credits of linear probes on test rows.

    Args:
        input: On the raw input, (rows,).
        layers: By site, (network, rows).
        shuffled: The same for shuffled labels.
        untrained: The same for untrained networks, (untrained network, rows).
    """

    input: np.ndarray
    layers: list[np.ndarray]
    shuffled: list[np.ndarray]
    untrained: list[np.ndarray]


def probed(
    subject: Subject,
    rows: ProbeRows,
    *,
    untrained: train.Networks | None,
    num_classes: int,
    seed: int,
) -> Probed:
    """Fit linear probes to the output of every site of trained and untrained networks."""
    both = joined(subject.networks, untrained)
    found: dict[Any, np.ndarray] = {}
    for kind in _kinds(subject, rows, both, seed):
        found |= _solved(rows, kind, subject.task, num_classes, seed)
    trained = range(subject.networks.number)
    controls = range(subject.networks.number, both.number)

    def credits(labelling: int, networks: range) -> list[np.ndarray]:
        return [
            np.stack([found[place, one, labelling] for one in networks])
            if networks
            else np.empty((0, len(rows.test)), np.float32)
            for place in range(len(subject.sites))
        ]

    return Probed(
        input=found[INPUT_PLACE, 0, TRUE],
        layers=credits(TRUE, trained),
        shuffled=credits(SHUFFLED, trained),
        untrained=credits(TRUE, controls),
    )


INPUT_PLACE = -1


class _Task(NamedTuple):
    """Features of one site of one network, and the labellings that are read from them."""

    place: int
    network: int
    features: np.ndarray
    labellings: tuple[int, ...]


def _kinds(
    subject: Subject, rows: ProbeRows, networks: train.Networks, seed: int
) -> Iterator[Iterator[_Task]]:
    """Yield what is to be probed: the input, then the sites of every group that fits in memory."""
    flat = rows.all.reshape(len(rows.all), -1).astype("float32")
    yield iter([_Task(INPUT_PLACE, 0, _narrowed(flat, seed), (TRUE,))])
    for places in _groups(subject, networks.number * len(rows.all)):
        yield _tasks(subject, networks, rows.all, places, seed)


def _tasks(
    subject: Subject, networks: train.Networks, x: np.ndarray, places: Sequence[int], seed: int
) -> Iterator[_Task]:
    for place, features in zip(places, _features(subject, networks, x, places)):
        for network, one in enumerate(features):
            is_control = network >= subject.networks.number
            labellings = (TRUE,) if is_control else (TRUE, SHUFFLED)
            yield _Task(place, network, _narrowed(one, seed), labellings)


def _solved(
    rows: ProbeRows, tasks: Iterator[_Task], task: str, num_classes: int, seed: int
) -> dict[Any, np.ndarray]:
    """Return the credits of every probe by site, network and labelling, each (rows,)."""
    labels = _labels(rows, seed)
    names: list[tuple[int, int, int]] = []

    def members() -> Iterator[Any]:
        for one in tasks:
            prepared = measure.prepared(rows.split(one.features))
            for labelling in one.labellings:
                names.append((one.place, one.network, labelling))
                yield prepared, labels[labelling]

    credits = list(train.streamed(_solver(task, num_classes), members()))
    return dict(zip(names, credits, strict=True))


@functools.lru_cache(maxsize=8)
def _solver(task: str, num_classes: int) -> Any:
    def solve(member: tuple[measure.Prepared, measure.Targets]) -> Any:
        features, targets = member
        if task == "regression":
            return measure.regression_probe(features, targets)[0]
        return measure.classification_probe(features, targets, num_classes=num_classes)[0]

    return solve


def _labels(rows: ProbeRows, seed: int) -> tuple[measure.Targets, measure.Targets]:
    """Return the targets of each split, (rows, 1), and the same shuffled."""
    draw = np.random.default_rng([seed, 2])
    kind = "int32" if np.issubdtype(rows.train.y.dtype, np.integer) else "float32"
    true = [split.y.astype(kind) for split in (rows.train, rows.validation, rows.test)]
    shuffled = [draw.permutation(y) for y in true]
    return tuple(measure.Targets(*(y[:, None] for y in ys)) for ys in (true, shuffled))  # type: ignore[return-value]


def _groups(subject: Subject, rows: int) -> Iterator[list[int]]:
    """Yield consecutive sites whose pooled outputs fit into `PROBE_BYTES` together."""
    group: list[int] = []
    held = 0
    for place, site in enumerate(subject.sites):
        size = 4 * rows * (site.output_shape[-1] if site.output_shape else 1)
        if group and held + size > PROBE_BYTES:
            yield group
            group, held = [], 0
        group.append(place)
        held += size
    yield group


def _features(
    subject: Subject, networks: train.Networks, x: np.ndarray, places: Sequence[int]
) -> list[np.ndarray]:
    """Return pooled outputs of some sites, float32 (network, rows, units)."""

    def look(_: Any, outputs: list[Any], __: Any) -> list[Any]:
        return [_pooled(outputs[place]) for place in places]

    kept: list[np.ndarray] = []
    start, rows = 0, _block_rows(subject, len(x))
    for count, block in train.observed(subject.model, subject.sites, networks, x, look, rows=rows):
        if not kept:
            kept = [np.empty((len(one), len(x), one.shape[2]), np.float32) for one in block]
        for store, values in zip(kept, block):
            store[:, start : start + count] = values[:, :count]
        start += count
    return kept


def _block_rows(subject: Subject, rows: int) -> int:
    each = 4 * sum(math.prod(site.output_shape) for site in subject.sites)
    return min(rows, MOST_ROWS, max(FEWEST_ROWS, BLOCK_BYTES // each))


def _pooled(output: Any) -> Any:
    """Return (rows, units): the mean over positions where there are any."""
    output = output.astype(jnp.float32).reshape(len(output), *(output.shape[1:] or (1,)))
    return output.mean(axis=tuple(range(1, output.ndim - 1))) if output.ndim > 2 else output


def _narrowed(features: np.ndarray, seed: int) -> np.ndarray:
    """Return at most `WIDEST_PROBE` features, random directions of more."""
    width = features.shape[-1]
    if width <= WIDEST_PROBE:
        return features
    directions = np.random.default_rng([seed, width]).normal(size=(width, WIDEST_PROBE))
    return features @ (directions / np.sqrt(width)).astype("float32")
