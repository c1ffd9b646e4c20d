"""What a change to a network costs: differences of scores on the same rows, with intervals."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from fathom.measure.intervals import Interval, over_members_and_draws, row_weights

SMALLEST_SPREAD = 1e-12


def credit_of(task: str, *, from_logits: bool) -> Callable[[Any, Any], Any]:
    """Return the function from `(y, outputs)` to a number per row, float32 (rows,).

    Its mean is the accuracy of a classifier (1 where right), the mean squared
    error of a regression.

    Args:
        task: "classification" or "regression".
        from_logits: Whether one output column is a logit, else a probability.
    """

    def right(y: Any, outputs: Any) -> Any:
        if outputs.shape[-1] == 1:
            predicted = (outputs[:, 0] > (0.0 if from_logits else 0.5)).astype(y.dtype)
        else:
            predicted = outputs.argmax(axis=-1).astype(y.dtype)
        return (predicted == y).astype(jnp.float32)

    def squared(y: Any, outputs: Any) -> Any:
        return jnp.square(outputs.reshape(y.shape).astype(jnp.float32) - y)

    return squared if task == "regression" else right


class Scores:
    """Scores of many networks on the same rows, and on resamplings of them.

    Args:
        task: "classification": credits are 1 where right, the score is accuracy;
            "regression": credits are squared errors, the score is R2.
        y: Targets, (rows,).
        seed: Of the draws.
    """

    def __init__(self, task: str, y: np.ndarray, *, seed: int) -> None:
        self._is_error = task == "regression"
        self._y = np.asarray(y, "float64")
        self._seed = seed
        self._latest: tuple[np.ndarray, np.ndarray] | None = None

    def scores(self, credits: np.ndarray) -> np.ndarray:
        """Return the score of each network, float64 (...,), from credits (..., rows)."""
        mean = np.asarray(credits, "float64").mean(axis=-1)
        return 1 - mean / max(self._y.var(), SMALLEST_SPREAD) if self._is_error else mean

    def interval(self, credits: np.ndarray) -> Interval:
        """Return the mean score of networks, credits (network, rows), over them and the rows."""
        drawn = self._drawn(credits)
        return over_members_and_draws(float(self.scores(credits).mean()), drawn, self._seed)

    def drop(self, whole: np.ndarray, changed: np.ndarray) -> Interval:
        """Return by how much the score falls, the mean over networks and their versions.

        Rows are resampled for both alike. Networks are resampled too; versions
        instead, where there is one network.

        Args:
            whole: Credits of the networks, (network, rows).
            changed: Credits of the changed networks, (network, version, rows).
        """
        networks, versions, rows = changed.shape
        fall = self.scores(whole)[:, None] - self.scores(changed)  # (network, version)
        after = self._drawn(changed.reshape(-1, rows)).reshape(-1, networks, versions)
        drops = self._drawn_once(whole)[:, :, None] - after  # (draw, network, version)
        units = drops.mean(axis=2) if networks > 1 else drops[:, 0]
        return over_members_and_draws(float(fall.mean()), units, self._seed)

    def standard_error(self, credits: np.ndarray) -> float:
        """Return the standard error of the mean score over networks and rows."""
        drawn = self._drawn(credits)
        over_rows = float(drawn.mean(axis=1).std())
        if len(credits) < 2:
            return over_rows
        over_networks = float(self.scores(credits).std(ddof=1)) / len(credits) ** 0.5
        return max(over_rows, over_networks)

    def _drawn_once(self, credits: np.ndarray) -> np.ndarray:
        """Return `_drawn` of an array that is asked for again and again."""
        if self._latest is None or self._latest[0] is not credits:
            self._latest = credits, self._drawn(credits)
        return self._latest[1]

    def _drawn(self, credits: np.ndarray) -> np.ndarray:
        """Return scores on every resampling, (draw, network)."""
        weights = row_weights(credits.shape[1], self._seed)  # (draw, rows)
        means = weights @ credits.T.astype("float32") / credits.shape[1]
        if not self._is_error:
            return means
        total = weights.sum(axis=1)
        y = (self._y - self._y.mean()).astype("float32")
        spread = weights @ np.square(y) / total - np.square(weights @ y / total)
        return 1 - means / np.maximum(spread, SMALLEST_SPREAD)[:, None]
