"""The fixtures hold what other tests rely on."""

from __future__ import annotations

import os
import threading
import warnings
from pathlib import Path

import pytest


def test_a_program_is_counted_once_per_shape_and_in_any_thread(compilations):
    import jax
    import jax.numpy as jnp

    small, large = jnp.ones(3), jnp.ones(5)
    double = jax.jit(lambda x: x * jnp.float32(2))
    in_thread = threading.Thread(target=double, args=(large,))

    with compilations() as first:
        double(small)
    with compilations() as again:
        double(small)
    with compilations() as other_shape:
        in_thread.start()
        in_thread.join()

    assert first == ["jit(<lambda>)"]
    assert again == []
    assert other_shape == ["jit(<lambda>)"]


def test_a_program_loaded_from_disk_counts_as_compiled(compilations):
    import jax
    import jax.numpy as jnp

    from fathom import runtime

    numbers = jnp.arange(7.0)

    @jax.jit
    def triple(x):
        return x * jnp.float32(3)

    with compilations() as from_compiler:
        triple(numbers)
    assert list(runtime.cache_folder().glob("xla/jit_triple-*"))
    jax.clear_caches()
    with compilations() as from_disk:
        triple(numbers)

    assert len(from_compiler) == len(from_disk) == 1


def test_mixed_dtypes_are_refused():
    import jax
    import jax.numpy as jnp

    with pytest.raises(jax.dtypes.TypePromotionError):  # pyright: ignore[reportAttributeAccessIssue]
        jnp.add(jnp.ones(2, jnp.float32), jnp.ones(2, jnp.int32))


def test_keras_trains_under_strict_dtypes_and_errors_for_warnings():
    import keras
    import numpy as np

    rows = np.random.default_rng(0).normal(size=(64, 3)).astype("float32")
    model = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(2)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])

    labels = (rows[:, 0] > 0).astype("int32")
    history = model.fit(rows, labels, epochs=8, verbose=0)  # pyright: ignore[reportArgumentType]

    assert history.history["loss"][-1] < history.history["loss"][0]


def test_every_core_is_a_device():
    import jax

    from fathom import runtime

    assert jax.device_count("cpu") == runtime.cpu_cores()


def test_compiled_programs_are_kept_in_a_folder_of_the_session():
    from fathom import runtime

    assert runtime.cache_folder().name.startswith("fathom-tests-")


def test_warnings_are_errors():
    with pytest.raises(UserWarning, match="mind the gap"):
        warnings.warn("mind the gap", stacklevel=1)


def test_the_store_is_the_tests_own(tmp_path):
    assert Path(os.environ["FATHOM_STORE"]).parent == tmp_path


def test_the_real_data_are_where_they_are_looked_for(shared_data):
    assert (shared_data / "mnist.npz").is_file()
    assert (shared_data / "adult.csv").is_file()


def test_the_command_line_runs_in_the_folder_of_the_test(fathom, tmp_path):
    shown = fathom("--version")
    refused = fathom("study", "no-such-file.csv", "--json")

    assert (shown.returncode, shown.stderr) == (0, "")
    assert refused.returncode == 2
    assert "no-such-file.csv" in refused.stderr
    assert list(tmp_path.iterdir()) == []
