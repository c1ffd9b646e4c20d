"""Inputs that are image files: listed, checked in full, brought to one size."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from fathom.data.limits import ARRAY_BYTES, IMAGE_PIXELS, at_most
from fathom.data.wording import count, listed, value_of
from fathom.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
"""Pillow's names of the formats that are opened; no other decoder is ever started."""

LONGEST_SIDE = 128
"""Images are not made larger inputs than this unless a size is asked for."""

GREY_MODES = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N")
COLOUR_MODES = ("P", "PA", "RGB", "RGBA", "RGBX", "RGBa", "La", "CMYK", "YCbCr", "LAB", "HSV")


@dataclass(frozen=True, kw_only=True)
class Images:
    """Images, decoded and brought to one size.

    Args:
        pixels: uint8 (files, height, width, channels).
        inputs: How they were brought to it.
    """

    pixels: np.ndarray
    inputs: ImageInputs

    def __len__(self) -> int:
        return len(self.pixels)


@dataclass(frozen=True, kw_only=True)
class ImageInputs:
    """How image files become inputs.

    Args:
        height: Rows of pixels.
        width: Columns of pixels.
        channels: 1 for grey, 3 for red, green, blue.
        rule: What is done, in words.
    """

    height: int
    width: int
    channels: int
    rule: str

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one input."""
        return (self.height, self.width, self.channels)

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Pixels have no names."""
        return ()


@dataclass(frozen=True)
class Seen:
    """One file's header.

    Args:
        path: The file.
        size: (height, width) as it is shown.
        mode: Pillow's name for its kind of pixels.
        remarks: What will be done to it beside resizing, in words.
    """

    path: Path
    size: tuple[int, int]
    mode: str
    remarks: tuple[str, ...]


def read_images(
    paths: Sequence[Path], *, image_size: tuple[int, int] | None
) -> tuple[Images, list[str]]:
    """Return the images of many files, and notices.

    Args:
        paths: The files.
        image_size: (height, width) asked for; None to choose.

    Raises:
        DataError: Files are broken or too large.
    """
    seen = look_at(paths)
    inputs = choose_inputs(seen, image_size)
    notices = [*remarks_of(seen), f"images: {inputs.rule}"]
    return Images(pixels=decode(inputs, paths), inputs=inputs), notices


def look_at(paths: Sequence[Path]) -> list[Seen]:
    """Return the headers of image files.

    Raises:
        DataError: Files are not images, or have too many pixels.
    """
    return _each(paths, _look)


Result = TypeVar("Result")


def _each(paths: Sequence[Path], read: Callable[[Path], Result]) -> list[Result]:
    """Return what `read` gives for each file, or raise an error that lists the broken ones."""
    results, broken = [], []
    for path in paths:
        try:
            results.append(read(path))
        except DataError:
            raise
        except UNREADABLE as error:
            broken.append(f"{_place(path)} ({_reason(error)})")
    if broken:
        number = count(len(broken), "broken file")
        raise DataError(
            f"Every image must be complete and readable. Received: {number} of {len(paths):,}: "
            f"{listed(broken)}.",
            hint="remove or replace these files",
        )
    return results


UNREADABLE = (
    *(OSError, EOFError, SyntaxError, ValueError, TypeError, LookupError),
    *(ArithmeticError, MemoryError, struct.error, zlib.error),
)
"""What Pillow raises for files it cannot read."""


