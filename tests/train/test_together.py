"""Architectures that are compiled as one program train as if each had its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from support.networks import WATCH, compiled, mlp, problem

from fathom import measure, runtime, train
from fathom.train import program_cache

DEPTHS = (1, 2, 4)


def cohorts(*, shrinks: bool = False) -> list[train.Cohort]:
    rows = problem()
    data = train.TrainingData.place(rows, problem(30, seed=1))
    return [
        train.Cohort(
            train.record(partial(mlp, depth=depth), compiled, *rows),
            train.product((0, 1), (1e-3, 1e-2)),
            data,
            score=measure.scorer("classification"),
            batch_size=10,
            watch=WATCH,
            shrinks=shrinks,
        )
        for depth in DEPTHS
    ]


def compiled_as_one(made: Sequence[train.Cohort]) -> Sequence[train.Cohort]:
    with ThreadPoolExecutor(2) as executor:
        train.compile_together(made, executor)
        for cohort in made:
            cohort.wait()
    return made


@pytest.mark.parametrize("shrinks", [False, True])
def test_a_member_is_bit_for_bit_the_one_that_was_compiled_alone(shrinks):
    together, alone = compiled_as_one(cohorts(shrinks=shrinks)), cohorts(shrinks=shrinks)
    told = [cohort.train(epochs=3) for cohort in together]
    turns = [[next(steps) for steps in told] for _ in range(4)]  # in turn, epoch by epoch
    for place, cohort in enumerate(alone):
        compiled_as_one([cohort])
        for turn, epoch in zip(turns, cohort.train(epochs=3), strict=True):
            assert_same(turn[place].layers, epoch.layers)
            assert_same(turn[place].validation, epoch.validation)
        for member in range(cohort.num_members):
            ours, theirs = (one.kept_weights(member) for one in (together[place], cohort))
            for a, b in zip(ours, theirs, strict=True):
                np.testing.assert_array_equal(a, b)


def assert_same(found, expected):
    assert (found is None) == (expected is None)
    for name in expected or ():
        np.testing.assert_array_equal(found[name], expected[name])


def test_rehearsing_one_leaves_all_as_they_were():
    rehearsed, plain = compiled_as_one(cohorts()), compiled_as_one(cohorts())
    rehearsed[1].rehearse(3)
    for ours, theirs in zip(rehearsed, plain, strict=True):
        for cohort in (ours, theirs):
            list(cohort.train(epochs=1))
        for a, b in zip(ours.kept_weights(0), theirs.kept_weights(0), strict=True):
            np.testing.assert_array_equal(a, b)


def test_there_is_one_program_that_trains_and_one_that_predicts(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "cache_folder", lambda: tmp_path)
    program_cache.forget()
    compiled_as_one(cohorts())
    probes, shapes_of_layers = len(DEPTHS), 3
    assert len(list((tmp_path / "programs").iterdir())) == 1 + 1 + probes + shapes_of_layers
