"""Fitting one model as `keras.Model.fit` does, with the same weights, compiled."""

from fathom.train.fitting.checks import check_model, check_numbers
from fathom.train.fitting.fallback import reason_for_keras
from fathom.train.fitting.observers import Observers
from fathom.train.fitting.prepared import Asked, Prepared, prepare
from fathom.train.fitting.watching import Watcher

__all__ = [
    "Asked",
    "Observers",
    "Prepared",
    "Watcher",
    "check_model",
    "check_numbers",
    "prepare",
    "reason_for_keras",
]
