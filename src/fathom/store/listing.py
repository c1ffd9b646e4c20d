"""The studies of a folder in one line each: from the index where it is current, else read anew."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from fathom.errors import StoreError
from fathom.store.disk import disk_errors
from fathom.store.folders import Fingerprint
from fathom.store.index import (
    IndexedStudy,
    discard_index,
    index_exists,
    read_index,
    update_index,
)
from fathom.store.summary import UNREADABLE, StudySummary, summarise, with_liveness


def list_studies(root: Path, folders: Mapping[str, Fingerprint]) -> tuple[StudySummary, ...]:
    """Return studies in one line each, as they are now.

    Args:
        root: The folder they are in.
        folders: Their own, by name.
    """
    if not folders and not index_exists(root):
        return ()  # nothing to index: a folder that is no store is left alone
    return tuple(with_liveness(row, root / row.name) for row in _summaries(root, folders))


def _summaries(root: Path, folders: Mapping[str, Fingerprint]) -> tuple[StudySummary, ...]:
    indexed = _indexed(root)
    current = {name: row for name, row in indexed.items() if _is_current(row, folders)}
    changed = _read_anew(root, {name: folders[name] for name in folders.keys() - current.keys()})
    gone = indexed.keys() - folders.keys()
    if changed or gone:
        with suppress(OSError, sqlite3.Error):  # a cache; the folders were read
            update_index(root, changed, gone)
    return tuple(row.summary for row in (*current.values(), *changed.values()))


def _indexed(root: Path) -> dict[str, IndexedStudy]:
    try:
        return read_index(root)
    except (OSError, sqlite3.Error):
        return {}  # such as a store on a read-only disk: the folders tell the same


def _read_anew(root: Path, folders: Mapping[str, Fingerprint]) -> dict[str, IndexedStudy]:
    rows = {}
    for name, seen in folders.items():
        with suppress(OSError):  # deleted since it was seen
            rows[name] = IndexedStudy(seen, summarise(root / name))
    return rows


def _is_current(row: IndexedStudy, folders: Mapping[str, Fingerprint]) -> bool:
    """Whether a row needs no second look; what was unreadable gets one, by a newer Fathom say."""
    is_same = folders.get(row.summary.name) == row.fingerprint
    return is_same and row.summary.status != UNREADABLE


def rebuild_index(root: Path, folders: Mapping[str, Fingerprint]) -> None:
    """Make the index of a folder of studies again.

    Args:
        root: The folder they are in.
        folders: Their own, by name.

    Raises:
        StoreError: The index cannot be written.
    """
    with disk_errors(root):
        try:
            discard_index(root)
            update_index(root, _read_anew(root, folders))
        except sqlite3.Error as error:
            raise StoreError(
                f"The index of {root} must be writable. Received: {error}.",
                hint="the studies are safe; free some space or check the folder's rights",
            ) from error
