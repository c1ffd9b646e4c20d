"""The index: a cache of summaries in SQLite, never trusted further than the folders bear out.

Every reading and writing opens one connection under a lock that all processes
share, and closes it: SQLite 3.7.0 to 3.51.2 can damage a database in WAL mode
when two connections write or checkpoint at once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from fathom.errors import SpecError
from fathom.specs import from_json_data, to_json_data
from fathom.store.folders import Fingerprint
from fathom.store.locks import locked
from fathom.store.summary import StudySummary

INDEX = "index.db"
INDEX_LOCK = "index.lock"
_APPLICATION_ID = 0x4661_7468  # "Fath"
_VERSION = 1
_WAIT_SECONDS = 10.0
_SIDE_FILES = ("", "-wal", "-shm", "-journal")

_COLUMNS = tuple(field.name for kind in (StudySummary, Fingerprint) for field in fields(kind))
_SCHEMA = """
CREATE TABLE studies (
    name TEXT PRIMARY KEY,
    source TEXT NOT NULL,
    task TEXT NOT NULL,
    metric TEXT NOT NULL,
    status TEXT NOT NULL,
    created TEXT NOT NULL,
    trainings INTEGER NOT NULL,
    runs INTEGER NOT NULL,
    depth INTEGER,
    width INTEGER,
    score REAL,
    wall_seconds REAL,
    size_bytes INTEGER NOT NULL,
    log_bytes INTEGER NOT NULL,
    log_mtime INTEGER NOT NULL,
    folder_mtime INTEGER NOT NULL
) WITHOUT ROWID
"""
_UPSERT = (
    f"INSERT OR REPLACE INTO studies ({', '.join(_COLUMNS)}) "
    f"VALUES ({', '.join(f':{column}' for column in _COLUMNS)})"
)


@dataclass(frozen=True)
class IndexedStudy:
    """A row: a summary, and what its folder looked like when it was made."""

    fingerprint: Fingerprint
    summary: StudySummary


def index_exists(root: Path) -> bool:
    """Whether the store in `root` has anything in the index's place."""
    return (root / INDEX).exists()


def read_index(root: Path) -> dict[str, IndexedStudy]:
    """Return the rows of the index by name.

    Raises:
        OSError: The index cannot be locked or opened.
        sqlite3.Error: SQLite cannot read it.
    """
    with _connection(root) as connection:
        rows = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM studies").fetchall()
    decoded = (_decode_row(dict(zip(_COLUMNS, row, strict=True))) for row in rows)
    return {row.summary.name: row for row in decoded if row is not None}


def _decode_row(row: dict[str, Any]) -> IndexedStudy | None:
    """Return a row's study, or None if somebody else wrote the row."""
    try:
        return IndexedStudy(from_json_data(row, Fingerprint), from_json_data(row, StudySummary))
    except SpecError:
        return None


def update_index(root: Path, changed: Mapping[str, IndexedStudy], gone: Iterable[str] = ()) -> None:
    """Put rows into the index and take rows out, in one transaction.

    Raises:
        OSError: The index cannot be locked or opened.
        sqlite3.Error: SQLite cannot write it.
    """
    with _connection(root) as connection, _transaction(connection):
        connection.executemany(_UPSERT, [_encode_row(row) for row in changed.values()])
        connection.executemany("DELETE FROM studies WHERE name = ?", [(name,) for name in gone])


def _encode_row(row: IndexedStudy) -> dict[str, Any]:
    return {**to_json_data(row.summary), **to_json_data(row.fingerprint)}


def discard_index(root: Path) -> None:
    """Remove the index, or set aside what somebody else put in its place.

    Raises:
        OSError: It cannot be removed.
    """
    with locked(root / INDEX_LOCK, wait_seconds=_WAIT_SECONDS):
        _clear_place(root / INDEX)


@contextmanager
def _connection(root: Path) -> Iterator[sqlite3.Connection]:
    with (
        locked(root / INDEX_LOCK, wait_seconds=_WAIT_SECONDS),
        closing(_opened(root / INDEX)) as connection,
    ):
        yield connection


def _opened(path: Path) -> sqlite3.Connection:
    if not _is_ours(path):
        _clear_place(path)
    connection = sqlite3.connect(path, timeout=_WAIT_SECONDS, isolation_level=None)
    try:
        _create_table(connection)  # first, so that a crash leaves no file without our mark
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except BaseException:
        connection.close()
        raise
    return connection


def _create_table(connection: sqlite3.Connection) -> None:
    if _header(connection) != (_APPLICATION_ID, _VERSION):
        with _transaction(connection):
            connection.execute(_SCHEMA)
            connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")


def _is_ours(path: Path) -> bool:
    """Whether the file is an index of this version and sound."""
    try:
        with _read_only(path) as connection:
            sound = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            return sound and _header(connection) == (_APPLICATION_ID, _VERSION)
    except sqlite3.Error:
        return False


def _read_only(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=_WAIT_SECONDS))


def _header(connection: sqlite3.Connection) -> tuple[int, int]:
    (application_id,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return application_id, version


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _clear_place(path: Path) -> None:
    """Make room for a new index: our own is removed, what is foreign is set aside."""
    if _is_disposable(path):
        for suffix in _SIDE_FILES:
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        return
    aside = _free_place(path)
    for suffix in _SIDE_FILES:
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{aside}{suffix}")


def _is_disposable(path: Path) -> bool:
    """Whether nothing but a copy of the folders would be lost."""
    try:
        with path.open("rb") as file:
            header = file.read(100)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return not header or header[68:72] == _APPLICATION_ID.to_bytes(4, "big")


def _free_place(path: Path) -> Path:
    number = 1
    while (place := path.with_name(f"{path.name}.set-aside-{number}")).exists():
        number += 1
    return place
