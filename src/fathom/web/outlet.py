"""From the thread that trains to the connection: frames are counted, never queued up."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import msgspec

IN_FLIGHT = 2
MOST_WAITING = 400
"""Messages that may wait for a page that does not read; then the page is given up."""

Item = str | bytes | None


class Outlet:
    """Where a session sends to, while a page is there.

    Args:
        loop: The event loop of the connection.
        acknowledged: Called when the page has drawn a frame.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, acknowledged: Callable[[], None]) -> None:
        self._loop = loop
        self._acknowledged = acknowledged
        self._lock = threading.Lock()
        self._in_flight: set[int] = set()
        self.queue: asyncio.Queue[Item] = asyncio.Queue()
        self.is_closed = False

    @property
    def is_free(self) -> bool:
        """Whether another frame may be made."""
        with self._lock:
            return not self.is_closed and len(self._in_flight) < IN_FLIGHT

    def acknowledge(self, frame: int) -> None:
        """Take note that a frame was drawn."""
        with self._lock:
            self._in_flight.discard(frame)
        self._acknowledged()

    def send_frame(self, number: int, data: bytes) -> None:
        """Send a frame that the page must acknowledge."""
        with self._lock:
            self._in_flight.add(number)
        self.send(data)

    def send(self, item: bytes | dict[str, Any]) -> None:
        """Send a binary message, or JSON data as text; from any thread."""
        data = item if isinstance(item, bytes) else msgspec.json.encode(item).decode()
        if not self.is_closed:
            self._loop.call_soon_threadsafe(self._put, data)

    def close(self) -> None:
        """Send nothing more."""
        self.is_closed = True
        self._loop.call_soon_threadsafe(self.queue.put_nowait, None)

    def _put(self, data: str | bytes) -> None:
        if self.queue.qsize() >= MOST_WAITING:
            self.is_closed = True
            self.queue.put_nowait(None)
        elif not self.is_closed:
            self.queue.put_nowait(data)
