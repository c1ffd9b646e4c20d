"""Folders of images: every file checked, one size, the rule said and kept."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fathom.data import Preprocessing, load, read_rows
from fathom.errors import DataError, SpecError

RNG = np.random.default_rng(0)


def save(path: Path, pixels: np.ndarray, mode: str | None = None, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **options)  # pyright: ignore[reportArgumentType]


def grey(height: int = 6, width: int = 4) -> np.ndarray:
    return RNG.integers(0, 256, (height, width), dtype=np.uint8)


def colour(height: int = 6, width: int = 4) -> np.ndarray:
    return RNG.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six grey images of 6 x 4 pixels in each of `cats` and `dogs`."""
    for name in ("cats", "dogs"):
        for k in range(6):
            save(tmp_path / "pets" / name / f"{k}.png", grey())
    return tmp_path / "pets"


def test_sub_folders_are_classes_and_pixels_are_scaled_by_255(folder):
    data = load(folder)

    assert (data.name, data.classes, data.input_shape) == ("pets", ("cats", "dogs"), (6, 4, 1))
    paths = sorted(folder.rglob("*.png"))
    for x, y, row in zip(data.train.x, data.train.y, data.train.rows):
        assert np.array_equal(x[..., 0], np.asarray(Image.open(paths[row])) / np.float32(255))
        assert data.classes[y] == paths[row].parent.name
    assert data.columns[0].decision == "6 x 4, grey, scaled by 1/255"


def test_several_sizes_are_resized_to_the_median_and_the_rule_is_kept_for_new_images(folder):
    save(folder / "cats" / "large.png", grey(30, 50))
    data = load(folder)

    rule = "2 sizes resized to 6 x 4 (the median; bilinear, proportions not kept), grey"
    assert f"images: {rule}, scaled by 1/255" in data.notices
    again = Preprocessing.from_bytes(data.preprocessing.to_bytes())
    new = read_rows(folder / "cats" / "large.png", again)
    assert new.x.shape == (1, 6, 4, 1)
    row = sorted(folder.rglob("*.png")).index(folder / "cats" / "large.png")
    for split in data.splits.values():
        if row in split.rows:
            assert np.array_equal(split.x[list(split.rows).index(row)], new.x[0])


def test_a_size_can_be_asked_for(folder):
    data = load(folder, image_size=(3, 5))

    assert data.input_shape == (3, 5, 1)
    assert "6 x 4 resized to 3 x 5 (as asked" in data.columns[0].decision


def test_large_images_are_made_smaller_and_it_is_said(tmp_path):
    for k in range(12):
        save(tmp_path / "ab"[k % 2] / f"{k}.png", grey(200, 400))
    data = load(tmp_path)

    assert data.input_shape == (64, 128, 1)
    assert "longest side 128" in data.columns[0].decision


def test_one_colour_image_makes_all_of_them_colour(folder):
    save(folder / "dogs" / "colour.png", colour())

    assert load(folder).input_shape == (6, 4, 3)


def test_sixteen_bits_are_reduced_not_cut_off_and_it_is_said(folder):
    deep = np.arange(24, dtype=np.uint16).reshape(6, 4) * 2849  # up to 65,527
    save(folder / "cats" / "deep.png", deep)
    data = load(folder)

    assert "images: 16 bits per channel reduced to 8, 1 file" in data.notices
    x = read_rows(folder / "cats" / "deep.png", data.preprocessing).x[0, ..., 0]
    assert np.allclose(x, deep / 65535, atol=1 / 500)


@pytest.mark.parametrize(
    ("pixels", "mode", "name", "said"),
    [
        (colour(), "CMYK", "a.jpg", "images: CMYK converted to RGB, 1 file"),
        (colour(), "RGBA", "a.png", "images: transparent parts placed on white, 1 file"),
        (colour(), "P", "a.gif", None),
        (colour(), None, "a.bmp", None),
        (colour(), None, "a.webp", None),
        (colour(), None, "a.tiff", None),
        (grey(), "1", "a.png", None),
    ],
)
def test_every_usual_kind_of_image_loads_and_conversions_are_said(folder, pixels, mode, name, said):
    save(folder / "cats" / name, pixels, mode)
    data = load(folder)

    assert len(data.train) + len(data.validation) + len(data.test) == 13
    assert said is None or said in data.notices


def test_transparent_parts_are_white(folder):
    clear = np.zeros((6, 4, 4), np.uint8)
    save(folder / "cats" / "clear.png", clear)
    data = load(folder)

    assert (read_rows(folder / "cats" / "clear.png", data.preprocessing).x == 1).all()


