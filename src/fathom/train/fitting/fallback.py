"""What is left to Keras's own `fit`, and why."""

from __future__ import annotations

from typing import Any

from fathom.train import keras_internals as internals


def reason_for_keras(model: Any, data: Any) -> str | None:
    """Return why a training is left to `keras.Model.fit`; None where it can be compiled.

    Args:
        model: A compiled model.
        data: Everything it is given, in any structure.
    """
    if model.run_eagerly:
        return "the model was compiled with run_eagerly=True"
    if not model.jit_compile:
        return "the model was compiled with jit_compile=False, or a layer does not support it"
    if internals.is_distributed():
        return "keras.distribution spreads the model over devices"
    if any(map(internals.is_sparse, internals.tree_leaves(data))):
        return "the data are sparse arrays"
    return None
