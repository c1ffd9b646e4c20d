"""Several processes at one store, and processes that are killed."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fathom.errors import StoreError
from fathom.specs import RunRecord
from fathom.store import Store

APPENDER = Path(__file__).with_name("appender.py")


def start_appender(root: Path, runs: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, str(APPENDER), str(root), str(runs)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def first_line(process: subprocess.Popen[bytes]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().decode().strip()


def test_eight_writers_and_a_reader_lose_no_row(store):
    writers = [start_appender(store.root, runs=40) for _ in range(8)]
    seen, studies = 0, 0
    while any(writer.poll() is None for writer in writers):
        rows = store.list()
        assert len(rows) >= studies
        studies = len(rows)
        seen = max(seen, sum(row.runs for row in rows))
        time.sleep(0.01)
    for writer in writers:
        _, told = writer.communicate()
        assert (writer.returncode, told) == (0, b"")
    rows = store.list()
    assert {row.name for row in rows} == {"shared", *(f"shared-{n}" for n in range(2, 9))}
    assert {(row.status, row.runs) for row in rows} == {("finished", 40)}
    assert 0 < seen <= 320
    for row in rows:
        study = store.open(row.name)
        seeds = [record.seed for record in study.records() if isinstance(record, RunRecord)]
        assert seeds == list(range(40))
        assert study.notices == ()


def test_a_writer_killed_at_any_moment_leaves_a_readable_store(store, sample):
    chance = random.Random(7)
    killed = {}
    for _ in range(5):  # two at a time
        pair = [start_appender(store.root, runs=0) for _ in range(2)]
        names = [first_line(writer) for writer in pair]
        for writer, name in zip(pair, names, strict=True):
            time.sleep(chance.uniform(0, 0.06))
            writer.kill()
            printed, told = writer.communicate()
            assert told == b""
            killed[name] = int(printed.split()[-1]) if printed.split() else 0
    rows = {row.name: row for row in store.list()}
    assert rows.keys() == killed.keys()
    for name, safe in killed.items():
        assert rows[name].status == "interrupted"
        assert_is_sound(store.open(name), safe)
        with store.reopen(name) as writer:
            writer.append(sample.run(seed=-1))
        study = store.open(name)
        assert study.records()[-1] == sample.run(seed=-1)
        assert not any("log.jsonl" in notice for notice in study.notices)


def assert_is_sound(study, safe):
    seeds = [record.seed for record in study.records() if isinstance(record, RunRecord)]
    assert seeds == list(range(len(seeds)))
    assert len(seeds) >= safe
    if safe > 1:
        value = study.weights("depth-1")["a"]
        assert study.weights_metadata("depth-1") == {"seed": str(value[0])}
        assert set(value) == {value[0]}
        model = study.file("model/best.keras")
        assert len(model) == 5000
        assert len(set(model)) == 1


def test_a_process_killed_while_it_begins_leaves_a_readable_store(tmp_path, sample):
    chance = random.Random(11)
    for attempt in range(6):
        store = Store(tmp_path / f"runs-{attempt}")
        writer = start_appender(store.root, runs=0)
        while not store.root.exists():
            time.sleep(0.001)
        time.sleep(chance.uniform(0, 0.01))
        writer.kill()
        writer.communicate()
        for row in store.list():
            assert row.status == "interrupted"
            assert store.open(row.name).record.metric == "accuracy"
        store.create(sample.study()).close()
        assert "digits" in {row.name for row in store.list()}


def test_a_forked_child_neither_holds_nor_writes_its_parents_study(store, sample):
    code = (
        "import os, sys\n"
        f"sys.path.insert(0, {str(APPENDER.parent)!r})\n"
        "import appender\n"
        "from fathom.store import Store\n"
        f"writer = Store({str(store.root)!r}).create(appender.first())\n"
        "if os.fork():\n"
        "    os._exit(0)\n"  # the parent dies without closing
        "try: writer.append(appender.run(0))\n"
        "except OSError as error: print('closed' in str(error))\n"
        "writer.close()\n"
        "sys.stdout.flush()\n"
        "sys.stdin.read()\n"  # the child lives on
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert first_line(process) == "True"
    process.wait()
    assert store.list()[0].status == "interrupted"
    with store.reopen("shared"):
        pass
    process.communicate()


def test_another_process_is_named_when_it_holds_a_study(store):
    writer = start_appender(store.root, runs=0)
    name = first_line(writer)
    try:
        assert store.list()[0].status == "running"
        with pytest.raises(StoreError, match=rf"process {writer.pid} on"):
            store.reopen(name)
    finally:
        writer.kill()
        writer.communicate()
    assert (store.root / name / "writer.lock").exists()
