"""A representation as points in the plane."""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np

PCA, TSNE, ISOMAP = "pca", "tsne", "isomap"
EMBEDDINGS = (PCA, TSNE, ISOMAP)
PERPLEXITY, NEIGHBOURS = 30, 10
# t-SNE and Isomap are given so many principal components at most.
MOST_COMPONENTS = 50


class Embedding(NamedTuple):
    """Rows in the plane.

    Args:
        points: Float64 (rows, 2).
        explained: Share of the variance that the plane keeps; None but for PCA.
    """

    points: np.ndarray
    explained: float | None


def embedding(features: np.ndarray, *, by: str = PCA, seed: int = 0) -> Embedding:
    """Return a representation's rows in the plane.

    PCA is the plane with the most variance: distances in it are true where `explained` is near
    1. t-SNE and Isomap keep neighbours together; distances between groups mean little.

    Args:
        features: Float (rows, features).
        by: One of `EMBEDDINGS`.
        seed: Of what is random in it.

    References:
        van der Maaten and Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008.
        Tenenbaum, de Silva, Langford, "A Global Geometric Framework for Nonlinear Dimensionality
        Reduction", Science 290, 2000.
    """
    wide = features.reshape(len(features), -1).astype("float64")
    wide = wide - wide.mean(axis=0)
    varying = np.abs(wide).max(axis=0, initial=0) > 0
    if len(wide) < 3 or not varying.any():
        return Embedding(np.zeros((len(wide), 2)), None)
    points, explained = _components(wide[:, varying], MOST_COMPONENTS if by != PCA else 2, seed)
    if by == PCA:
        kept = float(explained[:2].sum())
        return Embedding(_two(points), min(kept, 1.0))
    return Embedding(_two(_nonlinear(points, by, seed)), None)


def turned_alike(points: np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return points with each axis mirrored where that brings it nearer to another embedding."""
    signs = np.where((points * like).sum(axis=0) < 0, -1.0, 1.0)
    return points * signs


def _components(wide: np.ndarray, number: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.decomposition import PCA as Components

    number = min(number, *wide.shape)
    found = Components(n_components=number, random_state=seed)
    return found.fit_transform(wide), found.explained_variance_ratio_


def _nonlinear(points: np.ndarray, by: str, seed: int) -> np.ndarray:
    from threadpoolctl import threadpool_limits

    # One thread: its few rows are done sooner than several threads can meet (600 rows on two busy
    # cores: 2 s of work against 25), and in one order.
    with warnings.catch_warnings(), threadpool_limits(1):
        # Isomap tells of separate groups of neighbours, which it then joins.
        warnings.simplefilter("ignore")
        return np.asarray(_method(len(points), by, seed).fit_transform(points))


def _method(rows: int, by: str, seed: int) -> Any:
    from sklearn.manifold import TSNE as NeighbourEmbedding
    from sklearn.manifold import Isomap

    if by == TSNE:
        perplexity = min(PERPLEXITY, (rows - 1) / 3)
        return NeighbourEmbedding(perplexity=perplexity, random_state=seed)
    return Isomap(n_neighbors=min(NEIGHBOURS, rows - 1))


def _two(points: np.ndarray) -> np.ndarray:
    """Return the first two columns, zeros where there is one."""
    filled = np.zeros((len(points), 2))
    filled[:, : points.shape[1]] = points[:, :2]
    return filled
