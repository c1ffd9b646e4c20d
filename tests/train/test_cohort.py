"""A cohort equals Keras's own fit, member by member, and members are independent."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from support.networks import WATCH, compiled, mlp, population, problem

from fathom import train

EPOCHS = 4


def kept(made: train.Cohort, member: int) -> list[np.ndarray]:
    return made.kept_weights(member)


def run(made: train.Cohort, epochs: int = EPOCHS, **options) -> list[train.Epoch]:
    return list(made.train(epochs=epochs, **options))


def keras_fit(build, member: train.Member, *, optimizer: str = "adam", batch_size: int = 10):
    """Train with `keras.Model.fit` in the member's batch order; return losses and best weights."""
    keras.utils.set_random_seed(member.seed)
    model = compiled(build(), optimizer)
    model.optimizer.learning_rate = member.learning_rate
    (x, y), validation = problem(), problem(30, seed=1)
    losses, best, weights = [], np.inf, []
    for epoch in range(EPOCHS):
        order = train.batch_order(member.seed, epoch, rows=len(x), batch_size=batch_size).ravel()
        history = model.fit(
            x[order],
            y[order],
            batch_size=batch_size,
            validation_data=validation,
            validation_batch_size=len(validation[0]),
            shuffle=False,
            verbose=0,
        ).history
        losses.append((history["loss"][0], history["val_loss"][0]))
        if losses[-1][1] < best:
            best, weights = losses[-1][1], [np.asarray(v) for v in model.variables[:]]
    return losses, weights


def assert_equals_keras(build, *, optimizer: str = "adam", tolerance: float = 2e-5):
    made = population(build, optimizer=optimizer)
    epochs = run(made)
    for place, member in enumerate(made.members):
        losses, _ = keras_fit(build, member, optimizer=optimizer)
        ours = [(epoch.loss[place], epoch.validation["loss"][place]) for epoch in epochs[1:]]
        np.testing.assert_allclose(ours, losses, rtol=tolerance)


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "rmsprop", "nadam", "adamw"])
def test_every_member_trains_as_keras_fit_does(optimizer):
    assert_equals_keras(mlp, optimizer=optimizer)


def test_members_with_batch_normalization_train_as_in_keras():
    def build():
        inputs = keras.Input((6,))
        hidden = keras.layers.Dense(8)(inputs)
        hidden = keras.layers.BatchNormalization(momentum=0.8)(hidden)
        hidden = keras.layers.Activation("tanh")(hidden)
        return keras.Model(inputs, keras.layers.Dense(3)(hidden))

    assert_equals_keras(build, tolerance=5e-4)  # Adam divides rounding by small variances


def test_members_with_dropout_drop_what_keras_drops():
    def build():
        inputs = keras.Input((6,))
        hidden = keras.layers.Dropout(0.3)(keras.layers.Dense(8, activation="relu")(inputs))
        return keras.Model(inputs, keras.layers.Dense(3)(hidden))

    assert_equals_keras(build)


def test_penalties_are_part_of_the_training_loss_and_not_of_the_validation_loss():
    made = population(lambda: mlp(1, kernel_regularizer=keras.regularizers.L2(0.1)))
    first = run(made, 1)[1]
    plain = population(lambda: mlp(1))
    assert (first.loss > run(plain, 1)[1].loss).all()
    outputs = made.predict(problem(30, seed=1)[0], kept=False)
    expected = made._score(problem(30, seed=1)[1], outputs[0])["loss"]
    np.testing.assert_allclose(first.validation["loss"][0], expected, rtol=1e-6)


def test_a_member_does_not_depend_on_who_trains_beside_it():
    members = train.product((0, 1, 2), (1e-3, 1e-2))
    together, alone = population(members=members), population(members=members[4:5])
    run(together)
    run(alone)
    for ours, theirs in zip(kept(together, 4), kept(alone, 0), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_the_same_population_gives_the_same_numbers():
    first, second = population(), population()
    run(first)
    run(second)
    for member in range(first.num_members):
        for ours, theirs in zip(kept(first, member), kept(second, member), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_a_diverged_member_is_recorded_and_disturbs_no_other():
    rates = (1e-2, 1e30)
    made = population(members=train.product((0, 1), rates), optimizer="sgd")
    calm = population(members=train.product((0, 1), (1e-2, 1e-2)), optimizer="sgd")
    last = run(made)[-1]
    run(calm)
    assert last.standing.diverged.tolist() == [False, False, True, True]
    for member in (0, 1):
        for ours, theirs in zip(kept(made, member), kept(calm, member), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_watching_layers_does_not_change_training():
    seen, unseen = population(watch=WATCH), population()
    run(seen)
    run(unseen)
    for member in range(seen.num_members):
        for ours, theirs in zip(kept(seen, member), kept(unseen, member), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_calls_of_any_length_train_the_same(monkeypatch):
    whole = population()
    monkeypatch.setattr("fathom.train.cohort.OPERATIONS_PER_CALL", 1)
    stepwise = population()
    assert stepwise._steps_per_call == 1
    run(whole)
    run(stepwise)
    for ours, theirs in zip(kept(whole, 0), kept(stepwise, 0), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def test_early_stopping_keeps_the_weights_that_keras_restores():
    member = train.Member(seed=0, learning_rate=0.05)
    made = population(members=[member])
    epochs = run(made, 60, patience=3)
    assert 3 < len(epochs) - 1 < 60, "the run must really stop early"
    losses = [epoch.validation["loss"][0] for epoch in epochs[1:]]
    assert int(np.argmin(losses)) == len(losses) - 1 - 3
    score = made._score(problem(30, seed=1)[1], made.predict(problem(30, seed=1)[0])[0])
    np.testing.assert_allclose(score["loss"], min(losses), rtol=1e-6)


def test_the_last_epochs_weights_are_kept_if_they_are_the_best():
    made = population(members=[train.Member(seed=0, learning_rate=1e-3)])
    epochs = run(made, 3)
    assert epochs[-1].standing.improved[0]
    last, best = made.predict(problem()[0], kept=False), made.predict(problem()[0])
    np.testing.assert_array_equal(last, best)


def test_training_a_second_time_compiles_nothing(compilations):
    made = population(watch=WATCH)
    run(made, 2)
    with compilations() as compiled_programs:
        run(made, 2)
    assert compiled_programs == []


def test_another_population_of_the_same_shape_compiles_only_its_own_four_programs(compilations):
    run(population(watch=WATCH), 1)
    with compilations() as compiled_programs:
        run(population(watch=WATCH), 1)
    assert len(compiled_programs) <= 4, compiled_programs


def test_predictions_do_not_depend_on_the_block_they_are_made_in():
    made = population()
    x = problem(45, seed=2)[0]
    whole = made.predict(x)
    assert whole.shape == (4, 45, 3)
    np.testing.assert_allclose(made.predict(x[40:]), whole[:, 40:], rtol=1e-5, atol=1e-6)


def test_members_learn():
    made = population(members=train.product((0, 1), (1e-2,)))
    assert (run(made, 30)[-1].validation["accuracy"] > 0.6).all()


def test_initial_weights_of_a_member_are_those_it_began_with():
    made = population(members=[train.Member(seed=5, learning_rate=1e-3)])
    keras.utils.set_random_seed(5)
    expected = [np.asarray(v) for v in mlp().trainable_variables]
    for ours, theirs in zip(made.initial_weights(0), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-6)
