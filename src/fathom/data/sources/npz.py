"""NumPy archives with x and y, or with a training and a test part."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fathom.data.archives import read_archive
from fathom.data.material import TEST, TRAIN, VALIDATION, Material, Options
from fathom.data.opening import reading
from fathom.data.sequences import arrays_of
from fathom.data.sources.kind import Kind
from fathom.data.tables import given_parts
from fathom.data.values import raw_from_values
from fathom.data.wording import listed
from fathom.errors import DataError

PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}


def accepts(source: object) -> bool:
    """Return whether `source` is an .npz file."""
    return isinstance(source, Path) and source.is_file() and source.suffix.lower() == ".npz"


def read(source: Any, options: Options) -> Material:
    """Return the arrays, with the parts the file has."""
    with reading(source):
        arrays = read_archive(source)
    contents = f"{source.name}: " + ", ".join(
        f"{name} {array.shape} {array.dtype}" for name, array in arrays.items()
    )
    x, y, lengths, parts = _whole(arrays) if "x" in arrays else _in_parts(arrays)
    rule = "the file's own parts"
    if options.split is not None:
        parts, rule = given_parts(options.split, len(x)), "`split`"
    return Material(
        name=source.stem,
        source=str(source),
        features=arrays_of(x, inputs=options.inputs, lengths=lengths),
        target=raw_from_values(y, rows=len(x)),
        parts=parts,
        parts_rule=rule if parts is not None else "",
        notices=(contents,),
    )


Contents = tuple[np.ndarray, np.ndarray, np.ndarray | None, np.ndarray | None]
"""x, y, lengths and the part of each row."""


def _whole(arrays: dict[str, np.ndarray]) -> Contents:
    _check_pairs(arrays, [""])
    return arrays["x"], arrays["y"], arrays.get("lengths"), None


def _in_parts(arrays: dict[str, np.ndarray]) -> Contents:
    """Return the parts end to end, and which part each row is in."""
    names = [name for name in PARTS if f"x_{name}" in arrays or f"y_{name}" in arrays]
    if "train" not in names:
        raise DataError(
            f"An .npz file in parts must have x_train and y_train. Received: {listed(arrays)}.",
            hint="numpy.savez(path, x_train=..., y_train=..., x_test=..., y_test=...)",
        )
    _check_pairs(arrays, [f"_{name}" for name in names])
    xs = [arrays.pop(f"x_{name}") for name in names]
    ys = [arrays.pop(f"y_{name}") for name in names]
    _check_same_kind(xs, "x")
    _check_same_kind(ys, "y")
    parts = [np.full(len(x), PARTS[name], np.int8) for name, x in zip(names, xs)]
    all_parts = np.concatenate(parts) if len(names) > 1 else None
    return np.concatenate(xs), np.concatenate(ys), _all_lengths(arrays, names), all_parts


def _all_lengths(arrays: dict[str, np.ndarray], names: list[str]) -> np.ndarray | None:
    lengths = [arrays[f"lengths_{name}"] for name in names if f"lengths_{name}" in arrays]
    if not lengths:
        return None
    if len(lengths) < len(names):
        raise DataError(
            "Every part must have its lengths, or none. "
            f"Received: {listed(name for name in arrays if name.startswith('lengths'))}.",
            hint="save lengths_train, lengths_test and so on for all parts",
        )
    return np.concatenate([np.atleast_1d(each) for each in lengths])


def _check_pairs(arrays: dict[str, np.ndarray], endings: list[str]) -> None:
    for ending in endings:
        x, y = arrays.get(f"x{ending}"), arrays.get(f"y{ending}")
        if x is None or y is None:
            raise DataError(
                f"An .npz file must hold x{ending} and y{ending} together. "
                f"Received: {listed(arrays)}.",
                hint=f"numpy.savez(path, x{ending}=..., y{ending}=...)",
            )
        if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
            raise DataError(
                f"x{ending} and y{ending} must have the same number of rows. "
                f"Received: shapes {x.shape} and {y.shape}.",
                hint="check that both come from the same rows",
            )


def _check_same_kind(arrays: list[np.ndarray], what: str) -> None:
    """Raise unless parts can be put end to end without changing their values."""
    shapes = {array.shape[1:] for array in arrays}
    kinds = {array.dtype.kind.replace("u", "i") for array in arrays}
    if len(shapes) > 1 or len(kinds) > 1:
        found = ", ".join(f"{array.shape} {array.dtype}" for array in arrays)
        raise DataError(
            f"The parts of {what} must have one shape and type of row. Received: {found}.",
            hint="prepare all parts in the same way",
        )


KIND = Kind(
    what="an .npz file",
    options=frozenset({"split", "inputs"}),
    accepts=accepts,
    read=read,
)
