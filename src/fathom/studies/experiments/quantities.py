"""What is measured of trained members: functions from them to arrays by seed.

Numbers of members that diverged are those of a network that has learned nothing: its
accuracy is that of guessing, its error that of the mean, its loss the guess's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from fathom.studies.experiments.training import Trained

SMALLEST_ERROR = 1e-12


def test_accuracy(trained: Trained) -> np.ndarray:
    """Return which test rows are classified rightly, float (seed, rows)."""
    return _right(trained, trained.outputs)


def train_accuracy(trained: Trained) -> np.ndarray:
    """Return the share of training rows that are classified rightly, by seed."""
    x, y = trained.splits.train
    outputs = trained.chosen(trained.population.predict(x))
    return (_predicted(outputs) == y).mean(axis=1)


def generalisation_gap(trained: Trained) -> np.ndarray:
    """Return accuracy on training rows less that on test rows, by seed."""
    return train_accuracy(trained) - test_accuracy(trained).mean(axis=1)


def test_error(trained: Trained) -> np.ndarray:
    """Return the squared error over the target's variance on test rows, log10, by seed."""
    y = trained.splits.test.y
    squared = np.square(trained.outputs[..., 0].astype("float64") - y).mean(axis=1) / y.var()
    squared = np.where(np.isfinite(squared), np.minimum(squared, 1.0), 1.0)
    return np.log10(np.maximum(squared, SMALLEST_ERROR))


def test_r2(trained: Trained) -> np.ndarray:
    """Return R2 on test rows, by seed."""
    return 1 - 10 ** test_error(trained)


def test_loss(trained: Trained) -> np.ndarray:
    """Return the mean cross-entropy on test rows in nats, by seed."""
    y = trained.splits.test.y.astype(int)
    logits = trained.outputs.astype("float64")
    if logits.shape[-1] == 1:
        logits = np.concatenate([np.zeros_like(logits), logits], axis=-1)
    largest = logits.max(axis=-1, keepdims=True)
    total = largest[..., 0] + np.log(np.exp(logits - largest).sum(axis=-1))
    loss = (total - logits[:, np.arange(len(y)), y]).mean(axis=1)
    return np.where(np.isfinite(loss), loss, _guess_loss(trained))


def final_loss(trained: Trained) -> np.ndarray:
    """Return the training loss of the last epoch, log10, by seed."""
    loss = trained.curve("loss")[:, -1].astype("float64")
    loss = np.where(np.isfinite(loss), np.minimum(loss, _guess_loss(trained)), _guess_loss(trained))
    return np.log10(np.maximum(loss, SMALLEST_ERROR))


def rising_epochs(trained: Trained) -> np.ndarray:
    """Return the share of epochs whose training loss is above that of the epoch before."""
    losses = trained.curve("loss").astype("float64")
    rises = ~(losses[:, 1:] <= losses[:, :-1])  # a loss that is no number rose
    return rises.mean(axis=1)


def dead_units(trained: Trained) -> np.ndarray:
    """Return the share of hidden ReLUs that are off on every probed row, by seed."""
    layers = trained.epochs[-1].layers or {}
    return np.nanmean(trained.chosen(layers["dead"]), axis=1)


def num_parameters(trained: Trained) -> np.ndarray:
    """Return the trainable parameters, log10, the same for every seed."""
    from fathom.models import count_trainable

    return np.full(len(trained.seeds), np.log10(count_trainable(trained.model)))


def steps_taken(trained: Trained) -> np.ndarray:
    """Return the steps of training, log10, the same for every seed."""
    rows, size = len(trained.splits.train.y), trained.arm.training.batch_size
    return np.full(len(trained.seeds), np.log10(-(-rows // size) * len(trained.epochs)))


def chosen_rate(trained: Trained) -> np.ndarray:
    """Return each seed's best learning rate on validation rows, log10; of equals the mean."""
    scores = trained.validation  # (rate, seed)
    rates = np.log10(np.array(trained.rates))[:, None]
    is_best = scores >= scores.max(axis=0) - 1e-9
    return (is_best * rates).sum(axis=0) / is_best.sum(axis=0)


def largest_rate(trained: Trained) -> np.ndarray:
    """Return each seed's largest rate within 5 points of its best validation score, log10."""
    scores = trained.validation
    works = scores >= scores.max(axis=0) - 0.05
    rates = np.log10(np.array(trained.rates))[:, None]
    return np.where(works, rates, -np.inf).max(axis=0)


def _predicted(outputs: np.ndarray) -> np.ndarray:
    if outputs.shape[-1] == 1:
        return (outputs[..., 0] > 0).astype(int)
    return outputs.argmax(axis=-1)


def _right(trained: Trained, outputs: np.ndarray) -> np.ndarray:
    """Return float (seed, rows); a member whose outputs are no numbers guesses one class."""
    broken = ~np.isfinite(outputs).reshape(len(outputs), -1).all(axis=1)
    right = (_predicted(outputs) == trained.splits.test.y).astype(float)
    common = np.bincount(trained.splits.train.y.astype(int)).argmax()
    guessed = (trained.splits.test.y == common).astype(float)
    return np.where(np.asarray(broken)[:, None], guessed, right)


def _guess_loss(trained: Trained) -> float:
    """Return the loss of the best prediction that is the same for all training rows."""
    from fathom.measure import guess_loss

    y = trained.splits.train.y
    loss = "sparse_categorical_crossentropy" if trained.splits.num_classes else "mse"
    return guess_loss(loss, y) or 0.0
