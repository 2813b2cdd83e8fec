"""What machines ask: is the process alive, can it serve, and may these topics be watched."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from live.admission import Admission
from live.refusals import NO_STORE
from live.stream import Live

REVISION = text("SELECT version_num FROM creditpulse.alembic_version")


@dataclass(frozen=True)
class Probes:
    """`revision` is the schema that this program was written for."""

    live: Live
    engine: AsyncEngine
    admission: Admission
    revision: str | None

    async def health(self, _request: Request) -> Response:
        return JSONResponse({"alive": True}, headers=NO_STORE)

    async def readiness(self, _request: Request) -> Response:
        """200 when requests and streams can be served, else 503; the JSON says what is missing."""
        live = self.live
        found = {
            "database": live.monitor.answered,
            "schema": live.monitor.answered and await self.schema_current(),
            "stream": "listening" if live.monitor.listening else "polling" if live.monitor.answered else "waiting",
            "draining": live.hub.draining,
            "stopping": live.hub.closing,
        }
        ready = live.whole and found["database"] and found["schema"] and not (found["draining"] or found["stopping"])
        return JSONResponse({"ready": ready, **found}, 200 if ready else 503, headers=NO_STORE)

    async def schema_current(self) -> bool:
        try:
            async with self.engine.connect() as connection:
                return bool(await connection.scalar(REVISION) == self.revision)
        except (SQLAlchemyError, OSError):
            return False

    async def check(self, request: Request) -> Response:
        """What `/live/events` would answer to the same topics, without a stream."""
        verdict = await self.admission.of_request(request.scope)
        allowed = verdict.status == 200
        answer = {"allowed": allowed, "topics": sorted(verdict.topics) if allowed else []}
        if verdict.reason:
            answer["reason"] = verdict.reason
        return JSONResponse(answer, verdict.status, headers=NO_STORE)
