"""A Ray cluster, started here or joined, on which chunks run."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from fathom import errors, runtime
from fathom.errors import FathomError, LaunchError
from fathom.launch import worker
from fathom.launch.addresses import check_address, check_answers, token_mode
from fathom.launch.chunks import Began, Chunk, Died, Ended, Happening, Message, Refused, Told

# How long is listened before whoever waits may look at Ctrl-C.
LISTENING_SECONDS = 0.2
# Nodes that come or go are noticed after so long.
SECONDS_BETWEEN_LOOKS = 5.0
# Chunks on their way for each that can run: enough that no core waits for the next.
AHEAD = 2


@dataclass(frozen=True, kw_only=True)
class Node:
    """A machine of the cluster.

    Args:
        address: Its IP address.
        cores: Cores that it gives to chunks.
        gpus: GPUs that it gives to chunks.
        bytes: Memory that it gives to chunks.
    """

    address: str
    cores: int
    gpus: int
    bytes: int


def check_available() -> None:
    """Raise unless Ray is installed.

    Raises:
        LaunchError: It is not.
    """
    if importlib.util.find_spec("ray") is None:
        raise LaunchError(
            "Ray must be installed to train on a cluster. Received: no package named ray.",
            hint="pip install 'fathom-nn[ray]'",
        )


@contextmanager
def cluster(address: str | None = None, *, cores: int | None = None) -> Iterator[Cluster]:
    """Start a Ray cluster on this machine, or join one; leave nothing running at the end.

    A cluster that this process is connected to already is used, and left as it is.

    Args:
        address: HOST:PORT of a cluster that runs, or "auto" for that of this machine.
            None starts one, unless $RAY_ADDRESS names one.
        cores: Chunks of one core that a cluster started here takes at once; None for as
            many as there are cores.

    Raises:
        LaunchError: Ray is not installed, or no cluster answers within ten seconds.
    """
    check_available()
    address = address or os.environ.get("RAY_ADDRESS")
    if address is not None:
        check_address(address)
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    if ray.is_initialized():
        yield from _used(Cluster())
        return
    folder = None if address else tempfile.mkdtemp(prefix="fathom-ray-", dir=_short_folder())
    try:
        if address:
            check_answers(address)
            _join(address)
        else:
            # Ray's own folder in /tmp grows with every session.
            _connect(address="local", num_cpus=cores or runtime.cpu_cores(), _temp_dir=folder)
        yield from _used(Cluster())
    finally:
        ray.shutdown()
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _short_folder() -> str | None:
    """Return a folder in which the paths of sockets stay short enough."""
    return "/tmp" if Path("/tmp").is_dir() else None


def _used(one: Cluster) -> Iterator[Cluster]:
    try:
        yield one
    finally:
        one.drop_all()


def _join(address: str) -> None:
    """Join a cluster, showing it the token of this user; a local one is told to Ray by itself."""
    shown = token_mode()
    os.environ.update(shown)
    try:
        _read_environment()
        _connect(address=address)
    finally:
        for name in shown:
            del os.environ[name]


def _read_environment() -> None:
    """Let Ray read its environment again, which it does only when it is imported."""
    from ray import _raylet

    settings = getattr(_raylet, "Config", None)
    if settings is not None:
        settings.initialize("")


def _connect(**options: Any) -> None:
    import ray

    logging.getLogger("ray").setLevel(logging.CRITICAL)
    with _handlers_kept(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it forks, and JAX may run: the child only starts Ray
        try:
            ray.init(
                include_dashboard=None if options["address"] != "local" else False,
                log_to_driver=False,
                configure_logging=False,
                **options,
            )
        except Exception as error:
            raise LaunchError(
                f"A Ray cluster must start or be joined. Received: {_first_line(error)}.",
                hint="try `ray start --head`, and --ray auto",
            ) from error
    _quiet()


@contextmanager
def _handlers_kept() -> Iterator[None]:
    """Keep what this process does on SIGTERM: Ray would exit on the spot."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        if before is not None:  # None: not set from Python
            signal.signal(signal.SIGTERM, before)


