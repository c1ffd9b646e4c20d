"""Populations that are compiled before they train learn what they learn without it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import pytest
from support.networks import compiled, mlp, problem

from fathom import runtime, train
from fathom.errors import DataError, FathomError
from fathom.train import ahead, program_cache

DEPTHS = (0, 2)
X, Y = problem()
WEIGHT = np.linspace(0.5, 1.5, len(X)).astype("float32")
# 70 rows in batches of 16: the last has 6. Classes come as whole numbers of 64 bits.
DATA: dict[str, Any] = {
    "x": X,
    "y": Y.astype("int64"),
    "sample_weight": WEIGHT,
    "validation_data": (*problem(30, seed=1), WEIGHT[:30]),
    "batch_size": 16,
}
KINDS = 2  # training, in whole batches and with the rest, and evaluating


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setattr(runtime, "cache_folder", lambda: tmp_path)
    program_cache.forget()
    return tmp_path / "programs"


def populations(*, depths: tuple[int, ...] = DEPTHS, **asked: Any) -> list[train.Population]:
    asked = {"seed": [0, 1], "learning_rate": [1e-3, 1e-2], **asked}
    return [train.Population(compiled(mlp(depth)), **asked) for depth in depths]


def compiled_ahead(made: list[train.Population], **data: Any) -> list[train.Population]:
    with ThreadPoolExecutor(2) as executor:
        train.compile_ahead(made, executor, **{**DATA, **data})
    return made


def told(population: train.Population, **data: Any) -> list[train.Epoch]:
    return list(population.train(**{**DATA, **data}, epochs=3, patience=2))


def bits(population: train.Population, member: int) -> list[bytes]:
    model = population.member(member)
    return [np.asarray(v).tobytes() for v in (*model.variables, *model.optimizer.variables)]


def test_members_are_bit_for_bit_those_of_populations_compiled_alone() -> None:
    together, alone = compiled_ahead(populations()), populations()
    for ours, theirs in zip(together, alone, strict=True):
        for one, other in zip(told(ours), told(theirs), strict=True):
            np.testing.assert_array_equal(one.loss, other.loss)
            np.testing.assert_array_equal(one.validation["loss"], other.validation["loss"])
        for member in range(len(ours)):
            assert bits(ours, member) == bits(theirs, member)


def test_several_depths_are_one_program_to_train_and_one_to_evaluate(empty_cache: Any) -> None:
    compiled_ahead(populations())
    results = len(DEPTHS)
    assert len(list(empty_cache.iterdir())) == KINDS + results


def test_ways_of_large_members_are_programs_of_their_own(
    empty_cache: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "SMALL", 0)
    compiled_ahead(populations())
    ways, results = 3, len(DEPTHS)  # whole batches, the rest, the validation rows
    assert len(list(empty_cache.iterdir())) == ways + results


def test_nothing_is_compiled_when_members_train_and_predict(compilations: Any) -> None:
    (other,) = populations(depths=(1,))
    told(other)  # what all populations share
    made = compiled_ahead(populations(), predicted=X)
    with compilations() as found:
        for population in made:
            told(population)
            population.predict(X)
    assert found == []


def test_members_that_see_some_of_the_rows_are_compiled_for_as_many(compilations: Any) -> None:
    own = {0: np.arange(20), 1: np.arange(30, 50)}
    (alone,) = populations()[:1]
    told(alone, rows_of_seed=own)
    (ahead,) = compiled_ahead(populations()[:1], rows_trained=20)
    with compilations() as found:
        told(ahead, rows_of_seed=own)
    assert found == [] and bits(ahead, 1) == bits(alone, 1)


def test_members_may_be_given_what_they_begin_with_after_they_are_compiled() -> None:
    source, early = (train.Population(compiled(mlp()), seed=seeds) for seeds in ([5, 6], [0, 1]))
    told(source)
    weights = train.weights_of(source)
    late = train.Population(compiled(mlp()), members=early.members)
    train.begin_with(late, weights)
    told(late)
    compiled_ahead([early])
    train.begin_with(early, weights)
    told(early)
    assert bits(early, 1) == bits(late, 1)


def test_members_with_batches_of_their_own_size_have_programs_of_their_own() -> None:
    asked = {"batch_size": [8, 35]}
    (ahead,), (alone,) = (populations(depths=(1,), **asked) for _ in range(2))
    told(compiled_ahead([ahead])[0])
    told(alone)
    for member in range(len(ahead)):
        assert bits(ahead, member) == bits(alone, member)


def test_other_data_than_was_compiled_for_are_compiled_for_when_they_come() -> None:
    (ahead,), (alone,) = populations(depths=(1,)), populations(depths=(1,))
    other = {"x": X[:50], "y": Y[:50], "sample_weight": None, "validation_data": None}
    told(compiled_ahead([ahead])[0], **other)
    told(alone, **other)
    assert bits(ahead, 0) == bits(alone, 0)


def test_data_that_do_not_fit_are_refused_before_anything_is_compiled() -> None:
    with pytest.raises(DataError, match="batch_size"):
        compiled_ahead(populations(depths=(1,)), batch_size=71)


class Broken(keras.optimizers.SGD):
    """Fails where it is traced, but not before."""

    def update_step(self, *arguments: Any, **options: Any) -> None:
        raise ValueError("this step cannot be traced")


def test_what_cannot_be_compiled_is_told_of_by_training() -> None:
    model = mlp(1)
    model.compile(Broken(), "sparse_categorical_crossentropy")
    (population,) = compiled_ahead([train.Population(model, seed=[0])])
    train.wait_for_programs(population)
    with pytest.raises(FathomError, match="this step cannot be traced"):
        told(population)
