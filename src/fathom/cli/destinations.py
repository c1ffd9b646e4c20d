"""Where a study's results are to go, looked at before anything is trained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from fathom.errors import SpecError, StoreError
from fathom.store import check_output

PAGE_MARKS = tuple(
    f"Fathom {kind}</title>".encode()
    for kind in (
        "study",
        "layers",
        "features",
        "transfer",
        "experiments",
        "depth-separation",
        "sweep",
    )
)
_HEAD_BYTES = 200_000

Page = Annotated[
    Path | None,
    Parameter(help="Write all of it as one self-contained HTML page.", metavar="FILE.html"),
]


def checked_page(path: Path | None) -> Path | None:
    """Return where a page is to be written, once it is known that it can be.

    Raises:
        SpecError, StoreError: As of `check_page`.
    """
    if path is None:
        return None
    expanded = path.expanduser()
    check_page(expanded, option="--report")
    return expanded


def check_page(path: Path, *, option: str, force: bool = False) -> None:
    """Raise unless a page can be written to `path`; leaves nothing behind.

    Args:
        path: The page.
        option: The option that named it, for messages.
        force: Whether whatever is there may be replaced.

    Raises:
        SpecError: Its name does not end in .html.
        StoreError: It cannot be written, or is there already and no page of Fathom's.
    """
    _check_ending(option, path, (".html", ".htm"))
    check_output(path)
    if not force and path.exists() and not _is_page(path):
        raise StoreError(
            f"{path} is there already, and is no page of Fathom's.",
            hint=f"choose another name with {option}, or remove the file first",
        )


def _is_page(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    return any(mark in head for mark in PAGE_MARKS)


def check_markdown(path: Path) -> None:
    """Raise unless a Markdown page can be written to `path`; leaves nothing behind.

    Raises:
        SpecError: Its name does not end in .md.
        StoreError: It cannot be written.
    """
    _check_ending("--markdown", path, (".md",))
    check_output(path)


def check_model_file(path: Path) -> None:
    """Raise unless a model can be written to `path`; leaves nothing behind.

    Raises:
        SpecError: Its name does not end in .keras.
        StoreError: It cannot be written.
    """
    _check_ending("--save", path, (".keras",))
    check_output(path)


def _check_ending(option: str, path: Path, endings: tuple[str, ...]) -> None:
    if path.suffix.lower() not in endings:
        raise SpecError(
            f"The file of {option} must end in {' or '.join(endings)}. Received: {path}.",
            hint=f"use {option} {path.with_suffix(endings[0])}" if path.name else None,
        )
