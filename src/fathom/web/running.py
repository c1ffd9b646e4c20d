"""Starting the server: a socket, an address with its token, and a clean end."""

from __future__ import annotations

import errno
import ipaddress
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fathom.errors import FathomError, SpecError
from fathom.web.notebook import frame

if TYPE_CHECKING:
    import uvicorn

    from fathom.web.guard import Gate

LOCAL_HOST = "127.0.0.1"
DEFAULT_PORT = 8765
SECONDS_TO_START = 30.0
SECONDS_TO_STOP = 2


class ServerError(FathomError, OSError):
    """The server cannot listen where it was told to."""


@dataclass
class Playground:
    """A running playground.

    Args:
        server: What serves.
        listening: Where it listens.
        gate: Who may come in.
        host: As it was asked for.
    """

    server: uvicorn.Server
    listening: socket.socket
    gate: Gate
    host: str
    _thread: threading.Thread | None = field(default=None, repr=False)

    @property
    def port(self) -> int:
        """The port it listens to."""
        return self.gate.port

    @property
    def url(self) -> str:
        """The address with the token, to be opened in a browser."""
        return self.url_at(shown_host(self.host))

    def url_at(self, host: str) -> str:
        """Return the address under one of the server's names."""
        return f"http://{host}:{self.port}/?token={self.gate.token}"

    def run(self) -> None:
        """Serve until the process is told to stop."""
        self.server.run(sockets=[self.listening])

    def start(self) -> Playground:
        """Serve in the background, and return when it answers."""
        self._thread = threading.Thread(target=self.run, name="playground", daemon=True)
        self._thread.start()
        begun = time.monotonic()
        while not self.server.started:
            if not self._thread.is_alive() or time.monotonic() - begun > SECONDS_TO_START:
                raise ServerError("The playground's server did not start.")
            time.sleep(0.01)
        return self

    def is_serving(self, *, seconds: float = 0) -> bool:
        """Return whether the server runs, after waiting for its end for so long at most."""
        if self._thread is None:
            return False
        self._thread.join(seconds)
        return self._thread.is_alive()

    def stop(self) -> None:
        """Stop serving."""
        self.server.should_exit = True
        if self._thread is not None:
            self._thread.join(SECONDS_TO_STOP + 5)
        self.listening.close()

    def __enter__(self) -> Playground:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _repr_html_(self) -> str:
        return frame(host=LOCAL_HOST, port=self.port, token=self.gate.token, url=self.url)


def serve(
    *,
    host: str = LOCAL_HOST,
    port: int | None = None,
    given: Any = None,
    store: Any = None,
    framed: bool = False,
) -> Playground:
    """Return a server that listens and is ready to run.

    Args:
        host: Address to listen at; anything but this machine's own is a risk that the caller
            takes knowingly.
        port: Port to listen to, 0 for any; None for 8765 or, where that is taken, any.
        given: A data set to play with.
        store: The store whose studies are shown.
        framed: Whether a notebook on this machine may show the page inside.

    Raises:
        ServerError: The port is taken, or the host is not this machine's.
        SpecError: The port is no port.
    """
    import uvicorn

    from fathom.web.app import application
    from fathom.web.guard import LOOPBACK, Gate
    from fathom.web.tokens import kept_token, new_token

    listening = _listen(host, port)
    names = LOOPBACK if is_loopback(host) else tuple(dict.fromkeys([*LOOPBACK, *_names(host)]))
    framed_by = "http://localhost:* http://127.0.0.1:*" if framed else "'none'"
    found = listening.getsockname()[1]
    is_chosen = found == (DEFAULT_PORT if port is None else port)
    token = kept_token(found) if is_chosen and is_loopback(host) else new_token()
    gate = Gate(port=found, hosts=names, framed_by=framed_by, token=token)
    config = uvicorn.Config(
        application(gate, given=given, store=store),
        log_level="warning",
        access_log=False,
        ws="websockets-sansio",
        ws_max_size=4 * 2**20,
        ws_per_message_deflate=False,
        limit_concurrency=200,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=SECONDS_TO_STOP,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan="on",
    )
    return Playground(uvicorn.Server(config), listening, gate, host)


def is_loopback(host: str) -> bool:
    """Return whether a host can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def shown_host(host: str) -> str:
    """Return the name under which a browser on this machine finds the server."""
    if host in ("0.0.0.0", "::"):
        return LOCAL_HOST
    return f"[{host}]" if ":" in host else host


def _names(host: str) -> list[str]:
    """Return the names by which others reach a server that listens to all of them."""
    if host not in ("0.0.0.0", "::"):
        return [shown_host(host)]
    name = socket.gethostname().lower()
    try:
        addresses = [str(info[4][0]) for info in socket.getaddrinfo(name, None)]
    except OSError:
        addresses = []
    return [name, *(shown_host(one) for one in addresses)]


def _listen(host: str, port: int | None) -> socket.socket:
    if port is not None and not 0 <= port <= 65_535:
        raise SpecError(f"`port` must be from 0 to 65535. Received: port={port}.")
    if port is not None:
        return _bound(host, port)
    try:
        return _bound(host, DEFAULT_PORT)
    except PortTakenError:
        return _bound(host, 0)


class PortTakenError(ServerError):
    """Something else listens there."""


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise _listen_error(host, port, error) from error
    return listening


def _listen_error(host: str, port: int, error: OSError) -> ServerError:
    if error.errno == errno.EADDRINUSE:
        return PortTakenError(
            f"Port {port} is taken: something else listens there.",
            hint="choose another with --port, or --port 0 for any that is free",
        )
    if error.errno == errno.EACCES:
        return ServerError(
            f"Port {port} is not for ordinary users.", hint="choose one from 1024 on"
        )
    return ServerError(
        f"The playground cannot listen at {host}: {error.strerror or error}.",
        hint="use --host 127.0.0.1, this machine alone",
    )
