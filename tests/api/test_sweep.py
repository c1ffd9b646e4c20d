"""Sweeps run for real: the same rows, the same programs, stopped and gone on with."""

from __future__ import annotations

import itertools
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

import fathom
from fathom.api.series import Sweep
from fathom.api.series_running import SeriesBegins, StudyBegins
from fathom.errors import DataError, ModelError, SpecError, UnknownNameError
from fathom.specs import SeriesVerdict, TestRecord
from fathom.store import Store

TINY = {
    "widths": 6,
    "seeds": 2,
    "epochs": 4,
    "learning_rates": 3e-2,
    "watch": False,
    "baselines": False,
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("sweeps") / "kept")


@pytest.fixture(scope="module")
def splits(store: Store) -> Sweep:
    return fathom.sweep("iris", splits=3, depths=[0, 1], name="splits", store=store, **TINY)


@pytest.fixture(scope="module")
def across(store: Store) -> Sweep:
    return fathom.sweep(
        "iris",
        across={"normalization": ["none", "batch"]},
        depths=[1],
        name="across",
        store=store,
        **TINY,
    )


def test_splits_share_their_test_rows_and_nothing_tested_is_trained_on() -> None:
    draws = [fathom.load("iris", validation_seed=split) for split in (1, 2)]
    usual = fathom.load("iris")
    tested = set(usual.test.rows.tolist())
    assert all(set(one.test.rows.tolist()) == tested for one in draws)
    assert len({frozenset(one.validation.rows.tolist()) for one in (usual, *draws)}) == 3


def test_the_first_split_is_that_of_an_ordinary_study(splits: Sweep) -> None:
    stored = splits.studies["split-1"].result.header.dataset["fingerprint"]
    assert stored == fathom.load("iris").fingerprint


def test_a_sweep_tells_one_row_per_depth_over_all_splits(splits: Sweep) -> None:
    table = splits.table()
    assert table["depth"].to_list() == [0, 1]
    assert table["splits"].to_list() == [3, 3]
    means = [
        np.mean([study.result.rows()[place].validation.mean for study in splits.studies.values()])
        for place in range(2)
    ]
    np.testing.assert_allclose(table["validation_mean"], means)
    assert splits.verdict is not None
    assert splits.text == splits.verdict.text


def test_the_chance_of_each_comparison_is_told(splits: Sweep) -> None:
    (row,) = splits.comparisons().to_dicts()
    assert (row["first_depth"], row["second_depth"]) == (0, 1)
    assert 0 <= row["probability"] <= 1
    assert row["low"] <= row["difference"] <= row["high"]


def test_another_split_compiles_no_program_again(
    store: Store,
    splits: Sweep,
    compilations,
) -> None:
    told: list[int] = []
    with compilations() as compiled:
        fathom.sweep(
            "iris",
            splits=4,
            depths=[2],
            store=store,
            name="counted",
            on_event=lambda event: (
                told.append(len(compiled))
                if isinstance(event, StudyBegins | SeriesVerdict)
                else None
            ),
            **TINY,
        )
    first, others = told[1] - told[0], [b - a for a, b in itertools.pairwise(told[1:])]
    assert first > 0
    assert others == [0, 0, 0]


def test_values_are_trained_on_the_same_rows(across: Sweep) -> None:
    none, batch = across.studies.values()
    prints = [study.result.header.dataset["fingerprint"] for study in (none, batch)]
    assert prints[0] == prints[1]
    assert [s.result.spec.model.normalization for s in (none, batch)] == ["none", "batch"]


def test_fewer_rows_are_among_more_and_scaling_is_fitted_on_them() -> None:
    few, more = (fathom.load("iris", training_rows=rows) for rows in (30, 60))
    assert set(few.train.rows.tolist()) < set(more.train.rows.tolist())
    assert np.bincount(few.train.y).tolist() == [10, 10, 10]
    np.testing.assert_allclose(few.train.x.mean(axis=0), 0, atol=1e-5)


