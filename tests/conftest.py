"""What every test stands on: a quiet place to write, strict JAX, and the command line."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared"
COMMAND_SECONDS = 300.0
COMPILED = "/jax/core/compile/backend_compile_duration"
# Most of the suite's time is XLA's, and most of XLA's is LLVM's: asked for little, and in one
# piece, it takes a sixth less of the whole. tests/train/test_as_shipped.py asks for everything.
QUICK_TO_COMPILE = "--xla_backend_optimization_level=1 --xla_cpu_parallel_codegen_split_count=1"

CommandLine = Callable[..., subprocess.CompletedProcess[str]]
CountCompilations = Callable[[], AbstractContextManager[list[str]]]


def pytest_configure(config: pytest.Config) -> None:
    """Set up the process, and with it its workers and the commands it starts."""
    if not _is_worker(config):
        os.environ["FATHOM_CACHE"] = tempfile.mkdtemp(prefix="fathom-tests-")
    os.environ["KERAS_BACKEND"] = "jax"
    os.environ["JAX_NUMPY_DTYPE_PROMOTION"] = "strict"
    os.environ.setdefault("XLA_FLAGS", QUICK_TO_COMPILE)
    for setting in ("JAX_COMPILATION_CACHE_DIR", "JAX_NUM_CPU_DEVICES", "PYTHONDONTWRITEBYTECODE"):
        os.environ.pop(setting, None)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in a shell's background
        signal.signal(signal.SIGINT, signal.default_int_handler)
    _start_jax_as_fathom_does()
    _choose_hypothesis_profile()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the compiled programs that the session's processes shared."""
    if not _is_worker(config):
        shutil.rmtree(os.environ["FATHOM_CACHE"], ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have slow tests, so that the workers end together."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Keep the collector from walking through Keras, JAX and all tests again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _start_jax_as_fathom_does() -> None:
    """Give JAX its devices and cache now, whichever test comes to use it first."""
    from fathom import runtime

    runtime.start()


def _choose_hypothesis_profile() -> None:
    """Give examples the time they need on a busy machine; a failure prints how to repeat it."""
    from hypothesis import settings

    settings.register_profile("fathom", deadline=None, print_blob=True)
    settings.load_profile("fathom")


@pytest.fixture(autouse=True)
def _store_in_a_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FATHOM_STORE", str(tmp_path / "fathom-runs"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real data that stand beside the repository: mnist.npz, adult.csv."""
    if not SHARED.exists():
        pytest.skip("the real data are not beside this repository: ../shared/data")
    data = SHARED / "data"
    assert data.is_dir(), f"../shared is there, its data are not: {data}"
    return data


@pytest.fixture
def fathom(tmp_path: Path) -> CommandLine:
    """Run the command line as a user would: `fathom("study", "digits", "--json")`.

    Options are those of `subprocess.run`, such as `cwd`, `env` or `input`. The
    command runs in `tmp_path`, reads nothing, and is killed after five minutes.
    """

    def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
        settings = {"cwd": tmp_path, "timeout": COMMAND_SECONDS, **options}
        if "input" not in settings:
            settings.setdefault("stdin", subprocess.DEVNULL)
        return subprocess.run(
            [sys.executable, "-m", "fathom", *map(str, arguments)],
            capture_output=True,
            text=True,
            encoding="utf-8",
            **settings,  # pyright: ignore[reportArgumentType, reportCallIssue]
        )

    return run


@pytest.fixture
def compilations() -> CountCompilations:
    """Count what JAX compiles: `with compilations() as compiled: ...; len(compiled)`.

    The list holds a name per program, such as "jit(step)", in any thread. A
    program loaded from the compilation cache on disk counts like a compiled one.
    """
    return _count_compilations


@contextmanager
def _count_compilations() -> Iterator[list[str]]:
    import jax.monitoring

    compiled: list[str] = []

    def listen(event: str, duration_secs: float, **kwargs: str | int) -> None:
        if event == COMPILED:
            compiled.append(str(kwargs.get("fun_name")))

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        yield compiled
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
