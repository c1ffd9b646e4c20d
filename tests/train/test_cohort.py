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
    run(whole)
    monkeypatch.setattr("fathom.train.pacing.SECONDS_PER_CALL", 0.0)
    monkeypatch.setattr("fathom.train.pacing.ORDER_BYTES", 0)
    stepwise = population()
    run(stepwise)
    assert stepwise._order_steps == 1
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


# -- members that are let go ---------------------------------------------------------


@pytest.fixture(scope="module")
def shrinking() -> tuple[train.Cohort, train.Cohort, list[train.Epoch]]:
    """Nine members of whom all but two are let go on the way, and the same left alone."""
    members = train.product((0, 1, 2), (1e-3, 3e-3, 1e-2))
    alone, shrunk = (population(members=members, shrinks=True) for _ in range(2))
    run(alone, 6)
    epochs = []
    for epoch in shrunk.train(epochs=6):
        epochs.append(epoch)
        if epoch.epoch == 1:
            shrunk.let_go([0, 1, 2, 5])
        if epoch.epoch == 3:
            shrunk.let_go([3, 6, 8])
    return alone, shrunk, epochs


def test_those_who_stay_are_the_same_bit_for_bit_when_others_leave(shrinking):
    alone, shrunk, _ = shrinking
    for member in (4, 7):
        for ours, theirs in zip(kept(shrunk, member), kept(alone, member), strict=True):
            np.testing.assert_array_equal(ours, theirs)
    x = problem(30, seed=1)[0]
    np.testing.assert_array_equal(
        shrunk.predict(x, members=[4, 7]), alone.predict(x, members=[4, 7])
    )


def test_members_that_were_let_go_keep_what_they_had_learned(shrinking):
    _, shrunk, epochs = shrinking
    assert epochs[-1].standing.epochs.tolist() == [1, 1, 1, 3, 6, 1, 3, 6, 3]
    assert epochs[-1].standing.dropped.tolist() == [m not in (4, 7) for m in range(9)]
    short = population(members=shrunk.members, shrinks=True)
    run(short, 3)
    for ours, theirs in zip(kept(shrunk, 3), kept(short, 3), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_fewer_members_take_fewer_blocks(shrinking):
    _, shrunk, _ = shrinking
    assert shrunk.block == 2
    assert shrunk._seats.blocks.sum() == 1
    assert population(members=shrunk.members, shrinks=True)._seats.blocks.sum() > 4


def test_letting_members_go_compiles_nothing(shrinking, compilations):
    again = population(members=shrinking[0].members, shrinks=True)
    epochs = again.train(epochs=3)
    next(epochs)
    next(epochs)
    with compilations() as compiled:
        for epoch in epochs:
            again.let_go([epoch.epoch, 2 * epoch.epoch])
    assert compiled == []


def test_members_that_stop_early_free_their_blocks():
    rates = (1e-3, 1e-3, 1e30, 1e30)
    made = population(members=train.product((0, 1), rates), optimizer="sgd", shrinks=True)
    run(made, 3)
    assert made._seats.members.tolist() == [0, 1, 2, 3]


def test_a_rehearsal_changes_nothing():
    first, second = population(shrinks=True), population(shrinks=True)
    second.rehearse(3)
    run(first)
    run(second)
    for ours, theirs in zip(kept(first, 1), kept(second, 1), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_who_is_told_while_the_next_epoch_trains_hears_the_same(shrinking):
    """Members leave, as is promised, after the epochs until which nobody interferes."""
    _, shrunk, expected = shrinking
    ahead = population(members=shrunk.members, shrinks=True)
    ahead.undisturbed_until(1)
    for told, epoch in zip(ahead.train(epochs=6), expected, strict=True):
        assert told.standing.epochs.tolist() == epoch.standing.epochs.tolist()
        if epoch.epoch:
            np.testing.assert_array_equal(told.loss, epoch.loss)
        if epoch.epoch in (1, 3):
            ahead.let_go([0, 1, 2, 5] if epoch.epoch == 1 else [3, 6, 8])
            ahead.undisturbed_until(3 if epoch.epoch == 1 else 6)
    for member in range(9):
        for ours, theirs in zip(kept(ahead, member), kept(shrunk, member), strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_an_epoch_begins_before_the_one_before_it_is_told(monkeypatch):
    made, begun = population(), []
    advance = made._advance

    def noting(order, start, stop):
        begun.append(start)
        advance(order, start, stop)

    monkeypatch.setattr(made, "_advance", noting)
    made.undisturbed_until(2)
    assert [begun.count(0) for _ in made.train(epochs=3)] == [1, 2, 2, 3]


def test_weights_of_an_epoch_that_has_begun_are_no_ones_to_predict_with():
    made = population()
    made.undisturbed_until(1)
    next(made.train(epochs=1))
    with pytest.raises(RuntimeError, match="kept"):
        made.predict(problem()[0], kept=False)


def test_training_can_end_earlier_than_planned():
    made = population()
    epochs = made.train(epochs=9)
    next(epochs)
    made.end_after(2)
    assert [epoch.epoch for epoch in epochs] == [1, 2]
