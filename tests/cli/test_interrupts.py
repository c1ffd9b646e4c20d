"""Ctrl-C and SIGTERM, sent to real processes."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fathom.store import Store

SECONDS_TO_SPEAK = 2.0
ONE_MEMBER = ["--patience", "0", "--seeds", "1", "--no-baselines", "--learning-rates", "1e-3"]
# More epochs than any machine trains before it is stopped.
ENDLESS = ["--epochs", "100000", *ONE_MEMBER]


class Process:
    """A command, and the lines it writes to stderr as they come."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.heard: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.lines.put(line)
        self.lines.put(None)

    def wait_for(self, words: str, *, seconds: float = 120.0) -> None:
        """Wait until a line has these words."""
        end = time.monotonic() + seconds
        while not self.heard or words not in self.heard[-1]:
            line = self.lines.get(timeout=max(end - time.monotonic(), 0.01))
            assert line is not None, f"no {words!r} in {''.join(self.heard)}"
            self.heard.append(line)

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def finish(self) -> tuple[int, str, str]:
        """Wait for the end; return the exit code, stdout and stderr."""
        assert self.process.stdout
        out = self.process.stdout.read()
        code = self.process.wait(timeout=60)
        while (line := self.lines.get(timeout=10)) is not None:
            self.heard.append(line)
        return code, out, "".join(self.heard)


@contextmanager
def started(folder: Path, *arguments: str) -> Iterator[Process]:
    process = subprocess.Popen(
        [sys.executable, "-m", "fathom", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
    )
    with process:
        try:
            yield Process(process)
        finally:
            process.kill()


def summary_of(folder):
    (summary,) = Store(folder / "fathom-runs").list()
    return summary


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["ctrl-c", "sigterm"]
)
def test_stopping_in_training_keeps_and_lists_what_is_finished(tmp_path, monkeypatch, number, code):
    monkeypatch.setenv("FATHOM_STORE", str(tmp_path / "fathom-runs"))
    options = ["--depths", "0,1", "--epochs", "500", "--name", "mine", *ONE_MEMBER]
    with started(tmp_path, "study", "iris", *options) as process:
        process.wait_for("depth 0: validation")
        process.send(number)
        process.wait_for("Stopping", seconds=SECONDS_TO_SPEAK)
        exit_code, out, err = process.finish()
    assert exit_code == code
    assert out == ""
    assert "Kept: depth 0, in fathom-runs/mine." in err
    assert "fathom resume mine" in err
    assert "Traceback" not in err
    summary = summary_of(tmp_path)
    assert summary.status == "paused"
    assert summary.runs == 1


def test_stopping_is_one_json_document_if_asked(tmp_path):
    with started(tmp_path, "study", "iris", "--depths", "1", "--json", *ENDLESS) as process:
        process.wait_for("name: ")
        time.sleep(0.5)
        process.send(signal.SIGINT)
        code, out, _ = process.finish()
    assert code == 130
    document = json.loads(out)
    assert document["status"] == 130
    assert "before any depth was finished" in document["error"]


def test_a_second_ctrl_c_exits_at_once_and_the_store_stays_sound(tmp_path):
    with started(tmp_path, "study", "iris", "--depths", "1", *ENDLESS) as process:
        process.wait_for("name: ")
        process.send(signal.SIGINT)
        process.send(signal.SIGINT)
        start = time.monotonic()
        code, _, _ = process.finish()
    assert code == 130
    assert time.monotonic() - start < SECONDS_TO_SPEAK
    summary = Store(os.environ["FATHOM_STORE"]).list()[0]
    assert summary.status in ("paused", "interrupted")


@pytest.mark.parametrize("seconds", [0.2, 0.5, 1.0, 2.0])
def test_stopping_before_the_study_writes_nothing(tmp_path, seconds):
    with started(tmp_path, "study", "digits", *ENDLESS, "--depths", "8") as process:
        time.sleep(seconds)  # somewhere in the imports, the reading, the compiling
        process.send(signal.SIGINT)
        start = time.monotonic()
        code, out, err = process.finish()
    assert code in (130, -signal.SIGINT)  # the latter while Python itself starts
    assert out == ""
    assert time.monotonic() - start < SECONDS_TO_SPEAK
    if code == 130:
        assert "Stopped" in err
        assert "Traceback" not in err


def test_stopping_while_it_compiles_does_not_wait_for_the_compiler(tmp_path):
    wide = ["--depths", "60", "--widths", "512", "--normalization", "batch"]
    with started(tmp_path, "study", "digits", *ENDLESS, *wide) as process:
        process.wait_for("name: ")
        time.sleep(1.0)
        process.send(signal.SIGINT)
        process.wait_for("Stopping", seconds=SECONDS_TO_SPEAK)
        start = time.monotonic()
        code, _, err = process.finish()
    assert code == 130
    assert time.monotonic() - start < 10
    assert "before any depth was finished" in err


def test_signals_are_as_before_when_a_command_is_over(command):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    assert command("runs", "list").code == 0
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
