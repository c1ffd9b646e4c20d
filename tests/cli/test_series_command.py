"""`fathom study --splits` and `--across`, and what the other commands make of a sweep."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from cli.running import SETTINGS, Command, Outcome, run_here

GRID = ("--depths", "0-1", *SETTINGS, "--no-baselines", "--no-watch")


@dataclass(frozen=True)
class Swept:
    """A small sweep of iris, finished and stored."""

    store: Path
    report: Path
    outcome: Outcome


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    folder = tmp_path_factory.mktemp("swept")
    store, report = folder / "kept", folder / "iris.html"
    written = ("--report", report, "--store", store, "--name", "swept")
    outcome = run_here("study", "iris", *GRID, "--splits", "2", *written, "--json")
    assert outcome.code == 0, outcome.err
    return Swept(store, report, outcome)


def test_json_tells_the_verdict_the_studies_and_every_pair(swept: Swept) -> None:
    document = swept.outcome.document
    assert document["sweep"] == "swept"
    assert document["verdict"]["depth"] in (0, 1)
    assert [study["name"] for study in document["studies"]] == ["split-1", "split-2"]
    assert [row["depth"] for row in document["combinations"]] == [0, 1]
    (pair,) = document["beats"]
    assert 0 <= pair["probability"] <= 1
    assert document["paired_by"] == "split"


def test_progress_names_each_study_on_stderr(swept: Swept) -> None:
    assert "study 1 of 2, split-1" in swept.outcome.err
    assert "study 2 of 2, split-2" in swept.outcome.err
    assert swept.outcome.err.count("rows: 90 train") == 1


def test_the_page_is_one_that_may_be_replaced(swept: Swept, command: Command) -> None:
    assert "Fathom sweep</title>" in swept.report.read_text(encoding="utf-8")
    outcome = command("report", "swept", "--store", swept.store, "--out", swept.report)
    assert outcome.code == 0, outcome.err


def test_a_sweep_is_one_line_of_the_list(swept: Swept, command: Command) -> None:
    listed = command("runs", "list", "--store", swept.store)
    assert "finished, 2 studies" in listed.out
    assert "split-1" not in listed.out
    document = command("runs", "list", "--store", swept.store, "--json").document
    assert document["studies"] == []
    assert [row["name"] for row in document["sweeps"]] == ["swept"]


def test_a_sweep_and_its_studies_are_shown(swept: Swept, command: Command) -> None:
    shown = command("runs", "show", "swept", "--store", swept.store)
    assert "swept/split-2" in shown.out
    assert "Intervals are over 2 splits" in shown.out
    study = command("runs", "show", "swept/split-2", "--store", swept.store)
    assert study.code == 0, study.err
    assert "±" in study.out


def test_a_study_of_a_sweep_is_reported_and_resumed_by_its_path(
    swept: Swept, command: Command, tmp_path: Path
) -> None:
    reported = command("report", "swept/split-1", "--store", swept.store)
    assert reported.code == 0, reported.err
    assert (tmp_path / "swept-split-1.html").exists()
    resumed = command("resume", "swept/split-1", "--store", swept.store)
    assert resumed.code == 0, resumed.err


def test_a_finished_sweep_trains_nothing_when_it_is_resumed(swept: Swept, command: Command) -> None:
    outcome = command("resume", "swept", "--store", swept.store, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.document["combinations"] == swept.outcome.document["combinations"]
    assert "finished before" in outcome.err


def test_a_sweep_is_no_study_to_predict_with(swept: Swept, command: Command) -> None:
    outcome = command("runs", "export", "swept", "--store", swept.store)
    assert outcome.code == 2
    assert "is a sweep of studies" in outcome.err
    assert "swept/split-1" in outcome.err


def test_a_sweep_is_deleted_as_one(command: Command, tmp_path: Path) -> None:
    settings = ("--depths", "0", *SETTINGS, "--no-baselines", "--store", "kept", "--name", "gone")
    across = command(
        "study", "iris", *settings, "--across", "dropout=0,0.2", "--save", "best.keras"
    )
    assert across.code == 0, across.err
    assert "without dropout" in across.out
    assert (tmp_path / "best.keras").exists()
    deleted = command("runs", "delete", "gone", "--yes", "--store", "kept")
    assert deleted.code == 0, deleted.err
    assert not (tmp_path / "kept" / "gone").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--across", "normalization=none,btch"), "did you mean 'batch'"),
        (("--across", "depth=1,2"), "must be one of activation"),
        (("--across", "width=4,8", "--widths", "6"), "leave --widths out"),
        (("--splits", "3", "--minutes", "1"), "leave --minutes out"),
        (("--splits", "-1"), "must be at least 1"),
    ],
)
def test_contradictions_are_refused_before_training(
    options: tuple[str, ...], message: str, command: Command, tmp_path: Path
) -> None:
    outcome = command("study", "iris", *options)
    assert outcome.code == 2
    assert message in outcome.err
    assert list(tmp_path.iterdir()) == []
