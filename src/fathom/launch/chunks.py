"""A chunk of work, and what is heard of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

# A message that is passed on at once, and lost with the worker: progress.
PASSING = "passing"


class Message(NamedTuple):
    """What a chunk tells: JSON, and arrays beside it.

    Args:
        kind: `PASSING`, or a word of whoever asked for the work.
        body: JSON.
        arrays: By name; they are not to be written to.
    """

    kind: str
    body: bytes
    arrays: Mapping[str, np.ndarray]


Work = Callable[[bytes, Sequence[np.ndarray]], Iterator[Message]]


@dataclass(frozen=True)
class Devices:
    """What a worker shows to JAX, so that it computes as the process that asked.

    Args:
        kind: JAX's platform, such as "cpu" or "gpu".
        number: How many; cores, where `kind` is "cpu".
    """

    kind: str
    number: int


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Work that one worker does from beginning to end.

    Args:
        name: What it is, in words: "depth 3, width 64".
        work: A function of a module, from settings and shared arrays to messages. It is
            sent by its name.
        settings: JSON for `work`.
        shared: What `Cluster.share` returned for its arrays.
        bytes: Memory that it takes, at most.
        cores: Cores that are kept for it.
        devices: What it computes on; where these are cores, it may share them.
    """

    name: str
    work: Work
    settings: bytes
    shared: Any = ()
    bytes: int = 0
    cores: int = 1
    devices: Devices = Devices("cpu", 1)


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What is heard of a chunk.

    Args:
        chunk: Which one.
        message: What it told; None where its worker began or died.
        node: Address of the node where it works; "" where that is not known.
        process: The worker's process number there.
        death: Why its worker died, in words; the chunk has begun again. "" otherwise.
    """

    chunk: Chunk
    message: Message | None = None
    node: str = ""
    process: int | None = None
    death: str = ""


# -- what a runner of chunks says of an attempt ----------------------------------------


@dataclass(frozen=True)
class Began:
    """A worker took the chunk."""

    node: str
    process: int


@dataclass(frozen=True)
class Told:
    """It told something."""

    message: Message


@dataclass(frozen=True)
class Ended:
    """The work is done."""


@dataclass(frozen=True)
class Died:
    """The worker is gone, and what it had not told with it."""

    cause: str


@dataclass(frozen=True)
class Refused:
    """The work cannot be done, by whatever worker."""

    error: Exception = field(compare=False)


Happening = Began | Told | Ended | Died | Refused
