"""What leaves the layers, and what reaches them: means, dead units, similarity, gradients."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from fathom import measure, train
from fathom.data import Split
from fathom.studies.anatomy.subject import Subject

BLOCK_ROWS = 256
GRADIENT_ROWS, GRADIENT_BATCHES = 128, 16
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
