"""Series in a store: whole or not at all, one writer, nothing of them among the studies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.made_series import make_series

from fathom.errors import StoreError, UnknownNameError
from fathom.specs import SeriesRecord, SeriesVerdict
from fathom.store import Store

VERDICT = SeriesVerdict(
    value=None, depth=2, width=64, score=0.9, rule="one-standard-error", text="Depth 2."
)


@pytest.fixture
def record() -> SeriesRecord:
    return make_series(lambda value, split, depth, seed: 0.9, splits=2).record


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept")


def test_a_series_comes_back_as_it_was_written(store: Store, record: SeriesRecord) -> None:
    with store.create_series(record) as writer:
        writer.write_verdict(VERDICT)
    stored = store.open_series("made")
    assert stored.record == record
    assert stored.verdict == VERDICT


def test_a_name_that_is_taken_gets_a_number(store: Store, record: SeriesRecord) -> None:
    names = []
    for _ in range(2):
        with store.create_series(record) as writer:
            names.append(writer.name)
    assert names == ["made", "made-2"]
    assert store.open_series("made-2").record.name == "made-2"


def test_one_process_runs_a_series_at_a_time(store: Store, record: SeriesRecord) -> None:
    with store.create_series(record):
        assert store.open_series("made").summary().status == "running"
        with pytest.raises(StoreError, match="one writer"), store.reopen_series("made"):
            pass
        with pytest.raises(StoreError, match="one writer"):
            store.delete("made")
    assert store.open_series("made").summary().status == "paused"


def test_what_a_crash_left_half_made_is_no_series(store: Store, record: SeriesRecord) -> None:
    with store.create_series(record):
        pass
    half = store.root / ".new-0123"
    half.mkdir()
    (half / "series.json").write_text("{}")
    (store.root / "empty").mkdir()
    assert [row.name for row in store.list_series()] == ["made"]


def test_a_damaged_series_is_listed_as_unreadable_and_can_be_deleted(
    store: Store, record: SeriesRecord
) -> None:
    with store.create_series(record):
        pass
    (store.root / "made" / "series.json").write_text('{"format": 1, "name"')
    (row,) = store.list_series()
    assert row.status == "unreadable"
    with pytest.raises(StoreError, match="must be what Fathom wrote"):
        _ = store.open_series("made").record
    store.delete("made")
    assert store.list_series() == ()


def test_a_series_of_a_newer_fathom_is_refused(store: Store, record: SeriesRecord) -> None:
    with store.create_series(record):
        pass
    path = store.root / "made" / "series.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 99}))
    with pytest.raises(StoreError, match="newer Fathom"):
        _ = store.open_series("made").record


def test_a_damaged_verdict_is_no_verdict(store: Store, record: SeriesRecord) -> None:
    with store.create_series(record) as writer:
        writer.write_verdict(VERDICT)
    (store.root / "made" / "verdict.json").write_bytes(b"\0\0")
    assert store.open_series("made").verdict is None


def test_links_and_paths_are_no_series(store: Store, record: SeriesRecord, tmp_path: Path) -> None:
    with store.create_series(record):
        pass
    (store.root / "linked").symlink_to(store.root / "made")
    assert [row.name for row in store.list_series()] == ["made"]
    for name in ("../kept/made", "made/..", "made/../made", "/made", "linked/x", ""):
        assert not store.has_series(name)
        with pytest.raises(UnknownNameError):
            store.open(name)


def test_only_series_with_these_letters_are_listed(store: Store, record: SeriesRecord) -> None:
    with store.create_series(record):
        pass
    assert store.list_series(matching="MAD")
    assert not store.list_series(matching="zebra")
