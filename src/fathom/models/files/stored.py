"""The arrays in a model's HDF5 file, counted before they are read."""

from __future__ import annotations

import io
from typing import Any

from fathom.errors import ModelError

MAX_ENTRIES = 50_000
MAX_DEPTH = 64


def stored_bytes(weights: bytes, source: str) -> int:
    """Return the bytes of all arrays in an HDF5 file.

    Args:
        weights: The file.
        source: Where it came from, for messages.

    Raises:
        ModelError: It is damaged, points outside itself, or declares more than
            it holds.
    """
    import h5py

    try:
        with h5py.File(io.BytesIO(weights), mode="r") as file:
            total = _walk(file, source)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:
        if isinstance(error, ModelError):
            raise
        raise ModelError(
            f"The weights in {source} cannot be read: {error}.", hint="save the model again"
        ) from error
    if total > len(weights):
        raise _refusal(source, f"{total} bytes of arrays in a file of {len(weights)}")
    return total


def _walk(file: Any, source: str) -> int:
    import h5py

    pending = [(file, 0)]
    total = num_entries = 0
    while pending:
        group, depth = pending.pop()
        for name in group:
            num_entries += 1
            if num_entries > MAX_ENTRIES or depth > MAX_DEPTH:
                raise _refusal(source, "too many entries")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise _refusal(source, "a link to somewhere else")
            entry = group[name]
            if isinstance(entry, h5py.Group):
                pending.append((entry, depth + 1))
            else:
                total += _array_bytes(entry, source)
    return total


def _array_bytes(entry: Any, source: str) -> int:
    import h5py

    if not isinstance(entry, h5py.Dataset) or entry.dtype.kind not in "biufV":
        raise _refusal(source, "an entry that is not an array of numbers")
    if entry.is_virtual or entry.external or entry.shape is None:
        raise _refusal(source, "an array kept somewhere else")
    if entry.id.get_storage_size() < entry.nbytes:
        raise _refusal(source, f"an array of {entry.nbytes} bytes that is not all there")
    return int(entry.nbytes)


def _refusal(source: str, received: str) -> ModelError:
    return ModelError(
        f"The weights of a model file must be plain arrays, all in the file. Received: {received} "
        f"in {source}.",
        hint="save the model again with Keras 3",
    )
