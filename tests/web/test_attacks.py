"""Every route of the router, and what other pages and hostile clients may try on it."""

from __future__ import annotations

import json
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from starlette.routing import Route, WebSocketRoute
from support.playground import Client
from websockets.exceptions import InvalidStatus

from fathom.web import app
from fathom.web.hub import MOST_SESSIONS, Hub
from fathom.web.live import MOST_CONNECTIONS, MOST_MESSAGE
from fathom.web.uploads import MOST_BYTES

EXAMPLES = {
    "{name}": "digits-1",
    "{name:path}": "app.js",
    "{session}": "no-such-session",
    "{figure}": "depth-curve",
}


class _AnyPages:
    """Stands for the pages while only the routes are looked at."""

    def __getattr__(self, name: str) -> object:
        async def answer(request: object) -> None: ...

        return answer


def every_route(kind: type) -> list[tuple[str, str]]:
    """Return (method, path) of every route of a kind, with examples for its parameters."""
    found = []
    for route in app.routes(_AnyPages(), Hub(None)):  # pyright: ignore[reportArgumentType]
        if isinstance(route, kind):
            path = route.path
            for name, example in EXAMPLES.items():
                path = path.replace(name, example)
            methods = getattr(route, "methods", None) or {"GET"}
            found += [(method, path) for method in sorted(methods) if method != "HEAD"]
    return found


HTTP = every_route(Route)
SOCKETS = every_route(WebSocketRoute)
BAD_HOSTS = (
    "evil.com", "127.0.0.1.nip.io", "localhost.evil.com", "0.0.0.0", "", "127.0.0.1",
    "127.0.0.1:1", "evil.com:{port}", "127.0.0.1.nip.io:{port}", "0.0.0.0:{port}",
    "localhost:{port}@evil.com", "2130706433:{port}", "localhost.:{port}", "[::]:{port}",
)  # fmt: skip


def test_there_are_routes_to_attack() -> None:
    assert len(HTTP) >= 12
    assert SOCKETS == [("GET", "/api/live")]


@pytest.mark.parametrize(("method", "path"), HTTP)
@pytest.mark.parametrize("host", BAD_HOSTS)
def test_a_host_that_is_not_ours_gets_400(client, method: str, path: str, host: str) -> None:
    host = host.replace("{port}", str(client.server.port))
    answer = client.ask(path, method=method, headers={"Host": host})
    assert answer.status == 400


@pytest.mark.parametrize(("method", "path"), HTTP)
def test_no_host_at_all_gets_400(client, method: str, path: str) -> None:
    assert client.ask(path, method=method, headers={"Host": None}).status == 400


@pytest.mark.parametrize("host", [host for host in BAD_HOSTS if host])
def test_a_socket_with_a_host_that_is_not_ours_gets_400(client, host: str) -> None:
    host = host.replace("{port}", str(client.server.port))
    assert _handshake(client, {"Host": host}) == 400


@pytest.mark.parametrize("origin", ["http://evil.com", "null", "http://127.0.0.1:1", None,
                                    "https://127.0.0.1:{port}", "http://localhost:{port}",
                                    "http://127.0.0.1:{port}.evil.com"])  # fmt: skip
def test_a_socket_from_another_origin_gets_403_before_it_is_accepted(client, origin) -> None:
    origin = origin and origin.replace("{port}", str(client.server.port))
    assert _handshake(client, {"Origin": origin}) == 403


@pytest.mark.parametrize("cookie", [None, "", "fathom-{port}=wrong", "fathom-1={token}",
                                    "other={token}", "fathom-{port}="])  # fmt: skip
def test_a_socket_without_the_token_gets_401(client, cookie: str | None) -> None:
    assert _handshake(client, {"Cookie": _filled(client, cookie)}) == 401


@pytest.mark.parametrize(("method", "path"), HTTP)
@pytest.mark.parametrize("cookie", [None, "fathom-{port}=wrong", "fathom-1={token}", ";;;=\x01"])
def test_every_route_needs_the_token(client, method: str, path: str, cookie: str | None) -> None:
    answer = client.ask(path, method=method, headers={"Cookie": _filled(client, cookie)})
    assert answer.status == 401
    assert set(json.loads(answer.body)) == {"error", "hint", "status"}


@pytest.mark.parametrize(("method", "path"), HTTP)
@pytest.mark.parametrize("origin", ["http://evil.com", "null", "http://127.0.0.1:1"])
def test_no_route_answers_another_origin(client, method: str, path: str, origin: str) -> None:
    assert client.ask(path, method=method, headers={"Origin": origin}).status == 403


