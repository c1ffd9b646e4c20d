"""Arrays as one binary message: length, JSON header, then the numbers, little endian."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np

ALIGNMENT = 8
KINDS = {"float32": "f4", "uint8": "u1", "int32": "i4"}


def pack(header: dict[str, Any], arrays: dict[str, np.ndarray]) -> bytes:
    """Return a frame.

    Args:
        header: JSON data; what is no number must be None already.
        arrays: float32, uint8 or int32, by name.
    """
    pieces: list[bytes] = []
    listed: dict[str, Any] = {}
    at = 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array)
        kind = KINDS[str(data.dtype)]
        listed[name] = {"offset": at, "shape": list(data.shape), "dtype": kind}
        raw = data.astype(data.dtype.newbyteorder("<"), copy=False).tobytes()
        pieces += [raw, b"\0" * (-len(raw) % ALIGNMENT)]
        at += len(raw) + len(pieces[-1])
    text = msgspec.json.encode({**header, "arrays": listed})
    text += b" " * (-(4 + len(text)) % ALIGNMENT)
    return b"".join([len(text).to_bytes(4, "little"), text, *pieces])


def unpack(frame: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return a frame's header and arrays, as the page reads them."""
    size = int.from_bytes(frame[:4], "little")
    header = msgspec.json.decode(frame[4 : 4 + size])
    kinds = {short: np.dtype(name).newbyteorder("<") for name, short in KINDS.items()}
    arrays = {}
    for name, one in header["arrays"].items():
        count = int(np.prod(one["shape"], dtype=np.int64))
        flat = np.frombuffer(frame, kinds[one["dtype"]], count, 4 + size + one["offset"])
        arrays[name] = flat.reshape(one["shape"])
    return header, arrays
