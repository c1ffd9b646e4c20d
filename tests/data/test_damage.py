"""Damaged files are refused with a message, or read; never a traceback, never a NaN."""

from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from fathom.data import load, reading_parquet
from fathom.errors import DataError

Damage = list[tuple[str, float, bytes]]

DAMAGES = st.lists(
    st.tuples(
        st.sampled_from(["overwrite", "insert", "delete", "cut"]),
        st.floats(0, 1, exclude_max=True),
        st.binary(min_size=1, max_size=8) | st.sampled_from([b",", b'"', b"\n", b"\0", b"\xff"]),
    ),
    min_size=1,
    max_size=4,
)


def damaged(content: bytes, damages: Damage) -> bytes:
    for kind, where, body in damages:
        at = int(where * len(content))
        after = {"insert": at, "cut": len(content)}.get(kind, at + len(body))
        content = (
            content[:at] + (body if kind in ("overwrite", "insert") else b"") + content[after:]
        )
    return content


def csv_file() -> bytes:
    rows = "".join(f'{k % 11}.5,"a, {k % 3}",2024-01-{k % 28 + 1:02d},{k % 2}\n' for k in range(40))
    return f"number,text,date,y\n{rows}".encode()


def parquet_file() -> bytes:
    buffer = io.BytesIO()
    columns = {"number": [k % 11 / 2 for k in range(40)], "text": [f"a{k % 3}" for k in range(40)]}
    pl.DataFrame({**columns, "y": [0, 1] * 20}).write_parquet(buffer)
    return buffer.getvalue()


def npz_file() -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, x=np.arange(120.0).reshape(40, 3), y=np.arange(40) % 2)
    return buffer.getvalue()


def image_file(kind: str) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def check(source: Path, **options: str) -> None:
    try:
        data = load(source, **options)  # pyright: ignore[reportArgumentType]
    except DataError as error:
        assert "Received: " in error.message
        return
    for split in data.splits.values():
        assert np.isfinite(split.x).all()


@pytest.mark.parametrize(
    ("suffix", "whole", "options"),
    [
        ("csv", csv_file(), {"target": "y"}),
        ("parquet", parquet_file(), {"target": "y"}),
        ("npz", npz_file(), {}),
    ],
)
@given(damages=DAMAGES)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_or_read(tmp_path, suffix, whole, options, damages):
    path = tmp_path / f"data.{suffix}"
    path.write_bytes(damaged(whole, damages))

    check(path, **options)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
@given(damages=DAMAGES)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_image_is_refused_or_read(tmp_path, kind, damages):
    for name in ("cats", "dogs"):
        (tmp_path / "pets" / name).mkdir(parents=True, exist_ok=True)
        for k in range(5):
            (tmp_path / "pets" / name / f"{k}.png").write_bytes(image_file("PNG"))
    path = tmp_path / "pets" / "cats" / f"x.{kind.lower()}"
    path.write_bytes(damaged(image_file(kind), damages))

    check(tmp_path / "pets")


def test_what_a_reader_writes_as_it_fails_stays_off_the_screen(capfd, tmp_path):
    with (
        pytest.raises(DataError, match=r"must be complete.* data\.parquet, .* read: bad page\."),
        reading_parquet(tmp_path / "data.parquet"),
    ):
        os.write(2, b"thread panicked")
        raise pl.exceptions.ComputeError("bad page")
    assert capfd.readouterr().err == ""
    with reading_parquet(tmp_path / "data.parquet"):
        os.write(2, b"a warning")
    assert capfd.readouterr().err == "a warning"
