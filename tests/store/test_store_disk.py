"""Disks that are full, read-only or in the way: one error that names path and remedy."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.disks import largest_file

from fathom.errors import StoreError
from fathom.store import Store, check_output, write_output


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 128 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=128k", "fathom-test", str(folder)]
    if sys.platform != "linux" or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a small disk can be mounted by root on Linux only")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(b"\0" * 4096):
                pass
        except OSError:
            return ballast
    return ballast


def test_a_full_disk_is_refused_before_training(small_disk):
    fill(small_disk)
    with pytest.raises(StoreError, match=r"No space is left .*disk/runs(.|\n)*free some space"):
        Store(small_disk / "runs").check_writable()
    with pytest.raises(StoreError, match="No space is left"):
        check_output(small_disk / "report.html")
    assert [path.name for path in small_disk.iterdir()] == ["ballast"]


def test_a_full_disk_leaves_no_half_made_study(small_disk, sample):
    store = Store(small_disk / "runs")
    store.create(sample.study()).close()
    ballast = fill(small_disk)
    with pytest.raises(StoreError, match="No space is left"):
        store.create(sample.study(name="other", spec={"long": "x" * 50_000}))
    assert {path.name for path in store.root.iterdir() if path.is_dir()} == {"digits"}
    assert [row.name for row in store.list()] == ["digits"]
    ballast.unlink()
    store.create(sample.study(name="other")).close()
    assert len(store.list()) == 2


def test_a_full_disk_costs_only_what_did_not_fit(small_disk, sample):
    store = Store(small_disk / "runs")
    with store.create(sample.study()) as writer:
        writer.append(sample.run(seed=0))
        writer.write_weights("w", {"a": np.ones(10)})
        writer.write_file("model/best.keras", b"model")
        ballast = fill(small_disk)
        with pytest.raises(StoreError, match=r"log\.jsonl. Needed: 10,\d+ bytes. Free: \d+ bytes"):
            writer.append(sample.run(seed=1, reason="x" * 10_000))
        with pytest.raises(StoreError, match=r"w\.safetensors. Needed: 80,\d+ bytes"):
            writer.write_weights("w", {"a": np.zeros(10_000)})
        with pytest.raises(StoreError, match=r"best\.keras. Needed: 9,000 bytes"):
            writer.write_file("model/best.keras", b"x" * 9000)
        study = store.open("digits")
        assert study.records()[1:] == (sample.run(seed=0),)
        assert study.weights("w")["a"].sum() == 10
        assert study.file("model/best.keras") == b"model"
        ballast.unlink()
        writer.append(sample.run(seed=2))
        writer.write_weights("w", {"a": np.zeros(10)})
    study = store.open("digits")
    assert study.records()[1:] == (sample.run(seed=0), sample.run(seed=2))
    assert study.notices == ()


def test_what_may_not_grow_is_left_as_it_was_and_goes_on_when_it_may(store, sample):
    with store.create(sample.study()) as writer:
        writer.append(sample.run(seed=0))
        writer.write_weights("w", {"a": np.ones(10)})
        with largest_file(16_384):
            with pytest.raises(StoreError, match=r"log\.jsonl may not .*Needed: 20,\d+ bytes"):
                writer.append(sample.run(seed=1, reason="x" * 20_000))
            with pytest.raises(StoreError, match=r"w\.safetensors may not .*Needed: 80,\d+ bytes"):
                writer.write_weights("w", {"a": np.zeros(10_000)})
            with pytest.raises(StoreError, match=r"report\.html may not (.|\n)*ulimit -f"):
                write_output(store.root / "report.html", b"x" * 20_000)
            assert store.open("digits").weights("w")["a"].sum() == 10
        writer.append(sample.run(seed=2))
    study = store.open("digits")
    assert study.records()[1:] == (sample.run(seed=0), sample.run(seed=2))
    assert study.notices == ()
    assert not list(store.root.rglob(".tmp-*"))


def test_a_read_only_disk_is_refused_for_writing_and_read_all_the_same(small_disk, sample):
    store = Store(small_disk / "runs")
    store.create(sample.study()).close()
    (store.root / "index.db").unlink()
    (store.root / "index.lock").unlink()
    command = ["mount", "-o", "remount,ro", str(small_disk)]
    subprocess.run(command, check=True, capture_output=True)
    read_only = r"must be readable and writable. Received: read-only(.|\n)*--store DIR"
    for refused in (
        store.check_writable,
        Store(small_disk / "new").check_writable,
        lambda: store.create(sample.study()),
        lambda: Store(small_disk / "new").create(sample.study()),
        lambda: store.reopen("digits"),
        lambda: store.delete("digits"),
        store.rebuild_index,
    ):
        with pytest.raises(StoreError, match=read_only):
            refused()
    assert [row.status for row in store.list()] == ["interrupted"]
    assert store.open("digits").records() == (sample.study(),)


def test_a_file_in_the_stores_place_is_refused(tmp_path, sample):
    (tmp_path / "runs").write_text("mine")
    store = Store(tmp_path / "runs")
    for refused in (store.check_writable, lambda: store.create(sample.study())):
        with pytest.raises(StoreError, match=r"must be a folder. Received: .*/runs(.|\n)*--store"):
            refused()
    with pytest.raises(StoreError, match="not a directory"):
        store.list()
    assert (tmp_path / "runs").read_text() == "mine"


@pytest.mark.parametrize("parent", ["missing", "file"])
def test_a_store_without_a_parent_folder_is_refused(tmp_path, sample, parent):
    (tmp_path / "file").write_text("")
    store = Store(tmp_path / parent / "runs")
    for refused in (store.check_writable, lambda: store.create(sample.study())):
        with pytest.raises(StoreError, match=r"in a folder that exists(.|\n)*mkdir -p"):
            refused()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_store_one_may_not_write_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StoreError, match="permission denied"):
            Store(tmp_path / "runs").check_writable()
    finally:
        tmp_path.chmod(0o700)


def test_checking_a_store_that_exists_leaves_it_as_it_was(store, finished):
    before = sorted(store.root.rglob("*"))
    store.check_writable()
    assert sorted(store.root.rglob("*")) == before


def test_leftovers_of_a_dead_process_are_cleared_when_they_are_old(store, sample, finished):
    for name in (".new-1", ".deleted-1", ".new-2"):
        (store.root / name).mkdir()
        (store.root / name / "log.jsonl").write_text("")
    for name in (".new-1", ".deleted-1"):
        os.utime(store.root / name, (0, 0))
    assert [row.name for row in store.list()] == [finished]
    store.create(sample.study()).close()
    hidden = {path.name for path in store.root.iterdir() if path.name.startswith(".")}
    assert hidden == {".new-2"}


def test_an_output_is_written_whole(tmp_path):
    path = tmp_path / "report.html"
    check_output(path)
    assert not path.exists()
    write_output(path, b"first")
    write_output(str(path), b"second")
    assert path.read_bytes() == b"second"
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


def test_an_output_that_cannot_be_written_is_refused_before_training(tmp_path):
    with pytest.raises(StoreError, match=r"must be a file. Received: a folder"):
        check_output(tmp_path)
    with pytest.raises(StoreError, match=r"mkdir -p .*missing"):
        check_output(tmp_path / "missing" / "report.html")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError):
        check_output(tmp_path / "file" / "report.html")


def test_an_output_may_lie_in_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_output("report.html", b"x")
    assert (tmp_path / "report.html").read_bytes() == b"x"
