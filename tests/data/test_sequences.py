"""Arrays of sequences: their axes, their lengths, and the problems made of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fathom.data import Preprocessing, load
from fathom.data.sources.made_sequences import adding, sequence_parity
from fathom.errors import DataError, SpecError

RNG = np.random.default_rng(0)
ROWS, STEPS = 60, 9
X = RNG.normal((3, -50), (2, 10), (ROWS, STEPS, 2))
Y = np.arange(ROWS) % 2
LENGTHS = RNG.integers(1, STEPS + 1, ROWS)
AFTER = np.arange(STEPS) >= LENGTHS[:, None]


# -- what the axes are ---------------------------------------------------------------


def test_rows_of_numbers_are_sequences_where_asked_for(archive):
    file = archive(x=X[:, :, 0], y=Y)

    assert load(file).input_shape == (STEPS,)
    assert load(file, inputs="sequences").input_shape == (STEPS, 1)


def test_squares_are_images_unless_sequences_are_asked_for(archive):
    file = archive(x=RNG.normal(size=(ROWS, 5, 5)), y=Y)

    assert load(file).input_shape == (5, 5, 1)
    assert load(file, inputs="sequences").input_shape == (5, 5)
    assert load(file, inputs="vectors").input_shape == (25,)


def test_oblong_arrays_are_images_where_asked_for(archive):
    assert load(archive(x=X, y=Y), inputs="images").input_shape == (STEPS, 2, 1)


def test_lines_of_grey_images_are_steps_where_asked_for(archive):
    pixels = RNG.integers(0, 256, (ROWS, 6, 6), dtype=np.uint8)
    data = load(archive(x=pixels, y=Y), inputs="sequences")

    assert data.input_shape == (6, 6)
    assert (data.train.x[0] == (pixels[data.train.rows[0]] / 255).astype(np.float32)).all()


@pytest.mark.parametrize(
    ("shape", "inputs", "message"),
    [
        ((ROWS, 2, 2, 3), "sequences", r"Sequences must be an array \(rows, steps\) or"),
        ((ROWS, 4), "images", r"Images must be an array \(rows, height, width\) or"),
    ],
)
def test_axes_that_do_not_fit_are_refused(archive, shape, inputs, message):
    with pytest.raises(DataError, match=message):
        load(archive(x=RNG.normal(size=shape), y=Y), inputs=inputs)


def test_an_unknown_kind_of_inputs_is_answered_with_the_kinds_there_are():
    with pytest.raises(SpecError, match=r"(?s)auto, vectors, sequences, images.*'sequences'"):
        load((X, Y), inputs="sequence")


def test_inputs_do_not_apply_to_tables(table):
    with pytest.raises(SpecError, match="`inputs` does not apply to a table"):
        load(table(a=lambda row: row, y=lambda row: row % 2), target="y", inputs="sequences")


# -- lengths -------------------------------------------------------------------------


def test_steps_after_the_end_are_zero_and_marked(archive):
    data = load(archive(x=X, y=Y, lengths=LENGTHS))

    assert data.is_padded
    assert data.input_shape == (STEPS, 3)
    for split in data.splits.values():
        there = np.arange(STEPS) < LENGTHS[split.rows, None]
        assert (split.x[:, :, -1] == there).all()
        assert (split.x[~there] == 0).all()


def test_only_steps_that_are_there_are_standardised(archive):
    data = load(archive(x=X, y=Y, lengths=LENGTHS))
    steps = data.train.x[data.train.x[:, :, -1] == 1][:, :-1]

    assert np.allclose(steps.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(steps.std(axis=0), 1, atol=1e-5)


@settings(max_examples=20)
@given(filling=st.sampled_from([np.nan, np.inf, 1e300, -7.0]), dtype=st.sampled_from(["f4", "f8"]))
def test_what_stands_after_the_end_changes_nothing(filling, dtype):
    with np.errstate(over="ignore"):
        filled = np.where(AFTER[:, :, None], filling, X).astype(dtype)
    plain = np.where(AFTER[:, :, None], 0, X).astype(dtype)

    found, expected = (load((x, Y), lengths=LENGTHS) for x in (filled, plain))

    assert found.fingerprint == expected.fingerprint


def test_lengths_of_numbers_alone_make_sequences_of_one_feature(archive):
    assert load(archive(x=X[:, :, 0], y=Y, lengths=LENGTHS)).input_shape == (STEPS, 2)


def test_parts_have_lengths_of_their_own(archive):
    file = archive(
        x_train=X[:40], y_train=Y[:40], lengths_train=LENGTHS[:40],
        x_test=X[40:], y_test=Y[40:], lengths_test=LENGTHS[40:],
    )  # fmt: skip
    data = load(file)

    assert set(data.test.rows) == set(range(40, ROWS))
    assert (data.test.x[:, :, -1].sum(axis=1) == LENGTHS[data.test.rows]).all()


def test_new_sequences_may_be_shorter_and_are_treated_alike(tmp_path, archive):
    data = load(archive(x=X, y=Y, lengths=LENGTHS))
    again = Preprocessing.from_bytes(data.preprocessing.to_bytes())
    file = tmp_path / "new.npz"
    np.savez(file, x=X[:5, :7], y=Y[:5], lengths=np.minimum(LENGTHS[:5], 7))

    rows = again.transform(file)

    assert again.is_padded
    assert rows.x.shape == (5, STEPS, 3)
    short = LENGTHS[:5] <= 7
    known = {row: x for split in data.splits.values() for row, x in zip(split.rows, split.x)}
    for row in np.flatnonzero(short):
        np.testing.assert_array_equal(rows.x[row], known[row])


def test_new_sequences_without_lengths_are_as_long_as_they_come(archive):
    data = load(archive(x=X, y=Y, lengths=LENGTHS))

    short = data.preprocessing.transform(X[:5, :4]).x
    whole = data.preprocessing.transform((X[:5], Y[:5])).x

    assert (short[:, :, -1] == (np.arange(STEPS) < 4)).all()
    assert (whole[:, :, -1] == 1).all()
    np.testing.assert_array_equal(short[:, :4], whole[:, :4])
    assert not short[:, 4:].any()


def test_sequences_of_one_feature_need_no_axis_for_it(archive):
    data = load(archive(x=X[:, :, 0], y=Y, lengths=LENGTHS))
    assert data.preprocessing.transform(X[:5, :4, 0]).x.shape == (5, STEPS, 2)


def test_new_sequences_longer_than_training_ones_are_refused(archive):
    data = load(archive(x=X, y=Y, lengths=LENGTHS))
    longer = np.concatenate([X, X], axis=1)
    with pytest.raises(DataError, match=r"the shape of the training rows, \(9, 2\)"):
        data.preprocessing.transform(longer)


def test_lengths_of_new_rows_are_refused_where_training_had_none(tmp_path, archive):
    data = load(archive(x=X, y=Y))
    file = tmp_path / "new.npz"
    np.savez(file, x=X, lengths=LENGTHS)

    with pytest.raises(DataError, match="trained on sequences of one length"):
        data.preprocessing.transform(file)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [
        (LENGTHS[:-1], r"one number per row. Received: int64 of shape \(59,\) for 60 rows"),
        (np.where(np.arange(ROWS) == 4, 0, LENGTHS), r"from 1 to 9.*Received: 0 .* \(row 5\)"),
        (np.where(np.arange(ROWS) == 4, 10, LENGTHS), r"from 1 to 9.*Received: 10 .* \(row 5\)"),
        (np.where(np.arange(ROWS) == 4, 2.5, LENGTHS), r"Received: 2.5 .* \(row 5\)"),
        (np.where(np.arange(ROWS) == 4, np.nan, LENGTHS), r"Received: nan .* \(row 5\)"),
        (np.array(["3"] * ROWS), r"one number per row"),
    ],
)
def test_lengths_that_do_not_fit_are_refused(archive, lengths, message):
    with pytest.raises(DataError, match=message):
        load(archive(x=X, y=Y, lengths=lengths))


def test_lengths_of_images_are_refused():
    with pytest.raises(DataError, match="Only sequences have lengths"):
        load((X, Y), lengths=LENGTHS, inputs="images")


def test_a_part_without_lengths_is_refused(archive):
    file = archive(x_train=X, y_train=Y, lengths_train=LENGTHS, x_test=X, y_test=Y)
    with pytest.raises(DataError, match=r"(?s)Every part must have its lengths.*lengths_test"):
        load(file)


def test_sequences_of_different_lengths_without_lengths_are_refused():
    ragged = [list(range(2 + row % 3)) for row in range(ROWS)]
    with pytest.raises(DataError, match=r"(?s)rows of equal length.*`lengths`"):
        load((ragged, Y))


def test_ragged_objects_in_a_file_are_refused(tmp_path):
    ragged = np.empty(ROWS, object)
    ragged[:] = [np.zeros(2 + row % 3) for row in range(ROWS)]
    np.savez(tmp_path / "ragged.npz", x=ragged, y=Y)
    with pytest.raises(DataError, match=r"(?s)Python objects, which are never loaded.*`lengths`"):
        load(tmp_path / "ragged.npz")


# -- made sequences ------------------------------------------------------------------


def test_the_answer_of_adding_is_that_of_the_marked_steps():
    x, y, lengths = adding(500, 20, 0.0, np.random.default_rng(1))
    numbers, marks = x[:, :, 0], x[:, :, 1]

    assert x.shape == (500, 22, 2)
    assert set(lengths) == {20, 21, 22}
    assert ((marks == 1).sum(axis=1) == 2).all()
    assert (marks[np.arange(500), lengths - 1] == -1).all()
    counted = numbers * (marks == 1) * (np.arange(22) > 0)
    np.testing.assert_allclose(y, 0.5 + counted.sum(axis=1) / 4)


def test_the_marked_steps_of_adding_are_early():
    x, _, _ = adding(2000, 40, 0.0, np.random.default_rng(2))
    steps = np.argwhere(x[:, :, 1] == 1)[:, 1].reshape(-1, 2)

    assert steps[:, 0].min() == 0
    assert steps[:, 0].max() < 20
    assert steps.max() == 19


def test_sequence_parity_counts_the_steps_that_are_there():
    x, y, lengths = sequence_parity(500, 8, 0.0, np.random.default_rng(1))
    there = np.arange(8) < lengths[:, None]

    assert set(lengths) == {4, 5, 6, 7, 8}
    assert (y == ((x[:, :, 0] > 0) & there).sum(axis=1) % 2).all()


def test_steps_are_a_number_after_a_colon_or_an_option():
    assert load("adding:30").input_shape == (33, 3)
    assert load("sequence-parity", steps=12).input_shape == (12, 2)
    with pytest.raises(SpecError, match="`steps` must be at least 20"):
        load("adding:19")
    with pytest.raises(SpecError, match="`steps` does not apply to parity"):
        load("parity", steps=3)
