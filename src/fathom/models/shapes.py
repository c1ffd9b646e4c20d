"""Building a model for its shapes alone, without taking the memory of its weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras
from keras.src.backend.common import global_state

_NAME_COUNTS = "object_name_uids"
_UNINITIALIZED = "uninitialized_variables"


@contextmanager
def without_values() -> Iterator[keras.StatelessScope]:
    """Let variables be made inside that have a shape, an initializer and no value.

    The scope's `state_mapping` holds what was assigned to variables meanwhile;
    no variable keeps it.
    """
    before = list(global_state.get_global_attribute(_UNINITIALIZED) or ())
    try:
        with keras.StatelessScope(initialize_variables=False) as scope:
            yield scope
    finally:
        global_state.set_global_attribute(_UNINITIALIZED, before)


@contextmanager
def names_from_one() -> Iterator[None]:
    """Let Keras count the names it makes up inside from the beginning, whatever came before.

    The operations that masks are made of have no other names; so two builds agree.
    """
    before = global_state.get_global_attribute(_NAME_COUNTS)
    global_state.set_global_attribute(_NAME_COUNTS, None)
    try:
        yield
    finally:
        global_state.set_global_attribute(_NAME_COUNTS, before)
