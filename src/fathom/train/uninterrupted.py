"""Calls that Ctrl-C does not tear from their results."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any


def uninterrupted(call: Callable[[], Any]) -> None:
    """Run `call` in a thread that Ctrl-C does not reach, and wait until it is done.

    A program that takes over the memory of its arguments has destroyed them by
    the time Python acts on Ctrl-C: what it returns must be put in their place.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed meanwhile; `call` is done all the same.
    """
    with ThreadPoolExecutor(1) as thread:  # leaving waits for the call
        thread.submit(call).result()
