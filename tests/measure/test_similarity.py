"""Unbiased CKA: one for the same representation, zero for unrelated ones, at any width."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest

from fathom import measure


def similarity(pairs: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """CKA of two representations, HSIC averaged over batches first."""
    hsic = np.mean([np.asarray(measure.hsic_matrix(list(map(jnp.asarray, p)))) for p in pairs], 0)
    return float(measure.cka(hsic.astype("float64"))[0, 1])


@pytest.mark.parametrize("rows", [4, 32, 256])
def test_a_rotated_scaled_shifted_copy_is_the_same_representation(rows: int) -> None:
    draw = np.random.default_rng(rows)
    x = draw.normal(size=(rows, 12)).astype("float32")
    rotation = np.linalg.qr(draw.normal(size=(12, 12)))[0].astype("float32")
    copy = np.float32(3.7) * x @ rotation + np.float32(2)
    assert similarity([(x, copy)]) == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize("rows", [32, 256])
def test_independent_representations_have_none_within_the_error(rows: int) -> None:
    """Also where features outnumber rows, where the biased estimate goes to one."""
    draw = np.random.default_rng(0)
    values = [
        similarity([tuple(draw.normal(size=(2, rows, 64)).astype("float32")) for _ in range(4)])
        for _ in range(20)
    ]
    error = np.std(values, ddof=1) / len(values) ** 0.5
    assert abs(np.mean(values)) < 3 * error
    assert np.std(values) < 0.1


def test_hsic_is_the_published_formula() -> None:
    draw = np.random.default_rng(1)
    x, y = draw.normal(size=(10, 3)), draw.normal(size=(10, 5))
    k, m = x @ x.T, y @ y.T
    np.fill_diagonal(k, 0)
    np.fill_diagonal(m, 0)
    n, ones = 10, np.ones(10)
    wanted = (
        np.trace(k @ m)
        + (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
        - 2 / (n - 2) * (ones @ k @ m @ ones)
    ) / (n * (n - 3))
    given = [jnp.asarray(one.astype("float32")) for one in (x, y)]
    assert float(measure.hsic_matrix(given)[0, 1]) == pytest.approx(wanted, rel=1e-4)


def test_a_representation_that_does_not_vary_has_no_similarity() -> None:
    x = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)).astype("float32"))
    assert np.isnan(measure.cka(np.asarray(measure.hsic_matrix([x, jnp.ones((8, 3))])))[0, 1])
