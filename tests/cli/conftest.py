"""Commands run in this process, and one small study that all tests read."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from cli.running import SMALL, Command, Outcome, run_here


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command in this process, in an empty folder: `command("runs", "list")`."""
    monkeypatch.chdir(tmp_path)
    return run_here


@dataclass(frozen=True)
class Tiny:
    """A small study of iris, finished and stored."""

    name: str
    store: Path
    report: Path
    model: Path
    outcome: Outcome

    @property
    def stored(self) -> tuple[str, str, Path]:
        """What follows a command that is about this study."""
        return (self.name, "--store", self.store)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    """Return a study that was run by the command line, with all it writes."""
    folder = tmp_path_factory.mktemp("tiny")
    store, report, model = folder / "kept", folder / "iris.html", folder / "best.keras"
    written = ("--report", report, "--save", model, "--store", store, "--name", "tiny")
    outcome = run_here("study", "iris", *SMALL, *written, "--json")
    assert outcome.code == 0, outcome.err
    return Tiny("tiny", store, report, model, outcome)


@pytest.fixture
def paused(tiny: Tiny, tmp_path: Path) -> Path:
    """Return a store whose one study, "tiny", got no further than depth 1."""
    folder = tmp_path / "paused" / "tiny"
    shutil.copytree(tiny.store / "tiny", folder)
    shutil.rmtree(folder / "model")
    (log,) = folder.glob("*log*")
    lines = log.read_bytes().splitlines(keepends=True)
    tests = [place for place, line in enumerate(lines) if b'"kind":"test"' in line]
    log.write_bytes(b"".join(lines[: tests[1] + 1]))
    return folder.parent


@pytest.fixture
def table(tmp_path: Path) -> Callable[..., Path]:
    """Write a CSV file of two features and a target: `table("price", ["1.5", ...])`."""

    def write(target: str, values: list[str], *, name: str = "data.csv") -> Path:
        draw = np.random.default_rng(0)
        lines = [f"{draw.normal():.4f},{draw.normal():.4f},{value}" for value in values]
        path = tmp_path / name
        path.write_text("\n".join([f"width,height,{target}", *lines]) + "\n")
        return path

    return write