def test_a_sweep_that_stopped_goes_on_to_the_same_table_and_weights(
    store: Store, splits: Sweep, tmp_path: Path
) -> None:
    broken = Store(tmp_path / "kept")
    with pytest.raises(KeyboardInterrupt):
        fathom.sweep(
            "iris",
            splits=3,
            depths=[0, 1],
            name="splits",
            store=broken,
            on_event=_Stopper(tests=3),
            **TINY,
        )
    stopped = fathom.open_sweep("splits", store=broken)
    assert stopped.verdict is None
    assert stopped.text == "1 of 3 studies are finished."
    assert stopped.summary().status == "paused"
    resumed = fathom.resume_sweep("splits", store=broken)
    columns = ["depth", "validation_mean", "test_mean", "test_low", "test_high"]
    assert resumed.table().select(columns).equals(splits.table().select(columns))
    for name, study in splits.studies.items():
        ours, theirs = (
            Store(one.folder).open(name).weights("depth-1-width-6") for one in (splits, resumed)
        )
        assert ours.keys() == theirs.keys(), study
        assert all(np.array_equal(ours[key], theirs[key]) for key in ours)


def test_what_kill_9_leaves_is_gone_on_with(splits: Sweep, tmp_path: Path) -> None:
    killed = tmp_path / "kept" / "splits"
    shutil.copytree(splits.folder, killed)
    (killed / "verdict.json").unlink()
    shutil.rmtree(killed / "split-3")
    log = killed / "split-2" / "log.jsonl"
    lines = log.read_bytes().splitlines(keepends=True)
    first = next(place for place, line in enumerate(lines) if b'"kind":"test"' in line)
    log.write_bytes(b"".join(lines[: first + 1]) + lines[first + 1][:20])  # cut in mid-line
    store = Store(tmp_path / "kept")
    assert store.open_series("splits").summary().status == "interrupted"
    resumed = fathom.resume_sweep("splits", store=store)
    columns = ["depth", "validation_mean", "test_mean", "test_low", "test_high"]
    assert resumed.table().select(columns).equals(splits.table().select(columns))
    assert resumed.summary().status == "finished"


class _Stopper:
    """Presses Ctrl-C after a number of tests."""

    def __init__(self, tests: int) -> None:
        self._left = tests

    def __call__(self, event: object) -> None:
        self._left -= isinstance(event, TestRecord)
        if self._left == 0:
            raise KeyboardInterrupt


def test_depths_are_added_to_every_study_and_the_others_stay(
    store: Store,
    across: Sweep,
    tmp_path: Path,
) -> None:
    begun = {name: study.result.runs for name, study in across.studies.items()}
    more = fathom.resume_sweep("across", store=store, depths=[0])
    assert more.table()["depth"].to_list() == [0, 1, 0, 1]
    for name, study in more.studies.items():
        assert set(begun[name]) <= set(study.result.runs)


def test_a_sweep_on_arrays_needs_them_again(store: Store) -> None:
    x, y = load_iris(return_X_y=True)
    sweep = fathom.sweep((x, y), splits=2, depths=[0], name="arrays", store=store, **TINY)
    assert sweep.verdict is not None
    with pytest.raises(DataError, match="in memory"):
        fathom.resume_sweep("arrays", store=store)
    again = fathom.resume_sweep("arrays", store=store, data=(x, y))
    assert again.table().equals(sweep.table())


def test_a_data_set_made_in_memory_cannot_be_split_again(store: Store) -> None:
    x = np.random.default_rng(0).normal(size=(60, 3))
    dataset = fathom.load((x, x[:, 0]))
    with pytest.raises(DataError, match="drawn anew"):
        fathom.sweep(dataset, splits=2, store=store, **TINY)


