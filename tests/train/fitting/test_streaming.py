"""Data that do not fit, or are made while training: the same batches, a slab at a time."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from support.parity import Case, apart, difference, trained
from support.parity_cases import CASES, CLASSES, X

import fathom
from fathom.errors import DataError
from fathom.train.fitting import rows, slabs
from fathom.train.fitting.ahead import ahead

PLAIN = CASES["optimizers"]["Adam"]
ROWS = 600


@pytest.fixture
def mapped(tmp_path: Path) -> tuple[np.memmap, np.memmap]:
    """Arrays on disk, the inputs in float64."""
    generator = np.random.default_rng(0)
    x = np.memmap(tmp_path / "x.dat", "float64", "w+", shape=(ROWS, 6))
    y = np.memmap(tmp_path / "y.dat", "int64", "w+", shape=(ROWS,))
    x[:], y[:] = generator.normal(size=x.shape), generator.integers(0, 3, ROWS)
    return x, y


def test_memory_mapped_arrays_are_read_slab_by_slab(
    mapped: tuple[np.memmap, np.memmap], monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    take = rows._taken

    def noted(array: Any, order: Any, room: int, count: int) -> Any:
        taken.append(len(order))
        return take(array, order, room, count)

    monkeypatch.setattr(rows, "_taken", noted)
    monkeypatch.setattr(slabs, "SLAB_BYTES", 4096)
    case = Case("mapped", PLAIN.build, PLAIN.compiled, mapped, {"validation_split": 0.25})
    assert difference(trained(case, keras.Model.fit), trained(case, fathom.fit)).weights < 1e-5
    assert len(taken) > 8
    assert max(taken) < ROWS / 4


def test_small_slabs_give_what_one_large_slab_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["arguments of fit"]["a partial last batch"]
    whole = trained(case, fathom.fit)
    monkeypatch.setattr(slabs, "MOST_STEPS", 1)
    parts = trained(case, fathom.fit)
    assert whole.history == parts.history
    for expected, found in zip(whole.variables, parts.variables, strict=True):
        assert apart(expected, found) < 1e-5


def test_an_iterable_of_batches_is_run_through_once_per_epoch() -> None:
    batches = [[X[start : start + 8], CLASSES[start : start + 8]] for start in range(0, 32, 8)]

    class Loader:
        def __iter__(self) -> Iterator[Any]:
            return iter(batches)

    settings = {"batch_size": None, "shuffle": False}
    ours = trained(Case("loader", PLAIN.build, PLAIN.compiled, (Loader(),), settings), fathom.fit)
    arrays = Case("arrays", PLAIN.build, PLAIN.compiled, (X, CLASSES), {"shuffle": False})
    theirs = trained(arrays, keras.Model.fit, batch_size=8)
    assert ours.history["loss"] == pytest.approx(theirs.history["loss"], rel=1e-6)


def test_labels_out_of_range_are_refused_also_in_a_stream() -> None:
    model = PLAIN.build()
    model.compile(**PLAIN.compiled())
    batches = ((X[:8], CLASSES[:8] + offset) for offset in (0, 0, 3))
    with pytest.raises(DataError, match=r"`y` must hold classes from 0 to 2.*in 8 places"):
        fathom.fit(model, batches, shuffle=False, verbose=0)


def test_an_error_in_the_users_data_set_reaches_the_user_as_it_is() -> None:
    class Breaks(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 4

        def __getitem__(self, index: int) -> Any:
            if index == 3:
                raise ZeroDivisionError("the third file is torn")
            return X[:8], CLASSES[:8]

    model = PLAIN.build()
    model.compile(**PLAIN.compiled())
    with pytest.raises(ZeroDivisionError, match="torn"):
        fathom.fit(model, Breaks(), shuffle=False, verbose=0)


def test_the_next_item_is_made_while_the_last_is_used() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(4):
            made.append(number)
            yield number

    reader = ahead(items())
    assert next(reader) == 0
    deadline = time.monotonic() + 5
    while len(made) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert made == [0, 1, 2]
    assert list(reader) == [1, 2, 3]


def test_a_reader_that_stops_early_ends_the_thread() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            while True:
                yield 1
        finally:
            closed.set()

    reader = ahead(items())
    next(reader)
    reader.close()
    assert closed.wait(5)


@pytest.mark.parametrize(
    ("batch_bytes", "steps", "room"),
    [(100, 10, 16), (100, None, 4096), (2**30, 10, 1), (2**23, 10, 4), (1, 5000, 4096)],
)
def test_a_slab_has_room_for_a_power_of_two(batch_bytes: int, steps: int | None, room: int) -> None:
    assert slabs.capacity(batch_bytes, steps) == room
