"""The files of the page: listed when the server starts, then served by exact name only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

STATIC = Path(__file__).with_name("static")
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".woff2": "font/woff2",
    ".png": "image/png",
}


@dataclass(frozen=True)
class StaticFile:
    """A file of the page."""

    path: Path
    media_type: str

    def read(self) -> bytes:
        """Return its content."""
        return self.path.read_bytes()


def static_files(folder: Path = STATIC) -> dict[str, StaticFile]:
    """Return the files of the page by their names relative to the folder.

    A name that a request gives is only ever looked up here: it never becomes a path.
    """
    return dict(_listed(folder))


def static_text(name: str) -> str:
    """Return the text of a file of the page, such as "lib/curve.js"."""
    return (STATIC / name).read_text("utf-8")


def _listed(folder: Path) -> Iterator[tuple[str, StaticFile]]:
    for path in sorted(folder.rglob("*")):
        kind = TYPES.get(path.suffix)
        if kind is not None and path.is_file() and not path.is_symlink():
            yield path.relative_to(folder).as_posix(), StaticFile(path, kind)


@cache
def plotly_script() -> bytes:
    """Return the plotly.min.js inside the installed plotly."""
    import plotly

    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_bytes()
