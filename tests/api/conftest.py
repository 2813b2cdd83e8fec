"""The package's own addresses, answered for whoever a test says is looking, without the rest of the app."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send

from api.routes import make_routes
from data.engine import make_stream_engine
from data.viewer import Viewer
from tests.database.workload import uid

STAFF = Viewer("boss", staff=True)
ANN = Viewer("ann", accounts=frozenset({uid("ann")}))
NOBODY = Viewer("nobody")


class Seen:
    """In the host's place: says who is looking."""

    def __init__(self, app: ASGIApp, viewer: Viewer) -> None:
        self.app = app
        self.viewer = viewer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope.setdefault("state", {})["viewer"] = self.viewer
        await self.app(scope, receive, send)


def make_app(database_url: str, key: str = "shared") -> Starlette:
    engine = make_stream_engine(database_url, 2)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await engine.dispose()

    return Starlette(routes=make_routes(engine, Decimal(100), key), lifespan=lifespan)


@pytest.fixture
def make_client(database_url: str) -> Iterator[Callable[..., TestClient]]:
    with ExitStack() as stack:

        def make(viewer: Viewer = STAFF, key: str = "shared") -> TestClient:
            app = Seen(make_app(database_url, key), viewer)
            return stack.enter_context(TestClient(app, raise_server_exceptions=False))

        yield make


@pytest.fixture
def client(make_client: Callable[..., TestClient]) -> TestClient:
    """As staff."""
    return make_client()


def table(text: str) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    return list(csv.DictReader(io.StringIO(text, newline="")))


def every_page(client: TestClient, path: str, **filters: Any) -> list[dict[str, Any]]:
    """The rows of all pages of a resource."""
    rows: list[dict[str, Any]] = []
    page = client.get(path, params=filters).json()
    while True:
        rows += page["data"]
        if page["next"] is None:
            return rows
        page = client.get(path, params={**filters, "cursor": page["next"]}).json()
