"""A series' data sets: one source, of which other rows are drawn for each study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fathom.errors import DataError

if TYPE_CHECKING:
    from fathom.data import Dataset
    from fathom.store import StoredSeries

Load = Callable[[Mapping[str, int]], "Dataset"]


def drawing(data: Any, **options: Any) -> Load:
    """Return what draws a series' data sets; the last one stays at hand.

    Args:
        data: A `Dataset`, or whatever `fathom.load` takes.
        **options: Of `fathom.load`, where `data` is no `Dataset`.
    """
    kept: dict[frozenset[tuple[str, int]], Dataset] = {}

    def draw(drawn: Mapping[str, int]) -> Dataset:
        key = frozenset(drawn.items())
        if key not in kept:
            found = _drawn(data, options, drawn)
            kept.clear()
            kept[key] = found
        return kept[key]

    return draw


def _drawn(data: Any, options: Mapping[str, Any], drawn: Mapping[str, int]) -> Dataset:
    from fathom.data import Dataset, load

    changed: dict[str, Any] = dict(drawn)
    if not isinstance(data, Dataset):
        return load(data, **{**options, **changed})
    if not drawn:
        return data
    if data.loading is None:
        raise DataError(
            "Rows are drawn anew from the source of a data set. Received: a Dataset that was made "
            "from data in memory.",
            hint="give the arrays or the dataframe themselves, with target=... where needed",
        )
    return load(**{**_as_arguments(data.loading), **changed})


def _as_arguments(loading: Mapping[str, Any]) -> dict[str, Any]:
    size = loading.get("image_size")
    known = {**loading, "image_size": None if size is None else tuple(size)}
    return {name: value for name, value in known.items() if name not in _DRAWN}


_DRAWN = ("validation_seed", "training_rows")


def reloading(stored: StoredSeries) -> Load:
    """Return what draws a stored series' data sets, read again as they were for it.

    Raises:
        DataError: They were in memory.
    """
    loading = stored.record.loading
    if loading is None:
        raise DataError(
            "A sweep goes on with the data it was begun on, read again. Received: "
            f"{stored.name}, whose data were in memory.",
            hint=f"in Python: fathom.resume_sweep({stored.name!r}, data=...)",
        )
    arguments = _as_arguments(loading)
    return drawing(arguments.pop("source"), **arguments)
