"""NumPy archives are checked before they are unpacked, and kept in their own parts."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np
import pytest

from fathom.data import load
from fathom.errors import DataError

RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(60, 3)), np.arange(60) % 3


def test_x_and_y_are_split_and_standardised(archive):
    data = load(archive(x=X, y=Y))

    assert (data.name, data.task, data.input_shape) == ("data", "classification", (3,))
    truth = (X - X[data.train.rows].mean(axis=0)) / X[data.train.rows].std(axis=0)
    for split in data.splits.values():
        assert np.allclose(split.x, truth[split.rows], atol=1e-5)
        assert np.array_equal(split.y, Y[split.rows])


def test_the_files_test_part_is_kept_and_validation_comes_out_of_train(archive):
    data = load(archive(x_train=X[:40], y_train=Y[:40], x_test=X[40:], y_test=Y[40:]))

    assert sorted(data.test.rows) == list(range(40, 60))
    assert (len(data.train), len(data.validation)) == (32, 8)
    assert (
        "the file's own parts; 20% for validation taken from the training rows" in data.split_rule
    )


def test_all_three_parts_are_kept(archive):
    data = load(
        archive(
            x_train=X[:30],
            y_train=Y[:30],
            x_val=X[30:45],
            y_val=Y[30:45],
            X_test=X[45:],
            Y_test=Y[45:],
        )
    )

    assert sorted(data.validation.rows) == list(range(30, 45))
    assert sorted(data.test.rows) == list(range(45, 60))


def test_bytes_are_grey_images_scaled_by_255(archive):
    images = RNG.integers(0, 256, (60, 5, 7), dtype=np.uint8)
    data = load(archive(x=images, y=Y))

    assert data.input_shape == (5, 7, 1)
    assert np.array_equal(data.train.x[..., 0], images[data.train.rows] / np.float32(255))
    assert "x: rows of shape (5, 7) taken for grey images" in data.notices


def test_colour_images_keep_their_channels(archive):
    data = load(archive(x=RNG.integers(0, 256, (60, 4, 4, 3), dtype=np.uint8), y=Y))

    assert data.input_shape == (4, 4, 3)


def test_whole_numbers_of_pixels_are_scaled_by_255_too(archive):
    data = load(archive(x=RNG.integers(0, 256, (60, 4, 4)), y=Y))

    assert data.train.x.min() >= 0
    assert data.train.x.max() == 1


def test_floats_higher_than_wide_are_sequences_whose_features_are_standardised(archive):
    data = load(archive(x=RNG.normal((5, -100), (3, 20), (60, 10, 2)), y=Y))

    assert data.input_shape == (10, 2)
    assert np.allclose(data.train.x.mean(axis=(0, 1)), 0, atol=1e-5)
    assert np.allclose(data.train.x.std(axis=(0, 1)), 1, atol=1e-5)
    assert "x: rows of shape (10, 2) taken for sequences" in data.notices


def test_a_constant_feature_is_kept_as_zeros_and_said(archive):
    data = load(archive(x=np.column_stack([X, np.full(60, 0.1)]), y=Y))

    assert (data.train.x[:, 3] == 0).all()
    assert "x: 1 feature constant in the training rows" in data.notices


def test_numbers_near_a_large_offset_are_standardised_exactly(archive):
    data = load(archive(x=1e9 + X, y=Y))

    assert np.allclose(data.train.x.std(axis=0), 1, atol=1e-3)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": X}, "must hold x and y together. Received: x"),
        ({"y": Y}, "must have x_train and y_train. Received: y|must hold x"),
        (
            {"a": X, "b": Y},
            "must hold x and y, or x_train, y_train, x_test and y_test. Received: 'a'",
        ),
        ({"x": X, "y": Y[:50]}, r"same number of rows. Received: shapes \(60, 3\) and \(50,\)"),
        ({"x": X, "y": np.ones((60, 2))}, r"one value per row. Received: shape \(60, 2\)"),
        ({"x": X[:9], "y": Y[:9]}, "at least 10 rows"),
        ({"x": np.float64(3), "y": Y}, "same number of rows"),
        ({"x": X[:, :0], "y": Y}, r"at least one feature. Received: shape \(60, 0\)"),
        ({"x": np.array(["a"] * 60), "y": Y}, "an array of numbers with one row per example"),
        ({"x": X * 1j, "y": Y}, "values of type complex128"),
        ({"x": X, "y": np.array([None] * 60)}, "`y` holds Python objects, which are never loaded"),
        ({"x": X.astype(object), "y": Y}, "`x` holds Python objects, which are never loaded"),
        ({"x_test": X, "y_test": Y}, "must have x_train and y_train. Received: x_test, y_test"),
        ({"x_train": X, "y_train": Y, "x_test": X}, "x_test and y_test together"),
        (
            {"x_train": X, "y_train": Y, "x_test": X[:, :2], "y_test": Y},
            r"one shape and type of row. Received: \(60, 3\) float64, \(60, 2\) float64",
        ),
        (
            {"x": np.where(np.arange(180).reshape(60, 3) == 5, np.nan, X), "y": Y},
            r"NaN or infinity in 1 column \(3\) and 1 row \(row 2\)",
        ),
        ({"x": np.where(X > 2, np.inf, X), "y": Y}, "finite numbers. Received: NaN or infinity in"),
        ({"x": np.where(X > 2, np.float32(np.inf), X.astype("f4")), "y": Y}, "NaN or infinity in"),
        ({"x": np.where(X > 2, 1e200, X), "y": Y}, r"Received: numbers beyond 1e\+150 in"),
        ({"x": X * 4e307, "y": Y}, r"beyond 1e\+150 in 3 columns"),
    ],
)
def test_archives_that_cannot_be_used_are_refused(archive, arrays, message):
    with pytest.raises(DataError, match=message):
        load(archive(**arrays))


def header(text: str) -> bytes:
    body = text.encode("latin-1").ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(body)) + body


def zipped(path, **entries: bytes):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in entries.items():
            file.writestr(f"{name}.npy", content)
    return path


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (
            header("{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999,)}"),
            "announced for 0",
        ),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (-1,)}"), "announced for 0"),
        (header("{'descr': '<f8', 'fortran_order': False, 'shape': (2,)}") + b"1", "for 1 bytes"),
        (header("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}"), "holds Python objects"),
        (
            header("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (0,)}"),
            "values of type",
        ),
        (header("__import__('os').getcwd()"), "`x` with "),
        (b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 65535, "`x` with "),
        (b"no array", "`x` with "),
        (b"", "`x` with "),
    ],
)
def test_lying_headers_are_refused_before_memory_is_taken(tmp_path, content, received):
    path = zipped(tmp_path / "data.npz", x=content, y=content)

    with pytest.raises(DataError) as caught:
        load(path)

    assert received in str(caught.value)


def test_a_zip_bomb_is_refused_by_what_its_directory_says(tmp_path, monkeypatch):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2**20, 8), np.uint8))
    path = zipped(tmp_path / "data.npz", x=buffer.getvalue(), y=buffer.getvalue())
    monkeypatch.setattr("fathom.data.archives.ARRAY_BYTES", 2**20)

    assert path.stat().st_size < 2**16
    with pytest.raises(DataError, match=r"must not take more than 1\.0 MiB. Received: 16\.0 MiB"):
        load(path)


def test_a_directory_that_lies_about_the_size_is_refused(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(1000))
    path = zipped(tmp_path / "data.npz", x=buffer.getvalue(), y=buffer.getvalue())
    whole = path.read_bytes()
    size = struct.pack("<I", len(buffer.getvalue()))
    path.write_bytes(whole.replace(size, struct.pack("<I", 10**9)))

    with pytest.raises(DataError, match=r"announced for|must be complete"):
        load(path)


def test_an_array_that_is_there_twice_is_refused(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(10))
    path = zipped(tmp_path / "data.npz", x=buffer.getvalue(), X=buffer.getvalue())

    with pytest.raises(DataError, match=r"each array once\. Received: x twice"):
        load(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"not a zip file at all"])
def test_what_is_no_archive_is_refused(write, content):
    with pytest.raises(DataError, match=r"An \.npz file must be complete. Received: data\.npz"):
        load(write(content, name="data.npz"))


def test_a_cut_off_archive_is_refused(archive):
    path = archive(x=X, y=Y)
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(DataError, match=r"An \.npz file must be complete"):
        load(path)


def test_a_flipped_bit_is_noticed(archive):
    path = archive(x=X, y=Y)
    content = bytearray(path.read_bytes())
    content[400] ^= 255
    path.write_bytes(bytes(content))

    with pytest.raises(DataError, match=r"An \.npz file must be complete|header of an array"):
        load(path)