def _quiet() -> None:
    """Keep Ray from printing that workers died: on stdout, where programs read a document.

    There is no setting for it.
    """
    from ray._private import worker as ray_worker

    if hasattr(ray_worker, "print_to_stdstream"):
        ray_worker.print_to_stdstream = lambda *_, **__: None


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


@dataclass(eq=False)
class Cluster:
    """Runs chunks as Ray tasks; made by `cluster`."""

    _streams: dict[Any, int] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)
    _places: Iterator[int] = field(default_factory=count)
    _cores_each: int = 1
    _known: tuple[Node, ...] = ()
    _asked: float = float("-inf")
    _shared: tuple[str, tuple[Any, ...]] | None = None

    # -- what there is ---------------------------------------------------------------

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The machines that are alive, as of some seconds ago at most."""
        if time.monotonic() - self._asked > SECONDS_BETWEEN_LOOKS:
            self._known, self._asked = self._look(), time.monotonic()
        return self._known

    def _look(self) -> tuple[Node, ...]:
        import ray

        return tuple(
            Node(
                address=one["NodeManagerAddress"],
                cores=int(one["Resources"].get("CPU", 0)),
                gpus=int(one["Resources"].get("GPU", 0)),
                bytes=int(one["Resources"].get("memory", 0)),
            )
            for one in ray.nodes()
            if one["Alive"]
        )

    def cores_for(self, chunks: int, *, most: int) -> int:
        """Return how many cores each of so many chunks may have, so that none is idle.

        Args:
            chunks: How many there are.
            most: How many one can use.
        """
        nodes = self.nodes
        fair = sum(node.cores for node in nodes) // max(chunks, 1)
        return max(min(fair, most, max((node.cores for node in nodes), default=1)), 1)

    def check_fits(self, chunk: Chunk) -> None:
        """Raise unless some node can take a chunk.

        Raises:
            LaunchError: None has the memory, the cores or the GPUs.
        """
        nodes = self.nodes
        if any(_fits(chunk, node) for node in nodes):
            return
        most = max((node.bytes for node in nodes), default=0)
        gpus = max((node.gpus for node in nodes), default=0)
        raise LaunchError(
            f"A node must have what a chunk needs. Received: {chunk.name} needs "
            f"{_needs(chunk)}; the largest node has {most / 1e9:.1f} GB and {gpus} GPUs.",
            hint="try fewer seeds or learning rates, smaller widths, or a node with more memory",
        )

    # -- chunks ----------------------------------------------------------------------

    def share(self, arrays: Sequence[np.ndarray], *, name: str) -> tuple[Any, ...]:
        """Put arrays into the object store, once; each node fetches them once.

        Those that were shared before are let go, as soon as no chunk needs them.

        Args:
            arrays: What chunks read.
            name: The same for the same arrays: they are not put again if they were the last.
        """
        import ray

        if self._shared is None or self._shared[0] != name:
            self._shared = None  # before others take its place
            self._shared = name, tuple(ray.put(np.ascontiguousarray(one)) for one in arrays)
        return self._shared[1]

    @property
    def ahead(self) -> int:
        """Chunks that may be on their way at once."""
        return max(AHEAD * sum(node.cores for node in self.nodes) // self._cores_each, 4)

    def begin(self, chunk: Chunk) -> int:
        """Send a chunk out, and return the attempt's number."""
        self.check_fits(chunk)
        self._cores_each = chunk.cores
        stream = _task(chunk).remote(
            worker.name_of(chunk.work),
            chunk.settings,
            chunk.devices.kind,
            chunk.devices.number,
            next(self._places),
            *chunk.shared,
        )
        number = next(self._numbers)
        self._streams[stream] = number
        return number

    def hear(self) -> list[tuple[int, Happening]]:
        """Wait a little, and return what happened to the attempts since."""
        import ray

        streams = list(self._streams)
        ready, _ = ray.wait(streams, num_returns=1, timeout=LISTENING_SECONDS)
        if ready:
            ready, _ = ray.wait(streams, num_returns=len(streams), timeout=0)
        return [(self._streams[stream], self._next(stream)) for stream in ready]

    def _next(self, stream: Any) -> Happening:
        import ray
        from ray.exceptions import RayError

        try:
            happening = _happening(ray.get(next(stream)))
        except StopIteration:
            happening = Ended()
        except RayError as error:
            happening = _failure(error)
        if not isinstance(happening, Began | Told):
            self._streams.pop(stream)
        return happening

    def drop(self, attempt: Hashable) -> None:
        """End an attempt, and its worker."""
        import ray

        for stream, number in list(self._streams.items()):
            if number == attempt:
                del self._streams[stream]
                with suppress(Exception):  # it may be over already, or the cluster gone
                    ray.cancel(stream, force=True)

    def drop_all(self) -> None:
        """End all attempts."""
        for number in list(self._streams.values()):
            self.drop(number)