def test_images_are_turned_as_the_camera_noted(folder):
    exif = Image.Exif()
    exif[0x0112] = 6
    save(folder / "cats" / "turned.png", grey(4, 6), exif=exif)
    data = load(folder)

    assert data.columns[0].decision == "6 x 4, grey, scaled by 1/255"
    assert "images: turned as the camera noted, 1 file" in data.notices


def test_folders_called_train_and_test_are_splits(tmp_path):
    for part, files in (("train", 10), ("test", 4)):
        for name in ("cats", "dogs"):
            for k in range(files):
                save(tmp_path / part / name / f"{k}.png", grey())
    data = load(tmp_path)

    assert data.classes == ("cats", "dogs")
    assert (len(data.train), len(data.validation), len(data.test)) == (16, 4, 8)
    assert data.split_rule.startswith("split: by the folders test, train; 20% for validation")


def test_other_files_and_empty_folders_are_named(folder):
    (folder / "cats" / "notes.txt").write_text("x")
    (folder / "cats" / ".hidden").write_text("x")
    (folder / "birds").mkdir()
    notices = load(folder).notices

    assert "files that are not images, ignored: 'cats/notes.txt'" in notices
    assert "folder 'birds' left out: no images in it" in notices


def test_broken_images_are_listed(folder):
    whole = (folder / "cats" / "0.png").read_bytes()
    (folder / "cats" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / "dogs" / "text.png").write_text("no image")
    (folder / "dogs" / "empty.jpg").write_bytes(b"")

    with pytest.raises(DataError) as caught:
        load(folder)

    message = str(caught.value)
    assert "Every image must be complete and readable. Received:" in message
    assert "dogs/text.png (not an image that can be read)" in message
    assert "dogs/empty.jpg" in message
    assert "hint: remove or replace these files" in message


def test_an_image_that_breaks_off_in_its_pixels_is_named(folder):
    big = RNG.integers(0, 256, (200, 200), dtype=np.uint8)
    save(folder / "cats" / "big.png", big)
    path = folder / "cats" / "big.png"
    path.write_bytes(path.read_bytes()[:20_000])

    with pytest.raises(DataError, match=r"1 broken file of \d+: cats/big\.png \(image file is"):
        load(folder)


def png_bomb(side: int) -> bytes:
    """Return a small PNG that announces a huge picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 10**6, 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("side", "size"), [(10_000, "10,000 x 10,000"), (40_000, "more than Pillow opens")]
)
def test_a_picture_bomb_is_refused_by_its_header(folder, side, size):
    (folder / "cats" / "bomb.png").write_bytes(png_bomb(side))

    with pytest.raises(
        DataError, match=rf"50 million pixels\. Received: cats/bomb\.png has {size}"
    ):
        load(folder)


def test_too_many_pixels_together_are_refused_before_they_are_read(folder, monkeypatch):
    monkeypatch.setattr("fathom.data.images.ARRAY_BYTES", 1000)

    with pytest.raises(DataError, match="images as float32 must not take more than 1000 bytes"):
        load(folder)


def test_a_text_renamed_to_an_image_starts_no_other_decoder(folder):
    (folder / "cats" / "page.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n")

    with pytest.raises(DataError, match="not an image that can be read"):
        load(folder)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda root: None, "one sub-folder of images per class. Received: .* with no images"),
        (lambda root: save(root / "a.png", grey()), "with 1 image and no sub-folder"),
        (lambda root: (root / "cats").mkdir(), "with no images"),
    ],
)
def test_folders_without_classes_are_refused(tmp_path, make, message):
    make(tmp_path)

    with pytest.raises(DataError, match=message):
        load(tmp_path)


def test_one_class_is_refused(tmp_path):
    for k in range(12):
        save(tmp_path / "cats" / f"{k}.png", grey())

    with pytest.raises(
        DataError, match=r"at least two classes\. Received: every row of the target"
    ):
        load(tmp_path)


def test_an_image_size_below_one_is_refused(folder):
    with pytest.raises(SpecError, match="`image_size` must be at least 1"):
        load(folder, image_size=(0, 5))


def test_new_images_may_be_a_file_a_folder_or_folders_of_classes(folder, tmp_path):
    data = load(folder)
    for k in range(3):
        save(tmp_path / "new" / f"{k}.png", grey())

    flat = read_rows(tmp_path / "new", data.preprocessing)
    assert (flat.x.shape, flat.y) == ((3, 6, 4, 1), None)
    assert [Path(name).name for name in flat.names] == ["0.png", "1.png", "2.png"]
    with_classes = read_rows(folder, data.preprocessing)
    assert with_classes.y is not None
    assert with_classes.y.tolist() == [0] * 6 + [1] * 6
