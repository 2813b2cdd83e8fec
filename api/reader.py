"""Reads for downloads and the API: a page at a time, on connections of their own, on the event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from data.engine import on_connection
from data.errors import UnavailableError
from data.freshness import freshness

T = TypeVar("T")
COUNTING = "The history is being counted, so no figure is final yet; the pages say how far it is."


@dataclass(frozen=True)
class Reader:
    """`engine` is in no transaction (data.engine.make_stream_engine): a connection is taken for a page, no longer."""

    engine: AsyncEngine

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Raises UnavailableError where the database does not answer."""
        try:
            return await on_connection(self.engine, work)
        except (OperationalError, PoolTimeout, OSError) as error:
            raise UnavailableError("The database does not answer.") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                raise UnavailableError("The database went away.") from error
            raise

    async def close(self) -> None:
        await self.engine.dispose()


def counted_now(connection: Connection) -> datetime:
    """The database's clock. Raises UnavailableError while totals are not final."""
    found = freshness(connection)
    if found.history != "complete":
        raise UnavailableError(COUNTING)
    return found.as_of
