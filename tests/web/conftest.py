"""A real server on this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.playground import Client

from fathom import web
from fathom.store import Store


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[web.Playground]:
    """A server with an empty store."""
    store = Store(tmp_path_factory.mktemp("store") / "runs")
    with web.serve(port=0, store=store).start() as running:
        yield running


@pytest.fixture
def client(server: web.Playground) -> Client:
    """A client of the server."""
    return Client(server)