def test_the_page_is_self_contained_and_shows_all_figures(splits: Sweep, tmp_path: Path) -> None:
    page = splits.report(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == page
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=", page)
    for name in ("scores", "differences", "splits", "odds"):
        assert f'id="{name}"' in page
    assert "Depth" in splits._repr_html_()


def test_figures_are_plotly_figures(splits: Sweep, across: Sweep) -> None:
    assert len(splits.plot.scores().data) >= 2
    assert splits.plot.growth() is None
    assert across.plot.splits() is None
    assert across.plot.effects() is not None


def test_the_best_model_predicts(splits: Sweep) -> None:
    model = splits.best_model()
    inputs = fathom.load("iris").test.x
    accuracy = np.mean(np.argmax(model.predict(inputs, verbose=0), 1) == fathom.load("iris").test.y)
    assert accuracy > 0.5


def test_an_unfinished_sweep_has_no_model(splits: Sweep) -> None:
    unfinished = Sweep(splits._stored)
    unfinished.verdict = None
    with pytest.raises(ModelError, match="not finished"):
        unfinished.best_model()


def test_studies_are_opened_as_studies_and_listed_as_one(store: Store, splits: Sweep) -> None:
    assert "splits" in {row.name for row in store.list_series()}
    assert not {row.name for row in store.list()} & {"splits", "split-1"}
    study = fathom.open_study("splits/split-2", store=store)
    assert study.verdict is not None
    with pytest.raises(UnknownNameError, match="is a sweep of studies"):
        fathom.open_study("splits", store=store)


def test_events_begin_with_the_sweep_and_end_with_its_verdict(store: Store) -> None:
    told: list[object] = []
    name = "told"
    fathom.sweep("iris", splits=2, depths=[0], name=name, store=store, on_event=told.append, **TINY)
    assert isinstance(told[0], SeriesBegins)
    assert isinstance(told[-1], SeriesVerdict)
    assert [event.member.name for event in told if isinstance(event, StudyBegins)] == [
        "split-1",
        "split-2",
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "repeats a study"),
        ({"splits": 0}, "`splits` must be at least 1"),
        ({"splits": 1000}, "at most"),
        ({"across": "normalisation=none,batch"}, "must be one of activation, batch-size"),
        ({"across": "normalization"}, "NAME=VALUE,VALUE"),
        ({"across": "normalization=batch"}, "two values"),
        ({"across": "dropout=0,0.0"}, "must not repeat"),
        ({"across": "dropout=0,1"}, "from 0 to below 1"),
        ({"across": "rows=50%,30"}, "not both"),
        ({"across": "rows=50%,150%"}, "shares such as 25%"),
        ({"across": "rows=10,500"}, "`training_rows` must be from 3 to 90"),
        ({"across": "width=4,8", "widths": 6}, "those of `across`"),
        ({"across": "dropout=0,0.5", "widths": [4, 8]}, "one width"),
        ({"across": "width=4,8", "match_parameters": True}, "Matched parameters"),
        ({"across": "activation=relu,reul"}, "reul"),
        ({"across": {"dropout": [0, 0.1], "l2": [0, 1]}}, "one setting"),
        ({"splits": 2, "minutes": 1.0}, "trained alike"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(
    options: dict, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SpecError, match=re.escape(message)):
        fathom.sweep("iris", store=tmp_path / "kept", **options)
    assert not (tmp_path / "kept").exists()


def test_fixed_validation_rows_cannot_be_split_again(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    parts = ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    lines = [f"{i % 7},{i % 2},{part}" for i, part in enumerate(parts)]
    table.write_text("\n".join(["a,y,split", *lines]))
    with pytest.raises(SpecError, match="validation rows that can be drawn anew"):
        fathom.sweep(table, target="y", splits=2, store=tmp_path / "kept", **TINY)


def test_a_sweep_that_is_not_there_lists_those_that_are(store: Store, splits: Sweep) -> None:
    with pytest.raises(UnknownNameError, match="splits"):
        fathom.open_sweep("split", store=store)


def test_a_sweep_is_deleted_as_one(store: Store) -> None:
    sweep = fathom.sweep("iris", splits=2, depths=[0], name="gone", store=store, **TINY)
    store.delete("gone")
    assert not sweep.folder.exists()
    assert "gone" not in {row.name for row in store.list_series()}
