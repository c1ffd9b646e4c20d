"""One test for each part of Keras that is not public and that the engine stands on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src import backend
from keras.src.backend.common import global_state

from fathom.models import without_values
from fathom.train import keras_internals


def test_variables_made_without_values_know_their_initializer():
    with without_values():
        layer = keras.layers.Dense(3, kernel_initializer="he_normal")
        layer.build((None, 2))
    initializer = keras_internals.initializer_of(layer.kernel)
    assert isinstance(initializer, keras.initializers.HeNormal)
    assert layer.kernel._value is None


def test_variables_made_without_values_are_not_initialized_later():
    with without_values():
        layer = keras.layers.Dense(3)
        layer.build((None, 2))
    pending = global_state.get_global_attribute("uninitialized_variables", [])
    assert all(variable is not layer.kernel for variable in pending)


def test_variables_with_values_have_no_initializer_to_replay():
    layer = keras.layers.Dense(3)
    layer.build((None, 2))
    assert keras_internals.initializer_of(layer.kernel) is None


def test_default_seeds_are_those_of_set_random_seed():
    keras.utils.set_random_seed(7)
    expected = keras.initializers.HeNormal().seed, keras.initializers.HeNormal().seed
    assert tuple(keras_internals.drawn_seeds(7, 2)) == expected


def test_drawing_default_seeds_leaves_the_global_generator_alone():
    keras.utils.set_random_seed(7)
    expected = keras.initializers.HeNormal().seed
    keras.utils.set_random_seed(7)
    with keras_internals.default_seeds(3):
        keras.initializers.HeNormal()
    assert keras.initializers.HeNormal().seed == expected


def test_a_seed_generator_state_gives_its_seed():
    with without_values():
        dropout = keras.layers.Dropout(0.5, seed=12)
    assert keras_internals.seed_of(dropout.seed_generator.state) == 12


def test_a_kernel_is_no_seed_generator_state():
    with without_values():
        layer = keras.layers.Dense(3)
        layer.build((None, 2))
    assert keras_internals.seed_of(layer.kernel) is None


def test_a_fixed_seed_draws_what_the_integer_draws():
    expected = keras.random.normal((4,), seed=5)
    found = keras.random.normal((4,), seed=keras_internals.FixedSeed(np.uint32(5)))
    np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))


def test_assigned_values_are_the_models():
    with without_values():
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    keras_internals.assign_values(model.variables, [np.ones((2, 1)), np.full(1, 3.0)])
    assert model.predict(np.ones((1, 2)), verbose=0).item() == 5.0


def test_a_diverted_operation_is_what_keras_calls_and_is_diverted_once(monkeypatch):
    monkeypatch.setattr(backend.nn, "relu", backend.nn.relu)  # put back afterwards
    calls: list[str] = []

    def around(own):
        return lambda *args: calls.append("around") or own(*args)

    keras_internals.divert("relu", around)
    keras_internals.divert("relu", around)
    found = keras.ops.relu(np.float32([-1, 2]))
    np.testing.assert_array_equal(np.asarray(found), [0, 2])
    assert calls == ["around"]


def test_padding_of_a_transposed_convolution_gives_its_output_size():
    x, kernel = np.ones((1, 5, 1), "float32"), np.ones((3, 1, 1), "float32")
    padding = keras_internals.transposed_padding(x.shape, kernel.shape, 2, "same", None, 1)
    ((before, after),) = padding
    spread = (5 - 1) * 2 + 1
    found = keras.ops.conv_transpose(x, kernel, 2, "same")
    assert found.shape[1] == spread + before + after - 3 + 1


def test_the_bias_of_an_lstm_is_known_among_functions():
    with without_values():
        lstm, dense = (
            keras.layers.LSTM(2),
            keras.layers.Dense(2, bias_initializer=lambda *_, **__: 0),
        )
        lstm.build((None, 3, 1))
        dense.build((None, 3))
    initializer = keras_internals.initializer_of(lstm.cell.bias)
    assert initializer is not None and keras_internals.is_bias_of_lstm(initializer)
    assert np.asarray(initializer((8,), dtype="float32")).tolist() == [0, 0, 1, 1, 0, 0, 0, 0]
    assert not keras_internals.is_bias_of_lstm(keras_internals.initializer_of(dense.bias))
    assert not keras_internals.is_bias_of_lstm(keras_internals.initializer_of(lstm.cell.kernel))


def small_network(optimizer="adam", loss="mse"):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(optimizer, loss)
    return model


def test_a_graph_of_layers_is_told_from_a_class_of_its_own():
    class Own(keras.Model):
        def call(self, x):
            return x

    assert keras_internals.is_graph(small_network())
    assert not keras_internals.is_graph(Own())


def test_a_model_is_built_for_shapes_alone():
    model = keras.Sequential([keras.layers.Dense(3)])
    with without_values():
        keras_internals.build_without_data(model, np.zeros((4, 2), "float32"))
    assert tuple(model.trainable_variables[0].shape) == (2, 3)
    assert model.trainable_variables[0]._value is None


def test_the_learning_rate_is_found_also_under_loss_scaling_and_not_for_a_schedule():
    plain = keras.optimizers.Adam(0.25)
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam(0.25))
    for optimizer in (plain, scaled):
        place: Any = keras_internals.learning_rate_place(optimizer)
        assert float(optimizer.variables[place].value) == 0.25
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1, 0.5)
    assert keras_internals.learning_rate_place(keras.optimizers.SGD(schedule)) is None
    assert keras_internals.inner_optimizer(scaled) is scaled.inner_optimizer


def test_losses_are_known_before_and_after_they_are_built():
    loss = keras.losses.Huber(delta=0.5)
    model = small_network(loss=loss)
    assert keras_internals.losses_of(model) == [loss]
    model.fit(np.zeros((2, 2)), np.zeros((2, 1)), verbose=0)
    assert keras_internals.losses_of(model) == [loss]


def test_operations_are_wrapped_only_for_as_long_as_the_context_lasts():
    called = []

    def wrap(function):
        def counting(*args, **kwargs):
            called.append(function.__name__)
            return function(*args, **kwargs)

        return counting

    with keras_internals.wrapped_operations(wrap):
        keras.ops.square(keras.ops.cast(2, "float32"))
    assert {"square", "cast"} <= set(called)
    count = len(called)
    keras.ops.square(keras.ops.cast(2, "float32"))
    assert len(called) == count


# -- the trainer ------------------------------------------------------------------------


def _batches(**settings: Any) -> tuple[Any, keras_internals.Batches]:
    x = np.arange(10, dtype="float32")[:, None]
    adapter = keras_internals.data_adapter(
        x, x, batch_size=4, steps_per_epoch=None, shuffle=True, class_weight=None
    )
    return adapter, keras_internals.Batches(adapter, **settings)


def test_rows_are_drawn_as_keras_draws_them() -> None:
    adapter, batches = _batches()
    np.random.seed(3)
    served = [next(iterator)[0].ravel() for _, _, iterator in batches]
    np.random.seed(3)
    rows = list(keras_internals.batch_rows(adapter))
    assert [len(numbers) for numbers in rows] == [4, 4, 2]
    for expected, numbers in zip(served, rows, strict=True):
        np.testing.assert_array_equal(expected, numbers)


def test_an_execution_names_its_first_and_last_step() -> None:
    _, batches = _batches(steps_per_execution=2)
    assert [(first, last) for first, last, _ in batches] == [(0, 1), (2, 3)]


def test_rows_of_columns_and_frames_are_arrays() -> None:
    import pandas

    frame = pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    assert keras_internals.as_numpy_rows(frame).shape == (2, 2)
    assert keras_internals.as_numpy_rows(frame["a"]).shape == (2, 1)
    assert keras_internals.as_numpy_rows(np.zeros(3)).dtype == "float32"


def test_an_empty_method_of_a_callback_is_told_from_one_of_its_own() -> None:
    checkpoint = keras.callbacks.ModelCheckpoint("x.keras")
    assert keras_internals.is_overridden(checkpoint, "on_train_batch_end")
    assert not keras_internals.is_overridden(checkpoint, "on_train_batch_begin")
    noted = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    assert keras_internals.is_overridden(noted, "on_train_batch_end")


def test_saving_callbacks_count_the_batches_since_they_saved(tmp_path: Path) -> None:
    for saving in (
        keras.callbacks.ModelCheckpoint(str(tmp_path / "x.keras"), save_freq=3),
        keras.callbacks.BackupAndRestore(str(tmp_path), save_freq=3),
    ):
        assert [saving._should_save_on_batch(batch) for batch in range(4)] == [0, 0, 1, 0]
        assert saving._batches_seen_since_last_saving == 1


def test_values_are_read_and_written_without_copying() -> None:
    variable = keras.Variable([1.0, 2.0])
    [value] = keras_internals.read_values([variable])
    keras_internals.write_values([variable], [value * 3])
    np.testing.assert_array_equal(variable.numpy(), [3.0, 6.0])
    keras_internals.write_values([variable], [value])
    assert keras_internals.read_values([variable])[0] is value


def test_a_restored_backup_moves_the_first_epoch() -> None:
    model: Any = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    assert keras_internals.first_epoch(model, 2) == 2
    model._initial_epoch = 5
    assert keras_internals.first_epoch(model, 2) == 5
    keras_internals.drop_stepwise_state(model)
    assert model._jax_state_synced


def test_logs_are_floats_sorted_by_name() -> None:
    logs = keras_internals.as_python({"loss": np.float32(1.5), "accuracy": np.float32(0.5)})
    assert list(logs.items()) == [("accuracy", 0.5), ("loss", 1.5)]


def test_validation_takes_the_last_rows() -> None:
    x = np.arange(10.0, dtype="float32")
    (first, _, _), (last, _, _) = keras_internals.validation_split((x, None, None), 0.3)
    assert list(first) == [0, 1, 2, 3, 4, 5, 6]
    assert list(last) == [7, 8, 9]


def test_sparse_arrays_and_known_data_sets_are_recognised() -> None:
    import scipy.sparse

    assert keras_internals.is_sparse(scipy.sparse.eye(2).tocsr())
    assert not keras_internals.is_sparse(np.eye(2))
    assert keras_internals.is_known_data_set(number for number in ())
    assert not keras_internals.is_known_data_set([1])
    assert not keras_internals.is_distributed()
