"""Presets show what their words promise."""

from __future__ import annotations

import pytest

from fathom import play


def _lane(experiment: object) -> play.Lane:
    wanted = play.check(play.read_experiment(experiment))  # pyright: ignore[reportArgumentType]
    return play.Lane.begin(play.set_up(wanted, _no_dataset))


def _no_dataset(data: object) -> object:
    raise AssertionError("the preset's points are made, not opened")


def test_not_a_number_breaks_and_its_first_mend_holds() -> None:
    presets = {one["key"]: one for one in play.catalog_data()["presets"]}
    lane = _lane(presets["exploding"]["experiment"])
    before = lane.snapshot()
    for _ in range(5):
        lane.train("epoch", 1)
    assert not lane.is_finite()
    assert lane.measure().data()["train"]["loss"] is None
    mend = play.find_trouble(lane, before).data()["mends"][0]
    mended = _lane(mend["experiment"])
    mended.train("epoch", 20)
    assert mended.is_finite()
    assert mended.measure().losses[1] == pytest.approx(0, abs=1e-3)
