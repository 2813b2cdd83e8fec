"""Who has signed in, until when: rows in the database, so that every process knows at once, and signing out ends them.

A browser holds a signed number that says nothing, the database only its hash: neither a copy of the table nor the
secret key alone lets anyone in.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from itsdangerous import BadSignature, Signer
from sqlalchemy import Row, TextClause, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from data.errors import UnavailableError

START = text(
    "INSERT INTO creditpulse.sessions (id, email, subject, id_token, expires_at)"
    " VALUES (:id, :email, :subject, :id_token, now() + make_interval(secs => :seconds))"
)
FIND = text(
    "SELECT email, extract(epoch FROM expires_at - now())::float8 AS seconds_left FROM creditpulse.sessions"
    " WHERE id = :id AND expires_at > now()"
)
END = text("DELETE FROM creditpulse.sessions WHERE id = :id RETURNING email, id_token")
FORGET = text("DELETE FROM creditpulse.sessions WHERE expires_at < now()")

KEEP_SECONDS = 3.0  # how long another process may not have heard that somebody has signed out
KEEP_SESSIONS = 10_000
UNAVAILABLE = "the database that knows who is signed in does not answer; try again in a moment"


@dataclass(frozen=True)
class Session:
    """`ends_at` by the process's own clock, so that it does not matter what other machines' clocks say."""

    email: str
    ends_at: float


@dataclass(frozen=True)
class Ended:
    email: str
    id_token: str | None


class Sessions:
    """`secret` is the same in every process."""

    def __init__(self, engine: AsyncEngine, secret: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.engine = engine
        self.signer = Signer(secret, salt="creditpulse session", digest_method=hashlib.sha256)
        self.clock = clock
        self.known: dict[bytes, tuple[float, Session | None]] = {}

    async def start(self, email: str, subject: str, id_token: str | None, seconds: int) -> str:
        """A new session, as the browser's cookie has it. Raises UnavailableError."""
        number = secrets.token_urlsafe(32)
        row = {"id": hashed(number), "email": email, "subject": subject, "id_token": id_token, "seconds": seconds}
        await self.write((FORGET, {}), (START, row))
        return self.signer.sign(number).decode()

    async def find(self, cookie: str | None) -> Session | None:
        """None for a forged cookie, which the database never hears of, and for a session that has ended."""
        id = self.id_of(cookie)
        if id is None:
            return None
        kept = self.known.get(id)
        session = kept[1] if kept is not None and self.clock() < kept[0] else await self.look_up(id)
        return session if session is not None and self.clock() < session.ends_at else None

    async def end(self, cookie: str | None) -> Ended | None:
        """What the session was, if there was one. Raises UnavailableError."""
        id = self.id_of(cookie)
        if id is None:
            return None
        rows = await self.write((END, {"id": id}))
        # Not forgotten but known to be over: a look-up may be under way that has still seen it.
        self.known[id] = (self.clock() + KEEP_SECONDS, None)
        return Ended(rows[0].email, rows[0].id_token) if rows else None

    def id_of(self, cookie: str | None) -> bytes | None:
        try:
            return hashed(self.signer.unsign(cookie).decode()) if cookie else None
        except (BadSignature, UnicodeError):
            return None

    async def look_up(self, id: bytes) -> Session | None:
        try:
            async with self.engine.connect() as connection:
                row = (await connection.execute(FIND, {"id": id})).one_or_none()
        except (SQLAlchemyError, OSError) as error:
            raise UnavailableError(UNAVAILABLE) from error
        session = Session(row.email, self.clock() + row.seconds_left) if row and not self.is_over(id) else None
        if len(self.known) >= KEEP_SESSIONS:
            self.known.clear()
        self.known[id] = (self.clock() + KEEP_SECONDS, session)
        return session

    def is_over(self, id: bytes) -> bool:
        """Whether it was ended here a moment ago; no session comes back."""
        until, session = self.known.get(id, (0.0, None))
        return session is None and self.clock() < until

    async def write(self, *statements: tuple[TextClause, dict[str, Any]]) -> Sequence[Row[Any]]:
        """In one transaction; the rows of the last statement, where it returns any."""
        try:
            async with self.engine.begin() as connection:
                done = [await connection.execute(statement, values) for statement, values in statements]
                return done[-1].all() if done[-1].returns_rows else []
        except (SQLAlchemyError, OSError) as error:
            raise UnavailableError(UNAVAILABLE) from error


def hashed(number: str) -> bytes:
    return hashlib.sha256(number.encode()).digest()
