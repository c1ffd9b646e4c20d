"""Calls that Ctrl-C does not tear from their results."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


class Uninterrupted:
    """Runs calls in a thread that Ctrl-C does not reach, one after the other.

    A program that takes over the memory of its arguments has destroyed them by
    the time Python acts on Ctrl-C: what it returns must be put in their place.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._finish()  # the thread is there before the first call needs it

    def __call__(self, call: Callable[[], Result]) -> Result:
        """Run `call`, wait until it is done, and return what it returns.

        Raises:
            KeyboardInterrupt: Ctrl-C was pressed meanwhile; `call` is done all the same.
        """
        try:
            return self._thread.submit(call).result()
        except KeyboardInterrupt:
            self._finish()
            raise

    def _finish(self) -> None:
        """Wait until the thread has nothing left to do, however often Ctrl-C is pressed."""
        while True:
            try:
                self._thread.submit(_nothing).result()
            except KeyboardInterrupt:
                continue
            return


def _nothing() -> None:
    """Take a turn in the thread."""
