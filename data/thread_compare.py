"""Several threads side by side, each only where the viewer may see it: figures, models, and their course."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from data.burn import thread_rate
from data.errors import InputError
from data.listing import thread_named
from data.thread_models import ModelUsage, thread_models
from data.threads import ThreadRow, calendar_time, thread_rows
from data.timeline import Point, timeline
from data.viewer import Viewer

MOST_COMPARED = 6


@dataclass(frozen=True)
class ComparedThread:
    """`points` are in order, each with the exact sum of everything up to it; `rate_per_minute` is in dollars."""

    thread: ThreadRow
    first_at: datetime | None
    models: tuple[ModelUsage, ...]
    points: tuple[Point, ...]
    rate_per_minute: Decimal

    @property
    def lasted(self) -> timedelta | None:
        """From the first call to the last; None where one of them has no usable time."""
        if self.first_at is None or self.thread.last_at is None:
            return None
        return self.thread.last_at - self.first_at

    @property
    def cost_per_call(self) -> Decimal | None:
        return self.thread.cost / self.thread.calls if self.thread.calls else None


FIRST_CALLS = text(f"""
    SELECT x.thread_id, {calendar_time("min(x.first_at)")} AS first_at
    FROM creditpulse.exact_threads x WHERE x.thread_id = ANY (cast(:ids AS uuid[])) GROUP BY x.thread_id
""")  # noqa: S608


def compared_threads(connection: Connection, viewer: Viewer, ids: Sequence[UUID]) -> tuple[ComparedThread, ...]:
    """Those that are there and the viewer's, in the order given. Of one moment on a snapshot's connection."""
    threads = thread_rows(connection, viewer, ids)
    firsts = {row.thread_id: row.first_at for row in connection.execute(FIRST_CALLS, {"ids": list(ids)})}
    return tuple(
        ComparedThread(
            thread,
            firsts.get(thread.thread_id),
            thread_models(connection, viewer, thread.thread_id),
            timeline(connection, viewer, thread.thread_id).points,
            thread_rate(connection, viewer, thread.thread_id),
        )
        for thread in threads
    )


def compared_ids(written: str) -> tuple[UUID, ...]:
    """Of `ID,ID,…`, each once. Raises InputError for none or too many, NotFoundError for what can be no thread's id."""
    ids = tuple(dict.fromkeys(thread_named(one) for one in written.split(",") if one))
    if not 1 <= len(ids) <= MOST_COMPARED:
        raise InputError(f"threads names {len(ids)} threads; write 1 to {MOST_COMPARED} ids, with commas between.")
    return ids
