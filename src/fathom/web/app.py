"""The application: every route there is, behind the gate."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute

from fathom import play
from fathom.errors import FathomError, UnknownNameError
from fathom.web.errors import MISSING, TOO_LARGE, log_fault, refusal
from fathom.web.files import plotly_script, static_files
from fathom.web.guard import Gate, Guard
from fathom.web.hub import Hub
from fathom.web.live import Live
from fathom.web.opening import Opener
from fathom.web.studies import Studies, encoded
from fathom.web.uploads import MOST_BYTES, TooLargeError, Uploads, too_large, write_body

JSON = "application/json"
SCRIPT = "text/javascript; charset=utf-8"


class Pages:
    """Answers of the plain routes.

    Args:
        hub: Where sessions are.
        opener: Opens data.
        uploads: Where uploads go.
        studies: The store's studies.
    """

    def __init__(self, hub: Hub, opener: Opener, uploads: Uploads, studies: Studies) -> None:
        self._hub, self._opener = hub, opener
        self._uploads, self._studies = uploads, studies
        self._files = static_files()

    async def page(self, request: Request) -> Response:
        """Give the playground's page."""
        return self._file(request, "index.html")

    async def study_page(self, request: Request) -> Response:
        """Give the page of studies."""
        return self._file(request, "studies.html")

    async def static(self, request: Request) -> Response:
        """Give a file of the page by its exact name."""
        return self._file(request, request.path_params["name"])

    def _file(self, request: Request, name: str) -> Response:
        found = self._files.get(name)
        if found is None:
            raise UnknownNameError("There is no such file.")
        return _unless_known(request, found.read(), found.media_type)

    async def plotly(self, request: Request) -> Response:
        """Give plotly.min.js."""
        return _unless_known(request, await run_in_threadpool(plotly_script), SCRIPT)

    async def catalog(self, request: Request) -> Response:
        """Give what there is to choose from."""
        return _json(play.catalog_data(self._opener.sources()))

    async def upload(self, request: Request) -> Response:
        """Take a file and read it."""
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > MOST_BYTES:
            raise too_large(MOST_BYTES)
        name = unquote(request.headers.get("x-file-name", ""))[:1000]
        path = self._uploads.new_path(name)
        await write_body(request.stream(), path)
        return _json(await run_in_threadpool(self._uploads.take, path, name))

    async def network(self, request: Request) -> Response:
        """Give a session's network as a `.keras` file."""
        data = await self._of_lane(request, play.network_bytes)
        return _download(data, "network.keras", "application/octet-stream")

    async def weights(self, request: Request) -> Response:
        """Give a session's weights as JSON."""
        data = await self._of_lane(request, play.weights_data)
        return _download(encoded(data), "weights.json", JSON)

    async def _of_lane(self, request: Request, make: Callable[[Any], Any]) -> Any:
        session = self._hub.find(request.path_params["session"])
        side = request.query_params.get("side", "a")

        def work() -> Any:
            if side not in session.sides:
                raise UnknownNameError("There is no such network.")
            return make(session.sides[side].shown())

        return await run_in_threadpool(session.ask, work)

    async def studies(self, request: Request) -> Response:
        """Give all studies in a line each."""
        return _json(await run_in_threadpool(self._studies.listed))

    async def study(self, request: Request) -> Response:
        """Give one study."""
        return _json(await run_in_threadpool(self._studies.study, request.path_params["name"]))

    async def figure(self, request: Request) -> Response:
        """Give a figure of a study."""
        values = request.path_params
        data = await run_in_threadpool(self._studies.figure, values["name"], values["figure"])
        return Response(data, media_type=JSON)


def _unless_known(request: Request, content: bytes, media_type: str) -> Response:
    """Return a file that the browser may keep but asks for each time, or 304 where it has it."""
    tag = f'W/"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    known = request.headers.get("if-none-match", "").split(",")
    if tag in [one.strip() for one in known]:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def _json(data: Any) -> Response:
    return Response(encoded(data), media_type=JSON)


def _download(data: bytes, name: str, media_type: str) -> Response:
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)


def routes(pages: Pages, hub: Hub) -> list[Route | WebSocketRoute]:
    """Return all routes; only files that hold no secrets are compressed."""
    packed = [Middleware(GZipMiddleware, minimum_size=1000, compresslevel=6)]
    return [
        Route("/", pages.page),
        Route("/studies", pages.study_page),
        Route("/studies/{name}", pages.study_page),
        Route("/static/{name:path}", pages.static, middleware=packed),
        Route("/plotly.min.js", pages.plotly, middleware=packed),
        Route("/api/catalog", pages.catalog),
        Route("/api/uploads", pages.upload, methods=["POST"]),
        Route("/api/sessions/{session}/network.keras", pages.network),
        Route("/api/sessions/{session}/weights.json", pages.weights),
        Route("/api/studies", pages.studies),
        Route("/api/studies/{name}", pages.study),
        Route("/api/studies/{name}/figures/{figure}", pages.figure),
        WebSocketRoute("/api/live", Live(hub).serve),
    ]


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, FathomError):
        log_fault(error)
    said = refusal(error)
    if isinstance(error, TooLargeError):
        said["status"] = TOO_LARGE
    return Response(encoded(said), status_code=said["status"], media_type=JSON)


async def _no_route(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", MISSING)
    said = {"error": "There is nothing here.", "hint": None, "status": status}
    return Response(encoded(said), status_code=status, media_type=JSON)


def application(gate: Gate, *, given: Any = None, store: Any = None) -> Guard:
    """Return the whole application.

    Args:
        gate: Who may come in.
        given: A data set to play with, besides those that are built in.
        store: The `fathom.Store` whose studies are shown; the default store if None.
    """
    from starlette.exceptions import HTTPException

    from fathom.store import Store

    store = store or Store()
    uploads, studies = Uploads(), Studies(store)
    opener = Opener(given, uploads, studies)
    hub = Hub(opener)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        hub.close()
        uploads.close()

    app = Starlette(
        routes=routes(Pages(hub, opener, uploads, studies), hub),
        exception_handlers={
            HTTPException: _no_route,
            FathomError: _refused,
            Exception: _refused,
        },
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.hub, app.state.store = hub, store
    return Guard(app, gate)
