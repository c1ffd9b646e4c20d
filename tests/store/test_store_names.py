"""Names people type, and names made to do harm."""

import unicodedata
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fathom.errors import StoreError, UnknownNameError
from fathom.store import Store, default_name
from fathom.store.naming import folder_name, plain_text

ATTACKS = [
    "..",
    ".",
    "",
    "/",
    "../digits",
    "digits/..",
    "digits/../digits",
    "/etc",
    "digits/",
    "digits\0",
    "..\\digits",
    "%2e%2e",
    "digits;ls",
    ".new-1",
    "index.db",
    "index.lock",
    "\x1b[31mdigits",
    "x" * 100_000,
]


@pytest.mark.parametrize("name", ATTACKS)
def test_a_name_never_leads_out_of_the_store(store, finished, name):
    for action in (store.open, store.reopen, store.delete):
        with pytest.raises(UnknownNameError) as told:
            action(name)
        assert "\x1b" not in str(told.value)
        assert len(str(told.value)) < 1000
    assert store.list()[0].name == finished


def test_a_link_is_no_study(store, finished, tmp_path):
    outside = tmp_path / "outside"
    (store.root / finished).rename(outside)
    (store.root / "link").symlink_to(outside)
    assert store.list() == ()
    with pytest.raises(UnknownNameError):
        store.delete("link")
    assert (outside / "log.jsonl").exists()


def test_a_log_that_is_a_link_is_not_followed(store, finished, tmp_path):
    log = store.root / finished / "log.jsonl"
    log.rename(tmp_path / "log.jsonl")
    log.symlink_to(tmp_path / "log.jsonl")
    assert store.list()[0].status == "unreadable"
    with pytest.raises(StoreError):
        store.open(finished).records()
    with pytest.raises(StoreError):
        store.reopen(finished)


FILE_ATTACKS = [
    "..",
    "../x",
    "model/../../x",
    "/etc/passwd",
    "",
    ".",
    ".hidden",
    "a\\b",
    "a\0b",
    "a\nb",
    "model/.x",
    "x" * 201,
]


@pytest.mark.parametrize("name", FILE_ATTACKS)
def test_a_file_name_never_leads_out_of_its_study(store, sample, name, tmp_path):
    with store.create(sample.study()) as writer:
        with pytest.raises(StoreError, match="plain"):
            writer.write_file(name, b"x")
        with pytest.raises(StoreError, match="plain"):
            writer.write_weights(name, {})
    study = store.open("digits")
    assert not study.has(name)
    for read in (study.path, study.file, study.weights):
        with pytest.raises(UnknownNameError):
            read(name)


@pytest.mark.parametrize("name", ["log.jsonl", "spec.json", "writer.lock"])
def test_the_stores_own_files_are_not_overwritten(store, sample, name):
    with store.create(sample.study()) as writer:
        with pytest.raises(StoreError, match="kept by the store itself"):
            writer.write_file(name, b"x")
        with pytest.raises(StoreError, match="kept by the store itself"):
            writer.write_file(f"./{name}", b"x")


def test_links_out_of_a_study_are_not_read(store, sample, tmp_path):
    (tmp_path / "secret").write_text("secret")
    with store.create(sample.study()) as writer:
        (writer.folder / "leak").symlink_to(tmp_path / "secret")
        (writer.folder / "model").symlink_to(tmp_path)
        (writer.folder / "weights").symlink_to(tmp_path)
        with pytest.raises(StoreError, match="a link"):
            writer.write_file("model/best.keras", b"x")
        with pytest.raises(StoreError, match="a link"):
            writer.write_weights("depth-1", {})
    for name in ("leak", "model/secret"):
        with pytest.raises(UnknownNameError):
            store.open("digits").file(name)


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        ("my study", "my-study"),
        ("größe 2", "größe-2"),
        ("实验/一", "实验-一"),
        ("👩‍🔬 run", "👩‍🔬-run"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]8;;http://evil\x07link\x1b]8;;\x07", "link"),
        ("a\u202eb\0c\x07", "abc"),
        ("--help", "help"),
        ("../../etc/passwd", "etc-passwd"),
        ("...", "study"),
        ("", "study"),
        ("index.db", "study-index.db"),
        ("INDEX.lock", "study-INDEX.lock"),
        ("e\u0301", "é"),
        ("a\udce9b", "ab"),
    ],
)
def test_a_typed_name_becomes_a_folder(wanted, name):
    assert folder_name(wanted) == name


@given(st.text(st.characters(codec=None), max_size=300))
def test_every_text_becomes_a_safe_name(wanted):
    name = folder_name(wanted)
    assert 0 < len(name.encode()) <= 110
    assert not set(name) & set('/\\\0:*?"<>|')
    assert not name.startswith((".", "-"))
    assert plain_text(name) == name == unicodedata.normalize("NFC", name)
    assert folder_name(name) == name


def test_a_megabyte_of_name_is_shortened(store, sample):
    writer = store.create(sample.study(name="é" * 1_000_000))
    writer.close()
    assert writer.name == "é" * 50
    assert store.open(writer.name).record.name == writer.name


def test_a_name_typed_in_another_unicode_form_is_found(store, sample):
    store.create(sample.study(name="Caf\u00e9")).close()
    assert store.open("Cafe\u0301").name == "Café"


def test_a_unique_name_avoids_every_file_in_the_store(store, finished):
    (store.root / "notes").write_text("mine")
    assert store.unique_name("digits") == "digits-2"
    assert store.unique_name("notes") == "notes-2"


def test_a_default_name_is_source_and_time():
    when = datetime(2026, 11, 21, 10, 15)
    assert default_name("digits", when) == "digits-20261121-101500"
    assert default_name("/data/my table.csv", when) == "my-table-20261121-101500"
    assert default_name("..", when) == "study-20261121-101500"
    assert default_name("digits").startswith("digits-2")


def test_escapes_in_stored_sources_do_not_reach_lists(store, sample):
    store.create(sample.study(dataset={"source": "\x1b[2Jdata\x07.csv", "task": 3})).close()
    (summary,) = store.list()
    assert summary.source == "data.csv"
    assert summary.task == ""


def test_a_source_that_is_not_unicode_survives(store, sample):
    source = b"caf\xe9.csv".decode(errors="surrogateescape")
    store.create(sample.study(dataset={"source": source})).close()
    assert store.open("digits").record.dataset["source"] == source
    assert store.list()[0].source == "caf.csv"


def test_a_store_named_with_nul_is_refused():
    with pytest.raises(StoreError, match="name of a folder"):
        Store("a\0b")
