"""Connections to PostgreSQL: the pool that queries share, and plain URLs for those who need one of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from data.errors import InputError

T = TypeVar("T")

# A cut network is noticed within seconds, not after TCP's own quarter of an hour.
# No statement is prepared on the server: behind a transaction pooler the next one may run on another session.
KEEPALIVE: dict[str, Any] = {
    "prepare_threshold": None,
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 2,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 4000,
}


def parsed(url: str) -> URL:
    """Raises InputError, which does not repeat the URL and its password, where it is none."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise InputError(
            "a database URL cannot be read; write it as postgresql://user:password@host:5432/database, "
            "with special characters percent-encoded"
        ) from None


def plain_url(url: str) -> str:
    """The URL as libpq and psycopg take it."""
    return parsed(url).set(drivername="postgresql").render_as_string(hide_password=False)


def driver_url(url: str) -> str:
    """The URL as SQLAlchemy takes it, for psycopg 3."""
    return parsed(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def make_engine(url: str, pool_size: int = 10) -> Engine:
    """The pool of synchronous connections, for callbacks, commands and threads."""
    return create_engine(
        driver_url(url), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True,
        pool_timeout=10, hide_parameters=True, connect_args={**KEEPALIVE, "application_name": "creditpulse"},
    )  # fmt: skip


def make_async_engine(url: str, pool_size: int = 4) -> AsyncEngine:
    """The pool of the event loop, for lookups on behalf of requests."""
    return create_async_engine(
        driver_url(url), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True,
        pool_timeout=10, hide_parameters=True, connect_args={**KEEPALIVE, "application_name": "creditpulse live"},
    )  # fmt: skip


def make_stream_engine(url: str, pool_size: int, name: str = "creditpulse live") -> AsyncEngine:
    """For reads of one round trip each: in no transaction, and on connections not tried before use.

    See `on_connection`. `name` is what the server calls the connections.
    """
    return create_async_engine(
        driver_url(url), pool_size=pool_size, max_overflow=pool_size, isolation_level="AUTOCOMMIT",
        pool_reset_on_return=None, pool_timeout=10, hide_parameters=True,
        connect_args={**KEEPALIVE, "application_name": name},
    )  # fmt: skip


async def on_connection(engine: AsyncEngine, work: Callable[..., T], *args: Any) -> T:
    """What `work(connection, ...)` returns, on a connection of the stream's pool.

    One that turns out to have been closed while it lay there is replaced, with all others of its age, and the work
    done again; so it may not be more than reads, or what can be said twice.
    """
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(work, *args)
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
    async with engine.connect() as connection:
        return await connection.run_sync(work, *args)
