"""A member of a population is what Keras trains alone, whoever trains beside it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from support.networks import CLASSES, FEATURES, problem

from fathom import train
from fathom.errors import DataError, FathomWarning, ModelError, SpecError, UnknownNameError
from fathom.train import program_cache

L = keras.layers
EPOCHS = 2
BATCH = 16  # 70 rows: the last batch of an epoch has 6


def network(optimizer: Any = "adam", *, loss: Any = None, metrics: Any = ("accuracy",)):
    """Return a small compiled classifier."""
    model = keras.Sequential([keras.Input((FEATURES,)), L.Dense(8, "relu"), L.Dense(CLASSES)])
    loss = loss or keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.get(optimizer), loss, metrics=list(metrics))
    return model


def trained(population: train.Population, epochs: int = EPOCHS, **options: Any):
    x, y = options.pop("data", problem())
    options = {"batch_size": BATCH, **options}
    return list(population.train(x, y, epochs=epochs, **options))


def keras_fit(build: Any, seed: int, epochs: int = EPOCHS, *, change: Any = None, **options: Any):
    """Return the model and the history of `fit` after `set_random_seed`."""
    keras.utils.set_random_seed(seed)
    model = build()
    if change:
        change(model)
    x, y = options.pop("data", problem())
    history = model.fit(x, y, epochs=epochs, verbose=0, **{"batch_size": BATCH, **options})
    return model, history.history


def assert_same_weights(ours: keras.Model, theirs: keras.Model, *, atol: float = 2e-6):
    assert len(ours.variables) == len(theirs.variables)
    for one, other in zip(ours.variables, theirs.variables, strict=True):
        if one.dtype == "uint32":  # a layer that drops nothing draws no seed in Keras
            continue
        np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-4, atol=atol)


def weights(population: train.Population, member: int) -> list[np.ndarray]:
    model = population.member(member)
    return [np.asarray(v) for v in (*model.variables, *model.optimizer.variables)]


def assert_same_bits(one: list[np.ndarray], other: list[np.ndarray]):
    assert len(one) == len(other)
    for ours, theirs in zip(one, other, strict=True):
        np.testing.assert_array_equal(ours, theirs)


# -- what Keras does -----------------------------------------------------------------


def test_every_member_is_what_keras_fit_gives_after_its_seed():
    validation = problem(30, seed=1)
    population = train.Population(network(), seed=[0, 3], learning_rate=[1e-3, 1e-2])
    epochs = trained(population, validation_data=validation)
    for place, member in enumerate(population.members):
        theirs, history = keras_fit(
            lambda member=member: network(keras.optimizers.Adam(member["learning_rate"])),
            member["seed"],
            validation_data=validation,
        )
        assert_same_weights(population.member(place), theirs)
        for name in ("loss", "accuracy"):
            ours = [epoch.metrics[name][place] for epoch in epochs]
            np.testing.assert_allclose(ours, history[name], rtol=1e-5)
            ours = [epoch.validation[name][place] for epoch in epochs]
            np.testing.assert_allclose(ours, history[f"val_{name}"], rtol=1e-5)
    assert [epoch.epoch for epoch in epochs] == [1, 2]
    np.testing.assert_array_equal(epochs[-1].loss, epochs[-1].metrics["loss"])


def with_everything(optimizer, *, dropout=0.3, noise=0.2, l1=0.01, l2=0.02, smoothing=0.1):
    """Return a compiled network with a layer or setting for every hyperparameter."""
    model = keras.Sequential(
        [
            keras.Input((FEATURES,)),
            L.GaussianNoise(noise),
            L.Dense(8, "tanh", kernel_regularizer=keras.regularizers.L1L2(l1, l2)),
            L.Dropout(dropout),
            L.Dense(CLASSES),
        ]
    )
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=smoothing)
    model.compile(optimizer, loss)
    return model


def one_hot(rows: int = 70):
    x, y = problem(rows)
    return x, np.eye(CLASSES, dtype="float32")[y]


def test_rates_penalties_and_smoothing_are_each_members_own():
    members = [
        {"seed": 1, "dropout": 0.5, "noise": 0.01, "l1": 0.0, "l2": 0.1, "label_smoothing": 0.0},
        {"seed": 1, "dropout": 0.0, "noise": 0.5, "l1": 0.05, "l2": 0.0, "label_smoothing": 0.3},
    ]
    population = train.Population(with_everything(keras.optimizers.SGD(0.05)), members=members)
    trained(population, data=one_hot())
    for place, member in enumerate(members):

        def change(model, member=member):
            model.layers[0].stddev = member["noise"]
            model.layers[1].kernel_regularizer.l1 = member["l1"]
            model.layers[1].kernel_regularizer.l2 = member["l2"]
            model.layers[2].rate = member["dropout"]
            model.loss._fn_kwargs["label_smoothing"] = member["label_smoothing"]

        theirs, _ = keras_fit(
            lambda: with_everything(keras.optimizers.SGD(0.05)), 1, change=change, data=one_hot()
        )
        ours = population.member(place)
        assert_same_weights(ours, theirs)
        assert ours.layers[2].rate == member["dropout"]
        assert ours.layers[1].kernel_regularizer.l2 == pytest.approx(member["l2"])


OPTIMIZERS = {
    "SGD": [{"momentum": 0.0}, {"momentum": 0.9, "weight_decay": 0.1}],
    "RMSprop": [{"rho": 0.5, "momentum": 0.0}, {"rho": 0.95, "momentum": 0.5, "epsilon": 1e-3}],
    "Adam": [
        {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2},
        {"beta_1": 0.9, "weight_decay": 0.1, "clipnorm": 0.05},
        {"global_clipnorm": 0.1},
        {"clipvalue": 0.01},
    ],
    "AdamW": [{"weight_decay": 0.0}, {"weight_decay": 0.3}],
    "Lion": [{"beta_1": 0.5}, {"beta_1": 0.9}],
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizers_settings_are_each_members_own(name):
    kind = getattr(keras.optimizers, name)
    asked = OPTIMIZERS[name]
    population = train.Population(
        network(kind(0.01)), members=[{"seed": 2, **member} for member in asked]
    )
    trained(population, 1)
    for place, settings in enumerate(asked):
        theirs, _ = keras_fit(lambda settings=settings: network(kind(0.01, **settings)), 2, 1)
        assert_same_weights(population.member(place), theirs, atol=5e-6)


def test_the_parts_of_a_schedule_are_each_members_own():
    def build(rate=0.1, decay=0.9):
        schedule = keras.optimizers.schedules.ExponentialDecay(rate, 3, decay)
        return network(keras.optimizers.SGD(schedule))

    population = train.Population(build(), learning_rate=[0.05, 0.2], decay_rate=[0.5], seed=4)
    trained(population)
    for place, rate in enumerate((0.05, 0.2)):
        theirs, _ = keras_fit(lambda rate=rate: build(rate, 0.5), 4)
        assert_same_weights(population.member(place), theirs)


class Custom(keras.Model):
    """A model without a graph, that scales its own gradient step."""

    def __init__(self, units: int = 5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.units = units
        self.hidden = L.Dense(units, "tanh")
        self.normalized = L.BatchNormalization()
        self.head = L.Dense(CLASSES)

    def get_config(self):
        return {"units": self.units}

    def call(self, x, training=None):
        return self.head(self.normalized(self.hidden(x), training=training))


def custom() -> keras.Model:
    model = Custom(7)
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def forked() -> keras.Model:
    """Return a model of two inputs and two outputs, with a loss each."""
    left, right = keras.Input((2,), name="left"), keras.Input((4,), name="right")
    hidden = L.Dense(6, "tanh")(L.Concatenate()([left, right]))
    outputs = {"kind": L.Dense(CLASSES, name="kind")(hidden), "size": L.Dense(1)(hidden)}
    model = keras.Model({"left": left, "right": right}, outputs)
    classes = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(
        keras.optimizers.Adam(0.01),
        {"kind": classes, "size": "mse"},
        loss_weights={"kind": 1.0, "size": 0.5},
        metrics={"kind": ["accuracy"], "size": ["mae"]},
    )
    return model


def forked_data(rows: int = 70):
    x, y = problem(rows)
    return {"left": x[:, :2], "right": x[:, 2:]}, {"kind": y, "size": x[:, :1]}


def recurrent() -> keras.Model:
    model = keras.Sequential(
        [keras.Input((3, 2)), L.LSTM(4, dropout=0.2), L.LayerNormalization(), L.Dense(CLASSES)]
    )
    model.compile("rmsprop", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def unbuilt() -> keras.Model:
    model = keras.Sequential([L.Dense(8, "relu"), L.Dense(CLASSES)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def averaged() -> keras.Model:
    return network(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.5))


KINDS = {
    "subclassed": (custom, problem),
    "several inputs and outputs": (forked, forked_data),
    "recurrent": (recurrent, lambda: (problem()[0].reshape(-1, 3, 2), problem()[1])),
    "built at its first batch": (unbuilt, problem),
    "weights averaged at the end": (averaged, problem),
}


@pytest.mark.parametrize("kind", KINDS)
def test_any_kind_of_model_trains_as_in_keras(kind):
    build, data = KINDS[kind]
    model = build()
    population = train.Population(model, seed=[5, 6])
    epochs = trained(population, 1, data=data())
    for place, seed in enumerate((5, 6)):
        again = (lambda: keras.models.clone_model(model)) if kind.startswith("sev") else build
        theirs, history = keras_fit(again, seed, 1, data=data())
        assert_same_weights(population.member(place), theirs, atol=2e-5)
        for name, values in history.items():
            assert epochs[-1].metrics[name][place] == pytest.approx(values[-1], rel=1e-4)


def test_a_function_that_builds_and_compiles_serves_as_a_model():
    population = train.Population(network, seed=[0, 7])
    trained(population, 1)
    assert_same_weights(population.member(1), keras_fit(network, 7, 1)[0])


def test_weights_of_rows_and_of_classes_count_as_in_keras():
    weight = np.linspace(0.1, 2, 70).astype("float32")
    by_class = {0: 0.5, 1: 2.0, 2: 1.0}
    for options in ({"sample_weight": weight}, {"class_weight": by_class}):
        population = train.Population(network(), seed=[1])
        trained(population, 1, **options)
        assert_same_weights(population.member(0), keras_fit(network, 1, 1, **options)[0])


def test_rows_stay_in_order_without_shuffling():
    population = train.Population(network(), seed=[1])
    trained(population, shuffle=False)
    assert_same_weights(population.member(0), keras_fit(network, 1, shuffle=False)[0])


def test_training_again_goes_on():
    once, twice = (train.Population(network(), seed=[0, 1]) for _ in range(2))
    trained(once, 4)
    assert [epoch.epoch for epoch in (*trained(twice, 1), *trained(twice, 3))] == [1, 2, 3, 4]
    for member in (0, 1):
        assert_same_bits(weights(once, member), weights(twice, member))


def test_a_member_goes_on_in_keras_with_the_state_of_its_optimizer():
    population = train.Population(network(), seed=[2])
    trained(population, 1, shuffle=False)
    model = population.member(0)
    x, y = problem()
    model.fit(x, y, batch_size=BATCH, shuffle=False, verbose=0)
    assert_same_weights(model, keras_fit(network, 2, 2, shuffle=False)[0])


def test_patience_stops_and_restores_as_keras_early_stopping_does():
    def build():
        return network(keras.optimizers.Adam(0.05))

    stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    validation = problem(30, seed=1)
    population = train.Population(build(), seed=[0, 1, 2])
    last = trained(population, 60, patience=3, validation_data=validation)[-1]
    lengths = set()
    for place, seed in enumerate((0, 1, 2)):
        theirs, history = keras_fit(build, seed, 60, validation_data=validation, callbacks=[stop])
        lengths.add(len(history["loss"]))
        assert last.standing.epochs[place] == len(history["loss"])
        assert_same_weights(population.member(place), theirs, atol=2e-4)
        assert last.loss[place] == pytest.approx(history["loss"][-1], rel=1e-3)
        assert population.scores["val_loss"][place] == pytest.approx(
            min(history["val_loss"]), rel=1e-3
        )
    assert len(lengths) > 1, "members must really stop at different times"


def test_frozen_and_adapted_layers_keep_what_they_know():
    x = problem()[0]
    normalization = L.Normalization()
    normalization.adapt(3 * x + 1)
    frozen = L.Dense(4, "tanh", trainable=False)
    model = keras.Sequential([keras.Input((FEATURES,)), normalization, frozen, L.Dense(CLASSES)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    population = train.Population(model, seed=[0, 1])
    trained(population, 1)
    for place in (0, 1):
        made = population.member(place)
        np.testing.assert_array_equal(made.layers[1].get_weights()[0], frozen.get_weights()[0])
        np.testing.assert_allclose(made.layers[0](x), normalization(x), rtol=1e-6)
    heads = [population.member(place).layers[2].get_weights()[0] for place in (0, 1)]
    assert not np.allclose(*heads)


def test_without_seeds_all_members_begin_with_the_models_own_weights():
    model = network()
    population = train.Population(model, learning_rate=[1e-3, 1e-2])
    assert_same_weights(population.member(1), model)
    before = model.get_weights()
    trained(population, 1)
    assert not np.allclose(weights(population, 0)[0], weights(population, 1)[0])
    assert_same_bits(before, model.get_weights())


# -- one among many --------------------------------------------------------------------


def test_a_member_is_the_same_bit_for_bit_whoever_trains_beside_it():
    alone = train.Population(network(), seed=[11], learning_rate=[1e-2])
    trained(alone)
    for others in (1, 20):
        members = [{"seed": seed, "learning_rate": 1e-3} for seed in range(others)]
        together = train.Population(
            network(), members=[*members, {"seed": 11, "learning_rate": 1e-2}]
        )
        trained(together)
        assert_same_bits(weights(alone, 0), weights(together, others))


ON_ONE_CORE = """
import os, sys
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
sys.path.insert(0, sys.argv[1])
import importlib.util
import numpy
from fathom import train
spec = importlib.util.spec_from_file_location("tests_of_populations", sys.argv[2])
tests = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tests)
assert train.devices.num_devices() == 1
population = train.Population(tests.network(), seed=range(5))
tests.trained(population)
numpy.savez(sys.argv[3], *tests.weights(population, 4))
"""


@pytest.mark.slow
def test_a_member_is_the_same_bit_for_bit_on_one_core_and_on_all(tmp_path):
    if train.devices.num_devices() == 1:
        pytest.skip("this machine has one core")
    folder = str(Path(__file__).parents[1])
    saved = tmp_path / "weights.npz"
    subprocess.run(
        [sys.executable, "-c", ON_ONE_CORE, folder, __file__, str(saved)], check=True, timeout=300
    )
    population = train.Population(network(), seed=range(5))
    trained(population)
    with np.load(saved) as found:
        assert_same_bits([found[name] for name in found.files], weights(population, 4))


def test_two_runs_are_the_same_bit_for_bit():
    first, second = (train.Population(network(), seed=range(3)) for _ in range(2))
    trained(first)
    trained(second)
    for member in range(3):
        assert_same_bits(weights(first, member), weights(second, member))


def test_a_member_that_diverges_is_told_and_disturbs_no_other():
    calm = train.Population(network("sgd"), seed=[0, 1, 2], learning_rate=[0.01])
    wild = train.Population(
        network("sgd"),
        members=[{"seed": s, "learning_rate": r} for s, r in ((0, 0.01), (1, 1e30), (2, 0.01))],
    )
    trained(calm, 3)
    last = trained(wild, 3)[-1]
    assert last.standing.diverged.tolist() == [False, True, False]
    assert last.standing.epochs.tolist() == [3, 1, 3]
    for member in (0, 2):
        assert_same_bits(weights(calm, member), weights(wild, member))
    assert wild.best() in (0, 2)


def test_members_that_stop_early_leave_the_others_as_they_are():
    validation = problem(30, seed=1)
    options = {"validation_data": validation, "patience": 2}
    many = train.Population(network(keras.optimizers.Adam(0.05)), seed=range(40))
    last = trained(many, 25, **options)[-1]
    stopped = last.standing.epochs
    assert len(set(stopped)) > 3, "members must really stop at different times"
    for member in (int(np.argmin(stopped)), int(np.argmax(stopped))):
        alone = train.Population(network(keras.optimizers.Adam(0.05)), seed=[member])
        trained(alone, 25, **options)
        assert_same_bits(weights(many, member)[:4], weights(alone, 0)[:4])


def test_keeping_some_members_goes_on_with_them_and_compiles_nothing(compilations):
    whole, halved = (train.Population(network(), seed=range(40)) for _ in range(2))
    trained(whole, 3)
    trained(halved, 1)
    chosen = [30, 2, 17]
    blocks = halved._groups[0].crew_on_board.blocks_for(halved.num_members)
    with compilations() as compiled:
        halved.keep(chosen)
        trained(halved, 2)
    assert compiled == []
    assert [member["seed"] for member in halved.members] == chosen
    assert halved._groups[0].crew_on_board.blocks_for(halved.num_members) < blocks
    for place, member in enumerate(chosen):
        assert_same_bits(weights(whole, member), weights(halved, place))


def test_members_that_are_let_go_cost_nothing():
    """Processor time, unlike time on the wall, hardly depends on what else the machine does."""

    def wide():
        hidden = [L.Dense(64, "relu") for _ in range(2)]
        model = keras.Sequential([keras.Input((FEATURES,)), *hidden, L.Dense(CLASSES)])
        model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    def least_seconds():
        started, epochs = time.process_time(), []
        for _ in population.train(*problem(1000), epochs=4, batch_size=BATCH):
            epochs.append(time.process_time() - started)
        return min(np.diff(epochs))

    population = train.Population(wide, seed=range(64))
    everyone = least_seconds()
    population.keep(range(4))
    assert least_seconds() < everyone / 2


def test_a_second_population_of_the_architecture_compiles_nothing(compilations):
    def once(rate):
        population = train.Population(network(), seed=range(3), learning_rate=[rate])
        trained(population, validation_data=problem(30, seed=1))

    program_cache.forget()
    once(1e-3)
    with compilations() as compiled:
        once(1e-2)
    assert compiled == []


def test_members_that_do_not_fit_are_trained_in_chunks_with_the_same_numbers():
    roomy, tight = (
        train.Population(network(), seed=range(20), memory_bytes=size) for size in (10**9, 100_000)
    )
    options = {"validation_data": problem(30, seed=1), "patience": 1}
    expected = trained(roomy, 4, **options)
    with pytest.warns(FathomWarning, match=r"20 members do not fit .* chunks"):
        found = trained(tight, 4, **options)
    assert "chunks" in tight.notes[0]
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one.loss, other.loss)
        np.testing.assert_array_equal(one.validation["accuracy"], other.validation["accuracy"])
    for member in (0, 19):
        assert_same_bits(weights(roomy, member), weights(tight, member))
    np.testing.assert_array_equal(roomy.predict(problem()[0]), tight.predict(problem()[0]))


def test_memory_is_predicted_within_a_factor_of_what_the_program_takes():
    from fathom.train import memory

    wide = keras.Sequential([keras.Input((FEATURES,)), L.Dense(300, "relu"), L.Dense(CLASSES)])
    wide.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    population = train.Population(wide, seed=range(8))
    trained(population, 1)
    made = population._groups[0].crew_on_board
    predicted = memory.member_bytes(made.blueprint.model, BATCH, problem()[0])
    program = next(p for (way, _), p in made.passes._programs.items() if way.kind == "advance")
    analysis = program.together.wait().memory_analysis()
    held = analysis.temp_size_in_bytes + analysis.argument_size_in_bytes
    each = (held + analysis.output_size_in_bytes) / (made.width / train.devices.num_devices())
    assert 0.3 < predicted / each < 4


# -- several programs ------------------------------------------------------------------


def test_members_that_cannot_share_a_program_are_told_apart():
    members = [
        {"seed": 0, "optimizer": "sgd"},
        {"seed": 0, "batch_size": 7},
        {"seed": 1, "optimizer": "sgd"},
        {"seed": 0, "clipnorm": 0.1},
        {"seed": 0, "clipnorm": None},
    ]
    population = train.Population(network(), members=members)
    assert len(population._groups) == 4
    note = population.notes[0]
    assert str(note).startswith("4 programs: members differ in optimizer, batch_size, clipnorm")
    losses: Any = trained(population)[-1].loss
    assert np.isfinite(losses).all()
    assert_same_weights(population.member(2), keras_fit(lambda: network("sgd"), 1)[0])
    assert_same_weights(population.member(1), keras_fit(network, 0, batch_size=7)[0])
    population.keep([2, 1])
    assert len(population._groups) == 2
    assert trained(population, 1)[-1].loss.shape == (2,)


# -- looking --------------------------------------------------------------------------


def test_predictions_and_scores_are_those_of_the_members_models():
    population = train.Population(network(), seed=range(3))
    x, y = problem(30, seed=1)
    fresh = population.predict(x)
    assert fresh.shape == (3, 30, CLASSES)
    trained(population)
    outputs, scores = population.predict(x), population.evaluate(x, y)
    for place in range(3):
        model = population.member(place)
        expected = model.evaluate(x, y, verbose=0, return_dict=True)
        np.testing.assert_allclose(outputs[place], model.predict(x, verbose=0), atol=1e-5)
        for name, value in expected.items():
            assert scores[name][place] == pytest.approx(value, rel=1e-5)
    assert not np.allclose(fresh, outputs)


def test_outputs_of_several_heads_keep_their_names():
    population = train.Population(forked(), seed=[0, 1])
    outputs = population.predict(forked_data()[0])
    assert {name: values.shape for name, values in outputs.items()} == {
        "kind": (2, 70, CLASSES),
        "size": (2, 70, 1),
    }


def test_the_best_member_is_found_by_any_metric_in_its_own_direction():
    population = train.Population(network(), seed=[0], learning_rate=[1e-5, 1e-2, 1e-4])
    trained(population, 15, validation_data=problem(60, seed=1))
    assert population.best() == 1
    assert population.best("accuracy") == 1
    assert population.best("loss", mode="max") != 1
    with pytest.raises(UnknownNameError, match="did you mean 'accuracy'"):
        population.best("acuracy")


def test_layers_are_watched_where_it_is_asked_for():
    from support.networks import WATCH

    watched = train.Population(network(), seed=range(2), watch=WATCH)
    plain = train.Population(network(), seed=range(2))
    epochs = trained(watched)
    trained(plain)
    assert epochs[-1].layers["weight_norm"].shape == (2, 2)
    assert np.isfinite(epochs[-1].layers["update_ratio"]).all()
    assert_same_bits(weights(watched, 1), weights(plain, 1))


# -- refused --------------------------------------------------------------------------


def uncompiled():
    return keras.Sequential([keras.Input((2,)), L.Dense(1)])


def with_bad_config():
    class Bad(keras.Model):
        def __init__(self, units):
            super().__init__()
            self.dense = L.Dense(units)

        def get_config(self):
            return {"units": 3}

        def call(self, x):
            return self.dense(x)

    model = Bad(5)
    model.compile("sgd", "mse")
    model(np.zeros((1, FEATURES), "float32"))
    return model


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: train.Population(uncompiled()), ModelError, "must be compiled"),
        (lambda: train.Population("model"), ModelError, "must be a keras.Model"),
        (lambda: train.Population(network(), lerning_rate=1), UnknownNameError, "learning_rate'"),
        (lambda: train.Population(network(), dropout=0.1), UnknownNameError, "has no .*dropout"),
        (lambda: train.Population(network(), seed=[]), SpecError, "at least one value"),
        (lambda: train.Population(network(), members=[]), SpecError, "at least one member"),
        (lambda: train.Population(network(), seed=-1), SpecError, "`seed` must be"),
        (lambda: train.Population(network(), seed=0.5), SpecError, "`seed` must be"),
        (lambda: train.Population(network(), learning_rate=-1), SpecError, "at least 0"),
        (lambda: train.Population(network(), beta_1=1.5), SpecError, "at least 0 and below 1"),
        (lambda: train.Population(network(), optimizer="adm"), UnknownNameError, "'adam'"),
        (lambda: train.Population(network(), members=[{}], seed=1), SpecError, "not both"),
        (lambda: train.Population(lambda: 3), ModelError, "must be a keras.Model"),
        (lambda: trained(train.Population(with_bad_config(), seed=1)), ModelError, "variables of"),
    ],
)
def test_what_cannot_be_is_refused_before_training(make, error, message):
    with pytest.raises(error, match=message):
        make()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"x": np.full((70, FEATURES), np.nan, "float32")}, "must be finite"),
        ({"x": np.zeros((70, 3), "float32")}, r"input, \(rows, 6\)"),
        ({"y": np.full(70, 9)}, "classes from 0 to 2"),
        ({"y": np.zeros(7, int)}, "Received"),
        ({"batch_size": 71}, "at most the number of rows"),
        ({"validation_data": 3}, "validation_data"),
        ({"validation_data": (np.zeros((3, 2)), np.zeros(3))}, r"input, \(rows, 6\)"),
        ({"x": "file.csv"}, "Received"),
    ],
)
def test_data_that_do_not_fit_are_refused_before_training(change, message):
    x, y = problem()
    population = train.Population(network(), seed=[0])
    with pytest.raises(DataError, match=message):
        population.train(**{"x": x, "y": y, **change})


def test_too_little_memory_for_one_member_is_refused():
    population = train.Population(network(), seed=[0], memory_bytes=1000)
    with pytest.raises(DataError, match="memory for at least one member"):
        population.train(*problem())


def test_a_layer_that_cannot_be_traced_is_named():
    class Deciding(L.Layer):
        def call(self, x):
            return x if float(keras.ops.sum(x)) > 0 else -x

    def build():
        model = keras.Sequential([L.Dense(4), Deciding(name="deciding"), L.Dense(CLASSES)])
        model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        return model

    with pytest.raises(ModelError, match="layer 'deciding'"):
        trained(train.Population(build, seed=[0]))
