"""The live picture: what it is told while something trains, without a notebook around it."""

from __future__ import annotations

import builtins
import json
import sys
from typing import Any

import numpy as np
import pytest
from support.made_studies import make_records
from support.watched import mlp, rows, trained

import fathom
from fathom.errors import FathomWarning, SpecError
from fathom.notebook import modules


def told_by(train: Any) -> list[dict[str, Any]]:
    """Return all that the widget was told, as the page receives it."""
    live = fathom.live(seconds=1e-9)
    told: list[dict[str, Any]] = []
    live.widget.observe(lambda change: told.append(json.loads(json.dumps(change["new"]))), "told")
    with pytest.warns(FathomWarning, match="draws in notebooks"):
        train(live)
    return told


@pytest.fixture(scope="module")
def fit() -> tuple[fathom.History, list[dict[str, Any]]]:
    kept: list[Any] = []

    def train(live: Any) -> None:
        data = rows(64), rows(32, seed=1)
        kept.append(trained(mlp(depth=1), *data, epochs=4, callbacks=[live], watch=None))

    told = told_by(train)
    return kept[0], told


def test_a_fit_is_told_from_its_beginning_to_its_end(fit):
    history, told = fit

    assert [len(one["rows"]) // 5 for one in told[:1]] == [0]
    assert told[-1]["head"].endswith("is trained") and told[-1]["share"] == 1.0
    last = np.array(told[-1]["rows"], float).reshape(-1, 5)
    names = ("loss", "val_loss", "accuracy", "val_accuracy")
    for column, name in enumerate(names, 1):
        assert last[:, column].tolist() == pytest.approx(history.history[name])


def test_a_live_picture_asks_for_the_layers_to_be_watched(fit):
    history, told = fit

    assert [layer["name"] for layer in told[-1]["layers"]] == ["dense_1", "head"]
    assert len(told[-1]["layers"][0]["levels"]) == 1 + 4
    assert len(history.layers) == 2 * 5


def test_what_diverged_reaches_the_page_as_valid_json():
    def train(live: Any) -> None:
        live.set_model(mlp(depth=1))
        live.set_params({"epochs": 2})
        live.on_train_begin()
        for epoch, loss in enumerate([1.0, float("nan")]):
            live.on_epoch_end(epoch, {"loss": loss, "val_loss": float("inf")})
        live.on_train_end()

    told = told_by(train)

    assert told[-1]["rows"] == [1, 1.0, None, None, None, 2, None, None, None, None]
    assert told[-1]["findings"][0]["name"] == "diverged"


def test_long_trainings_are_thinned_with_both_ends_kept():
    def train(live: Any) -> None:
        live.set_model(mlp(depth=1))
        live.set_params({"epochs": 3000})
        live.on_train_begin()
        live._board.logs = {"loss": [1.0] * 2999}
        live.on_epoch_end(2999, {"loss": 0.5})
        live.on_train_end()

    rows_told = told_by(train)[-1]["rows"]
    assert len(rows_told) == 5 * 400
    assert rows_told[0] == 1 and rows_told[-5:-3] == [3000, 0.5]


def test_a_study_is_told_as_it_grows_until_its_verdict():
    records = make_records()

    def train(live: Any) -> None:
        for record in records:
            live(record)

    told = told_by(train)
    trainings = [one["phase"].split(" ")[0] for one in told]

    assert trainings[0] == "0" and int(trainings[-1]) > 0
    assert told[-1]["share"] == 1.0
    assert [row["kind"] for row in told[-1]["table"]].count("chosen") == 1
    (line,) = told[-1]["lines"]
    assert all(low <= mean <= high for _, mean, low, high in line["rows"])


def test_a_missing_anywidget_is_named_with_how_to_get_it(monkeypatch):
    monkeypatch.delitem(sys.modules, "fathom.notebook.widget", raising=False)
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "anywidget":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SpecError, match=r"pip install 'fathom-nn\[notebook\]'"):
        fathom.live()


def test_the_time_between_pictures_must_be_positive():
    with pytest.raises(SpecError, match="`seconds`"):
        fathom.live(seconds=0)


def test_the_module_holds_all_that_it_imports():
    whole = modules.one_module("notebook/live.js")

    assert "import {" not in whole and whole.count("export ") == 1
    assert whole.count("class Curve") == whole.count("function sized(") == 1
