"""Kinds of sources, one file each: what they accept, and how they are read."""

from __future__ import annotations

import os

from fathom.data.material import Material, Options
from fathom.data.opening import wrong_kind
from fathom.data.paths import local_path
from fathom.data.sources import (
    arrays,
    builtin,
    dataframes,
    generators,
    image_folders,
    npz,
    table_files,
)
from fathom.data.sources.kind import Kind
from fathom.data.wording import short
from fathom.errors import DataError, SpecError

__all__ = ["describe", "read"]


NAMED = (builtin.KIND, generators.KIND)
"""Sources that are called by name."""

IN_FILES = (table_files.KIND, npz.KIND, image_folders.KIND)
"""Sources that are paths of something there."""

IN_MEMORY = (dataframes.KIND, arrays.KIND)
"""Sources that are Python objects."""


OPTIONAL = (
    *("target", "split", "rows", "noise", "bits", "compositions", "steps", "image_size"),
    *("inputs", "lengths", "time", "window", "horizon"),
)
"""Options that each kind of source takes or not."""


def read(source: object, options: Options) -> Material:
    """Return the raw data of any source.

    Raises:
        DataError: The source is not there, of an unknown kind, or unusable.
        SpecError: An option does not apply to this kind of source.
    """
    kind, found = _kind_of(source)
    _check_options(kind, options)
    return kind.read(found, options)


def _kind_of(source: object) -> tuple[Kind, object]:
    if not isinstance(source, (str, os.PathLike)):
        return _first(IN_MEMORY, source) or _refuse(source), source
    if isinstance(source, str) and (kind := _first(NAMED, source)):
        return kind, source
    path = local_path(source, names=describe())
    kind = _first(IN_FILES, path)
    if kind is None:
        raise wrong_kind(path)
    return kind, path


def _first(kinds: tuple[Kind, ...], source: object) -> Kind | None:
    return next((kind for kind in kinds if kind.accepts(source)), None)


def _refuse(source: object) -> Kind:
    raise DataError(
        "Data must be a path, a built-in name, a dataframe, an array, or (x, y). "
        f"Received: {_named(source)}.",
        hint="numpy.asarray or a dataframe library can convert most things",
    )


def _named(source: object) -> str:
    kind = type(source).__name__
    return f"a {kind} of {len(source)}" if isinstance(source, tuple | list) else kind


def _check_options(kind: Kind, options: Options) -> None:
    for option in OPTIONAL:
        value = getattr(options, option)
        if value is not None and option not in kind.options:
            raise SpecError(
                f"`{option}` does not apply to {kind.what}. "
                f"Received: {option}={short(repr(value))}.",
                hint=f"leave `{option}` out",
            )


def describe() -> dict[str, str]:
    """Return the names of the built-in sources, with a line on each."""
    return {name: line for kind in NAMED for name, line in kind.describe().items()}
