"""`fathom depth-separation`, as it is typed."""

from __future__ import annotations

from pathlib import Path

from cli.running import Command

QUICK = ("--depths", "1,2", "--budgets", "40", "--steps", "20", "--rows", "200", "--seeds", "2")
RATE = ("--learning-rates", "1e-2")


def test_the_command_prints_tables_and_findings_and_writes_the_page(command: Command) -> None:
    outcome = command("depth-separation", "tents:2", *QUICK, *RATE, "--report", "page.html")
    assert outcome.code == 0, outcome.err
    assert "The tent map composed 2 times: relative MSE by budget and depth" in outcome.out
    assert "report written to page.html" in outcome.out
    assert Path("page.html").read_text().startswith("<!doctype html>")
    again = command("depth-separation", "tents:2", *QUICK, *RATE, "--report", "page.html", "--json")
    assert again.code == 0, again.err  # a page of Fathom's may be replaced
    function = again.document["functions"][0]
    assert function["name"] == "tents:2" and len(function["networks"]) == 2
    assert function["theory"][0]["parameters"] == 10
    assert again.document["text"]


def test_what_cannot_be_is_said_in_a_sentence(command: Command) -> None:
    outcome = command("depth-separation", "tent")
    assert outcome.code == 2
    assert "did you mean 'tents'" in outcome.err
    assert "Traceback" not in outcome.err
    assert command("depth-separation", "--depths", "x").code == 2
