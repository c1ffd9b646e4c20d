"""Arrays in memory: (x, y), x with `target=y`, or Keras's ((x, y), (x, y))."""

from __future__ import annotations

from typing import Any

import numpy as np

from fathom.data.material import TEST, TRAIN, Material, Options
from fathom.data.sequences import arrays_of
from fathom.data.sources.kind import Kind
from fathom.data.tables import given_parts
from fathom.data.values import raw_from_values
from fathom.errors import DataError


def accepts(source: object) -> bool:
    """Return whether `source` is an array, or a pair of arrays or of such pairs."""
    is_pair = isinstance(source, tuple) and len(source) == 2
    return is_pair or isinstance(source, list) or hasattr(source, "__array__")


def read(source: Any, options: Options) -> Material:
    """Return the arrays."""
    x, y, parts = _pieces(source, options.target)
    features = arrays_of(x, inputs=options.inputs, lengths=options.lengths)
    rule = "training and test arrays"
    if options.split is not None:
        parts, rule = given_parts(options.split, len(features)), "`split`"
    return Material(
        name="arrays",
        source="arrays",
        features=features,
        target=raw_from_values(y, rows=len(features), name=getattr(y, "name", None)),
        parts=parts,
        parts_rule=rule if parts is not None else "",
    )


def _pieces(source: Any, target: object) -> tuple[Any, Any, np.ndarray | None]:
    if not isinstance(source, tuple):
        return source, _target(target), None
    if target is not None:
        raise DataError(
            "A target must be given once. Received: (x, y) and `target` as well.",
            hint="leave `target` out",
        )
    if all(isinstance(half, tuple) and len(half) == 2 for half in source):
        return _train_and_test(*source)
    return source[0], source[1], None


def _target(target: object) -> object:
    if target is None or isinstance(target, str):
        raise DataError(
            "An array needs its target. Received: x alone"
            f"{'' if target is None else f' and target={target!r}'}.",
            hint="load((x, y)) or load(x, target=y)",
        )
    return target


def _train_and_test(
    train: tuple[Any, Any], test: tuple[Any, Any]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    pieces = [[np.asarray(each) for each in half] for half in (train, test)]
    for x, y in pieces:
        if x.ndim == 0 or y.ndim == 0 or len(x) != len(y) or x.shape[1:] != pieces[0][0].shape[1:]:
            raise DataError(
                "Training and test arrays must have rows of one shape, and a target for each. "
                f"Received: {[array.shape for half in pieces for array in half]}.",
            )
    parts = [np.full(len(half[0]), part, np.int8) for half, part in zip(pieces, (TRAIN, TEST))]
    x, y = (np.concatenate([half[k] for half in pieces]) for k in (0, 1))
    return x, y, np.concatenate(parts)


KIND = Kind(
    what="arrays",
    options=frozenset({"target", "split", "inputs", "lengths"}),
    accepts=accepts,
    read=read,
)
