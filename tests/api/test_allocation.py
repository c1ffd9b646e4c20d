"""Halving and a limit in minutes: what is let go is told, and no mean counts it."""

from __future__ import annotations

import json
import time
from contextlib import closing
from itertools import islice

import pytest

import fathom
from fathom.api import stream_study, study_spec
from fathom.cli.study_document import study_document
from fathom.errors import SpecError
from fathom.specs import DROPPED, Progress, RungRecord, VerdictRecord
from fathom.store import Store, export_rows

OPTIONS = {
    "depths": [0, 1, 2],
    "widths": 8,
    "seeds": 4,
    "learning_rates": [1e-3, 1e-2, 3e-2],
    "epochs": 12,
    "allocation": "halving",
    "baselines": False,
}


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Store:
    return Store(tmp_path_factory.mktemp("allocation") / "runs")


@pytest.fixture(scope="module")
def iris():
    return fathom.load("iris")


@pytest.fixture(scope="module")
def halved(store, iris):
    return fathom.study(iris, name="halved", store=store, **OPTIONS)


def table(study: fathom.Study) -> list[dict]:
    rows = study.table().to_dicts()
    return [{k: row[k] for k in row if not k.endswith(("seconds", "_ms"))} for row in rows]


def weights(study: fathom.Study) -> dict[str, bytes]:
    files = (study.folder / "weights").glob("*.safetensors")
    return {file.name: file.read_bytes() for file in files if ".previous" not in file.name}


def ends(study: fathom.Study) -> dict[tuple, tuple]:
    return {
        (run.depth, run.learning_rate, run.seed): (run.status, run.epochs, run.validation_losses)
        for run in study.result.runs
    }


# -- halving ---------------------------------------------------------------------------


def test_every_member_starts_and_most_are_let_go_early(halved):
    runs = halved.result.runs
    assert len(runs) == 36
    assert min(run.epochs for run in runs) >= 1
    networks = [run for run in runs if run.depth > 0]
    assert len(networks) == 24
    assert sum(run.status == DROPPED for run in networks) > 12
    assert sum(run.epochs for run in networks) < 0.5 * 24 * 12
    assert not any(run.status == DROPPED for run in runs if run.depth == 0)


def test_a_member_that_was_let_go_says_when_and_why(halved):
    rungs = [rung.epoch for rung in halved.result.rungs]
    assert rungs == [1, 2, 4]
    for run in halved.result.runs:
        if run.status == DROPPED:
            assert run.epochs in rungs
            assert len(run.validation_scores) == run.epochs
            assert run.reason.startswith(f"let go after epoch {run.epochs} of 12: ")


def test_the_table_counts_only_members_that_came_to_their_end(halved):
    for row in halved.result.rows():
        runs = halved.result.runs_by_architecture()[row.depth, row.width]
        whole = [run for run in runs if run.status != DROPPED]
        assert len(whole) >= 2
        chosen = [run.validation_score for run in whole if run.learning_rate == row.learning_rate]
        assert row.validation.mean == pytest.approx(sum(chosen) / len(chosen))
        assert (row.validation.n, row.dropped) == (len(chosen), 12 - len(whole))
        assert len(row.test.scores) == len(chosen)


def test_members_that_stay_train_as_they_would_in_a_larger_company(halved, store, iris):
    few = {**OPTIONS, "depths": [1], "learning_rates": [3e-2], "seeds": 2}
    alone = fathom.study(iris, name="alone", store=store, **few)
    together = ends(halved)
    for member, (_, epochs, losses) in ends(alone).items():
        shared = min(epochs, together[member][1])
        assert losses[:shared] == together[member][2][:shared]


