"""Chunks sent out, and what they tell brought into order; whose worker dies begins again."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from fathom.errors import LaunchError
from fathom.launch.chunks import (
    PASSING,
    Began,
    Chunk,
    Died,
    Ended,
    Happening,
    Heard,
    Message,
    Refused,
    Told,
)

# Workers that may die of one chunk before it counts as impossible.
MOST_DEATHS = 3


class Runner(Protocol):
    """Works on chunks somewhere."""

    @property
    def ahead(self) -> int:
        """Chunks that may be on their way at once, finished ones that wait included."""
        ...

    def begin(self, chunk: Chunk) -> Hashable:
        """Begin an attempt at a chunk, and return what it is known by."""
        ...

    def hear(self) -> Iterable[tuple[Hashable, Happening]]:
        """Wait a little, and return what happened to the attempts since."""
        ...

    def drop(self, attempt: Hashable) -> None:
        """End an attempt that is no longer wanted."""
        ...


def gathered(chunks: Iterable[Chunk], runner: Runner) -> Iterator[Heard]:
    """Yield what chunks tell: what passes as it happens, the rest in the chunks' order.

    What is to last is held back until its chunk is done and all before it are, so that a
    chunk whose worker dies is told once, and the order is that of one worker alone.

    Args:
        chunks: The work. Each is taken from the iterable when its turn to begin has come.
        runner: Works on them.

    Raises:
        LaunchError: `MOST_DEATHS` workers died of one chunk.
        FathomError: A chunk refused its work; the same as it raised.
    """
    queue = _Queue(iter(chunks), runner)
    try:
        queue.fill()
        while queue.waiting:
            for attempt, happening in runner.hear():
                yield from queue.took(attempt, happening)
            yield from queue.done_in_order()
            queue.fill()
    finally:
        queue.drop_all()


@dataclass
class _Place:
    """A chunk in the queue, and what it told so far."""

    chunk: Chunk
    held: list[Message] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)
    is_done: bool = False
    node: str = ""
    process: int | None = None

    def heard(self, message: Message | None = None, *, death: str = "") -> Heard:
        return Heard(
            chunk=self.chunk, message=message, node=self.node, process=self.process, death=death
        )


@dataclass
class _Queue:
    """Chunks on their way, first to last."""

    chunks: Iterator[Chunk]
    runner: Runner
    waiting: deque[_Place] = field(default_factory=deque)
    attempts: dict[Hashable, _Place] = field(default_factory=dict)

    def fill(self) -> None:
        """Begin chunks, as many as may be on their way."""
        while len(self.waiting) < max(self.runner.ahead, 1):
            chunk = next(self.chunks, None)
            if chunk is None:
                return
            place = _Place(chunk)
            self.waiting.append(place)
            self._begin(place)

    def _begin(self, place: _Place) -> None:
        self.attempts[self.runner.begin(place.chunk)] = place

    def took(self, attempt: Hashable, happening: Happening) -> Iterator[Heard]:
        """Take note of what happened, and yield what is to be known at once."""
        place = self.attempts.get(attempt)
        if place is None:
            return  # it was dropped
        match happening:
            case Began(node, process):
                place.node, place.process = node, process
                yield place.heard()
            case Told(message) if message.kind == PASSING:
                yield place.heard(message)
            case Told(message):
                place.held.append(message)
            case Ended():
                place.is_done = True
                del self.attempts[attempt]
            case Refused(error):
                raise error
            case Died(cause):
                del self.attempts[attempt]
                yield from self._began_again(place, cause)

    def _began_again(self, place: _Place, cause: str) -> Iterator[Heard]:
        place.deaths.append(cause)
        place.held.clear()
        if len(place.deaths) >= MOST_DEATHS:
            raise _impossible(place)
        self._begin(place)
        yield place.heard(death=cause)

    def done_in_order(self) -> Iterator[Heard]:
        """Yield what the first chunks told, up to one that is not done."""
        while self.waiting and self.waiting[0].is_done:
            place = self.waiting.popleft()
            for message in place.held:
                yield place.heard(message)

    def drop_all(self) -> None:
        """End whatever is on its way."""
        for attempt in list(self.attempts):
            self.runner.drop(attempt)
        self.attempts.clear()


def _impossible(place: _Place) -> LaunchError:
    causes = "; ".join(dict.fromkeys(place.deaths))
    memory = f"; {place.chunk.bytes / 1e9:.1f} GB were asked for" if place.chunk.bytes else ""
    return LaunchError(
        f"A worker must live until its chunk is done. Received: {place.chunk.name}, of which "
        f"{len(place.deaths)} workers died ({causes}{memory}).",
        hint="what is finished is kept: go on with `fathom resume`; if memory ran out, try fewer "
        "seeds or smaller widths, or nodes with more memory",
    )
