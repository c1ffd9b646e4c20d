"""Arrays of members, whole, damaged, and one generation back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays_of

from fathom.errors import StoreError, UnknownNameError
from fathom.store.weights import read_weights, write_weights

DTYPES = st.sampled_from(["?", "i1", "u1", "<i4", ">i8", "f2", "<f4", ">f4", "f8"])
SHAPES = arrays_of.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)
ARRAYS = DTYPES.flatmap(lambda dtype: arrays_of.arrays(np.dtype(dtype), SHAPES))


@settings(max_examples=100)
@given(
    arrays=st.dictionaries(st.text(), ARRAYS, max_size=3),
    metadata=st.dictionaries(st.text(), st.text(), max_size=3),
)
def test_arrays_come_back_bit_for_bit(tmp_path_factory, arrays, metadata):
    path = tmp_path_factory.getbasetemp() / "w.safetensors"
    write_weights(path, arrays, metadata)
    found = read_weights(path)
    assert found.metadata == metadata
    assert found.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        little = array.astype(array.dtype.newbyteorder("<"))
        assert found.arrays[name].dtype == little.dtype
        assert found.arrays[name].shape == array.shape
        assert found.arrays[name].tobytes() == little.tobytes()


def test_views_are_stored_as_they_look(store, sample):
    base = np.arange(24.0).reshape(4, 6)
    with store.create(sample.study()) as writer:
        writer.write_weights("depth-1", {"t": base.T, "s": base[::2, 1::3], "r": base[::-1]})
    found = store.open("digits").weights("depth-1")
    np.testing.assert_array_equal(found["t"], base.T)
    np.testing.assert_array_equal(found["s"], base[::2, 1::3])
    np.testing.assert_array_equal(found["r"], base[::-1])


def test_a_study_tells_which_weights_it_keeps(store, sample):
    with store.create(sample.study()) as writer:
        for name in ("depth-1-width-64", "depth-0-width-64", "depth-0-width-64"):
            writer.write_weights(name, {"w": np.ones(2)}, {"seed": "0"})
    study = store.open("digits")
    assert study.weights_names() == ("depth-0-width-64", "depth-1-width-64")
    assert study.has_weights("depth-1-width-64")
    assert study.weights_metadata("depth-1-width-64") == {"seed": "0"}
    with pytest.raises(UnknownNameError, match=r"depth-0-width-64, depth-1-width-64\.(.|\n)*mean"):
        study.weights("depth-2-width-64")


def test_removed_weights_are_gone_with_their_spare(store, sample):
    with store.create(sample.study()) as writer:
        writer.write_weights("a", {})
        writer.write_weights("a", {})
        writer.remove_weights("a")
        writer.remove_weights("a")
    assert store.open("digits").weights_names() == ()
    assert list((store.root / "digits" / "weights").iterdir()) == []


@pytest.fixture
def twice(store, sample):
    """A study whose weights were written twice: 1.0, then 2.0."""
    with store.create(sample.study()) as writer:
        for value in (1.0, 2.0):
            writer.write_weights("w", {"a": np.full(50, value)}, {"value": str(value)})
    return writer.folder / "weights" / "w.safetensors"


def test_a_bit_flipped_anywhere_is_found_and_the_generation_before_is_used(store, twice):
    data = twice.read_bytes()
    for position in range(0, len(data), 7):
        flipped = bytearray(data)
        flipped[position] ^= 1 << position % 8
        twice.write_bytes(flipped)
        study = store.open("digits")
        assert study.weights("w")["a"][0] == 1.0
        assert study.weights_metadata("w") == {"value": "1.0"}
        (notice,) = study.notices
        assert "w.safetensors is damaged" in notice
        assert notice.endswith("the generation before it is used instead.")


@pytest.mark.parametrize("size", [0, 1, 8, 100, 500])
def test_a_truncated_file_is_found_and_the_generation_before_is_used(store, twice, size):
    twice.write_bytes(twice.read_bytes()[:size])
    study = store.open("digits")
    assert study.weights("w")["a"][0] == 1.0
    assert len(study.notices) == 1


def test_a_crash_between_two_generations_leaves_the_one_before(store, twice):
    twice.unlink()
    study = store.open("digits")
    assert study.weights("w")["a"][0] == 1.0
    assert study.notices == ("w.safetensors is missing; the generation before it is used instead.",)


def test_weights_without_a_sound_generation_are_refused(store, twice):
    for path in twice.parent.iterdir():
        path.write_bytes(b"x" * 100)
    with pytest.raises(StoreError, match=r"w\.previous\.safetensors is damaged"):
        store.open("digits").weights("w")
    (twice.parent / "w.previous.safetensors").unlink()
    with pytest.raises(StoreError, match=r"w\.safetensors is damaged(.|\n)*run the study again"):
        store.open("digits").weights("w")


@pytest.mark.parametrize("header", ['"F8_E4M3","shape":[8]', '"BF16","shape":[4]'])
def test_types_numpy_does_not_have_are_damage(tmp_path, header):
    path = tmp_path / "w.safetensors"
    text = ('{"a":{"dtype":' + header + ',"data_offsets":[0,8]}}').encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"\0" * 8)
    with pytest.raises(StoreError, match="is damaged"):
        read_weights(path)


@pytest.mark.parametrize("array", [np.array(["a"]), np.array([{}]), np.array([1j])])
def test_arrays_that_are_no_weights_are_refused(store, sample, array):
    with store.create(sample.study()) as writer, pytest.raises(StoreError, match="'a' of type"):
        writer.write_weights("w", {"a": array})
    assert store.open("digits").weights_names() == ()
