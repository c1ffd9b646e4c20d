"""Whatever arrays come: a data set, or one message; never anything else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fathom.data import Preprocessing, load
from fathom.data.sequences import READINGS
from fathom.errors import FathomError

DTYPES = st.sampled_from(["float32", "float64", "int8", "uint8", "int64", "bool", "float16", "<U2"])
QUIET = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


def shapes(rows: int = 24):
    sides = st.sampled_from([0, 1, 2, 2, 3, 3, 4, 5])
    return st.lists(sides, min_size=0, max_size=4).map(lambda rest: (rows, *rest))


@st.composite
def anything(draw):
    """Return x of any shape and values, y, lengths or None, and what the rows are said to be."""
    shape = draw(shapes())
    x = draw(arrays.arrays(draw(DTYPES), shape, fill=st.nothing() if 0 in shape else None))
    steps = shape[1] if len(shape) > 1 else 3
    lengths = draw(
        st.none()
        | arrays.arrays("int64", (24,), elements=st.integers(1, max(steps, 1)))
        | arrays.arrays(draw(DTYPES), draw(shapes()))
    )
    return x, np.arange(24) % 2, lengths, draw(st.sampled_from(READINGS))


@QUIET
@given(anything())
def test_any_arrays_are_a_data_set_or_one_message(case):
    x, y, lengths, inputs = case
    try:
        data = load((x, y), lengths=lengths, inputs=inputs)
    except FathomError as error:
        assert "Received: " in str(error)
        return
    for split in data.splits.values():
        assert split.x.dtype == np.float32
        assert split.x.shape == (len(split), *data.input_shape)
        assert np.isfinite(split.x).all()
    assert data.is_padded == (lengths is not None)


@QUIET
@given(
    # values that differ by more than float32 can hold are refused
    x=arrays.arrays(
        "float64", (24, 5, 2), elements=st.floats(-1e6, 1e6).map(lambda v: round(v, 6))
    ),
    lengths=arrays.arrays("int64", (24,), elements=st.integers(1, 5)),
)
def test_stored_preprocessing_treats_sequences_as_before(x, lengths, tmp_path: Path):
    data = load((x, np.arange(24) % 2), lengths=lengths)
    again = Preprocessing.from_bytes(data.preprocessing.to_bytes())
    path = tmp_path / "again.npz"
    np.savez(path, x=x, lengths=lengths)

    rows = again.transform(path)

    for split in data.splits.values():
        np.testing.assert_array_equal(rows.x[split.rows], split.x)


@QUIET
@given(place=st.integers(0, 10_000), value=st.integers(0, 255))
def test_a_file_with_one_changed_byte_is_read_or_refused(place, value, tmp_path: Path):
    path = tmp_path / "changed.npz"
    generator = np.random.default_rng(0)
    np.savez(path, x=generator.normal(size=(24, 5, 2)), y=np.arange(24) % 2,
             lengths=generator.integers(1, 6, 24))  # fmt: skip
    content = bytearray(path.read_bytes())
    content[place % len(content)] = value
    path.write_bytes(content)
    try:
        assert load(path).input_shape in {(5, 3), (5, 2)}
    except FathomError as error:
        assert str(error)


@pytest.mark.parametrize("name", ["lengths", "LENGTHS", "lengths_val"])
def test_lengths_of_a_file_are_checked_before_they_are_unpacked(name, tmp_path: Path):
    path = tmp_path / "liar.npz"
    np.savez(path, x=np.zeros((24, 5, 2)), y=np.arange(24) % 2)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"{name}.npy", b"\x93NUMPY\x01\x00" + b"\x76\x00" + (
            b"{'descr': '<i8', 'fortran_order': False, 'shape': (9999999999,), }".ljust(117) + b"\n"
        ))  # fmt: skip
    with pytest.raises(FathomError, match="header of an array must describe its data"):
        load(path)
