"""Arrays of members as safetensors files that carry a checksum and keep one generation back."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fathom.errors import StoreError
from fathom.store.disk import disk_errors, write_bytes
from fathom.store.naming import plain_text, relative_parts, shown

if TYPE_CHECKING:
    import numpy as np

WEIGHTS = "weights"
_SUFFIX = ".safetensors"
_PREVIOUS = ".previous"
_CHECKSUM = "fathom-checksum"


@dataclass(frozen=True, kw_only=True)
class Weights:
    """What a weights file holds.

    Args:
        arrays: Arrays by name, little-endian and C-contiguous.
        metadata: Words about them.
    """

    arrays: dict[str, np.ndarray]
    metadata: dict[str, str]


def weights_path(folder: Path, name: str) -> Path:
    """Return where a study in `folder` keeps the weights called `name`.

    Raises:
        StoreError: `name` is not plain.
    """
    parts = relative_parts(name)
    if len(parts) != 1 or name.endswith(_PREVIOUS):
        raise StoreError(
            f"A name of weights must be plain, such as depth-3-width-64. Received: {shown(name)}.",
            hint="use letters, digits, dots and dashes",
        )
    return folder / WEIGHTS / f"{parts[0]}{_SUFFIX}"


def previous_path(path: Path) -> Path:
    """Return where the generation before `path` is kept."""
    return path.with_name(path.name.removesuffix(_SUFFIX) + _PREVIOUS + _SUFFIX)


def weights_names(folder: Path) -> tuple[str, ...]:
    """Return the names of the weights of the study in `folder`, sorted."""
    names = (path.name for path in (folder / WEIGHTS).glob(f"[!.]*{_SUFFIX}"))
    names = (name for name in names if plain_text(name) == name)
    stems = (name.removesuffix(_SUFFIX).removesuffix(_PREVIOUS) for name in names)
    return tuple(sorted(set(stems)))


def write_weights(
    path: Path, arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]
) -> None:
    """Make or replace a weights file; what it replaces stays as the previous generation.

    Args:
        path: The file, in a folder that exists.
        arrays: Arrays by name.
        metadata: Words about them.

    Raises:
        StoreError: The disk cannot take it, or an array's type cannot be stored.
    """
    from safetensors.numpy import save

    ready = {name: _storable(name, array) for name, array in arrays.items()}
    signed = {**metadata, _CHECKSUM: _checksum(ready, metadata)}
    data = _in_one_order(save(ready, metadata=signed))
    with disk_errors(path, needs_bytes=len(data)):
        write_bytes(path, data, before_rename=lambda: _keep_previous(path))


def _in_one_order(data: bytes) -> bytes:
    """Return a safetensors file with the keys of its header sorted, so that equal is equal bytes.

    References:
        The format: 8 bytes of header size, little-endian; a JSON header,
        padded with spaces to a multiple of 8 bytes; the arrays.
    """
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.dumps(json.loads(data[8:start]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + data[start:]


def _storable(name: str, array: np.ndarray) -> np.ndarray:
    """Return the array as safetensors reads memory: little-endian, C-contiguous."""
    import numpy as np

    array = np.asarray(array)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise StoreError(
            "Weights must be arrays of booleans, integers or floats of at most 64 bits. "
            f"Received: {shown(name)} of type {array.dtype}.",
            hint="convert it with array.astype('float32')",
        )
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _checksum(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    digest.update(json.dumps(sorted(metadata.items())).encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(json.dumps([name, array.dtype.str, array.shape]).encode())
        digest.update(array.reshape(-1).view("u1").data)
    return digest.hexdigest()


def _keep_previous(path: Path) -> None:
    if path.exists():
        path.replace(previous_path(path))


def read_weights(path: Path) -> Weights:
    """Read a weights file and check it.

    Raises:
        FileNotFoundError: There is none.
        StoreError: It is damaged.
    """
    from safetensors import SafetensorError, safe_open

    try:
        # pread, for a file that shrinks while it is mapped would end the process
        with safe_open(path, framework="np", backend="pread") as file:
            metadata = dict(file.metadata() or {})
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, AttributeError, TypeError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    stated = metadata.pop(_CHECKSUM, None)
    if stated != _checksum(arrays, metadata):
        raise _damaged(path, "its checksum does not match")
    return Weights(arrays=arrays, metadata=metadata)


def _damaged(path: Path, reason: str) -> StoreError:
    return StoreError(
        f"{path} is damaged: {reason}.",
        hint="run the study again to have them back",
    )
