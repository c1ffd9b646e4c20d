"""Experiments of the gallery that are two-dimensional open in the playground."""

from __future__ import annotations

import pytest

from fathom import play
from fathom.studies.experiments import EXPERIMENTS, experiment_named

# Shown on points where the experiment is about more than two features.
AKIN = ("rate-too-large-or-small",)
SHOWN = {one.name: one.playground for one in EXPERIMENTS if one.playground}
PLANE = ("circle", "gauss", "xor", "spiral", "plane", "moons")


@pytest.mark.parametrize("name", SHOWN)
def test_an_address_opens_what_it_says(name: str) -> None:
    experiment = play.check(play.read_hash(SHOWN[name]))
    written = play.write_hash(experiment)
    assert play.read_hash(written) == experiment
    if SHOWN[name].startswith("#fathom="):
        assert experiment.mode == "modern" and len(experiment.network.layers) > 1
        return
    for setting in SHOWN[name].removeprefix("#").split("&"):
        key, _, value = setting.partition("=")
        assert f"{key}={value}" in written, f"the playground does not take {setting}"


@pytest.mark.parametrize("name", SHOWN)
def test_an_address_shows_the_data_that_the_experiment_is_about(name: str) -> None:
    shown = play.read_hash(SHOWN[name]).data.source
    experiment = experiment_named(name)
    about = {(arm.data or experiment.data).source for arm in experiment.arms}
    assert shown in about or name in AKIN


def test_every_experiment_of_points_in_the_plane_has_an_address() -> None:
    for experiment in EXPERIMENTS:
        if experiment.data.source in PLANE:
            assert experiment.playground, experiment.name
