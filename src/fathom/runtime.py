"""Where Keras and JAX are started, once, before anything imports them.

A CPU core counts as a JAX device, so that a population can be split over
cores; compiled programs are kept in the user's cache folder.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from fathom.errors import BackendError


def start() -> None:
    """Choose Keras's JAX backend, one device per core, and the compilation cache.

    Does nothing the second time. JAX that was started before keeps the
    devices it has: results are the same, on one core.

    Raises:
        BackendError: Keras is already running on another backend.
    """
    _choose_keras_backend()
    if not _is_started():
        _configure_jax()


def cache_folder() -> Path:
    """Return the folder of compiled programs: `$FATHOM_CACHE`, or the user's cache folder."""
    if chosen := os.environ.get("FATHOM_CACHE"):
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_dir("fathom", appauthor=False))


def read_cached(key: str) -> bytes | None:
    """Return what was kept under `key`, None if nothing was or it cannot be read."""
    try:
        return _cached_file(key).read_bytes()
    except OSError:
        return None


def write_cached(key: str, data: bytes) -> None:
    """Keep `data` under `key`, whole or not at all; a cache that cannot be written is no fault."""
    file = _cached_file(key)
    beside = file.with_name(f".{key}.{os.getpid()}")
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(file)


def _cached_file(key: str) -> Path:
    return cache_folder() / "programs" / key


_STARTED = False


def _is_started() -> bool:
    global _STARTED
    started, _STARTED = _STARTED, True
    return started


def _choose_keras_backend() -> None:
    if "keras" in sys.modules:
        backend = sys.modules["keras"].config.backend()
        if backend != "jax":
            raise BackendError(
                f"Fathom trains Keras models on JAX. Received: Keras started on {backend!r}.",
                hint="import fathom before keras, or set KERAS_BACKEND=jax",
            )
    os.environ["KERAS_BACKEND"] = "jax"


def _configure_jax() -> None:
    import jax
    from jax._src import xla_bridge  # the only way to ask without starting the backend

    if not xla_bridge.backends_are_initialized():
        jax.config.update("jax_num_cpu_devices", cpu_cores())
    if jax.config.values["jax_compilation_cache_dir"] is None:
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "xla"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)


def cpu_cores() -> int:
    """Return the number of CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
