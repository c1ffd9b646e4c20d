"""`fathom transfer`, as it is typed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cli.running import Command
from support.transferring import knowing_network, product_sign

QUICK = ("--seeds", "2", "--learning-rates", "5e-2", "--epochs", "15", "--labels", "60")


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Path, Path]:
    x, y = product_sign()
    np.savez(tmp_path / "data.npz", x=x, y=y)
    knowing_network().save(tmp_path / "model.keras")
    return tmp_path / "model.keras", tmp_path / "data.npz"


def test_transfer_prints_tables_and_a_verdict_and_writes_model_and_page(
    command: Command, planted: Any
) -> None:
    written = ("--save", "new.keras", "--report", "page.html")
    outcome = command("transfer", *planted, "--raw", *QUICK, *written)
    assert outcome.code == 0, outcome.err
    said = " ".join(outcome.out.split())
    assert "Accuracy on test rows ± half of the 95% interval; from scratch 0." in said
    assert "AnB: source, frozen; AnB+: source, fine-tuned" in said
    assert "written to new.keras" in said and "report written to page.html" in said
    assert Path("new.keras").exists()
    assert "Fathom transfer</title>" in Path("page.html").read_text("utf-8")[:2000]
    document = command("transfer", *planted, "--raw", *QUICK, "--report", "page.html", "--json")
    assert document.code == 0, document.err
    found = document.document
    assert found["layers"] == ["products"] and found["rows"]["train"] == 60
    assert set(found["cuts"][0]["arms"]) == {"AnB", "AnB+", "BnB", "BnB+", "RnB"}
    assert set(found["cuts"][0]["specificity"]) == {"mean", "low", "high"}
    assert found["text"] and found["report"].endswith("page.html")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("model.keras", "iris"), "rows of shape (4,) in iris, and a model that takes (20,)"),
        (("model.keras", "data.npz", "--labels", "9999"), "`labels` must be between"),
        (("model.keras", "data.npz", "--learning-rates", "x"), "--learning-rates"),
        (("model.keras", "data.npz", "--save", "x.h5"), "must end in .keras"),
        (("model.keras", "data.npz", "--report", "x.pdf"), "must end in .html"),
        (("missing.keras", "data.npz"), "missing.keras"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_message(
    command: Command, planted: Any, arguments: tuple[str, ...], message: str
) -> None:
    outcome = command("transfer", *arguments)
    assert outcome.code == 2
    assert message in outcome.err.replace("\n", " ") and "Traceback" not in outcome.err


def test_a_study_lends_its_networks_by_turns_and_its_scaling(
    command: Command, tiny: Any, tmp_path: Path
) -> None:
    from sklearn.datasets import load_iris

    x = load_iris().data
    np.savez(tmp_path / "long.npz", x=x, y=(x[:, 0] > 5.8).astype("int32"))
    name, *store = tiny.stored
    settings = ("--depth", "1", "--seeds", "2", "--learning-rates", "1e-2", "--epochs", "2")
    outcome = command("transfer", name, tmp_path / "long.npz", *store, *settings, "--json")
    assert outcome.code == 0, outcome.err
    found = outcome.document
    assert found["networks"] == 2 and found["layers"] == ["dense_1"]
    assert any("scaled as tiny scaled its own" in notice for notice in found["notices"])
