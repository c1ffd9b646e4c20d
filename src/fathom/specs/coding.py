"""Specs and records to JSON data and back."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from fathom.errors import SpecError
from fathom.specs.records import KINDS, RECORD_VERSION, Record

T = TypeVar("T")


def to_json_data(value: Any) -> Any:
    """Return `value` as it comes back from JSON: dicts, lists, strings, numbers, booleans, None."""
    return msgspec.json.decode(msgspec.json.encode(value))


def from_json_data(data: Any, kind: type[T]) -> T:
    """Return the `kind` that `data` describes.

    Raises:
        SpecError: `data` does not describe a `kind`.
    """
    try:
        return msgspec.convert(data, kind, strict=True)
    except msgspec.ValidationError as error:
        raise SpecError(f"Stored data do not describe a {kind.__name__}. {error}.") from error


def encode_record(record: Record) -> dict[str, Any]:
    """Return `record` as JSON data that names its kind and version."""
    return {
        "kind": _kind_of(record),
        "version": RECORD_VERSION,
        **msgspec.to_builtins(record),
    }


def decode_record(data: dict[str, Any]) -> Record:
    """Return the record that `data` describes.

    Raises:
        SpecError: The kind is unknown, or the version is newer than this Fathom.
    """
    if data.get("version", 0) > RECORD_VERSION:
        raise SpecError(
            f"This study was written by a newer Fathom: record version {data['version']}, "
            f"this Fathom reads up to {RECORD_VERSION}.",
            hint="upgrade Fathom to read it",
        )
    kind = KINDS.get(str(data.get("kind")))
    if kind is None:
        raise SpecError(f"A record has the unknown kind {data.get('kind')!r}.")
    fields = {key: value for key, value in data.items() if key not in ("kind", "version")}
    return from_json_data(fields, kind)


def _kind_of(record: Record) -> str:
    return next(name for name, kind in KINDS.items() if type(record) is kind)