def test_the_verdict_and_the_documents_tell_who_was_let_go(halved, store):
    stored = store.open(halved.name)
    assert "Halving let " in halved.verdict.findings["allocation"]
    document = study_document(halved.result, stored)
    dropped = sum(run.status == DROPPED for run in halved.result.runs)
    assert (document["trained"], document["dropped"]) == (36 - dropped, dropped)
    assert sum(rung["dropped"] for rung in document["rungs"]) == dropped
    assert sum(row["dropped"] for row in document["depths"]) == dropped
    assert "let go" in halved.report()
    rows = export_rows(stored.records())
    assert not any(row.is_chosen for row in rows if row.status == DROPPED)


@pytest.mark.parametrize("events", [3, 20, 47, 68])
def test_a_stopped_study_makes_the_same_choices(events, halved, store, iris):
    name = f"stopped-{events}"
    spec = study_spec(iris, **OPTIONS)
    with closing(stream_study(spec, iris, name=name, store=store)) as stream:
        told = list(islice(stream, events))
    assert not any(isinstance(event, VerdictRecord) for event in told)
    resumed = fathom.resume(name, store=store)
    assert ends(resumed) == ends(halved)
    assert table(resumed) == table(halved)
    assert weights(resumed) == weights(halved)


def test_a_depth_that_is_added_is_halved_beside_the_others(halved, store):
    before = ends(halved)
    more = fathom.resume(halved.name, store=store, depths=[3])
    after = ends(more)
    assert {key: after[key] for key in before} == before
    deepest = [run for run in more.result.runs if run.depth == 3]
    assert 0 < sum(run.status == DROPPED for run in deepest) <= 10


# -- minutes ---------------------------------------------------------------------------


def test_too_few_minutes_are_refused_before_anything_is_written(store, iris):
    few = {**OPTIONS, "allocation": "auto"}
    with pytest.raises(SpecError, match="enough to train every depth once") as refused:
        fathom.study(iris, name="short", store=store, minutes=0.001, **few)
    assert "the shortest possible here is --minutes" in str(refused.value.hint)
    assert "short" not in {one.name for one in store.list()}


def test_a_study_in_minutes_plans_and_ends_in_time(store, iris):
    plans, started = [], time.perf_counter()
    long = {**OPTIONS, "epochs": 100_000, "patience": None, "allocation": "auto"}

    def watch(event):
        if isinstance(event, RungRecord):
            plans.append(event)

    study = fathom.study(iris, name="timed", store=store, minutes=0.2, on_event=watch, **long)
    took = time.perf_counter() - started
    assert plans[0].epoch == 0
    assert plans[0].message.startswith("plan for 0.2 minutes: ")
    assert 0.8 * 12 < took < 3 * 12, "a busy machine is given more room than the promise"
    assert "In 0.2 minutes there was time for " in study.verdict.findings["allocation"]
    unseen = [run for run in study.result.runs if run.epochs == 0]
    assert all("no time" in run.reason for run in unseen)


def test_where_time_is_plenty_nothing_is_left_out(store, iris):
    study = fathom.study(iris, name="plenty", store=store, minutes=30, **OPTIONS)
    assert all(run.status != DROPPED for run in study.result.runs)
    assert "30 minutes were enough" in study.verdict.findings["allocation"]


def test_a_study_in_minutes_goes_on_with_its_plan(store, iris):
    spec = study_spec(iris, **{**OPTIONS, "epochs": 40, "patience": None}, minutes=30)
    with closing(stream_study(spec, iris, name="halfway", store=store)) as stream:
        for event in stream:
            if isinstance(event, Progress) and event.epoch > 2:
                break
    resumed = fathom.resume("halfway", store=store)
    assert resumed.result.status.status == "finished"
    records = store.open("halfway").records()
    plans = [record for record in records if isinstance(record, RungRecord) and record.epoch == 0]
    assert len(plans) == 1, "the plan is made once"
    assert max(run.epochs for run in resumed.result.runs) == plans[0].epochs


def test_the_document_is_json(halved, store):
    json.dumps(study_document(halved.result, store.open(halved.name)), default=str)
