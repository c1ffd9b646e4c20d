"""One chain of claims on real data: what stops deep networks, and what mends it."""

from __future__ import annotations

import pytest

import fathom

DEPTHS = (2, 16, 32)


def study(store, *, depths=DEPTHS, **options):
    return fathom.study(
        "digits",
        depths=depths,
        seeds=2,
        learning_rates=options.pop("learning_rates", [1e-3, 3e-3]),
        epochs=options.pop("epochs", 15),
        patience=None,
        baselines=False,
        store=store,
        **options,
    )


def scores(made):
    return {row.depth: row.validation.mean for row in made.result.rows()}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return study(tmp_path_factory.mktemp("plain") / "runs", activation="sigmoid")


@pytest.mark.slow
def test_deep_sigmoid_networks_do_not_train(plain):
    found = scores(plain)
    assert found[2] > 0.85
    assert found[16] < 0.3
    assert found[32] < 0.3


@pytest.mark.slow
def test_the_verdict_names_vanishing_gradients_and_the_mends(plain):
    assert "Depths 16 and 32 did not train: vanishing gradients" in plain.verdict.text
    assert "--family residual" in plain.verdict.findings["next"]
    assert "--normalization batch" in plain.verdict.findings["next"]
    ratios = {row.depth: row.gradient_ratio for row in plain.result.rows()}
    assert ratios[32] < ratios[16] < 1e-6 < ratios[2]


@pytest.mark.slow
@pytest.mark.parametrize(
    "mend",
    [
        {"family": "residual", "learning_rates": [3e-3]},
        {"normalization": "batch", "learning_rates": [3e-3], "epochs": 20},
    ],
    ids=["residual", "batch normalisation"],
)
def test_the_mends_that_the_verdict_names_train_the_deepest(tmp_path, mend):
    mended = study(tmp_path / "runs", depths=DEPTHS[-1:], activation="sigmoid", **mend)
    assert scores(mended)[32] > 0.85
    assert "vanishing" not in mended.verdict.text
