"""Where Keras and JAX are started, once, before anything imports them.

A CPU core counts as a JAX device, so that a population can be split over
cores; compiled programs are kept in the user's cache folder; memory that a
step of training frees is kept for the next step.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from fathom.errors import BackendError

# Parameters of mallopt(3), as glibc numbers them, and what they are set to, in bytes. Of the
# first 32 MiB is the most that its manual allows.
MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1
LARGEST_HEAP_BLOCK = 32 * 2**20
KEPT_FREE = 64 * 2**20
# What Keras imports where it is installed, and uses for few users: half a second together.
ATTENTION_ON_TPU = "jax.experimental.pallas.ops.tpu.splash_attention"
SELDOM_USED_BY_KERAS = (
    *("IPython", "h5py", "matplotlib", "matplotlib.pyplot", "pandas", "requests"),
    ATTENTION_ON_TPU,
    *(f"{ATTENTION_ON_TPU}.splash_attention_{part}" for part in ("kernel", "mask")),
)
# Classes of them that Keras asks whether an array is one of.
CLASSES_OF_ARRAYS = (("pandas", "DataFrame"), ("pandas", "Series"))
MALLOC_SETTINGS = ("GLIBC_TUNABLES", "MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_")


def start(*, cores: int | None = None) -> None:
    """Choose Keras's JAX backend, one device per core, and the compilation cache.

    Does nothing the second time. JAX that was started before keeps the
    devices it has: results are the same, on one core.

    Args:
        cores: Devices that the processor counts as; one for each core if None.

    Raises:
        BackendError: Keras is already running on another backend.
    """
    _choose_keras_backend()
    if not _is_started():
        import_sklearn()
        _keep_freed_memory()
        _configure_jax(cores or cpu_cores())
        with put_off(*SELDOM_USED_BY_KERAS):
            import keras  # noqa: F401


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
    _write_whole(_cached_file(key), data)


def _write_whole(file: Path, data: bytes) -> None:
    beside = file.with_name(f".{file.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        beside.write_bytes(data)
        beside.replace(file)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


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


def _keep_freed_memory() -> None:
    """Tell glibc not to give freed memory back between steps, unless the user told it otherwise.

    Matrix products take and free hundreds of kilobytes in every step. By default glibc
    returns them to the system, and each step then waits for the same pages again
    (docs/decisions/0014-freed-memory-is-kept.md). Other allocators have no `mallopt`.
    """
    import ctypes

    if sys.platform != "linux" or any(name in os.environ for name in MALLOC_SETTINGS):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(MMAP_THRESHOLD, LARGEST_HEAP_BLOCK)
        mallopt(TRIM_THRESHOLD, KEPT_FREE)


def import_sklearn() -> None:
    """Import scikit-learn, without half of what it imports at once and uses for few users.

    That half, `scipy.stats` and pandas, takes as long as the rest, for functions of which
    none is needed before networks train.
    """
    if "sklearn" not in sys.modules:
        import_when_used("scipy.stats")
        with put_off("pandas"):
            import sklearn.base  # noqa: F401


def import_when_used(name: str) -> None:
    """Put off importing a module until something of it is asked for.

    Nothing is put off that is imported already.

    Args:
        name: Full name of a module that others use by its attributes, `module.function`.
    """
    found = None if name in sys.modules else importlib.util.find_spec(name)
    if found is not None:
        sys.modules[name] = _ImportedWhenUsed(name, found)


@contextlib.contextmanager
def put_off(*names: str) -> Iterator[None]:
    """Show modules only to what is imported meanwhile, and import them when that uses them.

    Others, who may look in `sys.modules` for what is there, do not see them.

    Args:
        *names: Full names of modules; packages before what is in them.
    """
    shown: dict[str, _ImportedWhenUsed] = {}
    for name in names:
        package, _, inside = name.rpartition(".")
        if name in sys.modules:
            continue
        if package in shown:  # to find what is in a package would import the package
            shown[name] = _ImportedWhenUsed(name, None)
            shown[package].__dict__.update({inside: shown[name], "__path__": []})
        elif (found := importlib.util.find_spec(name.partition(".")[0])) is not None:
            shown[name] = _ImportedWhenUsed(name, None if package else found)
    sys.modules.update(shown)
    try:
        yield
    finally:
        for name, module in shown.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]


class _ImportedWhenUsed(ModuleType):
    """Stands for a module until it is used, and from then on passes on what it is asked for.

    The import itself is left to Python, and with it the locks: `importlib.util.LazyLoader`
    shows a half-filled module to a second thread (mended in Python 3.12.3).

    Args:
        name: The module's full name.
        spec: Where it is, if that is known.
    """

    def __init__(self, name: str, spec: Any) -> None:
        super().__init__(name)
        self.__dict__.update(__spec__=spec, __file__=getattr(spec, "origin", None))

    def __getattr__(self, name: str) -> Any:
        if name == "__warningregistry__":  # asked of every module there is, by `warnings`' tests
            raise AttributeError(name)
        if (self.__name__, name) in CLASSES_OF_ARRAYS and not self._is_imported():
            return _ClassWhenImported(name, (), {"__module__": self.__name__})
        return getattr(self._imported(), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._imported(), name, value)

    def __dir__(self) -> list[str]:
        return dir(self._imported())

    def _is_imported(self) -> bool:
        return sys.modules.get(self.__name__, self) is not self

    def _imported(self) -> ModuleType:
        with _STANDING_IN:  # of two threads, one makes room
            if sys.modules.get(self.__name__) is self:
                del sys.modules[self.__name__]
        return importlib.import_module(self.__name__)


_STANDING_IN = threading.Lock()


class _ClassWhenImported(type):
    """Stands for a class: nothing is one of it before its module was imported."""

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, cls._itself())

    def __subclasscheck__(cls, subclass: type) -> bool:
        return issubclass(subclass, cls._itself())

    def _itself(cls) -> Any:
        module = sys.modules.get(cls.__module__)
        return () if isinstance(module, _ImportedWhenUsed) else getattr(module, cls.__name__, ())


def _configure_jax(cores: int) -> None:
    import jax
    from jax._src import xla_bridge  # the only way to ask without starting the backend

    if not xla_bridge.backends_are_initialized():
        jax.config.update("jax_num_cpu_devices", cores)
    if jax.config.values["jax_compilation_cache_dir"] is None:
        jax.config.update("jax_compilation_cache_dir", str(cache_folder() / "xla"))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
        jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
        _keep_compiled_programs_whole()


def _keep_compiled_programs_whole() -> None:
    """Have JAX write an entry of its cache as `write_cached` does: whole or not at all.

    JAX writes it in place and never again. What a kill or a full disk cut short, every
    process to come would read, warn of and compile anew.
    """
    from jax._src import lru_cache

    def put(self: lru_cache.LRUCache, key: str, value: bytes) -> None:
        file = Path(str(self.path)) / f"{key}-cache"
        if not file.exists():
            _write_whole(file, value)

    lru_cache.LRUCache.put = put


def cpu_cores() -> int:
    """Return the number of CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