def _place(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def _reason(error: BaseException) -> str:
    text = str(error) or type(error).__name__
    return "not an image that can be read" if "cannot identify" in text else text


def _too_many_pixels(path: Path, size: str) -> DataError:
    return DataError(
        f"An image must not have more than {IMAGE_PIXELS // 10**6} million pixels. "
        f"Received: {_place(path)} has {size}.",
        hint="make it smaller first",
    )


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open an image file whose header announces no more pixels than the limit."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # our own limit is lower than the one Pillow warns of
        try:
            opened = Image.open(path, formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise _too_many_pixels(path, "more than Pillow opens") from error
        with opened as image:
            width, height = image.size
            if width * height > IMAGE_PIXELS:
                raise _too_many_pixels(path, f"{height:,} x {width:,}")
            yield image


def _look(path: Path) -> Seen:
    with _opened(path) as image:
        if image.mode not in (*GREY_MODES, *COLOUR_MODES):
            raise ValueError(f"pixels of type {image.mode}")
        width, height = image.size
        size = (width, height) if orientation(image) in SIDEWAYS else (height, width)
        return Seen(path, size, image.mode, tuple(_remarks_on(image)))


TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
"""What a camera's note asks for, by its number."""

SIDEWAYS = (5, 6, 7, 8)


def orientation(image: Image.Image) -> int:
    """Return how the camera was held, 1 where it is not noted."""
    if image.format == "PNG" and "exif" not in image.info:
        return 1  # asking would decode the whole picture
    return int(image.getexif().get(0x0112, 1))


def _remarks_on(image: Image.Image) -> Iterable[str]:
    if image.mode == "CMYK":
        yield "CMYK converted to RGB"
    if _is_deep(image):
        yield "16 bits per channel reduced to 8"
    if image.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in image.info:
        yield "transparent parts placed on white"
    if orientation(image) in TURNS:
        yield "turned as the camera noted"
    if getattr(image, "is_animated", False):
        yield "only the first of several frames used"


def _is_deep(image: Image.Image) -> bool:
    return image.mode.startswith("I") or ";16" in str(getattr(image, "tile", ""))


def remarks_of(seen: Sequence[Seen]) -> list[str]:
    """Return what will be done to how many files, in words."""
    counted = Counter(remark for each in seen for remark in each.remarks)
    return [f"images: {remark}, {count(files, 'file')}" for remark, files in counted.items()]


def choose_inputs(seen: Sequence[Seen], image_size: tuple[int, int] | None) -> ImageInputs:
    """Return the size and number of channels for all the files.

    One size is kept; of several the median is taken. Neither is larger than
    `LONGEST_SIDE` unless a size was asked for.

    Raises:
        DataError: All together they would be larger than the limit.
    """
    height, width = image_size or _chosen_size([each.size for each in seen])
    channels = 1 if all(each.mode in GREY_MODES for each in seen) else 3
    at_most(
        "The images as float32",
        4 * len(seen) * height * width * channels,
        ARRAY_BYTES,
        hint="ask for a smaller image_size=(height, width)",
    )
    sizes = sorted({each.size for each in seen})
    rule = f"{_size_rule(sizes, (height, width), asked=image_size is not None)}, "
    rule += "grey" if channels == 1 else "red, green, blue"
    return ImageInputs(
        height=height, width=width, channels=channels, rule=f"{rule}, scaled by 1/255"
    )


def _chosen_size(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    height, width = np.median(np.array(sizes), axis=0)
    shrink = min(1.0, LONGEST_SIDE / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def _size_rule(sizes: list[tuple[int, int]], size: tuple[int, int], *, asked: bool) -> str:
    wanted = f"{size[0]} x {size[1]}"
    if sizes == [size]:
        return wanted
    found = f"{len(sizes):,} sizes" if len(sizes) > 1 else f"{sizes[0][0]} x {sizes[0][1]}"
    why = "as asked" if asked else "the median"
    if not asked and max(size) == LONGEST_SIDE:
        why += f", longest side {LONGEST_SIDE}"
    return f"{found} resized to {wanted} ({why}; bilinear, proportions not kept)"


def decode(inputs: ImageInputs, paths: Sequence[Path]) -> np.ndarray:
    """Return uint8 (files, height, width, channels).

    Raises:
        DataError: Files are broken.
    """
    pixels = np.empty((len(paths), *inputs.input_shape), np.uint8)
    where = {path: k for k, path in enumerate(paths)}

    def fill(path: Path) -> None:
        pixels[where[path]] = _pixels(path, inputs)

    _each(paths, fill)
    return pixels


def to_inputs(pixels: np.ndarray) -> np.ndarray:
    """Return pixels in [0, 1] as float32."""
    return np.divide(pixels, np.float32(255), dtype=np.float32)


def _pixels(path: Path, inputs: ImageInputs) -> np.ndarray:
    """Return uint8 (height, width, channels) of one file."""
    from PIL import Image

    with _opened(path) as image:
        turn = TURNS.get(orientation(image))
        shown = on_white(eight_bits(image))
        shown = shown.transpose(Image.Transpose[turn]) if turn else shown
        shown = shown.convert("L" if inputs.channels == 1 else "RGB")
        size = (inputs.width, inputs.height)
        if shown.size != size:
            shown = shown.resize(size, Image.Resampling.BILINEAR)
        return np.asarray(shown).reshape(inputs.input_shape)


def eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of 8 bits per channel; Pillow's own conversion would cut off at 255."""
    from PIL import Image

    if not image.mode.startswith("I"):
        return image
    values = np.asarray(image).astype(np.float64)
    if values.max(initial=0) > 65_535 or values.min(initial=0) < 0:
        raise ValueError("grey values outside 0 to 65,535")
    return Image.fromarray(np.round(values / 257).astype(np.uint8))


def on_white(image: Image.Image) -> Image.Image:
    """Return the image with its transparent parts on white."""
    from PIL import Image

    if image.mode not in ("LA", "PA", "RGBA", "La", "RGBa") and "transparency" not in image.info:
        return image
    over = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", over.size, "white"), over)


def find_images(folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the image files directly in a folder, and the other files, hidden ones left out."""
    files = sorted(path for path in folder.iterdir() if path.is_file())
    shown = [path for path in files if not path.name.startswith((".", "Thumbs.db", "desktop.ini"))]
    images = [path for path in shown if path.suffix.lower() in SUFFIXES]
    return images, [path for path in shown if path.suffix.lower() not in SUFFIXES]


def ignored_in_words(others: Sequence[Path]) -> list[str]:
    """Return a notice that names the files which are not images."""
    if not others:
        return []
    names = listed(value_of(_place(path)) for path in others)
    return [f"files that are not images, ignored: {names}"]
