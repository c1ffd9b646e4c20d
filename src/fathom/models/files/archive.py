"""The zip file that a `.keras` file is, opened within bounded memory."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom.errors import ModelError

CONFIG, METADATA, WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
MAX_BYTES = {CONFIG: 5 * 2**20, METADATA: 2**16, WEIGHTS: 2 * 2**30}
MAX_FILE_BYTES = sum(MAX_BYTES.values())
# Keras stores its members as they are; a file that was packed again gains a few times.
MAX_EXPANSION = 100
MAX_DIRECTORY_BYTES = 4096

_END = struct.Struct("<4s4H2LH")
_END_SIGNATURE, _ZIP64_SIGNATURE, _ZIP64_BYTES = b"PK\x05\x06", b"PK\x06\x07", 20
_IS_ENCRYPTED = 0x1

_WHOLE = "save the model again with Keras 3, or copy the file again if it was cut short"


@dataclass(frozen=True)
class Archive:
    """The two members that make the model.

    Args:
        config: The model's configuration, JSON data.
        weights: An HDF5 file.
    """

    config: dict[str, Any]
    weights: bytes


def read_archive(path: Path) -> Archive:
    """Return what is in the `.keras` file at `path`.

    Raises:
        ModelError: It is missing, damaged, too large, or holds anything but
            the three members Keras writes.
    """
    _check_path(path)
    try:
        with path.open("rb") as file:
            _check_directory(file, path)
            with zipfile.ZipFile(file) as archive:
                _check_members(archive, path)
                config, weights = archive.read(CONFIG), archive.read(WEIGHTS)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise damaged(path, str(error)) from error
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror or error}.") from error
    return Archive(_parse(config, path), weights)


def damaged(path: Path, why: str) -> ModelError:
    """Return the refusal of a file that is not whole."""
    return ModelError(f"{path} is not a whole .keras file: {why.rstrip('.')}.", hint=_WHOLE)


def _check_path(path: Path) -> None:
    if path.suffix in (".h5", ".hdf5"):
        raise ModelError(
            f"Fathom reads models in Keras 3's .keras format. Received: {path}.",
            hint="load it in Keras and save it with model.save('MODEL.keras')",
        )
    if path.suffix != ".keras":
        raise ModelError(f"The name of a model file must end in .keras. Received: {path}.")
    if path.is_dir():
        raise ModelError(f"A model must be a file. Received: the folder {path}.")
    if not path.exists():
        raise ModelError(
            f"There is no file {path}.", hint="the path is read from the current folder"
        )
    if not path.is_file():
        raise ModelError(f"A model must be an ordinary file. Received: {path}.")


def _check_directory(file: Any, path: Path) -> None:
    """Refuse a table of contents that would fill memory before a member is looked at."""
    size = file.seek(0, 2)
    if size > MAX_FILE_BYTES:
        raise _too_large(path, "the file", size, MAX_FILE_BYTES)
    tail_bytes = min(size, _END.size + _ZIP64_BYTES)
    file.seek(-tail_bytes, 2)
    tail = file.read(tail_bytes)
    end = tail[-_END.size :]
    if len(end) < _END.size or not end.startswith(_END_SIGNATURE):
        raise damaged(path, "it is not a zip archive, or its end is missing")
    *_, directory_bytes, _, _ = _END.unpack(end)
    if directory_bytes > MAX_DIRECTORY_BYTES or tail.startswith(_ZIP64_SIGNATURE):
        raise _not_as_written(path, "more than the three members Keras writes")


def _check_members(archive: zipfile.ZipFile, path: Path) -> None:
    names = [member.filename for member in archive.infolist()]
    if sorted(names) != sorted(MAX_BYTES):
        raise _not_as_written(path, ", ".join(map(ascii, names)) or "nothing")
    for member in archive.infolist():
        limit = MAX_BYTES[member.filename]
        if member.file_size > limit:
            raise _too_large(path, member.filename, member.file_size, limit)
        _check_packing(member, path)


def _check_packing(member: zipfile.ZipInfo, path: Path) -> None:
    if member.flag_bits & _IS_ENCRYPTED:
        raise _not_as_written(path, f"{member.filename} encrypted")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise _not_as_written(path, f"{member.filename} compressed in an unusual way")
    if member.file_size > MAX_EXPANSION * max(member.compress_size, 1024):
        raise ModelError(
            f"A member of a model file may unpack to {MAX_EXPANSION} times its size. Received: "
            f"{member.filename} in {path}, {member.compress_size} bytes that claim to be "
            f"{member.file_size}."
        )


def _parse(config: bytes, path: Path) -> dict[str, Any]:
    try:
        parsed = json.loads(config)
    except (ValueError, RecursionError) as error:
        raise damaged(path, f"{CONFIG} is not JSON that can be read ({error})") from error
    if not isinstance(parsed, dict):
        raise damaged(path, f"{CONFIG} does not describe a model")
    return parsed


def _too_large(path: Path, what: str, received: int, limit: int) -> ModelError:
    return ModelError(
        f"{what} must be at most {limit} bytes. Received: {received} bytes in {path}.",
        hint="pass the model from Python if you trust it",
    )


def _not_as_written(path: Path, received: str) -> ModelError:
    return ModelError(
        f"A .keras file must hold {', '.join(MAX_BYTES)} and nothing else. "
        f"Received: {received} in {path}.",
        hint=_WHOLE,
    )
