"""Hears of every fold, on a connection of its own: LISTEN needs a session, and a pool may take it away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from uuid import uuid4

import psycopg
from psycopg import AsyncConnection, sql
from psycopg.rows import TupleRow

from data.constants import FOLDED_CHANNEL, PREFERENCES_CHANNEL
from data.engine import KEEPALIVE, plain_url
from data.errors import UnavailableError
from live.backoff import Backoff
from live.changes import Announcement, Changes

logger = logging.getLogger(__name__)

# How long a notification from another connection may take before we call this one deaf.
PROOF_SECONDS = 3.0

Notify = Callable[[str], Awaitable[None]]


class Feed:
    """`listening` says that a notification sent by another session has been heard on this connection.

    A transaction pooler accepts LISTEN and then loses what comes; only the proof tells. `notify` sends an
    empty notification to a channel, from elsewhere; `changed` is told of every fold, and that everything may
    have changed after each connection, and after a gap in the fold numbers; `preferred`, whose preferences changed.
    """

    def __init__(
        self,
        url: str,
        notify: Notify,
        changed: Callable[[Changes], None],
        preferred: Callable[[str], None],
        backoff: Backoff | None = None,
    ) -> None:
        self.url = url
        self.notify = notify
        self.changed = changed
        self.preferred = preferred
        self.backoff = backoff or Backoff()
        self.listening = False
        self.version = 0
        self.deadline: asyncio.Timeout | None = None

    async def run(self) -> None:
        """Listens until it is cancelled, connecting again whenever it has to."""
        while True:
            try:
                await self.listen()
            except (psycopg.Error, OSError, TimeoutError, UnavailableError) as error:
                self.report(error)
            finally:
                self.listening = False
            await asyncio.sleep(self.backoff.next())

    def report(self, error: Exception) -> None:
        reason = str(error).strip().split("\n")[0] or (
            "notifications do not arrive; where the database URL is a transaction pooler, set "
            "CREDITPULSE_LISTEN_URL to a direct connection"
        )
        logger.warning("not listening, polling instead: %s", reason, extra={"action": "feed.lost"})

    async def listen(self) -> None:
        """Raises psycopg.Error when the connection ends, TimeoutError when it proves deaf."""
        proof = f"creditpulse_proof_{uuid4().hex}"
        connection = await AsyncConnection.connect(
            plain_url(self.url), autocommit=True, application_name="creditpulse feed", **KEEPALIVE
        )
        async with connection, asyncio.timeout(PROOF_SECONDS) as self.deadline:
            for channel in (FOLDED_CHANNEL, PREFERENCES_CHANNEL, proof):
                await connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
            self.version = await fold_number(connection)
            await self.notify(proof)
            async for heard in connection.notifies():
                if heard.channel == proof:
                    self.proven()
                elif heard.channel == PREFERENCES_CHANNEL:
                    self.preferred(heard.payload)
                else:
                    self.hear(heard.payload)

    def proven(self) -> None:
        if self.deadline is not None:
            self.deadline.reschedule(None)
        self.backoff.reset()
        self.listening = True
        logger.info("listening", extra={"action": "feed.listening"})
        self.changed(Changes(0, everything=True))

    def hear(self, payload: str) -> None:
        """Passes a fold on; a gap in the numbers means that we missed one, so everything may have changed."""
        try:
            announcement = Announcement.parse(payload)
        except ValueError as error:
            logger.warning("%s", error, extra={"action": "feed.unreadable"})
            self.changed(Changes(0, everything=True))
            return
        changes = announcement.changes
        if changes.version != self.version and (changes.version, announcement.part) != (self.version + 1, 1):
            logger.warning("missed a fold before %d", changes.version, extra={"action": "feed.gap"})
            changes = Changes(changes.version, everything=True)
        self.version = changes.version
        self.changed(changes)

    def distrust(self) -> None:
        """Ends a connection that seems to hear nothing, to make a new one."""
        if self.listening and self.deadline is not None:
            self.listening = False
            self.deadline.reschedule(asyncio.get_running_loop().time())


async def fold_number(connection: AsyncConnection[TupleRow]) -> int:
    """The last fold that is not announced any more to who listens from now on."""
    cursor = await connection.execute("SELECT version FROM creditpulse.state")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
