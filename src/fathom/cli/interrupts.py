"""Ctrl-C and SIGTERM: said at once, heeded soon, and the second time obeyed on the spot.

Python runs a signal's handler between two instructions of the main thread:
too late where that is deep in compiled code, and too early where an exception
would tear a library apart (native modules abort when they are interrupted
while being imported). So a thread of its own learns of signals. While there is
nothing to keep, it ends the process; while a study runs, it says so and lets
the study stop by itself, and interrupts it only if that takes too long.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
POKE = signal.SIGUSR1
SECONDS_TO_STOP = 1.0
STOPPED = "Stopped."
STOPPING = "Stopping, and keeping what is finished. Ctrl-C again exits at once."
_SHOW_CURSOR = "\x1b[?25h"


def _print_stopping() -> None:
    _write(2, f"{STOPPING}\n")


class Stop:
    """Whether the user wants to stop, and what is done about it.

    Args:
        as_json: Whether programs read stdout.

    Attributes:
        number: The signal that asked to stop; None while nobody did.
        farewell: What is said when the process ends because of it.
    """

    def __init__(self, *, as_json: bool = False) -> None:
        self.number: int | None = None
        self.farewell = STOPPED
        self._as_json = as_json
        self._has_work = False
        self._is_heeded = False
        self._announce: Callable[[], None] = _print_stopping

    @property
    def requested(self) -> bool:
        """Whether a signal asked to stop."""
        return self.number is not None

    @contextmanager
    def working(self, announce: Callable[[], None] | None = None) -> Iterator[None]:
        """Let what runs inside stop by itself: it calls `heed` often, and keeps what it has.

        Args:
            announce: Called from another thread when a stop is asked for;
                prints a line if None.
        """
        self._announce = announce or _print_stopping
        self._has_work = True
        try:
            yield
        finally:
            self._has_work = False

    def heed(self) -> None:
        """Raise KeyboardInterrupt if the user wants to stop."""
        if self.requested:
            self._is_heeded = True
            raise KeyboardInterrupt

    def hear(self, number: int) -> None:
        """Act on a signal; called from the thread that learns of it."""
        if self.requested:
            _exit(number)
        if not self._has_work:
            self._say_farewell(number)
            _exit(number)
        self.number = number
        with suppress(Exception):  # saying it must not hinder doing it
            self._announce()
        hurry = threading.Timer(SECONDS_TO_STOP, self._poke)
        hurry.daemon = True
        hurry.start()

    def _poke(self) -> None:
        if self._has_work and not self._is_heeded:
            signal.pthread_kill(threading.main_thread().ident or 0, POKE)

    def poked(self) -> None:
        """Interrupt the work, wherever it is; called in the main thread."""
        if self._has_work and not self._is_heeded:
            self.heed()

    def _say_farewell(self, number: int) -> None:
        with suppress(OSError):
            _write(2, f"\n{self.farewell}\n" if os.isatty(2) else f"{self.farewell}\n")
            if self._as_json:
                document = {"error": self.farewell, "hint": None, "status": exit_code(number)}
                _write(1, f"{json.dumps(document, indent=2)}\n")


_current = Stop()


def current() -> Stop:
    """Return the stop of the command that runs."""
    return _current


@contextmanager
def heeded(*, as_json: bool = False) -> Iterator[Stop]:
    """Heed signals inside; outside, everything is as before.

    Outside the main thread Python hears no signals, so nothing is changed.
    """
    global _current
    stop = _current = Stop(as_json=as_json)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    with _wakeup_pipe() as pipe, _handlers(stop):
        listener = threading.Thread(target=_listen, args=(pipe, stop), name="signals", daemon=True)
        listener.start()
        yield stop


@contextmanager
def _handlers(stop: Stop) -> Iterator[None]:
    """Make Python write signals to the pipe, which it does for those that have a handler."""

    def nothing(number: int, frame: FrameType | None) -> None:
        """Leave it to the thread that listens."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        stop.poked()

    before = {number: signal.signal(number, nothing) for number in SIGNALS}
    before[POKE] = signal.signal(POKE, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _wakeup_pipe() -> Iterator[int]:
    """Yield the end of a pipe into which Python writes the number of every signal."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        yield reading
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)  # the listener reads the end of the pipe and closes its side


def _listen(pipe: int, stop: Stop) -> None:
    while heard := os.read(pipe, 1):
        if heard[0] in SIGNALS:
            stop.hear(heard[0])
    os.close(pipe)


def _exit(number: int) -> None:
    with suppress(OSError):
        if os.isatty(2):
            _write(2, _SHOW_CURSOR)
    os._exit(exit_code(number))


def exit_code(number: int | None) -> int:
    """Return what the shell is told: 130 after Ctrl-C, 143 after SIGTERM."""
    return 128 + (number or signal.SIGINT)


def _write(descriptor: int, text: str) -> None:
    """Write past Python's buffers, whose locks the main thread may hold."""
    encoding = getattr(sys.stderr, "encoding", None) or "utf-8"
    os.write(descriptor, text.encode(encoding, errors="backslashreplace"))