def _task(chunk: Chunk) -> Any:
    import ray

    gpus = chunk.devices.number if chunk.devices.kind != "cpu" else 0
    return ray.remote(worker.work).options(
        name=chunk.name,
        num_cpus=chunk.cores,
        num_gpus=gpus,
        memory=chunk.bytes,
        num_returns="streaming",
        max_retries=0,  # whose worker dies is begun again here, where it is counted
    )


def _fits(chunk: Chunk, node: Node) -> bool:
    gpus = chunk.devices.number if chunk.devices.kind != "cpu" else 0
    return chunk.bytes <= node.bytes and chunk.cores <= node.cores and gpus <= node.gpus


def _needs(chunk: Chunk) -> str:
    gpus = f" and {chunk.devices.number} GPUs" if chunk.devices.kind != "cpu" else ""
    return f"{chunk.bytes / 1e9:.1f} GB{gpus}"


# -- from Ray's words to ours --------------------------------------------------------------


def _happening(message: Any) -> Happening:
    found = Message(*message)
    if found.kind == worker.BEGAN:
        return _began(json.loads(found.body))
    if found.kind == worker.REFUSED:
        return Refused(_error(**json.loads(found.body)))
    return Told(found)


def _began(known: dict[str, Any]) -> Happening:
    here = worker.versions()
    others = {name: there for name, there in known["versions"].items() if there != here[name]}
    if not others:
        return Began(known["node"], known["process"])
    named = ", ".join(f"{name} {there} (here {here[name]})" for name, there in others.items())
    return Refused(
        LaunchError(
            "All nodes must have the same versions, or the numbers would differ. Received: "
            f"{named} on {known['node']}.",
            hint="install there what is installed here",
        )
    )


def _error(kind: str, message: str, hint: str | None) -> Exception:
    found = getattr(errors, kind, None) if kind else None
    if isinstance(found, type) and issubclass(found, FathomError):
        return found(message, hint=hint)
    return RuntimeError(f"A worker failed: {message}\n{hint}")


def _failure(error: Exception) -> Happening:
    from ray import exceptions

    deaths: Iterable[tuple[type, str]] = (
        (exceptions.OutOfMemoryError, "out of memory: its node's memory was nearly full"),
        (exceptions.WorkerCrashedError, "its process ended unexpectedly: killed, or no memory"),
        (exceptions.NodeDiedError, "its node died"),
        (exceptions.ObjectLostError, "what it told was lost with its node"),
        (exceptions.TaskCancelledError, "it was cancelled"),
    )
    for kind, cause in deaths:
        if isinstance(error, kind):
            return Died(cause)
    if isinstance(error, exceptions.RayTaskError):
        return Refused(
            LaunchError(
                f"A worker must be able to begin. Received: {_last_line(error)}.",
                hint="install the same Fathom, with the same packages, on every node",
            )
        )
    return Refused(LaunchError(f"The Ray cluster must stay. Received: {_first_line(error)}."))


def _last_line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).rstrip(".")
