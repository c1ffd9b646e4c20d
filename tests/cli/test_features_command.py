"""`fathom features`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli.running import Command
from support.planted_features import CLASSES, DEAD, PIXELS, picture_network, pictures


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, Path]:
    """Return a network that reads one pixel, and pictures, as files; pictures are rows."""
    x, y = pictures()
    np.savez(tmp_path / "data.npz", x=x, y=y)
    picture_network().save(tmp_path / "model.keras")
    return tmp_path / "model.keras", tmp_path / "data.npz"


def test_features_prints_what_was_found_and_writes_a_page(command: Command, planted: Any):
    outcome = command(
        "features", *planted, "--raw", "--units", "0-2", "--top", "5", "--report", "page.html"
    )
    assert outcome.code == 0, outcome.err
    words = " ".join(outcome.out.split())
    assert "finished; 2 later layers" in words and f"{PIXELS} ●" in words
    assert f"Classes lie furthest apart in {CLASSES}" in words
    assert f"{PIXELS}:{DEAD} none" in words
    assert "report written to page.html" in words
    assert "Fathom features</title>" in Path("page.html").read_text("utf-8")
    again = command("features", *planted, "--raw", "--units", "0-2", "--top", "5", "--json")
    document = again.document
    assert document["finished"] == PIXELS and document["report"] is None
    assert document["input"]["kind"] == "picture"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("features", "model.keras"), "hint: name the data it was trained on"),
        (("features", "model.keras", "iris"), "rows of shape (4,) in iris, and a model that takes"),
        (("features", "model.keras", "diabetes"), "rows of shape (10,) in diabetes"),
        (("features", "missing.keras", "iris"), "missing.keras"),
        (("features", "model.keras", "data.npz", "--layers", "pixel"), "did you mean 'pixels'"),
        (("features", "model.keras", "data.npz", "--units", "two"), "--units takes whole numbers"),
        (("features", "model.keras", "data.npz", "--units", "7"), "are numbered 0 to 3"),
        (("features", "model.keras", "data.npz", "--embedding", "umap"), "pca, tsne, isomap"),
        (("features", "model.keras", "data.npz", "--picture", "wide"), "--picture takes height"),
        (("features", "model.keras", "data.npz", "--picture", "5x5"), "as many numbers as a row"),
        (("features", "model.keras", "data.npz", "--report", "page.txt"), "must end in .html"),
        (("features", "model.keras", "--raw"), "Options of the data need a source"),
        (("layers", "model.keras", "data.npz", "--report", "data.npz"), "must end in .html"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_message(
    command: Command, planted: Any, arguments: tuple[str, ...], message: str
):
    outcome = command(*arguments)
    assert outcome.code == 2
    assert message in " ".join(outcome.err.split()) and "Traceback" not in outcome.err


def test_a_file_that_is_no_page_of_ours_is_not_replaced(command: Command, planted: Any):
    Path("mine.html").write_text("mine")
    outcome = command("features", *planted, "--report", "mine.html")
    assert outcome.code == 2 and "no page of Fathom's" in outcome.err
    assert Path("mine.html").read_text() == "mine"
