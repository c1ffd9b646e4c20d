"""Preprocessing to bytes and back: JSON, and skops for scikit-learn's parts.

Nothing is loaded whose type is not on the list below: the types a file names
are compared with it before skops builds anything.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from fathom.data.arrays import ArrayInputs
from fathom.data.images import ImageInputs
from fathom.data.limits import STORED_BYTES, at_most
from fathom.data.tables import FittedColumn, Reading, TableInputs, WindowInputs
from fathom.data.targets import Target
from fathom.data.wording import listed
from fathom.errors import DataError
from fathom.specs import from_json_data, to_json_data

VERSION = 1

TRUSTED = frozenset(
    {
        *("builtins.dict", "builtins.list", "builtins.tuple", "builtins.str", "builtins.slice"),
        *("builtins.int", "builtins.float", "builtins.bool", "builtins.NoneType"),
        *("numpy.ndarray", "numpy.dtype", "numpy.float32", "numpy.float64", "numpy.int64"),
        *("numpy.int32", "numpy.bool", "numpy.bool_"),
        "sklearn.compose._column_transformer.ColumnTransformer",
        "sklearn.impute._base.MissingIndicator",
        "sklearn.impute._base.SimpleImputer",
        "sklearn.pipeline.Pipeline",
        "sklearn.preprocessing._data.StandardScaler",
        "sklearn.preprocessing._encoders.OneHotEncoder",
    }
)
"""Every type that a stored transformer may name."""

LOADERS = frozenset(
    {
        *("DictNode", "ListNode", "TupleNode", "SliceNode", "JsonNode", "TypeNode"),
        *("DTypeNode", "NdArrayNode", "ObjectNode"),
    }
)
"""Every way in which skops may build one of them."""


@dataclass(frozen=True, kw_only=True)
class StoredTable:
    """The parts of `TableInputs` that are JSON."""

    columns: tuple[FittedColumn, ...]
    left_out: tuple[str, ...]
    feature_names: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class StoredWindows:
    """The parts of `WindowInputs` that are JSON."""

    table: StoredTable
    size: int
    horizon: int
    time: Reading


Inputs = TableInputs | WindowInputs | ArrayInputs | ImageInputs

KINDS: dict[str, type[Any]] = {
    "array": ArrayInputs,
    "image": ImageInputs,
    "table": StoredTable,
    "windows": StoredWindows,
}


def to_bytes(inputs: Inputs, target: Target) -> bytes:
    """Return fitted inputs and target as bytes."""
    stored: Any = inputs
    transformer = None
    if isinstance(inputs, TableInputs):
        stored, transformer = _stored_table(inputs), _pack(inputs.transformer)
    elif isinstance(inputs, WindowInputs):
        transformer = _pack(inputs.table.transformer)
        stored = StoredWindows(
            table=_stored_table(inputs.table),
            size=inputs.size,
            horizon=inputs.horizon,
            time=inputs.time,
        )
    kind = next(name for name, kind in KINDS.items() if isinstance(stored, kind))
    document = {
        "format": "fathom-preprocessing",
        "version": VERSION,
        "kind": kind,
        "inputs": to_json_data(stored),
        "target": to_json_data(target),
        "transformer": transformer,
    }
    return msgspec.json.encode(document)


def _stored_table(inputs: TableInputs) -> StoredTable:
    return StoredTable(
        columns=inputs.columns, left_out=inputs.left_out, feature_names=inputs.feature_names
    )


def _pack(transformer: Any) -> str:
    import skops.io

    return base64.b64encode(skops.io.dumps(transformer)).decode()


def from_bytes(data: bytes) -> tuple[Inputs, Target]:
    """Return the inputs and target that `to_bytes` was given.

    Raises:
        DataError: The bytes are something else, too large, or not trusted.
    """
    at_most("A stored preprocessing", len(data), STORED_BYTES, hint="store it again")
    document = _document(data)
    try:
        kind = KINDS[document["kind"]]
        inputs = from_json_data(document["inputs"], kind)
        target = from_json_data(document["target"], Target)
        packed = document["transformer"]
    except (KeyError, TypeError, ValueError) as error:
        raise _not_stored(str(error)) from error
    if isinstance(inputs, StoredTable):
        return _table_inputs(inputs, packed), target
    if isinstance(inputs, StoredWindows):
        table = _table_inputs(inputs.table, packed)
        windows = WindowInputs(
            table=table, size=inputs.size, horizon=inputs.horizon, time=inputs.time
        )
        return windows, target
    return inputs, target


def _document(data: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _not_stored("bytes that are not JSON") from error
    if not isinstance(document, dict) or document.get("format") != "fathom-preprocessing":
        raise _not_stored("a document of another kind")
    if document.get("version") != VERSION:
        raise _not_stored(f"version {document.get('version')}, this Fathom reads {VERSION}")
    return document


def _not_stored(received: str) -> DataError:
    return DataError(
        f"A stored preprocessing must be what Fathom wrote. Received: {received}.",
        hint="fit the preprocessing again",
    )


def _table_inputs(stored: StoredTable, packed: object) -> TableInputs:
    return TableInputs(
        columns=stored.columns,
        left_out=stored.left_out,
        feature_names=stored.feature_names,
        transformer=_unpack(packed),
    )


def _unpack(packed: object) -> Any:
    import skops.io

    try:
        data = base64.b64decode(str(packed), validate=True)
        check_trusted(data)
        unsure = skops.io.get_untrusted_types(data=data)
        return skops.io.loads(data, trusted=sorted(TRUSTED.intersection(unsure)))
    except DataError:
        raise
    except (binascii.Error, zipfile.BadZipFile, KeyError, TypeError, ValueError) as error:
        raise _not_stored("a transformer that cannot be read") from error


def check_trusted(data: bytes) -> None:
    """Raise unless every type that a packed transformer names is trusted.

    Raises:
        DataError: Names the other types; or what is packed is too large.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        size = sum(entry.file_size for entry in archive.infolist())
        at_most("A stored transformer", size, STORED_BYTES, hint="store it again")
        schema = json.loads(archive.read("schema.json"))
    strange = sorted(set(named_types(schema)) - TRUSTED - LOADERS)
    if strange:
        raise DataError(
            "A stored transformer may only hold scikit-learn's parts that Fathom uses. "
            f"Received: {listed(strange)}.",
            hint="do not use this file: it was not written by Fathom",
        )


def named_types(schema: object) -> Iterator[str]:
    """Yield the full name of every type in a schema of skops, and of every loader."""
    if isinstance(schema, dict):
        if "__class__" in schema or "__module__" in schema:
            yield f"{schema.get('__module__')}.{schema.get('__class__')}"
        if "__loader__" in schema:
            yield str(schema["__loader__"])
        for value in schema.values():
            yield from named_types(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from named_types(value)
