"""Small files for the tests of data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Writer = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Writer:
    """Write text or bytes to a file: `write("a,b\\n1,2\\n", name="data.csv", encoding="utf-8")`."""

    def writer(content: str | bytes, *, name: str = "data.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return writer


@pytest.fixture
def table(write: Writer) -> Writer:
    """Write a CSV of 40 rows from columns: `table(age=lambda row: row, y=lambda row: row % 2)`."""

    def writer(
        *, rows: int = 40, file_name: str = "data.csv", **columns: Callable[[int], object]
    ) -> Path:
        lines = [",".join(columns)]
        lines += [",".join(str(cell(row)) for cell in columns.values()) for row in range(rows)]
        return write("\n".join(lines) + "\n", name=file_name)

    return writer


@pytest.fixture
def archive(tmp_path: Path) -> Writer:
    """Write an .npz file: `archive(x=..., y=...)`."""

    def writer(**arrays: np.ndarray) -> Path:
        path = tmp_path / "data.npz"
        np.savez_compressed(path, **arrays)  # pyright: ignore[reportArgumentType]
        return path

    return writer
