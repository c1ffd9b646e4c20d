"""All sessions of a server: begun, found again, ended."""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from fathom.errors import FathomError, UnknownNameError
from fathom.web import commands
from fathom.web.messages import Start
from fathom.web.outlet import Outlet
from fathom.web.session import Session

MOST_SESSIONS = 8
SECONDS_KEPT = 600.0
"""How long a session without a page is kept, its training stopped after a minute."""


class FullError(FathomError, RuntimeError):
    """The server has as many sessions as it takes."""


class Hub:
    """The sessions of a server.

    Args:
        opener: Opens data sets for all of them.
    """

    def __init__(self, opener: Any) -> None:
        self.opener = opener
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()
        self._compiler = ThreadPoolExecutor(1, thread_name_prefix="compile")

    def __len__(self) -> int:
        return len(self._sessions)

    def find(self, session: str) -> Session:
        """Return a session by its id.

        Raises:
            UnknownNameError: There is none of that id.
        """
        found = self._sessions.get(session)
        if found is None:
            raise UnknownNameError("That session is not here any more.", hint="reload the page")
        return found

    def join(self, start: Start, loop: asyncio.AbstractEventLoop) -> tuple[Session, Outlet, bool]:
        """Return the session a page goes on with or begins, where it sends to, and whether it
        goes on; may take long, as data are read.

        Raises:
            FullError: There are too many sessions with pages.
            FathomError: What the page starts with cannot be set up; a session with the default
                experiment is not begun in its place.
        """
        self._forget_old()
        session = self._sessions.get(start.session or "")
        resumed = session is not None
        if session is None:
            session = self._begin(start)
        outlet = Outlet(loop, lambda: session.post(None))
        return session, outlet, resumed

    def _begin(self, start: Start) -> Session:
        self._make_room()
        session = Session(secrets.token_urlsafe(12), self.opener, self._compiler, commands.obey)
        commands.begin(session, start)
        with self._lock:
            self._sessions[session.id] = session
        session.start()
        return session

    def _make_room(self) -> None:
        """End the session that has been without a page for longest, if there are too many."""
        with self._lock:
            if len(self._sessions) < MOST_SESSIONS:
                return
            left = [one for one in self._sessions.values() if one.left_at is not None]
            if not left:
                raise FullError(
                    f"This server has {MOST_SESSIONS} pages open, as many as it takes.",
                    hint="close one of them",
                )
            oldest = min(left, key=lambda one: one.left_at or 0.0)
            self._sessions.pop(oldest.id).close()

    def _forget_old(self) -> None:
        now = time.monotonic()
        with self._lock:
            for session in list(self._sessions.values()):
                if session.left_at is not None and now - session.left_at > SECONDS_KEPT:
                    self._sessions.pop(session.id).close()

    def close(self) -> None:
        """End all sessions."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()
        self._compiler.shutdown(wait=False, cancel_futures=True)