@pytest.mark.parametrize(("method", "path"), [one for one in HTTP if one[0] == "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": None},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": "text/plain"},
        {"Content-Type": None},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_posts_that_a_form_of_another_page_could_send_get_403(client, method, path, headers):
    assert client.ask(path, method=method, body=b"x=1", headers=headers).status == 403


@pytest.mark.parametrize("path", [path for method, path in HTTP if method == "GET"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_do_nothing(client, path: str, method: str) -> None:
    assert client.ask(path, method=method, body=b"").status in (403, 405)


def test_the_token_is_swapped_for_a_strict_cookie_and_leaves_the_address(client) -> None:
    token = client.server.gate.token
    answer = client.ask(f"/?token={token}&tour=1", headers={"Cookie": None})
    assert answer.status == 303
    assert answer.headers["location"] == "/?tour=1"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "no-store"
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith(f"{client.cookie};")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}


@pytest.mark.parametrize("token", ["", "wrong", "%00", "é"])
def test_a_wrong_token_gives_no_cookie(client, token: str) -> None:
    from urllib.parse import quote

    answer = client.ask(f"/?token={quote(token, safe='%')}", headers={"Cookie": None})
    assert answer.status == 401
    assert answer.headers["set-cookie"] is None


PATHS = (
    "..", "../app.py", "../../errors.py", "%2e%2e/app.py", "%252e%252e/app.py", "..%2fapp.py",
    "..\\app.py", "..%5capp.py", "app.js;.css", "app.js%00.html", "/etc/passwd", "%2fetc%2fpasswd",
    "//etc/passwd", "./app.js", "lib/../app.js", "lib//../app.js", "app.js/", "APP.JS%20",
    "file:///etc/passwd", "C:/windows", "~root/.ssh/id_rsa", "app.py",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "route",
    [
        "/static/{}", "/api/studies/{}", "/api/studies/{}/figures/depth-curve",
        "/api/studies/digits/figures/{}", "/api/sessions/{}/network.keras",
        "/api/sessions/{}/weights.json", "/{}", "/api/{}",
    ],
)  # fmt: skip
def test_paths_and_ids_that_lead_elsewhere_are_404(client, route: str, path: str) -> None:
    answer = client.ask(route.format(path))
    assert answer.status == 404
    body = answer.body
    assert b"root:" not in body and b"import " not in body


def test_a_link_in_the_page_s_folder_is_not_followed(tmp_path: Path) -> None:
    from fathom.web.files import static_files

    (tmp_path / "page.html").write_text("page")
    (tmp_path / "secret.html").symlink_to("/etc/passwd")
    (tmp_path / "code.py").write_text("secret")
    assert list(static_files(tmp_path)) == ["page.html"]


@pytest.mark.parametrize(("method", "path"), HTTP)
def test_every_answer_has_a_strict_policy_even_a_refusal(client, method: str, path: str) -> None:
    for headers in ({}, {"Cookie": None}, {"Host": "evil.com"}):
        answer = client.ask(path, method=method, headers=headers)
        policy = dict(
            part.strip().split(" ", 1)
            for part in answer.headers["content-security-policy"].split(";")
        )
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == "'self'"
        assert policy["frame-ancestors"] == "'none'"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "server" not in answer.headers
        is_study_page = path.startswith("/studies")
        assert ("'unsafe-inline'" in policy["style-src"]) == is_study_page


def test_a_body_that_says_it_is_too_long_is_refused_unread(client) -> None:
    headers = {"Content-Length": str(10 * 2**30), "X-File-Name": "a.csv"}
    assert client.ask("/api/uploads", method="POST", headers=headers).status == 413


def test_a_body_that_turns_out_too_long_is_cut_off(client) -> None:
    """A chunked body has no length to be refused by."""
    with socket.create_connection(("127.0.0.1", client.server.port), timeout=60) as raw:
        head = (
            f"POST /api/uploads HTTP/1.1\r\nHost: {client.host}\r\nCookie: {client.cookie}\r\n"
            f"Origin: http://{client.host}\r\nContent-Type: application/octet-stream\r\n"
            "X-File-Name: a.csv\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        raw.sendall(head.encode())
        part = b"x" * 2**20
        try:
            for _ in range(MOST_BYTES // 2**20 + 20):
                raw.sendall(f"{len(part):x}\r\n".encode() + part + b"\r\n")
        except OSError:
            pass  # it hung up, having answered
        answer = raw.recv(65536)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_form_of_a_million_parts_is_refused_unread(client) -> None:
    body = b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n\r\n" * 20_000
    headers = {"Content-Type": "multipart/form-data; boundary=x", "X-File-Name": "a.csv"}
    begun = time.monotonic()
    assert client.ask("/api/uploads", method="POST", body=body, headers=headers).status == 403
    assert time.monotonic() - begun < 5


def test_a_message_that_is_too_big_closes_with_1009(client) -> None:
    lines = [f"{name}: {value}" for name, value in _handshake_headers(client).items()]
    with socket.create_connection(("127.0.0.1", client.server.port), timeout=60) as raw:
        raw.sendall("\r\n".join(["GET /api/live HTTP/1.1", *lines, "", ""]).encode())
        stream = raw.makefile("rb")
        assert stream.readline().startswith(b"HTTP/1.1 101")
        while stream.readline().strip():
            pass
        # A text frame that says it is as long as this, of which nothing need be sent.
        raw.sendall(b"\x81\xff" + (20 * MOST_MESSAGE).to_bytes(8, "big") + b"mask")
        assert stream.read(1) == b"\x88"
        length = stream.read(1)[0]
        assert int.from_bytes(stream.read(length)[:2], "big") == 1009


@pytest.mark.parametrize(
    "text",
    [
        "", "null", "[]", "{}", '{"type": "no"}', '{"type": "play", "extra": 1}', '"play"',
        "[" * 5000, "\u0000", '{"type": NaN}',
        '{"type": "step", "count": 1e99}', '{"type": "step", "count": "1"}',
        '{"type": "speed", "per_frame": 1000000}', '{"type": "edit", "parameter": -1, "index": 0, '
        '"value": 1}', '{"type": "edit", "parameter": 0, "index": 0, "value": 1e999}',
        '{"type": "inspect", "input": [1, 2, 3]}', '{"type": "many", "count": 100000}',
        '{"type": "depths", "most": 1000}', '{"type": "descent", "parameters": []}',
        '{"type": "descent", "parameters": [[0, 0]], "resolution": 100000}',
        '{"type": "open_study", "study": "../../x"}', '{"type": "open_member", "member": 5}',
        '{"type": "experiment", "experiment": {"data": {"source": "upload:../../etc/passwd"}}}',
        '{"type": "experiment", "experiment": {"data": {"source": "https://evil.com/a.csv"}}}',
        '{"type": "experiment", "experiment": {"data": {"source": "/etc/passwd"}}}',
        '{"type": "experiment", "experiment": {"data": {"source": "s3://bucket/a"}}}',
        '{"type": "experiment", "experiment": {"features": ["__import__(1)"]}}',
        '{"type": "experiment", "experiment": {"features": ["log(x)"], "mode": "modern"}}',
        '{"type": "experiment", "experiment": {"network": {"layers": [{"units": 1000000}]}}}',
        '{"type": "experiment", "experiment": {"batch_size": 0}}',
        '{"type": "experiment", "experiment": {"optimizer": {"name": "sgd", "learning_rate": -1}}}',
        '{"type": "experiment", "experiment": {"optimizer": {"name": "sgd", "learning_rate": 1, '
        '"clipnorm": 3}}}', '{"type": "experiment", "experiment": {"data": {"rows": 100000000}}}',
        '{"type": "experiment", "experiment": {"network": {"layers": [{"activation": "glu"}]}}}',
        '{"type": "want", "resolution": 100000}', '{"type": "start"}',
    ],
)  # fmt: skip
def test_a_message_that_makes_no_sense_is_refused_and_changes_nothing(server_page, text) -> None:
    server_page.socket.send(text)
    answer = server_page.wait("error")[0]
    assert answer["status"] in (400, 404)
    assert answer["error"] and "Traceback" not in json.dumps(answer)
    state = server_page.ask("experiment", experiment=server_page.state["experiment"])[0]
    assert state["effect"] == "none"


@pytest.fixture(scope="module")
def server_page(server):
    """One page for all refusals: it must stay usable after each."""
    with Client(server).page() as page:
        yield page


def test_sockets_without_end_are_capped(client) -> None:
    refused = 0
    with ExitStack() as opened:
        for _ in range(MOST_CONNECTIONS + 5):
            try:
                opened.enter_context(client.open_socket())
            except InvalidStatus:
                refused += 1
    assert refused >= 5


def test_sessions_are_capped_and_said_so(client) -> None:
    _wait_for_room(client)
    with ExitStack() as opened:
        sockets = [opened.enter_context(client.open_socket()) for _ in range(MOST_SESSIONS + 1)]
        answers = []
        for one in sockets:
            one.send('{"type": "start"}')
            answers.append(json.loads(one.recv(timeout=60)))
    full = [one for one in answers if one["type"] == "error"]
    assert full and str(MOST_SESSIONS) in full[0]["error"]


def _wait_for_room(client) -> None:
    """Wait until the server has seen that the connections before are closed."""
    for _ in range(100):
        if _handshake(client, {}) == 101:
            return
        time.sleep(0.1)


def _filled(client, cookie: str | None) -> str | None:
    gate = client.server.gate
    return cookie and cookie.replace("{port}", str(gate.port)).replace("{token}", gate.token)


def _handshake(client, headers: dict[str, str | None]) -> int:
    """Return the status of a WebSocket's handshake."""
    return client.ask("/api/live", headers={**_handshake_headers(client), **headers}).status


def _handshake_headers(client) -> dict[str, str | None]:
    return {
        "Host": client.host,
        "Cookie": client.cookie,
        "Origin": f"http://{client.host}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Protocol": "fathom.playground.1",
    }


def test_the_handshake_of_these_tests_is_sound(client) -> None:
    _wait_for_room(client)
    assert _handshake(client, {}) == 101
    with client.open_socket() as opened:
        assert opened.subprotocol == "fathom.playground.1"
