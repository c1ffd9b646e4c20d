"""An address gives back the experiment it was written for."""

from __future__ import annotations

import pytest

from fathom import play
from fathom.errors import SpecError

PRESETS = {one["key"]: one["experiment"] for one in play.catalog_data()["presets"]}


@pytest.mark.parametrize("key", PRESETS)
def test_every_preset_is_sound_and_comes_back_from_its_address(key: str) -> None:
    experiment = play.check(play.read_experiment(PRESETS[key]))
    assert play.read_hash(play.write_hash(experiment)) == experiment


def test_an_empty_address_is_the_default() -> None:
    assert play.read_hash("") == play.read_hash("#") == play.DEFAULT


def test_controls_that_the_original_hides_are_hidden() -> None:
    experiment = play.read_hash("#dataset=xor&playButton_hide=true&noise_hide=false&seed_hide=true")
    assert experiment.hide == ("playButton", "seed")
    assert "playButton_hide=true" in play.write_hash(experiment)


def test_values_out_of_the_original_s_range_are_brought_into_it() -> None:
    experiment = play.read_hash(
        "#networkShape=99,0,3,x,1,1,1,1,1&batchSize=1000&noise=-5&percTrainData=nan&learningRate=abc"
    )
    play.check(experiment)
    assert [layer.units for layer in experiment.network.layers] == [8, 1, 3, 1, 1, 1]
    assert (experiment.batch_size, experiment.data.noise, experiment.data.train_share) == (
        30,
        0,
        50,
    )
    assert experiment.learning_rate == 0.03


def test_everything_that_is_ours_alone_comes_back() -> None:
    experiment = play.check(
        play.read_experiment(
            {
                "mode": "modern",
                "weights_seed": "déjà vu",
                "data": {
                    "source": "formula",
                    "formula": "sin(x)*y",
                    "added": [[1.5, -2, 1]],
                    "removed": [3, 17],
                },
                "features": ["x", "sin(x*y)"],
                "network": {
                    "layers": [
                        {"units": 9, "activation": "gelu", "normalization": "batch", "skip": True},
                        {"units": 3, "dropout": 0.25, "frozen": True},
                    ],
                    "output": {"kind": "sigmoid", "frozen": False},
                    "initializer": "he_normal",
                },
                "loss": "focal",
                "optimizer": {
                    "name": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True
                },
                "schedule": {"name": "cosine", "epochs": 50},
                "stop": {"epochs": 100, "patience": 5},
                "view": {"discretize": True},
            }
        )
    )  # fmt: skip
    assert play.read_hash(play.write_hash(experiment)) == experiment


@pytest.mark.parametrize(
    "text", ["#fathom=", "#fathom=%%%", "#fathom=AAAA", "#fathom=W10", "#fathom=" + "é"]
)
def test_a_damaged_address_is_refused(text: str) -> None:
    with pytest.raises(SpecError):
        play.read_hash(text)


def test_a_huge_address_is_refused() -> None:
    with pytest.raises(SpecError, match="too long"):
        play.read_hash("#fathom=" + "A" * 300_000)
