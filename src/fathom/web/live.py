"""The live connection: messages in, messages and frames out."""

from __future__ import annotations

import asyncio
import contextlib

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from fathom import play
from fathom.errors import FathomError
from fathom.version import __version__
from fathom.web.errors import error_data, log_fault
from fathom.web.hub import FullError, Hub
from fathom.web.messages import Ack, Start, read_message, request_of
from fathom.web.outlet import IN_FLIGHT, Outlet
from fathom.web.session import Session
from fathom.web.uploads import MOST_BYTES

PROTOCOL = "fathom.playground.1"
MOST_MESSAGE = 4 * 2**20
MOST_CONNECTIONS = 32
SECONDS_TO_START = 20.0
NOT_ALLOWED, TOO_BIG, TRY_LATER = 1008, 1009, 1013


class Live:
    """Answers live connections.

    Args:
        hub: Where sessions are.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._connections = 0

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection until it ends."""
        if PROTOCOL not in websocket.scope.get("subprotocols", []):
            await websocket.close(NOT_ALLOWED, "another protocol")
            return
        if self._connections >= MOST_CONNECTIONS:
            await websocket.close(TRY_LATER, "too many connections")
            return
        self._connections += 1
        try:
            await websocket.accept(PROTOCOL)
            await self._serve(websocket)
        except WebSocketDisconnect:
            pass
        finally:
            self._connections -= 1

    async def _serve(self, websocket: WebSocket) -> None:
        joined = await self._join(websocket)
        if joined is None:
            return
        session, outlet = joined
        sender = asyncio.create_task(_send_all(websocket, outlet))
        receiver = asyncio.create_task(_receive_all(websocket, session, outlet))
        try:
            await asyncio.wait({sender, receiver}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            session.disconnect(outlet)
            outlet.close()
            for task in (sender, receiver):
                task.cancel()
            await asyncio.gather(sender, receiver, return_exceptions=True)
            with contextlib.suppress(RuntimeError):  # it is closed already
                await websocket.close()

    async def _join(self, websocket: WebSocket) -> tuple[Session, Outlet] | None:
        """Read the first message and begin; a start that cannot be set up may be tried again."""
        for _ in range(5):
            text = await asyncio.wait_for(_receive(websocket), SECONDS_TO_START)
            try:
                start = read_message(text)
                if not isinstance(start, Start):
                    raise FathomError("The first message must be start.")
                loop = asyncio.get_running_loop()
                session, outlet, resumed = await run_in_threadpool(self._hub.join, start, loop)
            except FullError as error:
                await websocket.send_text(_text(error_data(error, request=None)))
                await websocket.close(TRY_LATER, "too many sessions")
                return None
            except FathomError as error:
                await websocket.send_text(_text(error_data(error, request=request_of(text))))
                continue
            except Exception as error:
                log_fault(error)
                await websocket.send_text(_text(error_data(error, request=request_of(text))))
                continue
            await websocket.send_text(_text(_welcome(session, resumed=resumed)))
            session.connect(outlet)
            return session, outlet
        await websocket.close(NOT_ALLOWED, "no start")
        return None


def _welcome(session: Session, *, resumed: bool) -> dict[str, object]:
    limits = {
        **play.limits_data(),
        "in_flight": IN_FLIGHT,
        "max_message_bytes": MOST_MESSAGE,
        "max_upload_bytes": MOST_BYTES,
    }
    return {
        "type": "welcome",
        "session": session.id,
        "resumed": resumed,
        "version": __version__,
        "limits": limits,
    }


def _text(data: dict[str, object]) -> str:
    import msgspec

    return msgspec.json.encode(data).decode()


async def _send_all(websocket: WebSocket, outlet: Outlet) -> None:
    while (item := await outlet.queue.get()) is not None:
        if isinstance(item, bytes):
            await websocket.send_bytes(item)
        else:
            await websocket.send_text(item)


async def _receive_all(websocket: WebSocket, session: Session, outlet: Outlet) -> None:
    while True:
        text = await _receive(websocket)
        try:
            message = read_message(text)
        except FathomError as error:
            outlet.send(error_data(error, request=request_of(text)))
            continue
        if isinstance(message, Ack):
            outlet.acknowledge(message.frame)
        elif isinstance(message, Start):
            error = FathomError("This connection has started already.")
            outlet.send(error_data(error, request=message.request))
        else:
            session.post(message)


async def _receive(websocket: WebSocket) -> str | bytes:
    """Return the next message's text.

    Raises:
        WebSocketDisconnect: There is none any more, or it is too big.
    """
    message = await websocket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    text = message.get("text")
    found = text if text is not None else message.get("bytes") or b""
    if len(found) > MOST_MESSAGE:
        await websocket.close(TOO_BIG, "message too big")
        raise WebSocketDisconnect(TOO_BIG)
    return found
