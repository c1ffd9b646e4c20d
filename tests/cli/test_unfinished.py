"""A study that was cut off is shown and reported as far as it got."""

from __future__ import annotations

import shutil

import numpy as np


def test_it_is_listed_as_interrupted(command, paused):
    (study,) = command("runs", "list", "--store", paused, "--json").document["studies"]
    assert study["status"] == "interrupted"
    assert (study["runs"], study["trainings"]) == (8, 12)
    assert "8 of 12" in command("runs", "list", "--store", paused).out


def test_it_is_shown_as_far_as_it_got(command, paused):
    out = command("runs", "show", "tiny", "--store", paused).out
    assert "Not finished" in out and "8 of 12 trainings" in out
    assert "status interrupted" in out


def test_its_document_has_no_verdict(command, paused):
    document = command("runs", "show", "tiny", "--store", paused, "--json").document
    assert document["verdict"] is None
    assert document["status"] == "interrupted"
    assert document["trained"] == 8
    assert [row["depth"] for row in document["depths"]] == [0, 1]


def test_it_has_a_report(command, paused, tmp_path):
    assert command("report", "tiny", "--store", paused).code == 0
    assert "unfinished" in (tmp_path / "tiny.html").read_text()


def test_it_can_be_compared_and_exported(command, paused, tiny, tmp_path):
    shutil.copytree(tiny.store / "tiny", paused / "whole")
    out = command("runs", "compare", "tiny", "whole", "--store", paused).out
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["tiny", "whole"]
    assert command("runs", "export", "tiny", "--store", paused).code == 0
    assert len((tmp_path / "tiny.csv").read_text().splitlines()) == 9


def test_it_has_no_model_to_predict_with(command, paused, tmp_path):
    np.savez(tmp_path / "rows.npz", x=np.zeros((3, 4)))
    outcome = command("predict", "tiny", "rows.npz", "--store", paused)
    assert outcome.code == 2
    assert "tiny is not finished" in outcome.err
    assert "fathom runs show" in outcome.err


def test_it_is_gone_on_with(command, paused, tiny):
    begun = command("resume", "tiny", "--store", paused, "--json")
    assert begun.code == 0, begun.err
    whole = command("runs", "show", "tiny", "--store", tiny.store, "--json").document
    keys = ("depth", "learning_rate", "validation", "test")
    assert [[row[key] for key in keys] for row in begun.document["depths"]] == [
        [row[key] for key in keys] for row in whole["depths"]
    ]
    assert begun.document["verdict"]["depth"] == whole["verdict"]["depth"]


def test_its_name_is_not_taken_for_a_new_study(command, paused):
    outcome = command("study", "iris", "--name", "tiny", "--store", paused)
    assert outcome.code == 2
    assert "tiny, interrupted" in outcome.err or "tiny, paused" in outcome.err
    assert "fathom resume tiny" in outcome.err


def test_a_finished_study_is_shown_again(command, tiny):
    outcome = command("resume", "tiny", "--store", tiny.store)
    assert outcome.code == 0
    assert "Kept in" in outcome.out
