"""What results in the hand have in common: the stream they come from, tables and pages."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from fathom.store import write_output

if TYPE_CHECKING:
    import polars as pl

Begins = TypeVar("Begins")


def begun_by(
    stream: Generator[Any, None, None],
    kind: type[Begins],
    *,
    on_event: Callable[[Any], None] | None,
) -> Begins:
    """Let all of a stream happen, and return the event of a kind, which says what it began.

    Args:
        stream: What happens.
        kind: The type of that event, which every such stream has.
        on_event: Called with every event, if anybody wants to know; its errors end the stream,
            and with it what runs elsewhere.
    """
    found = []
    with closing(stream) as events:
        for event in events:
            if isinstance(event, kind):
                found.append(event)
            if on_event is not None:
                on_event(event)
    return found[-1]


def as_table(rows: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """Return rows as a dataframe, its types read from all of them."""
    import polars as pl

    return pl.DataFrame(list(rows), infer_schema_length=None)


def as_page(page: str, path: str | Path | None) -> str:
    """Return a page, which is written to `path` first if given.

    Raises:
        StoreError: `path` cannot be written.
    """
    if path is not None:
        write_output(path, page.encode())
    return page
