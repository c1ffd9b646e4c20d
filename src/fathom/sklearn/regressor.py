"""A regressor that chooses its own depth."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.preprocessing import StandardScaler

from fathom.sklearn.estimator import DepthEstimator


class DepthRegressor(RegressorMixin, DepthEstimator):
    """A neural network regressor that finds out how deep it should be.

    As `DepthClassifier`, with the mean squared error as its loss and R² as its
    score. The target is standardised, too; predictions are in its own units.

    Args:
        depth: Hidden blocks; 0 is the linear model. "auto" tries 0 to 4.
        width: Units per hidden block. "auto" tries 32 and 128.
        learning_rate: Step size of the optimizer. "auto" tries 0.0003, 0.001
            and 0.003.
        seeds: Networks per architecture and rate, each with its own initial
            weights and batch order; the best of the chosen ones is kept.
        family: "mlp", "residual", "transformer", or "FILE.py:FUNCTION".
        activation: A Keras activation, or "auto": the one that is usual in the family.
        normalization: "none", "batch" or "layer", or "auto".
        dropout: Share of units dropped, in [0, 1).
        l2: L2 penalty on hidden kernels.
        optimizer: A Keras optimizer.
        epochs: Passes over the training rows, at most; None chooses by their number.
        batch_size: Rows per step; None chooses by the number of rows.
        patience: Epochs without a better validation loss before a network
            stops; "auto" is a fifth of the epochs, None trains all of them.
        validation_fraction: Share of the rows to choose by, in (0, 1); None
            trains on all rows, for all epochs, where nothing is left to choose.
        random_state: Seed of the split, the initial weights and the batch orders.

    Attributes:
        model_: The network, a compiled `keras.Model` from standardised inputs
            to the standardised target.
        scaler_: The `StandardScaler` of the inputs.
        target_scaler_: The `StandardScaler` of the target.
        depth_, width_, learning_rate_: What was chosen.
        epochs_: Epochs the network was trained.
        verdict_: What was chosen and why, in words (`verdict_.text`); None
            where nothing was left to choose.
        study_: What every network reached, a row per architecture with
            `study_.rows()`; None likewise.
        n_features_in_: Features.
        feature_names_in_: Their names, where the rows were a dataframe.
    """

    _task = "regression"

    def predict(self, X: Any) -> np.ndarray:
        """Return the value of each row in the target's own units, float64 (rows,).

        Args:
            X: Numbers (rows, features).
        """
        outputs = self._outputs(X)
        return np.asarray(self.target_scaler_.inverse_transform(outputs))[:, 0]

    def _begin_target(self, y: np.ndarray, weight: np.ndarray, **first: Any) -> None:
        """Nothing is to be learned of the target before its scale."""

    def _fit_scale(self, X: np.ndarray, y: np.ndarray, weight: np.ndarray) -> None:
        super()._fit_scale(X, y, weight)
        self.target_scaler_ = StandardScaler().fit(_column(y), sample_weight=weight)

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        return np.asarray(self.target_scaler_.transform(_column(y)), "float32")


def _column(y: np.ndarray) -> np.ndarray:
    return np.asarray(y, "float64")[:, None]
