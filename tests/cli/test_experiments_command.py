"""`fathom experiments`: listed quickly, run, judged, and written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from cli.running import Command

from fathom.studies.experiments import EXPERIMENTS


def test_the_gallery_is_listed_with_claims_without_loading_keras(command: Command) -> None:
    outcome = command("experiments")
    assert outcome.code == 0
    words = " ".join(outcome.out.split())
    for experiment in EXPERIMENTS:
        assert experiment.name in words and experiment.claim in words
    document = command("experiments", "--json").document
    assert [one["name"] for one in document["experiments"]] == [one.name for one in EXPERIMENTS]
    code = "import sys; from fathom.cli import main; main(['experiments']); "
    code += "sys.exit(any(name in sys.modules for name in ('keras', 'jax', 'polars', 'sklearn')))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True).returncode == 0


def test_an_experiment_is_run_and_its_page_markdown_and_document_written(
    command: Command, tmp_path: Path
) -> None:
    outcome = command(
        *("experiments", "one-neuron", "--seeds", "2", "--seed", "3"),
        *("--report", "page.html", "--markdown", "page.md"),
    )
    assert outcome.code == 0, outcome.err
    words = " ".join(outcome.out.split())
    assert "Holds" in words and "yes Two clusters: at least 97% right" in words
    assert "2 seeds are few" in words
    assert "http://127.0.0.1:8765/#dataset=circle" in words
    assert "Fathom experiments</title>" in (tmp_path / "page.html").read_text()
    assert "page/one-neuron.svg" in (tmp_path / "page.md").read_text()
    assert (tmp_path / "page" / "one-neuron.svg").read_text().startswith("<svg")
    again = command(
        "experiments",
        "one-neuron",
        "--seeds",
        "2",
        "--seed",
        "3",
        "--report",
        "page.html",
        "--json",
    )
    document = json.loads(again.out)
    (found,) = document["experiments"]
    assert found["verdict"] == "holds" and found["seeds"] == [3, 4]
    assert document["written"]["report"].endswith("page.html")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("three-unit",), "did you mean three-units"),
        (("one-neuron", "--all"), "Name experiments or run --all, not both"),
        (("--report", "x.html"), "needs an experiment that is run"),
        (("one-neuron", "--report", "x.pdf"), "must end in .html"),
        (("one-neuron", "--markdown", "x.txt"), "must end in .md"),
        (("one-neuron", "--seeds", "1"), "`seeds` must be at least 2"),
        (("mnist-94-96", "--data", "missing.npz"), "missing.npz"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_message(
    command: Command, arguments: tuple[str, ...], message: str
) -> None:
    outcome = command("experiments", *arguments)
    assert outcome.code == 2
    assert message in " ".join(outcome.err.split()) and "Traceback" not in outcome.err
