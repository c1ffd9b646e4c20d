"""Programs that were traced before are found again, and nothing else is."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.networks import WATCH, compiled, mlp, population

from fathom import runtime, train
from fathom.train import program_cache


@pytest.fixture
def cache(monkeypatch, tmp_path):
    monkeypatch.setattr(runtime, "cache_folder", lambda: tmp_path)
    return tmp_path / "programs"


def trained(**options):
    program_cache.forget()
    made = population(watch=WATCH, **options)
    list(made.train(epochs=2))
    return made.kept_weights(0)


def test_a_second_population_reads_what_the_first_wrote(cache, monkeypatch):
    first = trained()
    kept = sorted(cache.iterdir())
    assert len(kept) == 6  # trains, predicts, looks; reduces what was seen of three layers
    monkeypatch.setattr(
        "fathom.train.cohort.advance_program", lambda model: pytest.fail("traced anew")
    )
    for ours, theirs in zip(trained(), first, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert sorted(cache.iterdir()) == kept


def test_a_damaged_program_is_traced_anew(cache):
    first = trained()
    for file in cache.iterdir():
        file.write_bytes(file.read_bytes()[:100])
    for ours, theirs in zip(trained(), first, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_cache_that_cannot_be_written_is_no_fault(monkeypatch, tmp_path):
    (tmp_path / "in-the-way").write_text("")
    monkeypatch.setattr(runtime, "cache_folder", lambda: tmp_path / "in-the-way")
    assert trained()


def named(build=mlp, optimizer="adam"):
    x, y = np.zeros((4, 6), "float32"), np.zeros(4, "int32")
    return program_cache.describe(
        train.record(build, lambda model: compiled(model, optimizer), x, y).model
    )


def test_what_a_program_depends_on_changes_its_name():
    names = {
        named(),
        named(lambda: mlp(3)),
        named(lambda: mlp(activation="tanh")),
        named(lambda: mlp(kernel_regularizer="l2")),
        named(optimizer="sgd"),
    }
    assert len(names) == 5
    assert None not in names
    assert named() == named()


def test_layers_that_are_not_kerass_are_never_kept():
    class Own(keras.layers.Layer):
        def call(self, x):
            return x

    def build():
        inputs = keras.Input((6,))
        return keras.Model(inputs, keras.layers.Dense(3)(Own()(inputs)))

    def with_lambda():
        inputs = keras.Input((6,))
        return keras.Model(inputs, keras.layers.Lambda(lambda x: x[:, :3])(inputs))

    assert named(build) is None
    model = with_lambda()
    assert program_cache.describe(compiled(model)) is None
