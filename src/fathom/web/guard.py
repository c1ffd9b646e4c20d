"""What every request must show before any route sees it: host, origin, token.

A page of another site can make a browser send requests to this machine, and
can point its own name at it. The host must therefore be this server's, the
origin where one is sent, and the cookie that only the printed address gives.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, urlencode

import msgspec

from fathom.web.tokens import new_token

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
SAFE_METHODS = ("GET", "HEAD")
BODY_TYPE = "application/octet-stream"
POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "connect-src": "'self'",
    "font-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}
STUDY_PAGES = "/studies"
CACHE = b"cache-control"


@dataclass(frozen=True)
class Gate:
    """Who may come in.

    Args:
        port: The port that is listened to.
        hosts: Names by which the server may be called, without the port.
        framed_by: Sources of `frame-ancestors`: pages that may show this one inside.
        token: The secret; a new one by default.
    """

    port: int
    hosts: tuple[str, ...] = LOOPBACK
    framed_by: str = "'none'"
    token: str = field(default_factory=new_token, repr=False)

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies do not know ports, so the port is in it."""
        return f"fathom-{self.port}"

    def knows_host(self, host: str) -> bool:
        """Return whether a Host header names this server."""
        return host.lower() in {f"{name}:{self.port}" for name in self.hosts} | (
            set(self.hosts) if self.port == 80 else set()
        )

    def knows_origin(self, origin: str, host: str) -> bool:
        """Return whether an Origin header is the one of the page at `host`."""
        return origin.lower() == f"http://{host.lower()}"

    def knows_token(self, token: str) -> bool:
        """Return whether it is the secret, in a time that tells nothing about it."""
        return hmac.compare_digest(token.encode(), self.token.encode())

    def headers(self, path: str) -> list[tuple[bytes, bytes]]:
        """Return the headers that every answer has."""
        policy = dict(POLICY)
        if path == STUDY_PAGES or path.startswith(f"{STUDY_PAGES}/"):
            policy["style-src"] = "'self' 'unsafe-inline'"
        policy["frame-ancestors"] = self.framed_by
        text = "; ".join(f"{key} {value}" for key, value in policy.items())
        return [
            (b"content-security-policy", text.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"no-referrer"),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (CACHE, b"no-store"),
        ]


@dataclass(frozen=True)
class Refusal:
    """Why a request goes no further."""

    status: int
    error: str
    hint: str | None = None


class Guard:
    """The application behind a gate.

    Args:
        app: What answers requests that may come in.
        gate: Who may.
    """

    def __init__(self, app: App, gate: Gate) -> None:
        self.app, self._gate = app, gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or let it through."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = _headers(scope)
        refusal = self._refusal(scope, headers)
        if scope["type"] == "websocket":
            await self._websocket(refusal, scope, receive, send)
            return
        send = self._with_headers(send, scope["path"])
        if refusal is None and (token := self._token_in_address(scope)) is not None:
            await self._swap(token, scope, send)
        elif refusal is None and not self._has_cookie(headers):
            await _answer(send, _NO_TOKEN)
        elif refusal is None:
            await self.app(scope, receive, send)
        else:
            await _answer(send, refusal)

    async def _websocket(
        self, refusal: Refusal | None, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let a connection through, or refuse it before it is accepted."""
        if refusal is None and not self._has_cookie(_headers(scope)):
            refusal = _NO_TOKEN
        if refusal is None:
            await self.app(scope, receive, send)
            return
        await receive()
        if "websocket.http.response" in scope.get("extensions", {}):
            await _answer(send, refusal, prefix="websocket.http.response")
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": refusal.error[:120]})

    def _refusal(self, scope: Scope, headers: dict[str, list[str]]) -> Refusal | None:
        hosts = headers.get("host", [])
        if len(hosts) != 1 or not self._gate.knows_host(hosts[0]):
            return Refusal(400, "This server does not go by that name.", "open the printed address")
        origins = headers.get("origin", [])
        changes = scope["type"] == "websocket" or scope.get("method") not in SAFE_METHODS
        is_own = len(origins) == 1 and self._gate.knows_origin(origins[0], hosts[0])
        if (origins or changes) and not is_own:
            return _NOT_OURS
        if changes and headers.get("sec-fetch-site", ["same-origin"]) != ["same-origin"]:
            return _NOT_OURS
        if scope["type"] == "http" and changes:
            return _body_refusal(headers)
        return None

    def _has_cookie(self, headers: dict[str, list[str]]) -> bool:
        jar = SimpleCookie()
        try:
            for line in headers.get("cookie", []):
                jar.load(line)
        except CookieError:
            return False
        found = jar.get(self._gate.cookie)
        return found is not None and self._gate.knows_token(found.value)

    def _token_in_address(self, scope: Scope) -> str | None:
        if scope["path"] != "/" or scope.get("method") not in SAFE_METHODS:
            return None
        values = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("token")
        return values[0] if values else None

    async def _swap(self, token: str, scope: Scope, send: Send) -> None:
        """Give the cookie for the token, and the address without it."""
        if not self._gate.knows_token(token):
            await _answer(send, _NO_TOKEN)
            return
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"))
        query.pop("token")
        target = f"/?{urlencode(query, doseq=True)}" if query else "/"
        cookie = f"{self._gate.cookie}={self._gate.token}; HttpOnly; SameSite=Strict; Path=/"
        headers = [(b"location", target.encode()), (b"set-cookie", cookie.encode())]
        await send({"type": "http.response.start", "status": 303, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    def _with_headers(self, send: Send, path: str) -> Send:
        """Return `send` that adds the headers that every answer has.

        Nothing is kept by the browser unless a route says so.
        """

        async def with_headers(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                given = list(message.get("headers", []))
                keeps = any(key.lower() == b"cache-control" for key, _ in given)
                ours = [one for one in self._gate.headers(path) if not (keeps and one[0] == CACHE)]
                message["headers"] = [*given, *ours]
            await send(message)

        return with_headers


_NOT_OURS = Refusal(403, "Only this server's own page may do that.")
_NO_TOKEN = Refusal(
    401,
    "This page needs the token of the server that was started.",
    "open the address that `fathom playground` printed",
)


def _body_refusal(headers: dict[str, list[str]]) -> Refusal | None:
    """Refuse bodies that a form of another site could send without being asked."""
    kinds = headers.get("content-type", [])
    if kinds != [BODY_TYPE]:
        return Refusal(403, f"A body must be {BODY_TYPE}.", "upload through the page")
    return None


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in scope["headers"]:
        found.setdefault(key.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


async def _answer(send: Send, refusal: Refusal, *, prefix: str = "http.response") -> None:
    body = msgspec.json.encode(
        {"error": refusal.error, "hint": refusal.hint, "status": refusal.status}
    )
    headers = [(b"content-type", b"application/json")]
    await send({"type": f"{prefix}.start", "status": refusal.status, "headers": headers})
    await send({"type": f"{prefix}.body", "body": body})
