"""Commands run in this process, as a user would type them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fathom.cli import main

# Three depths at two rates from two seeds, in about two seconds.
SETTINGS = ("--widths", "8", "--seeds", "2", "--epochs", "3", "--learning-rates", "1e-2,1e-1")
SMALL = ("--depths", "0-2", *SETTINGS)
LINEAR = ("--depths", "0", *SETTINGS, "--no-baselines")


@dataclass(frozen=True)
class Outcome:
    """What a command left: its exit code, and what it wrote where."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one JSON document on stdout."""
        return json.loads(self.out)


Command = Callable[..., Outcome]


def run_here(*arguments: str | Path) -> Outcome:
    """Run a command and catch what it writes: `run_here("runs", "list")`."""
    out, err = _file(), _file()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    return Outcome(code, _text(out), _text(err))


def _file() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(file: io.TextIOWrapper) -> str:
    file.flush()
    return file.buffer.getvalue().decode()  # type: ignore[attr-defined]
