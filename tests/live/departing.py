"""A server process for the tests of going down: `python -m tests.live.departing PORT WORKERS`."""

from __future__ import annotations

import logging
import os
import sys
import threading
from decimal import Decimal

import flask
from starlette.applications import Starlette

from access.resolver import resolve_local
from data.engine import make_async_engine
from data.revisions import newest_revision
from live.host import make_host
from live.server import run_server
from live.stream import make_live


class NoCache:
    cached_in_memory = True

    def invalidate_fold(self, threads: object, accounts: object) -> None: ...

    def invalidate_all(self) -> None: ...


def pages() -> flask.Flask:
    server = flask.Flask("pages")

    @server.get("/stall")
    def stall() -> str:
        threading.Event().wait()
        return "never"

    server.add_url_rule("/large", "large", lambda: iter([b"x" * 65536] * 256))
    return server


def make_app() -> Starlette:
    url = os.environ["TEST_DATABASE_URL"]
    live = make_live(url, url, NoCache(), Decimal(100))
    return make_host(
        pages(),
        live,
        resolve_local,
        make_async_engine(url),
        revision=newest_revision(),
        drain_seconds=float(os.environ.get("TEST_DRAIN_SECONDS", "0")),
    )


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    port, workers = int(sys.argv[1]), int(sys.argv[2])
    run_server("tests.live.departing:make_app" if workers > 1 else make_app(), "127.0.0.1", port, workers)
    logging.info("closed what was left")


if __name__ == "__main__":
    main()
