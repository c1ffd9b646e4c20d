"""How far apart classes are in a representation: variance between them, and silhouettes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fathom.measure.intervals import Interval, over_members_and_draws, row_weights

# Resamplings of the rows; a product of Gram matrix and draws is the most expensive part.
SEPARATION_DRAWS = 200


class Separation(NamedTuple):
    """How far apart classes are, with 95% intervals over networks and rows.

    Args:
        between: Share of the variance of all units together that lies between the classes' means,
            in [0, 1]: s = tr S_B / tr S_T. Fisher's ratio tr S_B / tr S_W is s / (1 - s).
        silhouette: Mean silhouette of the rows, in [-1, 1]: 1 where every row is far nearer to
            its own class than to the next.
    """

    between: Interval
    silhouette: Interval


def class_separation(features: np.ndarray, y: np.ndarray, *, seed: int) -> Separation | None:
    """Return how far apart the classes are in several networks' representations of the same rows.

    Args:
        features: Float (network, rows, features).
        y: Classes, integer (rows,).
        seed: Of the resamplings.

    Returns:
        None where fewer than two classes have two rows, or nothing varies.

    References:
        Fisher, "The use of multiple measurements in taxonomic problems", Annals of Eugenics 7,
        1936.
        Rousseeuw, "Silhouettes", Journal of Computational and Applied Mathematics 20, 1987.
    """
    known, counts = np.unique(y, return_counts=True)
    if (counts > 1).sum() < 2:
        return None
    member = (y[:, None] == known).astype("float64")  # (rows, classes)
    grams = [_gram(one) for one in features]
    if not all(np.trace(gram) > 0 for gram in grams):
        return None
    weights = row_weights(len(y), seed)[:SEPARATION_DRAWS].astype("float64")
    between = [_between(gram, member, np.ones((1, len(y)))) for gram in grams]
    drawn = np.stack([_between(gram, member, weights) for gram in grams], axis=1)
    rows = np.stack([silhouettes(gram, member) for gram in grams])  # (network, rows)
    return Separation(
        over_members_and_draws(float(np.mean(between)), drawn, seed),
        over_members_and_draws(float(rows.mean()), weights @ rows.T / len(y), seed),
    )


def silhouettes(gram: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Return each row's silhouette by Euclidean distance; 0 for a class of one row.

    Args:
        gram: Inner products of the rows, (rows, rows).
        member: One where a row is of a class, else zero, (rows, classes).
    """
    size = np.diagonal(gram)
    distance = np.sqrt(np.maximum(size[:, None] + size[None] - 2 * gram, 0))
    np.fill_diagonal(distance, 0)
    number = member.sum(axis=0)
    totals = distance @ member  # (rows, classes)
    is_own = member.astype(bool)
    own = totals[is_own] / np.maximum((member * number).sum(axis=1) - 1, 1)
    other = np.where(is_own, np.inf, totals / number).min(axis=1)
    widest = np.maximum(own, other)
    alone = (member * number).sum(axis=1) < 2
    return np.where(alone | (widest == 0), 0, (other - own) / np.where(widest > 0, widest, 1))


def _gram(features: np.ndarray) -> np.ndarray:
    """Return inner products of centred rows, float64 (rows, rows)."""
    wide = features.astype("float64")
    centred = wide - wide.mean(axis=0)
    gram = centred @ centred.T
    # What float32 rounded off is no variance.
    floor = np.square(np.finfo("float32").eps * np.abs(wide).max(initial=0)) * wide.size
    return gram if np.trace(gram) > floor else np.zeros_like(gram)


def _between(gram: np.ndarray, member: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the share of the variance between classes for each weighting of the rows, (draw,).

    With weights w, the squared distances to a group's mean add up to
    sum w |x|^2 - |sum w x|^2 / sum w, all of it inner products.
    """
    total = _spread(gram, weights)
    within = np.zeros(len(weights))
    for own in member.T.astype(bool):
        within += _spread(gram[np.ix_(own, own)], weights[:, own])
    return np.clip(1 - within / np.where(total > 0, total, 1), 0, 1)


def _spread(gram: np.ndarray, weights: np.ndarray) -> np.ndarray:
    number = weights.sum(axis=1)
    square = ((weights @ gram) * weights).sum(axis=1)
    return weights @ np.diagonal(gram) - square / np.where(number > 0, number, 1)
