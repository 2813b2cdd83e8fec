"""Connections to PostgreSQL: the pool that queries share, and plain URLs for those who need one of their own."""

from __future__ import annotations

from typing import Any

from sqlalchemy import URL, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from data.errors import InputError

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
        pool_timeout=10, connect_args={**KEEPALIVE, "application_name": "creditpulse"},
    )  # fmt: skip


def make_async_engine(url: str, pool_size: int = 4) -> AsyncEngine:
    """The pool of the event loop, for the live stream's own reads."""
    return create_async_engine(
        driver_url(url), pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True,
        pool_timeout=10, connect_args={**KEEPALIVE, "application_name": "creditpulse live"},
    )  # fmt: skip
