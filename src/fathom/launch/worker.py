"""What runs in a worker: settles its devices, does the work, tells what happens."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Iterator
from importlib import import_module, metadata
from typing import Any

import numpy as np

from fathom.errors import FathomError
from fathom.launch.chunks import PASSING, Devices, Message

BEGAN, REFUSED = "began", "refused"
# Progress is told at most so often, however short an epoch is.
SECONDS_BETWEEN_PROGRESS = 0.2
VERSIONED = ("keras", "jax", "numpy")


def versions() -> dict[str, str]:
    """Return the versions that must agree on all nodes, for the same numbers."""
    from fathom.version import __version__

    return {"fathom": __version__, **{name: metadata.version(name) for name in VERSIONED}}


def work(
    name: str, settings: bytes, kind: str, number: int, place: int, *shared: np.ndarray
) -> Iterator[Message]:
    """Do a chunk's work in this process.

    Args:
        name: The function, "module:function".
        settings: For the function.
        kind: Platform of the devices it computes on.
        number: How many devices.
        place: The chunk's place in the queue; says which of the node's cores it takes.
        *shared: Arrays, read in place from the object store.

    Yields:
        First who works, then what the function tells; at the end why it refused, if it did.
    """
    import ray

    settle(Devices(kind, number), place)
    node = ray.util.get_node_ip_address()
    known = {"node": node, "process": os.getpid(), "versions": versions()}
    yield Message(BEGAN, json.dumps(known).encode(), {})
    try:
        yield from _seldom(function_of(name)(settings, shared))
    except FathomError as error:
        yield Message(REFUSED, json.dumps(_told(error)).encode(), {})
    except Exception as error:
        fault = {"kind": "", "message": repr(error), "hint": traceback.format_exc()}
        yield Message(REFUSED, json.dumps(fault).encode(), {})


def name_of(function: Any) -> str:
    """Return a module's function as "module:function"."""
    return f"{function.__module__}:{function.__qualname__}"


def function_of(name: str) -> Any:
    """Return the function of a name."""
    module, _, function = name.partition(":")
    return getattr(import_module(module), function)


def _told(error: FathomError) -> dict[str, Any]:
    return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}


def _seldom(messages: Iterator[Message]) -> Iterator[Message]:
    """Leave out progress that follows other progress too soon."""
    last = float("-inf")
    for message in messages:
        now = time.monotonic()
        if message.kind == PASSING:
            if now - last < SECONDS_BETWEEN_PROGRESS:
                continue
            last = now
        yield message


_SETTLED: list[Devices] = []


def settle(devices: Devices, place: int) -> None:
    """Give JAX the devices, before it starts; a process settles once.

    XLA sizes its threads by the cores that a process may use, and splits large matrix
    products accordingly, which shows in their last bits. So a worker takes as many cores
    as the process that asked has.
    """
    from fathom import runtime

    if _SETTLED:
        return
    _SETTLED.append(devices)
    if devices.kind == "cpu":
        os.environ["JAX_PLATFORMS"] = "cpu"
        take_cores(devices.number, place)
    runtime.start(cores=devices.number)


def take_cores(number: int, place: int) -> None:
    """Let this process run on `number` of the node's cores, where it has more.

    Args:
        number: How many.
        place: Chunks next to each other take cores next to each other.
    """
    if not hasattr(os, "sched_setaffinity"):
        return
    cores = sorted(os.sched_getaffinity(0))
    if number < len(cores):
        first = place * number
        taken = {cores[(first + step) % len(cores)] for step in range(number)}
        os.sched_setaffinity(0, taken)
