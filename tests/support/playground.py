"""A client of the playground that says what it is told to, and a page that listens."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from typing import Any

import numpy as np
from websockets.sync.client import ClientConnection, connect

from fathom import web
from fathom.web.frames import unpack

PROTOCOL = "fathom.playground.1"
SECONDS = 120.0


@dataclass(frozen=True)
class Answer:
    """What a route answered."""

    status: int
    headers: Message
    body: bytes


@dataclass
class Client:
    """A browser as far as the server can tell, unless told otherwise."""

    server: web.Playground

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    @property
    def cookie(self) -> str:
        return f"fathom-{self.server.port}={self.server.gate.token}"

    def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        body: Any = None,
        headers: dict[str, str | None] | None = None,
    ) -> Answer:
        """Send one request, with the path as it is; headers that are None are left out."""
        mine: dict[str, str | None] = {"Host": self.host, "Cookie": self.cookie}
        if method != "GET":
            mine |= {"Origin": f"http://{self.host}", "Content-Type": "application/octet-stream"}
        mine |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if isinstance(body, bytes) and "Content-Length" not in mine:
            mine["Content-Length"] = str(len(body))
        for name, value in mine.items():
            if value is not None:
                connection.putheader(name, value)
        try:
            connection.endheaders(body if isinstance(body, bytes) else None)
            answer = connection.getresponse()
            return Answer(
                answer.status, answer.headers, b"" if answer.status == 101 else answer.read()
            )
        finally:
            connection.close()

    def json(self, path: str, **options: Any) -> Any:
        """Return what a route answers, as JSON data."""
        return json.loads(self.ask(path, **options).body)

    def open_socket(self, **options: Any) -> ClientConnection:
        """Open a live connection; options replace origin, headers or address."""
        address = options.pop("address", f"ws://127.0.0.1:{self.server.port}/api/live")
        settings = {
            "origin": f"http://{self.host}",
            "additional_headers": {"Cookie": self.cookie},
            "subprotocols": [PROTOCOL],
            "max_size": None,
            "proxy": None,
            **options,
        }
        return connect(address, **settings)

    @contextmanager
    def page(self, **start: Any) -> Iterator[Page]:
        """A page that has started."""
        with self.open_socket() as socket:
            page = Page(socket)
            page.send("start", **start)
            page.welcome = page.wait("welcome")[0]
            page.state = page.wait("state")[0]
            yield page


@dataclass
class Page:
    """What a page would keep: the last state and frame; frames are acknowledged as they come."""

    socket: ClientConnection
    welcome: dict[str, Any] = field(default_factory=dict)
    state: dict[str, Any] = field(default_factory=dict)
    heard: list[str] = field(default_factory=list)
    requests: int = 0

    def send(self, kind: str, **members: Any) -> None:
        self.socket.send(json.dumps({"type": kind, **members}))

    def receive(self, *, seconds: float = SECONDS) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        message = self.socket.recv(timeout=seconds)
        header, arrays = (
            unpack(message) if isinstance(message, bytes) else (json.loads(message), {})
        )
        self.heard.append(header["type"])
        if "frame" in header:
            self.send("ack", frame=header["frame"])
        return header, arrays

    def wait(
        self, kind: str, until: Callable[[dict[str, Any]], bool] = lambda header: True
    ) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Return the next message of a kind for which `until` holds."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            header, arrays = self.receive(seconds=deadline - time.monotonic())
            if header["type"] == kind and until(header):
                return header, arrays
        raise AssertionError(f"no {kind} came; heard {self.heard[-20:]}")

    def ask(self, kind: str, **members: Any) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
        """Send a message and return its answer."""
        self.requests += 1
        number = self.requests
        self.send(kind, request=number, **members)
        while True:
            header, arrays = self.receive()
            if header.get("request") == number:
                return header, arrays

    def change(self, **changes: Any) -> dict[str, Any]:
        """Change members of the experiment; return the state."""
        wanted = {**self.state["experiment"], **changes}
        answer = self.ask("experiment", experiment=wanted)[0]
        if answer["type"] == "state":
            self.state = answer
        return answer

    def step(self, count: int = 1, unit: str = "epoch") -> tuple[dict[str, Any], dict[str, Any]]:
        """Take steps and return the frame after them."""
        before = self.wait_ready()
        self.send("step", unit=unit, count=count)
        return self.wait("frame", lambda one: _place(one) > _place(before))

    def wait_ready(self) -> dict[str, Any]:
        """Return a frame of the present build, once it is compiled."""
        self.send("want")
        return self.wait("frame", lambda one: one["build"] >= self.state["build"])[0]


def _place(frame: dict[str, Any]) -> tuple[int, int, int]:
    return frame["epoch"], frame["step"], frame["sample"]
