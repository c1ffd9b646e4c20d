"""What leaves the layers: means, dead units, probes, similarity, gradients."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from fathom import measure, train
from fathom.data import Split
from fathom.studies.anatomy.subject import Subject

BLOCK_ROWS = 256
GRADIENT_ROWS, GRADIENT_BATCHES = 128, 16
# Wider outputs are projected on so many random directions before they are probed.
WIDEST_PROBE = 1024
# Outputs of layers that are held for probing at a time.
PROBE_BYTES = 256 * 2**20
PATH_ROWS, PATHS_OF_A_LENGTH = 128, 4


# -- activity ------------------------------------------------------------------------


def unit_activity(subject: Subject, x: np.ndarray) -> list[measure.Activity]:
    """Return, for each site, its sums over all rows, arrays (network, ...)."""
    kinds = [site.activation for site in subject.sites]

    def look(_: Any, outputs: list[Any], weight: Any) -> list[measure.Activity]:
        return [measure.activity(out, weight, activation=k) for out, k in zip(outputs, kinds)]

    total: list[measure.Activity] | None = None
    for _, block in train.observed(
        subject.model, subject.sites, subject.networks, x, look, rows=BLOCK_ROWS
    ):
        wide = jax.tree.map(lambda array: array.astype("float64"), block)
        total = wide if total is None else jax.tree.map(np.add, total, wide)
    return total or []


# -- similarity --------------------------------------------------------------------------


def similarity_by_batch(subject: Subject, x: np.ndarray) -> np.ndarray:
    """Return HSIC of the input and every site, float64 (network, batch, 1 + site, 1 + site)."""
    rows = min(BLOCK_ROWS, len(x))
    whole = len(x) // rows * rows

    def look(x: Any, outputs: list[Any], _: Any) -> Any:
        return measure.hsic_matrix([x, *outputs])

    blocks = train.observed(
        subject.model, subject.sites, subject.networks, x[:whole], look, rows=rows
    )
    return np.stack([block.astype("float64") for _, block in blocks], axis=1)


# -- gradients ------------------------------------------------------------------------------


def gradient_shares(subject: Subject, split: Split) -> np.ndarray:
    """Return each site's part of the squared gradient norm, float64 (network, batch, site)."""
    rows = GRADIENT_ROWS * GRADIENT_BATCHES
    squares = train.layer_gradients(
        subject.model,
        subject.sites,
        subject.networks,
        split.x[:rows],
        split.y[:rows],
        subject.loss,
        rows=GRADIENT_ROWS,
    ).astype("float64")
    layers = [place for place, site in enumerate(subject.sites) if not site.is_block]
    total = squares[..., layers].sum(axis=-1, keepdims=True)
    return squares / np.where(total > 0, total, 1.0)


def mean_path_lengths(subject: Subject, split: Split, *, seed: int) -> list[float]:
    """Return, for each network, the mean length of its paths; [] if it has no blocks."""
    blocks = [site for site in subject.sites if site.is_block and site.num_calls == 1]
    if len(blocks) < 2 or not np.issubdtype(split.x.dtype, np.floating):
        return []
    selections, lengths = _paths(len(blocks), seed)
    norms = train.path_gradients(
        subject.model,
        blocks,
        subject.networks,
        selections,
        split.x[:PATH_ROWS],
        split.y[:PATH_ROWS],
        subject.loss,
    )
    by_length = np.stack(
        [norms[:, lengths == k].mean(axis=1) for k in range(len(blocks) + 1)], axis=1
    )
    return [measure.mean_path_length(list(one)) for one in by_length]


def _paths(blocks: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random paths of every length, bool (path, block), and their lengths."""
    draw = np.random.default_rng([seed, blocks])
    chosen = []
    for length in range(blocks + 1):
        number = 1 if length in (0, blocks) else PATHS_OF_A_LENGTH
        for _ in range(number):
            row = np.zeros(blocks, bool)
            row[draw.permutation(blocks)[:length]] = True
            chosen.append(row)
    selections = np.stack(chosen)
    return selections, selections.sum(axis=1)


# -- probes --------------------------------------------------------------------------------------


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
    labels = _labels(rows, seed)
    solve = _solver(subject.task, num_classes)
    flat = rows.all.reshape(len(rows.all), -1).astype("float32")
    raw = train.spread(solve, _prepared(rows, _narrowed(flat[None], seed)), labels)[0, 0]
    both = subject.networks if untrained is None else _together(subject.networks, untrained)
    number = subject.networks.number
    layers, shuffled, control = [], [], []
    for features in _features_by_site(subject, both, rows.all, seed):
        right = train.spread(solve, _prepared(rows, features[:number]), labels)
        layers.append(right[:, 0])
        shuffled.append(right[:, 1])
        control.append(_controls(solve, rows, features[number:], labels))
    return Probed(input=raw, layers=layers, shuffled=shuffled, untrained=control)


def _controls(
    solve: Any, rows: ProbeRows, features: np.ndarray, labels: measure.Targets
) -> np.ndarray:
    """Return credits of probes on untrained networks, (network, rows), by the true labels alone."""
    if not len(features):
        return np.empty((0, len(rows.test)), np.float32)
    true = measure.Targets(*(one[:, :1] for one in labels))
    return train.spread(solve, _prepared(rows, features), true)[:, 0]


def _together(first: train.Networks, second: train.Networks) -> train.Networks:
    return jax.tree.map(lambda a, b: np.concatenate([a, b]), first, second)


@functools.lru_cache(maxsize=8)
def _solver(task: str, num_classes: int) -> Any:
    if task == "regression":
        return measure.regression_probe
    return functools.partial(measure.classification_probe, num_classes=num_classes)


def _labels(rows: ProbeRows, seed: int) -> measure.Targets:
    """Return the targets of each split, and beside them the same shuffled."""
    draw = np.random.default_rng([seed, 2])
    kind = "int32" if np.issubdtype(rows.train.y.dtype, np.integer) else "float32"

    def both(y: np.ndarray) -> np.ndarray:
        return np.stack([y, draw.permutation(y)], axis=1).astype(kind)

    return measure.Targets(both(rows.train.y), both(rows.validation.y), both(rows.test.y))


def _features_by_site(
    subject: Subject, networks: train.Networks, x: np.ndarray, seed: int
) -> Iterator[np.ndarray]:
    """Yield each site's pooled outputs, float32 (network, rows, features)."""
    for places in _groups(subject, networks.number * len(x)):
        for features in _features(subject, networks, x, places):
            yield _narrowed(features, seed)


def _prepared(rows: ProbeRows, features: np.ndarray) -> measure.Prepared:
    """Return the features of every network ready to be probed, stacked."""
    each = [measure.prepared(rows.split(one)) for one in features]
    return jax.tree.map(lambda *arrays: np.stack(arrays), *each)


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

    kept: list[list[np.ndarray]] = [[] for _ in places]
    for count, block in train.observed(
        subject.model, subject.sites, networks, x, look, rows=BLOCK_ROWS
    ):
        for store, values in zip(kept, block):
            store.append(values[:, :count])
    return [np.concatenate(blocks, axis=1) for blocks in kept]


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
