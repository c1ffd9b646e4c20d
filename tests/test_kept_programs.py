"""What is kept of compiled programs is whole, or not there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from jax._src.lru_cache import LRUCache
from support.disks import largest_file

from fathom import runtime


def test_a_compiled_program_that_could_not_be_written_whole_is_not_kept(tmp_path: Path) -> None:
    cache = LRUCache(str(tmp_path), max_size=-1)
    with largest_file(1000):
        cache.put("program", b"x" * 5000)
    assert list(tmp_path.iterdir()) == []
    assert cache.get("program") is None
    cache.put("program", b"x" * 5000)
    assert cache.get("program") == b"x" * 5000
    assert [file.name for file in tmp_path.iterdir()] == ["program-cache"]


def test_a_traced_program_that_could_not_be_written_whole_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FATHOM_CACHE", str(tmp_path))
    with largest_file(1000):
        runtime.write_cached("program", b"x" * 5000)
    assert runtime.read_cached("program") is None
    assert list((tmp_path / "programs").iterdir()) == []
    runtime.write_cached("program", b"x" * 5000)
    assert runtime.read_cached("program") == b"x" * 5000


def test_what_jax_compiles_is_written_by_fathom_and_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jax

    written = []
    monkeypatch.setattr(runtime, "_write_whole", lambda file, data: written.append(file.name))
    function = jax.jit(lambda x: x * np.float32(3.25) + np.float32(0.125))
    assert float(function(np.float32(2))) == 6.625
    assert any(name.startswith("jit__lambda") and name.endswith("-cache") for name in written)
