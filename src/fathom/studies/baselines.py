"""What needs no network: guessing, the last value, gradient boosting, on the same splits."""

from __future__ import annotations

import math
import time

import numpy as np

from fathom.data import Dataset
from fathom.measure import Interval, accuracy_interval, r2_interval
from fathom.specs import BOOSTING, LAST_VALUE, BaselineRecord

# Rows x features x classes beyond which boosting would cost more than the study.
MOST_WORK = 1e8
# Measured on digits: 0.7 million in some 1.5 s on one core.
SECONDS_PER_WORK = 2e-6
# Below this many rows its threads wait for each other longer than they work.
FEW_ROWS = 100_000


def guessing(dataset: Dataset, *, seed: int) -> BaselineRecord:
    """Predict the training split's majority class, or its mean, for every row."""
    if dataset.task == "classification":
        name, answer = "majority-class", int(np.bincount(dataset.train.y).argmax())
    else:
        name, answer = "mean", float(dataset.train.y.mean())
    guesses = [np.full(len(split.y), answer) for split in (dataset.validation, dataset.test)]
    return _record(name, dataset, *guesses, seconds=0.0, seed=seed)


def last_value(dataset: Dataset, *, seed: int) -> BaselineRecord | None:
    """Predict that a time series stays as it was at the last step of each window.

    Returns:
        None where the target is not a later value of a series that is among the inputs.
    """
    validation = dataset.last_values(dataset.validation.x)
    test = dataset.last_values(dataset.test.x)
    if validation is None or test is None:
        return None
    return _record(LAST_VALUE, dataset, validation, test, seconds=0.0, seed=seed)


def can_boost(dataset: Dataset, *, seconds: float = math.inf) -> bool:
    """Return whether gradient boosting is small work beside the study.

    Args:
        dataset: What it would be fitted to.
        seconds: The time it may take, by a rough estimate.
    """
    features = int(np.prod(dataset.input_shape))
    work = len(dataset.train) * features * max(dataset.num_classes, 1)
    return work <= MOST_WORK and work * SECONDS_PER_WORK <= seconds


def boosting(dataset: Dataset, *, seed: int) -> BaselineRecord:
    """Fit scikit-learn's histogram gradient boosting with its default settings."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    started = time.perf_counter()
    is_classification = dataset.task == "classification"
    kind = HistGradientBoostingClassifier if is_classification else HistGradientBoostingRegressor
    threads = 1 if len(dataset.train) < FEW_ROWS else None
    with threadpool_limits(threads, user_api="openmp"):
        model = kind(random_state=seed).fit(_flat(dataset.train.x), dataset.train.y)
    guesses = [model.predict(_flat(split.x)) for split in (dataset.validation, dataset.test)]
    seconds = time.perf_counter() - started
    return _record(BOOSTING, dataset, *guesses, seconds=seconds, seed=seed)


def _flat(x: np.ndarray) -> np.ndarray:
    return x.reshape(len(x), -1)


def _record(
    name: str,
    dataset: Dataset,
    validation: np.ndarray,
    test: np.ndarray,
    *,
    seconds: float,
    seed: int,
) -> BaselineRecord:
    tested = _interval(dataset, dataset.test.y, test, seed)
    return BaselineRecord(
        name=name,
        validation=_interval(dataset, dataset.validation.y, validation, seed).mean,
        test=tested.mean,
        low=tested.low,
        high=tested.high,
        train_seconds=seconds,
    )


def _interval(dataset: Dataset, y: np.ndarray, predictions: np.ndarray, seed: int) -> Interval:
    if dataset.task == "classification":
        return accuracy_interval((predictions == y)[None], seed=seed)
    return r2_interval(y, predictions[None], seed=seed)
