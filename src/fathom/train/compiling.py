"""Programs by name, compiled in the background or when they are first run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from typing import Any, NamedTuple

from fathom.train import program_cache

# Tracing reads, and for a moment changes, the one Keras model: one trace at a time, since two
# would see each other's hooks.
TRACING = threading.RLock()


class Source(NamedTuple):
    """What a program is compiled from.

    Args:
        make: Makes the function.
        arguments: Shapes of its arguments.
        donate: Which arguments the program takes over, with their memory.
        quickly: Whether it is run so seldom that it is not worth optimising.
        then: What the same thread does next with the compiled program.
    """

    make: Callable[[], Any]
    arguments: tuple[Any, ...]
    donate: tuple[int, ...] = ()
    quickly: bool = False
    then: Callable[[Any], None] | None = None


class Programs:
    """Compiled programs of one architecture.

    Args:
        description: All that the programs depend on beside their names and
            arguments, None if that cannot be told: they are then compiled
            for this object alone.
    """

    def __init__(self, description: str | None) -> None:
        self.description = description
        self._programs: dict[str, Future[Any]] = {}

    def start(self, sources: Mapping[str, Source], executor: Executor) -> None:
        """Begin to compile."""
        for name, source in sources.items():
            self._programs[name] = executor.submit(self._compile, name, source)

    def wait(self) -> None:
        """Wait until all that was started is compiled."""
        for program in self._programs.values():
            program.result()

    def get(self, name: str, source: Callable[[], Source] | None = None) -> Any:
        """Return a compiled program; one that was not started is compiled now.

        Args:
            name: The program's name.
            source: What it is compiled from, if it was not started.
        """
        if name not in self._programs and source is not None:
            done: Future[Any] = Future()
            done.set_result(self._compile(name, source()))
            self._programs[name] = done
        return self._programs[name].result()

    def _compile(self, name: str, source: Source) -> Any:
        described = self.description and f"{name} {self.description}"
        program = program_cache.compiled(
            source.make,
            source.arguments,
            name=described,
            donate=source.donate,
            quickly=source.quickly,
            tracing=TRACING,
        )
        if source.then is not None:
            source.then(program)
        return program
