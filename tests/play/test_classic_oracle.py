"""The classic mode is TensorFlow Playground: same points, same weights, same trajectory."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fathom import play

LOSS = 1e-6
PARAMETER = 1e-9
"""The recording's README calls 1e-9 generous in double precision; 1e-12 is seen for all but 19."""


def _lane(recorded: dict[str, Any]) -> play.Lane:
    experiment = play.check(play.read_hash(recorded["url_hash"]))
    return play.Lane.begin(play.set_up(experiment, _no_dataset))


def _no_dataset(data: Any) -> Any:
    raise AssertionError(f"made points need no data set: {data}")


def test_an_address_of_the_original_gives_its_points_in_its_order(recorded: dict[str, Any]) -> None:
    material = _lane(recorded).setup.material
    for split, rows in (
        ("train", slice(0, material.num_train)),
        ("test", slice(material.num_train, material.rows)),
    ):
        for place, name in enumerate("xy"):
            np.testing.assert_allclose(
                material.x[rows, place], recorded[split][name], rtol=0, atol=2e-15
            )
        np.testing.assert_allclose(material.y[rows], recorded[split]["label"], rtol=0, atol=2e-15)


def test_an_address_of_the_original_opens_there_again(recorded: dict[str, Any]) -> None:
    experiment = play.read_hash(recorded["url_hash"])
    written = play.write_hash(experiment)
    assert written.startswith("#activation=")
    assert play.read_hash(written) == experiment


def test_the_classic_mode_follows_the_recorded_trajectory(recorded: dict[str, Any]) -> None:
    lane = _lane(recorded)
    lane.compile()
    comparable = recorded["comparable_until_epoch"]
    for epoch in range(comparable + 1):
        if epoch:
            lane.train("epoch", 1)
        scores = lane.measure()
        assert scores.losses[0] == pytest.approx(recorded["train_loss_curve"][epoch], abs=LOSS)
        assert scores.losses[1] == pytest.approx(recorded["test_loss_curve"][epoch], abs=LOSS)
        if (snapshot := recorded["snapshots"].get(str(epoch))) is not None:
            _assert_same_weights(lane, snapshot, 1e-9 if comparable == 100 else 1e-6)
    assert lane.position.epoch == comparable


def _assert_same_weights(lane: play.Lane, snapshot: dict[str, Any], tolerance: float) -> None:
    for layer, (kernel, bias) in enumerate(zip(snapshot["W"], snapshot["b"])):
        # Recorded rows are destinations, Keras's kernels have them in columns.
        np.testing.assert_allclose(
            lane.state.trainable[2 * layer], np.array(kernel).T, rtol=0, atol=tolerance
        )
        np.testing.assert_allclose(
            lane.state.trainable[2 * layer + 1], bias, rtol=0, atol=tolerance
        )
    assert _dead(lane) == [list(one) for one in snapshot["dead"] or []]
    assert lane.setup.rule.carried(lane.position) == snapshot["samples_carried"]


def _dead(lane: play.Lane) -> list[list[int]]:
    return sorted(
        [layer, int(to), int(source)]
        for layer, alive in enumerate(lane.state.other)
        for source, to in zip(*np.nonzero(np.asarray(alive) == 0))
    )


def test_many_epochs_in_one_go_are_the_same_as_one_after_another() -> None:
    hash_ = (
        "#activation=relu&regularization=L1&regularizationRate=0.003&batchSize=7&percTrainData=10"
    )
    one, many = (play.Lane.begin(play.set_up(play.read_hash(hash_), _no_dataset)) for _ in range(2))
    for _ in range(30):
        one.train("epoch", 1)
    many.train("epoch", 30)
    for single, together in zip(one.state.trainable, many.state.trainable):
        np.testing.assert_array_equal(single, together)


def test_batches_and_samples_add_up_to_epochs() -> None:
    setup = play.set_up(play.read_hash("#batchSize=30&percTrainData=10"), _no_dataset)
    by_epoch, by_batch, by_sample = (play.Lane.begin(setup) for _ in range(3))
    by_epoch.train("epoch", 2)
    by_batch.train("batch", 2)
    # 50 rows in batches of 30: the second epoch's first batch takes the 20 left over as well.
    by_sample.train("sample", 29)
    assert by_sample.position.steps_done == 0
    by_sample.train("sample", 1 + 50)
    assert by_epoch.position == by_batch.position == by_sample.position
    for one, two, three in zip(*(lane.state.trainable for lane in (by_epoch, by_batch, by_sample))):
        np.testing.assert_array_equal(one, two)
        np.testing.assert_array_equal(one, three)


def test_a_batch_larger_than_the_data_never_updates_as_in_the_original() -> None:
    setup = play.set_up(
        play.check(
            play.read_experiment({"data": {"rows": 20, "train_share": 50}, "batch_size": 30})
        ),
        _no_dataset,
    )
    lane = play.Lane.begin(setup)
    first = [np.array(one) for one in lane.state.trainable]
    lane.train("epoch", 5)
    assert lane.position.epoch == 5
    for before, after in zip(first, lane.state.trainable):
        np.testing.assert_array_equal(before, after)


def test_rate_penalty_and_batch_size_change_without_compiling(compilations: Any) -> None:
    experiment = play.read_hash("#batchSize=10")
    lane = play.Lane.begin(play.set_up(experiment, _no_dataset))
    lane.compile()
    lane.train("epoch", 1)
    changed = play.read_hash(
        "#batchSize=23&learningRate=0.3&regularization=L2&regularizationRate=0.01"
    )
    with compilations() as compiled:
        other = play.Lane.begin(play.set_up(changed, _no_dataset))
        other.train("epoch", 3)
        other.measure()
    assert not [name for name in compiled if "advance" in name or "score" in name]
    assert other.setup.machine is lane.setup.machine
