"""Studies that earlier versions stored still open."""

import shutil
from pathlib import Path

import pytest

from fathom.specs import StudyRecord, VerdictRecord
from fathom.store import Store

GOLDEN = Path(__file__).with_name("golden")


@pytest.fixture(params=["version-1"])
def old_store(request, tmp_path):
    """A store as an earlier version left it, copied: reading makes an index."""
    shutil.copytree(GOLDEN / request.param, tmp_path / "runs")
    return Store(tmp_path / "runs")


def test_an_old_study_is_listed(old_store):
    (row,) = old_store.list()
    assert (row.name, row.source, row.metric) == ("größe-20261121-101500", "digits", "accuracy")
    assert (row.status, row.trainings, row.runs) == ("finished", 8, 3)
    assert (row.depth, row.score, row.wall_seconds) == (1, 0.91, 1.5)
    assert row.created.year >= 2026


def test_an_old_study_opens_whole(old_store):
    study = old_store.open("größe-20261121-101500")
    records = study.records()
    assert study.notices == ()
    assert len(records) == 10
    assert isinstance(records[0], StudyRecord)
    assert any(isinstance(record, VerdictRecord) for record in records)
    assert study.weights("depth-1-width-64")["kernel"].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    assert study.weights_metadata("depth-1-width-64") == {"seeds": "0,1"}
    assert study.file("model/best.keras") == b"not a real model"


def test_an_old_study_can_be_gone_on_with(old_store, sample):
    with old_store.reopen("größe-20261121-101500") as writer:
        writer.append(sample.run(seed=9))
    assert old_store.list()[0].runs == 4
