"""A classifier that chooses its own depth."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from fathom.errors import DataError
from fathom.sklearn.estimator import AUTO, DepthEstimator


class DepthClassifier(ClassifierMixin, DepthEstimator):
    """A neural network classifier that finds out how deep it should be.

    Depth, width and learning rate are chosen on validation rows as a study
    chooses them: the rate per architecture by the mean score over seeds, the
    architecture by the one-standard-error rule. A number fixes a setting, several
    are chosen from, "auto" leaves the choice to Fathom. Inputs are standardised.

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
        class_weight: From class to the weight of its rows, or "balanced".
        random_state: Seed of the split, the initial weights and the batch orders.

    Attributes:
        model_: The network, a compiled `keras.Model` from standardised inputs
            to probabilities.
        scaler_: The `StandardScaler` of the inputs.
        depth_, width_, learning_rate_: What was chosen.
        epochs_: Epochs the network was trained.
        verdict_: What was chosen and why, in words (`verdict_.text`); None
            where nothing was left to choose.
        study_: What every network reached, a row per architecture with
            `study_.rows()`; None likewise.
        classes_: The classes, (classes,).
        n_features_in_: Features.
        feature_names_in_: Their names, where the rows were a dataframe.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> x, y = load_iris(return_X_y=True)
        >>> classifier = DepthClassifier(depth=1, width=8, epochs=20, random_state=0)
        >>> classifier.fit(x, y).predict_proba(x[:5]).shape  # doctest: +SKIP
        (5, 3)
    """

    _task = "classification"

    def __init__(
        self,
        depth: Any = AUTO,
        *,
        width: Any = AUTO,
        learning_rate: Any = AUTO,
        seeds: int = 3,
        family: str = "mlp",
        activation: str = AUTO,
        normalization: str = AUTO,
        dropout: float = 0.0,
        l2: float = 0.0,
        optimizer: str = "adam",
        epochs: int | None = None,
        batch_size: int | None = None,
        patience: int | str | None = AUTO,
        validation_fraction: float | None = 0.2,
        class_weight: Any = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            depth,
            width=width,
            learning_rate=learning_rate,
            seeds=seeds,
            family=family,
            activation=activation,
            normalization=normalization,
            dropout=dropout,
            l2=l2,
            optimizer=optimizer,
            epochs=epochs,
            batch_size=batch_size,
            patience=patience,
            validation_fraction=validation_fraction,
            random_state=random_state,
        )
        self.class_weight = class_weight

    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> DepthClassifier:
        """Train for one more pass over some rows, which need not be those seen before.

        The first call begins the network; where its depth, width or learning
        rate are left open, it chooses them on its rows as `fit` does. The scale
        of the inputs is that of the first rows.

        Args:
            X: Numbers (rows, features).
            y: Classes, (rows,).
            classes: All classes there are, for the first call; those in `y` if None.
            sample_weight: A weight per row, (rows,).
        """
        return super().partial_fit(X, y, sample_weight, classes=classes)

    def predict(self, X: Any) -> np.ndarray:
        """Return the most likely class of each row, (rows,)."""
        probabilities = self.predict_proba(X)
        return self.classes_[probabilities.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return probabilities, float64 (rows, classes), in the order of `classes_`.

        Args:
            X: Numbers (rows, features).
        """
        outputs = self._outputs(X)
        if outputs.shape[1] == 1:
            return np.concatenate([1 - outputs, outputs], axis=1)
        return outputs / outputs.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """Return the logarithm of `predict_proba`."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _begin_target(self, y: np.ndarray, weight: np.ndarray, **first: Any) -> None:
        check_classification_targets(y)
        named = first.get("classes")
        self.classes_ = np.unique(y[weight > 0] if named is None else named)
        if len(self.classes_) < 2:
            raise DataError(
                "A classifier needs at least two classes. "
                f"Received: {len(self.classes_)} class, {list(self.classes_)}."
            )

    def _counting(
        self, X: np.ndarray, y: np.ndarray, weight: np.ndarray, *, fewest: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        unknown = np.setdiff1d(y[weight > 0], self.classes_)
        if len(unknown):
            raise DataError(
                f"The classes are {list(self.classes_)}. Received: {list(unknown)}.",
                hint="name all classes in the first call: partial_fit(X, y, classes=...)",
            )
        if self.class_weight is not None:
            weight = weight * compute_sample_weight(self.class_weight, y)
        return super()._counting(X, y, weight, fewest=fewest)

    def _encoded(self, y: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.classes_, y).astype("int32")

    def _num_classes(self) -> int:
        return len(self.classes_)
