"""Building a model for its shapes alone, without taking the memory of its weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras.src.backend.common import global_state

_UNINITIALIZED = "uninitialized_variables"


@contextmanager
def without_values() -> Iterator[None]:
    """Let variables be made inside that have a shape, an initializer and no value."""
    before = list(global_state.get_global_attribute(_UNINITIALIZED) or ())
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute(_UNINITIALIZED, before)
