"""A study that was stopped ends as if it had not been."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest
from support import killed_studies
from support.disks import largest_file

import fathom
from fathom.api import stream_study, study_spec
from fathom.errors import DataError, SpecError, StoreError, UnknownNameError
from fathom.specs import ArchitectureRecord, Progress, RunRecord, TestRecord
from fathom.store import Store

OPTIONS = killed_studies.OPTIONS


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return Store(tmp_path_factory.mktemp("resume") / "runs")


@pytest.fixture(scope="module")
def iris():
    return fathom.load("iris")


@pytest.fixture(scope="module")
def whole(store):
    """The study that nothing stopped."""
    return fathom.study("iris", name="whole", store=store, **OPTIONS)


def stopped_after(events: int, name: str, store: Store, iris, **options) -> str:
    spec = study_spec(iris, **{**OPTIONS, **options})
    with closing(stream_study(spec, iris, name=name, store=store)) as stream:
        for _ in islice(stream, events):
            pass
    return name


def weights_bytes(study: fathom.Study) -> dict[str, bytes]:
    folder = study.folder / "weights"
    files = [file for file in folder.glob("*.safetensors") if ".previous" not in file.name]
    return {file.name: file.read_bytes() for file in files}


def findings(study: fathom.Study) -> list[dict]:
    """The table without its times, which no two runs share."""
    return [
        {key: value for key, value in row.items() if not key.endswith(("seconds", "_ms"))}
        for row in study.table().to_dicts()
    ]


def assert_same(study: fathom.Study, whole: fathom.Study) -> None:
    assert findings(study) == findings(whole)
    assert weights_bytes(study) == weights_bytes(whole)
    assert len(weights_bytes(study)) == 4
    assert study.verdict.depth == whole.verdict.depth
    assert len(study.result.runs) == len(whole.result.runs)
    assert study.result.status.status == "finished"
    assert [b.name for b in study.result.baselines] == [b.name for b in whole.result.baselines]


@pytest.mark.parametrize("events", [1, 2, 9, 20, 25, 60])
def test_a_study_that_was_stopped_ends_as_if_it_had_not_been(events, store, iris, whole):
    name = stopped_after(events, f"stopped-{events}", store, iris)
    assert_same(fathom.resume(name, store=store), whole)


def test_what_was_tested_is_not_trained_again(store, iris, whole):
    name = stopped_after(40, "once", store, iris)
    tested = len(fathom.open_study(name, store=store).result.tests)
    trained = []

    def watch(event):
        if isinstance(event, Progress) and event.epoch == 1:
            trained.append(event.depth)

    fathom.resume(name, store=store, on_event=watch)
    assert tested > 0
    assert trained == [0, 1, 2, 3][tested:]


def test_runs_are_kept_with_their_test_or_not_at_all(store, iris, whole):
    name = stopped_after(17, "halfway", store, iris)
    kinds = [type(record) for record in store.open(name).records()]
    assert ArchitectureRecord in kinds
    assert kinds.count(RunRecord) == 4 * kinds.count(TestRecord)


def test_damaged_weights_are_trained_again(store, iris, whole):
    name = stopped_after(60, "damaged", store, iris)
    file = next((store.root / name / "weights").glob("depth-0*.safetensors"))
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)
    assert_same(fathom.resume(name, store=store), whole)


def test_a_study_without_room_ends_in_one_error_and_goes_on_when_there_is_some(store, iris, whole):
    half = (whole.folder / "log.jsonl").stat().st_size // 2
    spec = study_spec(iris, **OPTIONS)
    with (
        largest_file(half),
        pytest.raises(StoreError, match=r"cramped/log\.jsonl may not .*Needed: [\d,]+ bytes"),
        closing(stream_study(spec, iris, name="cramped", store=store)) as stream,
    ):
        for _ in stream:
            pass
    kept = store.open("cramped")
    assert 0 < sum(isinstance(record, TestRecord) for record in kept.records()) < 4
    assert kept.weights_names()
    assert all(kept.weights(name) for name in kept.weights_names())
    assert_same(fathom.resume("cramped", store=store), whole)


def test_depths_are_added_to_a_study_that_ended(store, iris, whole):
    few = {**OPTIONS, "depths": [0, 1]}
    fathom.study(iris, name="few", store=store, **few)
    more = fathom.resume("few", store=store, depths=[2, 3])
    assert_same(more, whole)
    assert more.result.spec.depths == (0, 1, 2, 3)


def test_the_data_must_be_those_it_was_begun_on(store, iris):
    name = stopped_after(3, "other-data", store, iris)
    with pytest.raises(DataError, match="begun on") as refused:
        fathom.resume(name, store=store, data=fathom.load("iris", seed=1))
    assert "new study" in str(refused.value.hint)
    assert store.open(name).summary().status == "paused"


def test_data_in_memory_must_be_given_again(store, iris):
    x, y = iris.train.x, iris.train.y
    held = fathom.load((x, y.astype(str)))
    name = stopped_after(5, "in-memory", store, held, depths=[0])
    with pytest.raises(DataError, match="in memory") as refused:
        fathom.resume(name, store=store)
    assert "data=" in str(refused.value.hint)
    assert fathom.resume(name, store=store, data=held).verdict is not None


def test_a_study_that_is_being_written_is_left_alone(store, iris):
    spec = study_spec(iris, **OPTIONS)
    with closing(stream_study(spec, iris, name="busy", store=store)) as stream:
        next(stream)
        with pytest.raises(StoreError, match="busy"):
            fathom.resume("busy", store=store, data=iris)


def test_matched_studies_cannot_be_added_to(store, iris):
    matched = {"depths": [1, 2], "match_parameters": True}
    stopped_after(1, "matched", store, iris, **matched)
    with pytest.raises(SpecError, match="matched"):
        fathom.resume("matched", store=store, depths=[3])


def test_an_unknown_study_lists_those_there_are(store, whole):
    with pytest.raises(UnknownNameError, match="whole"):
        fathom.resume("hole", store=store)


@pytest.mark.slow
def test_a_study_killed_at_any_moment_ends_as_if_it_had_not_been(store, whole):
    script = Path(killed_studies.__file__)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(store.root), "30"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    assert told["killed"] >= 30
    for number in range(1, told["studies"] + 1):
        assert_same(fathom.open_study(f"killed-{number}", store=store), whole)
