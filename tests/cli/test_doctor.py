"""`fathom doctor`: what this machine offers, and whether anything needs mending."""

from __future__ import annotations

import os
import shutil

from fathom import runtime


def test_doctor_tells_versions_devices_cores_cache_and_store(command, tiny):
    outcome = command("doctor", "--store", tiny.store)
    assert outcome.code == 0
    for words in ("versions", "keras 3.", "devices", "cores", "cache", "1 finished"):
        assert words in outcome.out
    assert os.environ["FATHOM_CACHE"] in outcome.out


def test_doctor_as_json(command, tiny):
    document = command("doctor", "--store", tiny.store, "--json").document
    assert document["machine"]["cores"] == runtime.cpu_cores()
    assert len(document["machine"]["devices"]) == runtime.cpu_cores()
    assert document["store"]["studies"] == {"finished": 1}
    assert document["store"]["problems"] == []
    assert document["cache"]["bytes"] >= 0


def test_doctor_leaves_nothing_behind(command, tmp_path):
    assert command("doctor").code == 0
    assert list(tmp_path.iterdir()) == []


def test_doctor_finds_damage(command, tiny, tmp_path):
    store = tmp_path / "kept"
    shutil.copytree(tiny.store / "tiny", store / "tiny")
    log = next((store / "tiny").glob("*log*"))
    data = bytearray(log.read_bytes())
    data[len(data) // 2] ^= 1
    log.write_bytes(data)
    outcome = command("doctor", "--store", store)
    assert outcome.code == 2
    assert "tiny" in outcome.out and "checksum" in outcome.out


def test_doctor_finds_a_store_that_is_none(command, tmp_path):
    (tmp_path / "file").write_text("mine")
    outcome = command("doctor", "--store", "file", "--json")
    assert outcome.code == 2
    assert "must be a folder" in outcome.document["store"]["problems"][0]
