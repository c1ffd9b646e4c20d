"""Folders of images, one sub-folder per class."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fathom.data.images import SUFFIXES, find_images, ignored_in_words, read_images
from fathom.data.material import PART_NAMES, Material, Options, RawTarget
from fathom.data.opening import reading
from fathom.data.sources.kind import Kind
from fathom.data.tables import given_parts
from fathom.data.wording import count, listed, value_of
from fathom.errors import DataError
from fathom.specs import at_least


def accepts(source: object) -> bool:
    """Return whether `source` is a folder."""
    return isinstance(source, Path) and source.is_dir()


def read(source: Any, options: Options) -> Material:
    """Return the files, their classes and, if the folders say so, their parts."""
    _check_size(options.image_size)
    with reading(source):
        parts_folders = _parts_folders(source)
        found = _classes_in(source) if not parts_folders else _classes_in_parts(parts_folders)
        _check_any(source, found.files)
        paths = [path for path, _, _ in found.files]
        features, remarks = read_images(paths, image_size=options.image_size)
    folders = sorted({folder for _, folder, _ in found.files})
    codes = np.array([folders.index(folder) for _, folder, _ in found.files], dtype=np.int64)
    parts = np.array([part for _, _, part in found.files], np.int8) if parts_folders else None
    if options.split is not None:
        parts = given_parts(options.split, len(codes))
    return Material(
        name=source.resolve().name,
        source=str(source),
        features=features,
        target=RawTarget(name="folder", values=codes, names=tuple(folders)),
        parts=parts,
        parts_rule="`split`" if options.split is not None else _parts_rule(parts_folders),
        notices=(*ignored_in_words(found.others), *found.notices, *remarks),
    )


class _Found:
    """Files with class and part, and whatever else was in the folders."""

    def __init__(self) -> None:
        self.files: list[tuple[Path, str, int]] = []
        self.others: list[Path] = []
        self.notices: list[str] = []


def _subfolders(folder: Path) -> list[Path]:
    inside = sorted(path for path in folder.iterdir() if path.is_dir())
    return [path for path in inside if not path.name.startswith((".", "__"))]


def _parts_folders(source: Path) -> dict[Path, int]:
    """Return the sub-folders that are parts, if all of them are and one is for training."""
    folders = _subfolders(source)
    parts = {path: PART_NAMES.get(path.name.casefold(), -1) for path in folders}
    is_split = bool(parts) and -1 not in parts.values() and PART_NAMES["train"] in parts.values()
    have_classes = all(_subfolders(path) for path in folders)
    return parts if is_split and have_classes else {}


def _parts_rule(folders: dict[Path, int]) -> str:
    return f"the folders {listed(path.name for path in folders)}" if folders else ""


def _classes_in(source: Path, part: int = 0) -> _Found:
    found = _Found()
    for folder in _subfolders(source):
        images, others = find_images(folder)
        found.files += [(path, folder.name, part) for path in images]
        found.others += others
        if not images:
            found.notices.append(f"folder {value_of(folder.name)} left out: no images in it")
    loose, _ = find_images(source)
    if loose and found.files:
        found.notices.append(f"{count(len(loose), 'image')} outside the class folders ignored")
    return found


def _classes_in_parts(folders: dict[Path, int]) -> _Found:
    together = _Found()
    for folder, part in folders.items():
        found = _classes_in(folder, part)
        together.files += found.files
        together.others += found.others
        together.notices += found.notices
    return together


def _check_any(source: Path, files: list[tuple[Path, str, int]]) -> None:
    if files:
        return
    loose, _ = find_images(source)
    received = f"{count(len(loose), 'image')} and no sub-folder" if loose else "no images"
    raise DataError(
        "A folder of images must have one sub-folder of images per class. "
        f"Received: {value_of(source)} with {received if loose else 'no images'}.",
        hint="make folders such as cats/ and dogs/ and move the images there"
        if loose
        else f"images are files ending in {', '.join(SUFFIXES)}",
    )


def _check_size(image_size: tuple[int, int] | None) -> None:
    for side in image_size or ():
        at_least("image_size", side, 1, hint="image_size=(height, width) in pixels")


KIND = Kind(
    what="a folder of images",
    options=frozenset({"image_size", "split"}),
    accepts=accepts,
    read=read,
)
