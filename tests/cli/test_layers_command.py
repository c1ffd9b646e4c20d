"""`fathom layers` and `fathom trim`, as they are typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli.running import Command
from support.planted import CARRIER, IDLE, absolute_value, carrying_network

QUICK = ("--draws", "1", "--probe-rows", "100")


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, Path]:
    """Return a model and data, as files, in which one block does all the work."""
    x, y = absolute_value()
    np.savez(tmp_path / "data.npz", x=x, y=y)
    carrying_network().save(tmp_path / "model.keras")
    return tmp_path / "model.keras", tmp_path / "data.npz"


def test_layers_prints_tables_and_sentences_and_writes_a_page(
    command: Command, planted: Any
) -> None:
    outcome = command("layers", *planted, "--raw", *QUICK, "--report", "page.html")
    assert outcome.code == 0, outcome.err
    page = Path("page.html").read_text("utf-8")
    assert "Fathom layers</title>" in page and "report written to page.html" in outcome.out
    for part in ("What was found", "What is lost without each layer", "How it was done"):
        assert part in page
    assert "What accuracy falls by when a layer is changed" in outcome.out
    assert f"[{CARRIER}]" in outcome.out
    assert "The block that matters is add_2" in outcome.out.replace("\n", " ")
    assert "the weights it began with are not known" in outcome.out.replace("\n", " ")


def test_layers_writes_one_json_document(command: Command, tiny: Any) -> None:
    outcome = command("layers", *tiny.stored, "--depth", "2", *QUICK, "--json")
    assert outcome.code == 0, outcome.err
    document = outcome.document
    assert document["initial"] == "stored" and document["networks"] == 2
    assert [row["name"] for row in document["layers"]] == ["dense_1", "dense_2", "logits"]
    assert set(document["layers"][0]["reinit"]) == {"mean", "low", "high"}
    assert len(document["similarity"]) == 4
    assert document["text"]


def test_trim_writes_the_smaller_model_and_says_what_it_saved(
    command: Command, planted: Any
) -> None:
    outcome = command("trim", *planted, "--raw", "--epochs", "0", "--save", "small.keras")
    assert outcome.code == 0, outcome.err
    assert "Removed add_1 and add_3, without any training" in outcome.out.replace("\n", " ")
    assert Path("small.keras").exists()
    document = command(
        "trim", "small.keras", planted[1], "--raw", "--epochs", "0", "--tolerance", "0", "--json"
    ).document
    assert not document["is_smaller"] and document["written"] is None
    assert document["text"].startswith("Nothing can go")
    assert not any(idle in str(document["refused"]) for idle in IDLE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("layers", "model.keras"), "A model is examined on data"),
        (("layers", "model.keras", "iris"), "rows of shape (4,) in iris, and a model that takes"),
        (("layers", "missing.keras", "iris"), "missing.keras"),
        (("layers", "model.keras", "iris", "--depth", "2"), "among the networks of a study"),
        (("trim", "model.keras", "data.npz", "--tolerance", "1"), "`tolerance` must be in [0, 1)"),
        (("trim", "model.keras", "data.npz", "--save", "x.h5"), "must end in .keras"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_message(
    command: Command, planted: Any, arguments: tuple[str, ...], message: str
) -> None:
    outcome = command(*arguments)
    assert outcome.code == 2
    assert message in outcome.err.replace("\n", " ") and "Traceback" not in outcome.err


@pytest.mark.parametrize("name", ["layers", "features", "trim"])
def test_an_unsafe_file_is_refused_before_keras_opens_it(
    command: Command, tmp_path: Path, name: str
) -> None:
    import keras

    inputs = keras.Input((4,))
    model = keras.Model(inputs, keras.layers.Lambda(lambda x: x)(inputs))
    model.save(tmp_path / "lambda.keras")
    before = keras.config.floatx()
    outcome = command(name, "lambda.keras", "iris")
    assert outcome.code == 2 and "Lambda" in outcome.err
    assert keras.config.floatx() == before
