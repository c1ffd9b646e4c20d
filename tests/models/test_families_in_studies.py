"""Each family from its data to a best model, through the real engine."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import keras
import numpy as np
import pytest

import fathom
from fathom import models, train
from fathom.errors import SpecError
from fathom.specs import ModelSpec

OPTIONS = {"widths": 8, "seeds": 1, "learning_rates": 1e-2, "epochs": 3, "baselines": False,
           "batch_size": 16, "watch": False}  # fmt: skip


def table(rows: int = 120) -> dict[str, list]:
    generator = np.random.default_rng(0)
    kind = generator.integers(0, 3, rows)
    size = generator.normal(size=rows)
    return {
        "kind": ["abc"[k] for k in kind],
        "size": size.tolist(),
        "weight": generator.normal(size=rows).tolist(),
        "y": (size > kind - 1).tolist(),
    }


def check_best_model(study: fathom.Study, source: object, rows: int) -> None:
    predictions = study.predict(source)
    assert len(predictions) == rows
    again = models.load_model(Path(study.folder) / "model" / "best.keras")
    assert [layer.name for layer in again.layers] == [
        layer.name for layer in study.best_model().layers
    ]


def test_digits_are_images_for_convolutional_networks(tmp_path: Path) -> None:
    options = {**OPTIONS, "watch": True}
    study = fathom.study("digits", family="residual-cnn", depths=[2], store=tmp_path, **options)

    architecture = study.result.architectures[0]
    assert architecture.layers == ("stem", "conv_1", "halving_1", "conv_2", "logits")
    assert study.verdict.depth == 2
    from sklearn.datasets import load_digits

    check_best_model(study, load_digits().images[:5], 5)


def test_padded_sequences_reach_recurrent_networks_with_their_marks(tmp_path: Path) -> None:
    options = {**OPTIONS, "baselines": True}
    study = fathom.study(
        "sequence-parity:4", family="rnn", cell="gru", depths=[1], store=tmp_path, **options
    )
    spec = study.result.spec.model
    assert (spec.masked, spec.cell, spec.readout, spec.input_shape) == (True, "gru", "last", (4, 2))
    assert study.result.rows()[0].validation.mean > 0.7
    assert "linear" in {baseline.name for baseline in study.result.baselines}


def test_a_column_is_a_token_for_transformers(tmp_path: Path) -> None:
    import polars as pl

    frame = pl.DataFrame(table())
    study = fathom.study(
        frame, target="y", family="transformer", depths=[1], store=tmp_path, **OPTIONS
    )
    spec = study.result.spec.model
    assert spec.tokens == (1, 1, 3)
    assert (spec.activation, spec.normalization) == ("gelu", "layer")
    check_best_model(study, frame.drop("y"), frame.height)


def test_windows_of_a_time_series_are_predicted(tmp_path: Path) -> None:
    import polars as pl

    frame = pl.DataFrame({"t": range(150), "y": np.sin(np.arange(150) / 4).tolist()})
    data = fathom.load(frame, target="y", time="t", window=8)
    study = fathom.study(data, family="rnn", cell="simple", depths=[1], store=tmp_path, **OPTIONS)
    check_best_model(study, frame, 150 - 7)


def test_equal_parameters_hold_for_every_family() -> None:
    shapes = {"cnn": (28, 28, 1), "residual-cnn": (28, 28, 1), "rnn": (9, 4), "transformer": (9, 4)}
    for family, shape in shapes.items():
        deepest = ModelSpec(family=family, depth=6, width=48, input_shape=shape, num_classes=3)
        parameters = models.num_parameters(deepest)
        for depth in (1, 2, 4):
            network = deepest.at(depth=depth, width=1)
            width = models.matched_width(network, parameters)
            found = models.num_parameters(network.at(depth=depth, width=width))
            assert abs(found / parameters - 1) < 0.1, (family, depth)


@pytest.mark.parametrize(
    ("source", "family", "message"),
    [
        ("iris", "cnn", "Family 'cnn' reads images"),
        ("iris", "rnn", "Family 'rnn' reads sequences"),
        ("digits", "rnn", "Family 'rnn' reads sequences"),
        ("adding", "residual-cnn", "Family 'residual-cnn' reads images"),
    ],
)
def test_data_that_a_family_cannot_read_are_refused_before_anything_is_written(
    source: str, family: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(SpecError, match=message):
        fathom.study(source, family=family, store=tmp_path / "store", **OPTIONS)
    assert not list((tmp_path / "store").rglob("spec.json"))


IN_TRAINING = [
    ModelSpec(family="residual-cnn", depth=2, width=4, input_shape=(8, 8, 1), num_classes=3,
              normalization="batch", dropout=0.1),
    ModelSpec(family="rnn", depth=2, width=4, input_shape=(4, 3), num_classes=3, masked=True),
    ModelSpec(family="transformer", depth=1, width=4, input_shape=(5,), tokens=(1, 1, 3),
              num_classes=3),
]  # fmt: skip


@pytest.mark.parametrize("spec", IN_TRAINING, ids=models.describe)
def test_members_begin_as_keras_would_build_them_and_are_not_built(spec: ModelSpec) -> None:
    builds = []

    def build() -> keras.Model:
        builds.append(spec)
        return models.build(spec)

    compile_model = partial(models.compile_for, task=spec.task, optimizer="sgd")
    blueprint = train.record(build, compile_model, np.zeros((2, *spec.input_shape), "float32"),
                             np.zeros(2, "int32"))  # fmt: skip
    trainable, others = train.initial_weights(blueprint, (3, 4))
    assert len(builds) == 1

    keras.utils.set_random_seed(4)
    model = models.build(spec)
    expected = [*model.trainable_variables, *model.non_trainable_variables]
    for values, variable in zip([*trainable, *others], expected, strict=True):
        np.testing.assert_allclose(values[1], np.asarray(variable), atol=1e-6)
