"""The index is a cache: whatever happens to it, lists tell what the folders hold."""

import os
import sqlite3
from contextlib import closing

import pytest

from fathom.errors import StoreError
from fathom.store import Store
from fathom.store.index import read_index
from fathom.store.locks import acquire


@pytest.fixture
def listed(store, sample, finished):
    """The list of a store of two studies, and with it an index."""
    store.create(sample.study(name="other")).close()
    return store.list()


def foreign_database(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE mine (value)")


SPOILERS = {
    "missing": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("my notes"),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:5000]),
    "zeros": lambda path: path.write_bytes(b"\0" * 8192),
    "foreign": lambda path: (path.unlink(), foreign_database(path)),
    "folder": lambda path: (path.unlink(), path.mkdir()),
    "header only": lambda path: path.write_bytes(path.read_bytes()[:100]),
}


@pytest.mark.parametrize("spoil", SPOILERS.values(), ids=SPOILERS.keys())
def test_a_spoiled_index_is_made_again(store, listed, spoil):
    spoil(store.root / "index.db")
    assert store.list() == listed
    assert set(read_index(store.root)) == {"digits", "other"}


@pytest.mark.parametrize("name", ["text", "foreign"])
def test_what_somebody_else_put_in_the_indexs_place_is_set_aside(store, listed, name):
    SPOILERS[name](store.root / "index.db")
    content = (store.root / "index.db").read_bytes()
    store.list()
    assert (store.root / "index.db.set-aside-1").read_bytes() == content
    SPOILERS[name](store.root / "index.db")
    store.list()
    assert (store.root / "index.db.set-aside-2").exists()


def test_our_own_index_is_never_set_aside(store, listed):
    (store.root / "index.db").write_bytes((store.root / "index.db").read_bytes()[:5000])
    store.list()
    assert not list(store.root.glob("*set-aside*"))


def test_an_index_of_another_version_is_made_again(store, listed):
    with closing(sqlite3.connect(store.root / "index.db")) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert store.list() == listed
    assert set(read_index(store.root)) == {"digits", "other"}


def test_rows_that_lie_are_not_believed(store, listed):
    with closing(sqlite3.connect(store.root / "index.db")) as connection, connection:
        connection.execute("UPDATE studies SET trainings = 'many', log_bytes = 0")
        connection.execute("UPDATE studies SET name = 'ghost' WHERE name = 'other'")
    assert store.list() == listed
    assert set(read_index(store.root)) == {"digits", "other"}


def test_a_study_the_index_does_not_know_is_found(store, listed):
    (store.root / "index.db").rename(store.root / "kept")
    (store.root / "digits").rename(store.root / "moved")
    (store.root / "kept").rename(store.root / "index.db")
    assert {row.name for row in store.list()} == {"moved", "other"}
    assert set(read_index(store.root)) == {"moved", "other"}


def test_a_row_that_is_current_is_not_read_again(store, listed):
    log = store.root / "digits" / "log.jsonl"
    before = log.stat()
    log.write_bytes(b"\n" * before.st_size)
    os.utime(log, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert store.list() == listed
    store.rebuild_index()
    assert {row.name: row.runs for row in store.list()} == {"digits": 0, "other": 0}


def test_what_a_writer_adds_is_seen_while_it_writes(store, sample):
    with store.create(sample.study()) as writer:
        writer.append(sample.status())
        assert store.list()[0].runs == 0
        size = store.list()[0].size_bytes
        writer.append(sample.run())
        assert store.list()[0].runs == 1
        writer.write_file("model/best.keras", b"x" * 10_000)
        assert store.list()[0].size_bytes > size + 10_000


def test_an_index_that_another_process_holds_is_done_without(store, listed, monkeypatch):
    monkeypatch.setattr("fathom.store.index._WAIT_SECONDS", 0.05)
    lock = acquire(store.root / "index.lock", wait_seconds=0)
    assert lock is not None
    try:
        assert store.list() == listed
        with pytest.raises(StoreError, match=r"must be free within(.|\n)*process \d+"):
            store.rebuild_index()
    finally:
        lock.release()
    store.rebuild_index()


def test_a_folder_that_is_no_store_is_left_alone(tmp_path):
    (tmp_path / "documents").mkdir()
    (tmp_path / "letter.txt").write_text("Dear reader")
    assert Store(tmp_path).list() == ()
    assert {path.name for path in tmp_path.iterdir()} == {"documents", "letter.txt"}


def test_a_rebuilt_index_holds_every_study(store, listed):
    (store.root / "index.db").write_text("mine")
    store.rebuild_index()
    assert set(read_index(store.root)) == {"digits", "other"}
    assert store.list() == listed


def test_deleting_the_last_study_empties_the_index(store, finished):
    store.list()
    store.delete(finished)
    assert store.list() == ()
    assert read_index(store.root) == {}


def test_the_index_is_in_wal_mode_and_bears_our_mark(store, listed):
    with closing(sqlite3.connect(store.root / "index.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA application_id").fetchone() == (0x46617468,)
