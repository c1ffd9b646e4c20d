"""Warnings of Keras's that a reader of Fathom's output can do nothing about."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_NOISE = (
    # Keras 3.15's variables do not know NumPy 2's `copy` argument.
    "__array__ implementation doesn't accept a copy keyword",
    # The optimizer of a model that was compiled and never trained.
    "Skipping variable loading for optimizer",
)


@contextmanager
def without_keras_noise() -> Iterator[None]:
    """Keep Keras's known and harmless warnings about files to itself."""
    with warnings.catch_warnings():
        for message in _NOISE:
            warnings.filterwarnings("ignore", message=message)
        yield
