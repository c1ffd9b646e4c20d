"""How alike two representations of the same rows are: linear CKA, unbiased, in minibatches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np

SMALLEST_BATCH = 4


def hsic_matrix(representations: Sequence[Any]) -> Any:
    """Return the unbiased HSIC of every pair of representations of one batch.

    With Gram matrices K and L whose diagonals are zero,

        HSIC = [tr(KL) + (1'K1)(1'L1) / ((n-1)(n-2)) - 2 (1'KL1) / (n-2)] / (n (n-3)),

    computed as the mean product of K and L after centring them so that their
    rows sum to zero, which is the same number.

    Args:
        representations: Each float (n, ...), flattened row by row; n at least 4.

    Returns:
        Float (representation, representation); small negatives are right.

    References:
        Song et al., "Feature Selection via Dependence Maximization", JMLR 13, 2012.
        Nguyen, Raghu, Kornblith, "Do Wide and Deep Networks Learn the Same
        Things?", ICLR 2021 (minibatches).
    """
    grams = jnp.stack([_centred_gram(one.reshape(len(one), -1)) for one in representations])
    n = grams.shape[1]
    flat = grams.reshape(len(grams), -1)
    return flat @ flat.T / (n * (n - 3))


def cka(hsic: np.ndarray) -> np.ndarray:
    """Return CKA from HSIC matrices that were averaged over batches *before*.

    Args:
        hsic: Float (..., representation, representation).

    Returns:
        Like `hsic`; NaN where a representation does not vary over the rows.
    """
    own = np.diagonal(hsic, axis1=-2, axis2=-1)
    size = np.sqrt(np.where(own > 0, own, np.nan))
    return hsic / (size[..., :, None] * size[..., None, :])


def _centred_gram(features: Any) -> Any:
    """Return the Gram matrix (n, n), zero on the diagonal, whose rows and columns sum to zero.

    Columns are centred first: it changes nothing but what float32 rounds away.
    """
    features = features.astype(jnp.float32)
    centred = features - features.mean(axis=0)
    n = len(centred)
    gram = centred @ centred.T
    gram = jnp.where(jnp.eye(n, dtype=bool), jnp.zeros_like(gram), gram)
    rows = gram.sum(axis=1) / (n - 2)
    centred_gram = gram - rows[:, None] - rows[None, :] + gram.sum() / ((n - 1) * (n - 2))
    return jnp.where(jnp.eye(n, dtype=bool), jnp.zeros_like(gram), centred_gram)
