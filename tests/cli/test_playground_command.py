"""`fathom playground`: prints its address, serves it, and ends when told to."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def _running(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start the command; yield it with what it said up to its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "fathom", "playground", "--no-browser", *arguments],
        cwd=folder,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        said = ""
        assert process.stderr is not None
        for line in process.stderr:
            said += line
            if "Ctrl-C" in line:
                break
        yield process, said
    finally:
        process.kill()
        process.communicate(timeout=60)


def _get(url: str) -> int:
    import http.client
    from urllib.parse import urlsplit

    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        connection.request("GET", f"{address.path}?{address.query}")
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_serves_the_printed_address_until_it_is_stopped(
    tmp_path: Path, number: int, code: int
) -> None:
    with _running(tmp_path, "--port", "0") as (process, said):
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=[\w-]{40,}", said)
        assert found is not None, said
        assert _get(found.group(0)) == 303
        assert _get(found.group(0)[:-1]) == 401
        os.kill(process.pid, number)
        _, rest = process.communicate(timeout=60)
    assert process.returncode == code
    assert "stopped" in rest and "Traceback" not in rest
    assert list(tmp_path.iterdir()) == [], "looking on writes nothing"


def test_json_is_one_document_with_the_address(tmp_path: Path) -> None:
    with _running(tmp_path, "--port", "0", "--json") as (process, said):
        os.kill(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=60)
    document = json.loads(out)
    assert document["url"] in said
    assert process.returncode == 130


def test_a_taken_port_is_said(fathom, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = fathom("playground", "--no-browser", "--port", str(port))
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr and "--port" in done.stderr
    assert "Traceback" not in done.stderr


def test_another_host_is_allowed_when_asked_for_and_warned_about(tmp_path: Path) -> None:
    with _running(tmp_path, "--host", "0.0.0.0", "--port", "0") as (_, said):
        assert "lets other machines in" in said and "not encrypted" in said
        assert "token=" in said


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["no-such-file.csv"], "no-such-file"),
        (["https://example.com/a.csv"], "https://example.com"),
        (["--port", "99999"], "65535"),
        (["--target", "price"], "SOURCE"),
        (["--host", "203.0.113.7", "--port", "0"], "203.0.113.7"),
    ],
)
def test_what_cannot_be_served_is_refused_in_words(fathom, arguments, words: str) -> None:
    done = fathom("playground", "--no-browser", *arguments)
    assert done.returncode == 2
    assert words in done.stderr and "Traceback" not in done.stderr
