"""One call as its row has it, with the raw content: read only when a person asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from data.calls import CACHED, Call, Cursor, call, check_thread
from data.errors import NotFoundError
from data.viewer import Viewer

WHOLE = 2**31 - 1  # characters; more than a row can hold


@dataclass(frozen=True)
class CallDetail:
    """`content` is JSON to be read by people, cut where it is longer than was asked for; None where there is none."""

    call: Call
    content: str | None
    length: int  # characters of the whole content

    @property
    def cut(self) -> bool:
        return self.content is not None and len(self.content) < self.length


# By thread and time as well as by id: the thread decides who may read it, and there the index is.
DETAIL = text(f"""
    SELECT p.*, k.cache_read, k.cache_write, left(w.content, :most) AS shown, coalesce(length(w.content), 0) AS length
    FROM (
        SELECT c.id, c.created_at, nullif(c.model, '') AS model, c.prompt_tokens, c.completion_tokens, c.cost, c.content
        FROM creditpulse.source_usage c
        WHERE c.thread_id = :thread_id AND c.created_at = :at AND c.id = :call_id
        LIMIT 1
    ) p
    CROSS JOIN LATERAL {CACHED} k
    CROSS JOIN LATERAL (SELECT jsonb_pretty(p.content) AS content OFFSET 0) w
""")  # noqa: S608


def call_detail(
    connection: Connection, viewer: Viewer, thread_id: UUID, place: Cursor, *, most: int = WHOLE
) -> CallDetail:
    """The call with the first `most` characters of its content.

    Raises NotFoundError for a call that is not there, or in a thread that is not the viewer's.
    """
    check_thread(connection, viewer, thread_id)
    values = {"thread_id": thread_id, "at": place.at, "call_id": place.call_id, "most": most}
    row = connection.execute(DETAIL, values).one_or_none()
    if row is None:
        raise NotFoundError("This call is not there any more, or is not yours to see.")
    return CallDetail(call(row), row.shown, row.length)
