"""`fathom.experiments()` and `fathom.experiment(name)`."""

from __future__ import annotations

from pathlib import Path

import fathom


def test_an_experiment_is_run_shown_and_written_from_python(tmp_path: Path) -> None:
    first = fathom.experiments()[0]
    found = fathom.experiment(first.name, seed=1)
    assert found.verdict == "holds" and repr(found) == "<one-neuron: holds>"
    assert found.text.startswith(first.claim) and "yes: Two clusters" in found.text
    table = found.table()
    assert table["arm"].to_list() == ["two clusters", "disc in a ring"]
    assert (table["low"] <= table["mean"]).all() and (table["mean"] <= table["high"]).all()
    assert found.figure().startswith("<svg") and "<svg" in found._repr_html_()
    found.report(tmp_path / "page.html")
    assert first.claim in (tmp_path / "page.html").read_text()
