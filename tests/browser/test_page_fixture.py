"""A page that misbehaves fails its test, shown by running such tests."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

MISBEHAVING_TESTS = """
def test_content(page):
    page.goto("data:text/html,<title>fine</title><p>all is well")
    assert page.title() == "fine"

def test_console_error(page):
    page.evaluate("console.error('the console speaks')")

def test_exception(page):
    page.evaluate("setTimeout(() => { throw Error('nobody caught me') })")
    page.wait_for_timeout(100)

def test_request(page):
    page.evaluate("fetch('http://example.invalid/beacon').catch(() => null)")

def test_websocket(page):
    page.evaluate("new WebSocket('ws://192.0.2.1/socket')")
    page.wait_for_timeout(100)

def test_pop_up(page):
    page.evaluate("window.open('about:blank').eval('console.error(1)')")
    page.wait_for_timeout(100)

def test_taken(page, complaints):
    page.evaluate("console.error('as planned')")
    assert complaints.take() == ["console error: as planned"]
"""
ERROR = re.compile(r"^_+ ERROR at teardown of test_(\w+) _+$(.*?)(?=^[_=]{4})", re.M | re.S)


@pytest.fixture(scope="module")
def errors(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Run `MISBEHAVING_TESTS` with this folder's fixtures; the error of each test that has one."""
    folder = tmp_path_factory.mktemp("misbehaving")
    (folder / "test_pages.py").write_text(MISBEHAVING_TESTS)
    (folder / "pytest.ini").write_text("[pytest]\n")
    environment = {**os.environ, "CHROMIUM": chromium, "PYTHONPATH": str(Path(__file__).parent)}
    shown = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", "--tb=short", "-rE"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    ).stdout
    assert "7 passed" in shown, shown  # each test itself: only its fixture may object
    return dict(
        re.findall(r"^_+ ERROR at teardown of test_(\w+) _+$(.*?)(?=^[_=]{4})", shown, re.M | re.S)
    )


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("console_error", "console error: the console speaks"),
        ("exception", "uncaught exception: nobody caught me"),
        ("request", "request that leaves this machine: http://example.invalid/beacon"),
        ("websocket", "WebSocket that leaves this machine: ws://192.0.2.1/socket"),
        ("pop_up", "console error: 1"),
    ],
)
def test_a_page_that_misbehaves_fails_its_test(errors, name, complaint):
    assert complaint in errors[name]


@pytest.mark.parametrize("name", ["content", "taken"])
def test_a_page_that_behaves_or_was_expected_to_complain_passes(errors, name):
    assert name not in errors
