"""What a list of threads is narrowed to: by who looks, by account, and by what was typed into the search."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from data.accounts import search_text
from data.constants import UNATTRIBUTED
from data.usage import scope_id
from data.viewer import Viewer

# A whole id, the start of one, or the title of a thread that has none ("Thread 1a2b3c4d").
ID_TEXT = re.compile(r"(?:thread\s+)?([0-9a-f]{1,8}(?:-?[0-9a-f]{0,4}){0,3}(?:-?[0-9a-f]{0,12})?)")
ID_ANYWHERE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class ThreadQuery:
    """What the list is asked for. `scope` is `all` or an account's id."""

    search: str = ""
    scope: str = "all"
    limit: int = 100
    offset: int = 0


# The viewer's own: by the thread's row, or, where that is missing, because every call in it is theirs.
VISIBLE = """
    SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.account_id = ANY (cast(:accounts AS uuid[]))
    UNION
    SELECT o.thread_id
    FROM (
        SELECT w.thread_id FROM creditpulse.exact_thread_users w WHERE w.user_id = ANY (cast(:accounts AS uuid[]))
        GROUP BY w.thread_id HAVING sum(w.calls) > 0
    ) o
    WHERE NOT EXISTS (SELECT FROM creditpulse.source_threads t WHERE t.thread_id = o.thread_id)
        AND NOT EXISTS (
            SELECT FROM creditpulse.exact_thread_users w WHERE w.thread_id = o.thread_id
                AND w.user_id <> ALL (cast(:accounts AS uuid[]))
            GROUP BY w.user_id HAVING sum(w.calls) <> 0)
"""
# An account's: those that it owns, and those that it has spent in.
SCOPED = """
    SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.account_id = :scope
    UNION
    SELECT w.thread_id FROM creditpulse.exact_thread_users w WHERE w.user_id = :scope
    GROUP BY w.thread_id HAVING sum(w.calls) > 0
"""
WITH_ID = """
    SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.thread_id BETWEEN :low AND :high
    UNION
    SELECT x.thread_id FROM creditpulse.exact_threads x WHERE x.thread_id BETWEEN :low AND :high
    GROUP BY x.thread_id HAVING sum(x.calls) > 0
"""
# An account's name finds the threads that it owns, and those without an owner that it has spent in.
WITH_TEXT = """
    SELECT t.thread_id FROM creditpulse.source_threads t
    LEFT JOIN creditpulse.source_projects p ON p.project_id = t.project_id
    LEFT JOIN creditpulse.source_users a ON a.id = t.account_id
    WHERE strpos(lower(concat_ws(chr(10), t.metadata->>'title', t.metadata->>'name', p.name, a.email, a.name)),
        :search) > 0
    UNION
    SELECT w.thread_id FROM creditpulse.source_users a
    JOIN creditpulse.exact_thread_users w ON w.user_id = a.id
    WHERE strpos(lower(concat_ws(chr(10), a.email, a.name)), :search) > 0
        AND NOT EXISTS (
            SELECT FROM creditpulse.source_threads t WHERE t.thread_id = w.thread_id AND t.account_id IS NOT NULL)
    GROUP BY w.thread_id HAVING sum(w.calls) > 0
"""
NO_ID = UUID(int=0)


class Selection:
    """The conditions of a list as SQL, and their values; every one narrows what a query is `among`."""

    def __init__(self, viewer: Viewer, query: ThreadQuery) -> None:
        self.values: dict[str, Any] = {"nil": UNATTRIBUTED}
        self.sets: list[str] = []
        if not viewer.staff:
            self.add(VISIBLE, accounts=list(viewer.accounts))
        if query.scope != "all":
            self.add(SCOPED, scope=scope_id(query.scope))
        if search := search_text(query.search):
            self.add_search(search)

    def add(self, condition: str, **values: Any) -> None:
        self.sets.append(condition)
        self.values |= values

    def add_search(self, search: str) -> None:
        low, high = id_range(search) or (NO_ID, NO_ID)
        if low == NO_ID:
            self.add(WITH_TEXT, search=search)
        elif low == high:
            self.add(WITH_ID, low=low, high=high)
        else:
            self.add(f"{WITH_TEXT} UNION {WITH_ID}", search=search, low=low, high=high)

    def statement(self, template: str) -> str:
        """The statement with its conditions: `chosen` is every thread that is meant, where that is not all."""
        if not self.sets:
            return template.format(chosen="", among="")
        chosen = " INTERSECT ".join(f"({condition})" for condition in self.sets)
        among = "AND q.thread_id IN (SELECT thread_id FROM chosen)"
        return template.format(chosen=f"chosen AS MATERIALIZED ({chosen}),", among=among)


def id_range(search: str) -> tuple[UUID, UUID] | None:
    """The lowest and the highest thread id that a typed or pasted text can mean; None where it is no id."""
    pasted = ID_ANYWHERE.search(search)
    typed = ID_TEXT.fullmatch(search)
    if not (pasted or typed):
        return None
    digits = (pasted.group() if pasted else typed.group(1)).replace("-", "")  # type: ignore[union-attr]
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
