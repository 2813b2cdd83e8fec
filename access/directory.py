"""Which accounts are a person's: the users whose e-mail is theirs, remembered for a short while."""

from __future__ import annotations

import time
from collections.abc import Callable
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.errors import UnavailableError

# migrate made the view over the users table it found (or was told of); without one it is empty.
# The first comparison is what the table's own index on `lower(email)` serves; the second makes only ASCII small, as
# access/email.py does: a database's locale takes letters for each other that are not the same.
ACCOUNTS = text(
    'SELECT id FROM creditpulse.source_users WHERE lower(email) = lower(:email) AND lower(email COLLATE "C") = :email'
)

# What the rollups keep other things under; no row of the users table gives a right to those.
NOBODYS = {None, UNATTRIBUTED, ALL_ACCOUNTS}

KEEP_SECONDS = 30.0
KEEP_PEOPLE = 10_000


class Directory:
    """Looks accounts up by e-mail, on the event loop."""

    def __init__(self, engine: AsyncEngine, clock: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self.clock = clock
        self.known: dict[str, tuple[float, frozenset[UUID]]] = {}

    async def accounts(self, email: str) -> frozenset[UUID]:
        """The ids of the users with this (lower-case) e-mail. Raises UnavailableError."""
        found = self.known.get(email)
        if found is not None and self.clock() < found[0]:
            return found[1]
        accounts = await self.look_up(email)
        if len(self.known) >= KEEP_PEOPLE:
            self.known.clear()
        self.known[email] = (self.clock() + KEEP_SECONDS, accounts)
        return accounts

    async def look_up(self, email: str) -> frozenset[UUID]:
        try:
            async with self.engine.connect() as connection:
                rows = await connection.execute(ACCOUNTS, {"email": email})
                return frozenset(row.id for row in rows) - NOBODYS
        except (SQLAlchemyError, OSError) as error:
            raise UnavailableError("the database that knows the accounts does not answer; try again") from error
