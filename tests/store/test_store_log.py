"""Logs that are whole, cut short, flipped, and of every content there can be."""

import dataclasses
import json
import types
import typing
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom.errors import StoreError
from fathom.specs import (
    ArchitectureRecord,
    BaselineRecord,
    LatencyRecord,
    RegularizedRecord,
    RunRecord,
    StatusRecord,
    StudyRecord,
    TestRecord,
    VerdictRecord,
)
from fathom.specs.records import RECORD_VERSION
from fathom.store import Store
from fathom.store.log import LogFile, decode_lines, encode_line, read_log

KINDS = (
    StudyRecord,
    ArchitectureRecord,
    RunRecord,
    TestRecord,
    LatencyRecord,
    RegularizedRecord,
    BaselineRecord,
    VerdictRecord,
    StatusRecord,
)
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
WHOLE_NUMBERS = st.integers(-(2**63), 2**63 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | WHOLE_NUMBERS | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
PLAIN = {
    float: NUMBERS,
    int: WHOLE_NUMBERS,
    bool: st.booleans(),
    str: st.text(),
    type(None): st.none(),
    typing.Any: JSON,
}


def values_of(hint) -> st.SearchStrategy:
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin is tuple:
        return st.lists(values_of(arguments[0]), max_size=3).map(tuple)
    if origin is dict:
        return st.dictionaries(st.text(), values_of(arguments[1]), max_size=3)
    if origin is types.UnionType:
        return st.one_of(*map(values_of, arguments))
    return records_of(hint)


def records_of(kind) -> st.SearchStrategy:
    hints = typing.get_type_hints(kind)
    return st.builds(
        kind, **{field.name: values_of(hints[field.name]) for field in dataclasses.fields(kind)}
    )


@settings(max_examples=150)
@given(st.one_of(*map(records_of, KINDS)))
def test_every_record_survives_the_log(tmp_path_factory, record):
    path = tmp_path_factory.getbasetemp() / "log.jsonl"
    path.write_bytes(encode_line(record))
    log = read_log(path)
    assert (log.damaged, log.torn_bytes) == ((), 0)
    assert decode_lines(path, log.lines) == (record,)


@pytest.fixture
def log_path(store, finished):
    return store.root / finished / "log.jsonl"


def test_each_line_is_checksum_space_and_json(log_path):
    for line in log_path.read_bytes().splitlines():
        assert line[8:9] == b" "
        assert int(line[:8], 16) >= 0
        assert json.loads(line[9:])["version"] == RECORD_VERSION


def test_a_log_cut_anywhere_gives_the_whole_lines_and_says_so(store, sample, log_path):
    whole, data = store.open("digits").records(), log_path.read_bytes()
    for size in range(len(data) - 1, 0, -97):
        log_path.write_bytes(data[:size])
        study = store.open("digits")
        lines = data[:size].count(b"\n")
        assert study.records() == whole[: max(lines, 1)]  # spec.json keeps the first
        is_torn = data[:size][-1:] != b"\n"
        assert any("was cut short" in notice for notice in study.notices) == is_torn


def test_a_flipped_bit_anywhere_in_a_line_leaves_that_line_out_and_says_so(store, log_path):
    whole, data = store.open("digits").records(), log_path.read_bytes()
    start = data.index(b"\n") + 1
    end = data.index(b"\n", start)
    for position in range(start, end):
        flipped = bytearray(data)
        flipped[position] ^= 0x10
        log_path.write_bytes(flipped)
        study = store.open("digits")
        assert study.records() == (whole[0], *whole[2:])
        assert study.notices == (
            "Line 2 of log.jsonl does not match its checksum and is left out.",
        )


def test_many_damaged_lines_are_counted(store, log_path):
    lines = log_path.read_bytes().splitlines(keepends=True)
    log_path.write_bytes(lines[0] + b"".join(b"f" + line for line in lines[1:]))
    (notice,) = store.open("digits").notices
    assert notice.startswith("Lines 2, 3, 4, 5, 6 and 4 more of log.jsonl do not match")


def test_a_lost_first_record_is_taken_from_spec_json(store, log_path, sample):
    whole, data = store.open("digits").records(), log_path.read_bytes()
    log_path.write_bytes(b"x" + data)
    study = store.open("digits")
    assert study.records() == whole
    assert study.record == sample.study()
    assert "taken from spec.json" in study.notices[1]
    assert store.list()[0].metric == "accuracy"


def test_a_lost_log_is_said(store, log_path, sample):
    log_path.unlink()
    study = store.open("digits")
    assert study.records() == (sample.study(),)
    assert "log.jsonl is missing" in study.notices[0]
    assert store.list()[0].runs == 0
    with store.reopen("digits") as writer:
        writer.append(sample.run())
    assert store.open("digits").records() == (sample.study(), sample.run())


def test_a_study_whose_first_record_is_nowhere_says_so(store, log_path):
    (log_path.parent / "spec.json").write_text("{")
    log_path.write_bytes(b"x" + log_path.read_bytes())
    assert store.list()[0].status == "unreadable"
    assert len(store.open("digits").records()) == 9
    with pytest.raises(StoreError, match=r"neither log\.jsonl nor spec\.json"):
        _ = store.open("digits").record


@pytest.mark.parametrize("text", ["", "[]", "null", '{"created": 5}', '{"format": "new"}', "\xff"])
def test_a_damaged_spec_json_costs_nothing(store, log_path, text):
    whole = store.open("digits").records()
    (log_path.parent / "spec.json").write_text(text, encoding="latin-1")
    assert store.open("digits").records() == whole
    assert store.list()[0].status == "finished"


def test_reopening_cuts_off_what_a_crash_cut_short(store, log_path, sample):
    whole = log_path.read_bytes()
    log_path.write_bytes(whole + b"1234abcd {torn")
    (log_path.parent / ".tmp-1").write_bytes(b"half")
    with store.reopen("digits") as writer:
        assert log_path.read_bytes() == whole
        writer.append(sample.run())
    assert not (log_path.parent / ".tmp-1").exists()
    study = store.open("digits")
    assert study.notices == ()
    assert study.records()[-1] == sample.run()


def test_a_line_in_the_midst_of_being_written_is_no_damage(store, sample):
    with store.create(sample.study()) as writer:
        with (writer.folder / "log.jsonl").open("ab") as file:
            file.write(b"1234abcd {")
        assert store.open("digits").notices == ()
    assert len(store.open("digits").notices) == 1


def test_a_record_of_a_newer_fathom_asks_for_an_upgrade(store, log_path):
    data = {"kind": "run", "version": 99}
    append_json(log_path, data)
    with pytest.raises(StoreError, match=r"Line 11 of .*newer Fathom(.|\n)*upgrade Fathom"):
        store.open("digits").records()
    assert store.list()[0].runs == 4  # runs are only counted


@pytest.mark.parametrize(
    "data", [{"kind": "status", "version": 99}, {"kind": "new"}, [], 3, {"kind": "status"}, "x"]
)
def test_a_study_this_fathom_cannot_read_is_listed_as_such(store, log_path, data):
    append_json(log_path, data)
    assert store.list()[0].status == "unreadable"
    with pytest.raises(StoreError, match="Line 11"):
        store.open("digits").records()


def test_a_study_once_unreadable_is_listed_when_fathom_can_read_it(store, log_path, monkeypatch):
    newer = RECORD_VERSION + 1
    append_json(
        log_path,
        {
            "kind": "status",
            "version": newer,
            "status": "paused",
            "message": "",
            "wall_seconds": 9.0,
        },
    )
    assert store.list()[0].status == "unreadable"
    monkeypatch.setattr("fathom.specs.coding.RECORD_VERSION", newer)
    assert store.list()[0].status == "paused"


def test_a_store_format_of_a_newer_fathom_asks_for_an_upgrade(store, log_path):
    (log_path.parent / "spec.json").write_text('{"format": 2}')
    assert store.list()[0].status == "unreadable"
    with pytest.raises(StoreError, match=r"store format 2(.|\n)*upgrade"):
        store.open("digits").records()
    with pytest.raises(StoreError, match="store format 2"):
        store.reopen("digits")


def append_json(path, data):
    payload = json.dumps(data, separators=(",", ":")).encode()
    with path.open("ab") as file:
        file.write(b"%08x %s\n" % (zlib.crc32(payload), payload))


def test_an_append_that_fails_half_way_leaves_the_log_as_it_was(tmp_path, sample, monkeypatch):
    import resource

    path = tmp_path / "log.jsonl"
    log = LogFile(path, whole_bytes=0)
    log.append(encode_line(sample.run()), durable=True)
    whole = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(whole) + 100, hard))
    try:
        with pytest.raises(StoreError, match=r"log\.jsonl may not become so large here"):
            log.append(encode_line(sample.run()), durable=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_bytes() == whole
    log.append(encode_line(sample.status()), durable=False)
    log.sync()
    log.close()
    assert len(read_log(path).lines) == 2


def test_megabyte_texts_and_unicode_survive(store, sample):
    long = sample.run(reason="é" * 1_000_000, status="\u2028\n\0\x1b[2J")
    with store.create(sample.study()) as writer:
        writer.append(long)
    assert store.open("digits").records()[1] == long


def test_an_empty_batch_is_no_line(store: Store, sample):
    with store.create(sample.study()) as writer:
        writer.append_many(())
    assert len(store.open("digits").records()) == 1
