"""What every study in a store can rely on."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from fathom.errors import SpecError, StoreError, UnknownNameError
from fathom.specs import Progress
from fathom.store import Store
from fathom.store.index import read_index


def test_records_come_back_as_they_were_appended(store, sample):
    with store.create(sample.study()) as writer:
        for record in sample.after_the_first():
            writer.append(record)
    assert store.open("digits").records() == (sample.study(), *sample.after_the_first())


def test_a_store_touches_no_disk_before_a_study_is_created(tmp_path):
    store = Store(tmp_path / "runs")
    store.check_writable()
    assert store.list() == ()
    assert store.unique_name("digits") == "digits"
    assert list(tmp_path.iterdir()) == []


def test_the_store_is_where_the_environment_says(tmp_path, monkeypatch):
    monkeypatch.setenv("FATHOM_STORE", str(tmp_path / "elsewhere"))
    assert Store().root == tmp_path / "elsewhere"
    monkeypatch.delenv("FATHOM_STORE")
    monkeypatch.chdir(tmp_path)
    assert Store().root == tmp_path / "fathom-runs"


def test_a_study_is_listed_in_one_line(store, sample, finished):
    (summary,) = store.list()
    assert summary.name == finished == "digits"
    assert (summary.source, summary.task, summary.metric) == (
        "digits",
        "classification",
        "accuracy",
    )
    assert (summary.status, summary.trainings, summary.runs) == ("finished", 8, 3)
    assert (summary.depth, summary.width, summary.score) == (1, 64, 0.91)
    assert summary.wall_seconds == 1.5
    files = [path for path in (store.root / finished).rglob("*") if path.is_file()]
    assert summary.size_bytes == sum(path.stat().st_size for path in files)


def test_the_newest_study_is_listed_first(store, sample):
    for name in ("first", "second", "third"):
        store.create(sample.study(name=name)).close()
    assert [row.name for row in store.list()] == ["third", "second", "first"]


def test_listing_can_be_narrowed_by_words_in_any_case(store, sample):
    store.create(sample.study(name="Größe")).close()
    store.create(sample.study(name="other", dataset={"source": "adult.csv"})).close()
    assert [row.name for row in store.list(matching="GRÖSSE")] == ["Größe"]
    assert [row.name for row in store.list(matching="adult")] == ["other"]
    assert store.list(matching="%") == ()


def test_a_study_is_running_while_written_and_interrupted_when_its_writer_is_gone(store, sample):
    writer = store.create(sample.study())
    writer.append(sample.status("running"))
    assert store.list()[0].status == "running"
    assert store.open("digits").is_running
    writer.close()
    assert store.list()[0].status == "interrupted"
    assert store.open("digits").summary().status == "interrupted"


def test_a_second_writer_is_refused(store, sample):
    with store.create(sample.study()):
        with pytest.raises(StoreError, match=r"one writer at a time.*'digits'.*process \d+ on"):
            store.reopen("digits")
        with pytest.raises(StoreError, match="one writer at a time"):
            store.delete("digits")
    store.reopen("digits").close()


def test_a_reopened_study_goes_on(store, sample):
    with store.create(sample.study()) as writer:
        writer.append(sample.run(seed=0))
    with store.reopen("digits") as writer:
        writer.append(sample.run(seed=1))
        writer.close(sample.status("finished"))
    seeds = [record.seed for record in store.open("digits").records()[1:3]]
    assert seeds == [0, 1]
    assert store.list()[0].status == "finished"


def test_two_studies_of_one_name_get_two_folders(store, sample):
    writers = [store.create(sample.study()) for _ in range(3)]
    assert [writer.name for writer in writers] == ["digits", "digits-2", "digits-3"]
    for writer in writers:
        writer.close()
    assert store.open("digits-2").record.name == "digits-2"


def test_threads_that_create_at_once_get_a_study_each(store, sample):
    def create(seed: int) -> str:
        with store.create(sample.study()) as writer:
            writer.append(sample.run(seed=seed))
            return writer.name

    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(create, range(8)))
    assert len(names) == 8
    assert {(row.name, row.runs) for row in store.list()} == {(name, 1) for name in names}


@pytest.mark.parametrize("name", ["a?mode=ro#b", "100%", "größe 実", "it's; DROP TABLE studies"])
def test_a_store_may_have_any_name(tmp_path, sample, name):
    store = Store(tmp_path / name)
    store.create(sample.study()).close()
    assert [row.name for row in store.list()] == ["digits"]
    assert read_index(store.root).keys() == {"digits"}


def test_a_writer_that_is_closed_refuses_more(store, sample):
    writer = store.create(sample.study())
    writer.close()
    writer.close()
    with pytest.raises(StoreError, match="closed"):
        writer.append(sample.run())
    with pytest.raises(StoreError, match="closed"):
        writer.write_file("report.html", b"")


def test_an_exception_is_the_last_word_of_its_study(store, sample):
    with pytest.raises(ZeroDivisionError), store.create(sample.study()):
        _ = 1 / 0
    last = store.open("digits").records()[-1]
    assert (last.status, last.message) == ("failed", "ZeroDivisionError: division by zero")


def test_ctrl_c_pauses_a_study(store, sample):
    with pytest.raises(KeyboardInterrupt), store.create(sample.study()):
        raise KeyboardInterrupt
    assert store.list()[0].status == "paused"


def test_a_study_that_said_how_it_ended_has_the_last_word(store, sample):
    with pytest.raises(KeyboardInterrupt), store.create(sample.study()) as writer:
        writer.append(sample.status("paused", message="Stopped by you.", wall_seconds=3.0))
        raise KeyboardInterrupt
    assert store.open("digits").records()[-1].message == "Stopped by you."


def test_an_exception_while_a_finished_study_is_reopened_leaves_it_finished(store, finished):
    with pytest.raises(ZeroDivisionError), store.reopen(finished):
        _ = 1 / 0
    assert store.list()[0].status == "finished"


def test_a_deleted_study_is_gone_from_disk_and_list(store, sample, finished):
    store.create(sample.study(name="other")).close()
    assert len(store.list()) == 2
    store.delete(finished)
    assert [row.name for row in store.list()] == ["other"]
    left = {path.name for path in store.root.iterdir()}
    assert left == {"other", "index.db", "index.lock"}
    with pytest.raises(UnknownNameError):
        store.open(finished)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_not_finite_is_refused_by_name(store, sample, number):
    bad = sample.run(validation_losses=(0.5, number))
    with store.create(sample.study()) as writer:
        with pytest.raises(SpecError, match=r"validation_losses\[1\]=-?(nan|inf) in a RunRecord"):
            writer.append(bad)
        with pytest.raises(ValueError, match="finite"):
            writer.append_many([sample.run(), bad])
    assert len(store.open("digits").records()) == 1


def test_a_number_that_is_not_finite_in_the_first_record_leaves_no_store(store, sample):
    with pytest.raises(SpecError, match=r"spec\.rate=nan"):
        store.create(sample.study(spec={"rate": float("nan")}))
    assert not store.root.exists()


def test_only_records_are_appended(store, sample):
    progress = Progress(
        depth=1,
        width=8,
        epoch=1,
        epochs=2,
        best_score=None,
        gradient_ratio=None,
        diverged=0,
        active=1,
        seconds_left=None,
    )
    with store.create(sample.study()) as writer:
        with pytest.raises(SpecError, match="Received: Progress"):
            writer.append(progress)  # pyright: ignore[reportArgumentType]
        with pytest.raises(SpecError, match="what JSON cannot"):
            writer.append(sample.run(reason=object()))


def test_files_come_back_as_they_were_written(store, sample):
    with store.create(sample.study()) as writer:
        writer.write_file("model/best.keras", b"first")
        writer.write_file("model/best.keras", b"second")
        writer.write_file("preprocessing.skops", b"\0" * 10)
    study = store.open("digits")
    assert study.file("model/best.keras") == b"second"
    assert study.path("model/best.keras") == store.root / "digits/model/best.keras"
    assert study.files() == ("model/best.keras", "preprocessing.skops")
    assert study.has("preprocessing.skops")
    assert not study.has("report.html")


def test_an_unknown_file_lists_the_files_there_are(store, sample):
    with store.create(sample.study()) as writer:
        writer.write_file("model/best.keras", b"")
    with pytest.raises(UnknownNameError, match=r"model/best\.keras\.\n\nhint: did you mean"):
        store.open("digits").file("model/bast.keras")


def test_an_unknown_study_lists_the_studies_there_are(store, sample, finished):
    store.create(sample.study(name="adult")).close()
    with pytest.raises(UnknownNameError, match=r"adult, digits\.\n\nhint: did you mean 'digits'"):
        store.open("digitz")


def test_an_unknown_study_of_an_empty_store_is_said_plainly(store):
    with pytest.raises(UnknownNameError, match=r"has no study 'digits'\. There are: none"):
        store.open("digits")


def test_spec_json_is_for_people(store, sample):
    store.create(sample.study(name="Straße", dataset={"source": "größe.csv"})).close()
    text = (store.root / "Straße" / "spec.json").read_text(encoding="utf-8")
    assert '"source": "größe.csv"' in text
    assert '"metric": "accuracy"' in text


def test_a_folder_that_was_renamed_is_a_study_of_the_new_name(store, finished):
    (store.root / finished).rename(store.root / "my study")
    assert [row.name for row in store.list()] == ["my study"]
    assert store.open("my study").record.metric == "accuracy"


def test_a_summary_read_anew_is_the_one_in_the_list(store, finished):
    assert store.open(finished).summary() == store.list()[0]


def test_a_summary_takes_the_score_of_the_verdicts_architecture(store, sample):
    with store.create(sample.study()) as writer:
        writer.append_many([sample.test(depth=2, mean=0.5), sample.test(mean=0.8)])
        assert store.list()[0].score is None
        writer.append(sample.verdict(depth=2))
    assert store.list()[0].score == 0.5


def test_the_store_loads_nothing_heavy():
    heavy = ("jax", "keras", "polars", "sklearn", "skops", "rich", "safetensors", "numpy")
    code = f"import sys, fathom.store; print([m for m in {heavy} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert loaded.stdout.strip() == "[]", loaded.stderr


def test_the_store_can_be_imported_and_read_without_file_locks(store, finished):
    code = (
        "import sys; sys.modules['fcntl'] = None\n"
        "from fathom.store import Store\n"
        f"store = Store({str(store.root)!r})\n"
        "print(store.list()[0].status, len(store.open('digits').records()))\n"
        "try: store.reopen('digits')\n"
        "except OSError as error: print('file locks' in str(error))\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert told.stdout.split() == ["finished", "10", "True"], told.stderr


def test_a_store_expands_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Store("~/runs").root == tmp_path / "runs"


def test_records_are_those_of_the_moment_they_were_asked_for(store, sample):
    with store.create(sample.study()) as writer:
        study = store.open("digits")
        assert len(study.records()) == 1
        writer.append(sample.run())
        assert len(study.records()) == 1
        assert len(store.open("digits").records()) == 2
    assert replace(study) == study
