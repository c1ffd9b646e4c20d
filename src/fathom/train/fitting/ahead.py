"""Working one item ahead in a thread: the next slab is made while the last one trains."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

Item = TypeVar("Item")
_END = object()
# A thread that is inside somebody else's code cannot be stopped; it ends by itself later.
LONGEST_WAIT = 1.0


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """Yield what `items` yields, made in another thread, at most two items early.

    An exception in `items` is raised here. When the reader stops early, so
    does the thread, and `items` is closed.
    """
    made: queue.Queue = queue.Queue(maxsize=1)
    stopped = threading.Event()
    thread = threading.Thread(target=_make, args=(items, made, stopped), daemon=True)
    thread.start()
    try:
        while (item := made.get()) is not _END:
            if isinstance(item, _Failure):
                raise item.error
            yield item
    finally:
        stopped.set()
        thread.join(timeout=LONGEST_WAIT)


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def _make(items: Iterator, made: queue.Queue, stopped: threading.Event) -> None:
    try:
        for item in items:
            if not _put(made, item, stopped):
                break
    except BaseException as error:  # it is raised again where the items are used
        _put(made, _Failure(error), stopped)
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
        _put(made, _END, stopped)


def _put(made: queue.Queue, item: object, stopped: threading.Event) -> bool:
    """Hand over an item, or give up when nobody reads any more."""
    while not stopped.is_set():
        try:
            made.put(item, timeout=0.05)
        except queue.Full:
            continue
        return True
    return False
