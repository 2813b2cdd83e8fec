"""What a list of threads is narrowed to: by who looks, by account, by filters, and by what was typed into the search.

Each condition can be asked of one candidate thread; most can also name, from an index, every thread that may fulfil
it. A list with few of those reads them; any other walks through all threads in its order, and asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from data.constants import UNATTRIBUTED
from data.name_indexes import PROJECTS, THREADS, USERS
from data.thread_query import ThreadQuery
from data.usage import scope_id
from data.viewer import Viewer

# A whole id, the start of one, or the title of a thread that has none ("Thread 1a2b3c4d").
ID_TEXT = re.compile(r"(?:thread\s+)?([0-9a-f]{1,8}(?:-?[0-9a-f]{0,4}){0,3}(?:-?[0-9a-f]{0,12})?)", re.IGNORECASE)
ID_ANYWHERE = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
NO_ID = UUID(int=0)


@dataclass(frozen=True)
class Condition:
    """`holds` is SQL on a candidate `c`; `finds` are statements which together find all that it can hold for.

    A candidate has thread_id, calls, total_tokens, cost, last_at. {users} and {hours} stand for the rollups, or for
    the exact views of them. Subqueries are scalar, so that the planner asks them of candidates one by one.
    """

    holds: str
    finds: tuple[str, ...] = ()
    values: Mapping[str, Any] = field(default_factory=dict)
    step: str = ""  # of thread_totals: the column that the statement goes by


# The viewer's own: by the thread's row, or, where that is missing, because every call in it is theirs.
VISIBLE = """
    coalesce(
        (SELECT coalesce(t.account_id = ANY (cast(:accounts AS uuid[])), false) FROM creditpulse.source_threads t
            WHERE t.thread_id = c.thread_id LIMIT 1),
        (SELECT false FROM {users} w WHERE w.thread_id = c.thread_id AND w.user_id <> ALL (cast(:accounts AS uuid[]))
            GROUP BY w.user_id HAVING sum(w.calls) <> 0 LIMIT 1),
        true)
"""
VISIBLE_IDS = (
    "SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.account_id = ANY (cast(:accounts AS uuid[]))",
    "SELECT w.thread_id FROM creditpulse.thread_users w WHERE w.user_id = ANY (cast(:accounts AS uuid[]))",
)
# An account's: those that it owns, and those that it has spent in.
SCOPED = """
    coalesce(
        (SELECT true FROM creditpulse.source_threads t
            WHERE t.thread_id = c.thread_id AND t.account_id = :scope LIMIT 1),
        (SELECT true FROM {users} w WHERE w.thread_id = c.thread_id AND w.user_id = :scope
            GROUP BY w.user_id HAVING sum(w.calls) > 0 LIMIT 1),
        false)
"""
SCOPED_IDS = (
    "SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.account_id = :scope",
    "SELECT w.thread_id FROM creditpulse.thread_users w WHERE w.user_id = :scope",
)
IS_RUNNING = """(SELECT true FROM creditpulse.source_runs r
    WHERE r.thread_id = c.thread_id AND r.status = 'running' LIMIT 1)"""
RUNNING_IDS = ("SELECT r.thread_id FROM creditpulse.source_runs r WHERE r.status = 'running'",)
# One that a call of the thread used.
WITH_MODEL = """(SELECT true FROM {hours} h WHERE h.thread_id = c.thread_id AND h.model = :model
    GROUP BY h.model HAVING sum(h.calls) > 0 LIMIT 1)"""
OF_PROJECT = """(SELECT true FROM creditpulse.source_threads t
    WHERE t.thread_id = c.thread_id AND t.project_id = :project LIMIT 1)"""
PROJECT_IDS = ("SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.project_id = :project",)
WITH_ID_IDS = (
    "SELECT t.thread_id FROM creditpulse.source_threads t WHERE t.thread_id BETWEEN :low AND :high",
    "SELECT s.thread_id FROM creditpulse.thread_totals s WHERE s.thread_id BETWEEN :low AND :high",
)
FROM_TOTALS = "SELECT s.thread_id FROM creditpulse.thread_totals s WHERE "
# An account's name finds the threads that it owns, and those without an owner that it has spent in.
WITH_TEXT = """
    CASE coalesce((
            SELECT CASE
                WHEN creditpulse.named(t.metadata->>'title', :search) OR creditpulse.named(t.metadata->>'name', :search)
                    OR creditpulse.named(p.name, :search) OR creditpulse.named(a.email, :search)
                    OR creditpulse.named(a.name, :search) THEN 'named'
                WHEN t.account_id IS NULL THEN 'loose' ELSE 'other' END
            FROM creditpulse.source_threads t
            LEFT JOIN creditpulse.source_projects p ON p.project_id = t.project_id
            LEFT JOIN creditpulse.source_users a ON a.id = t.account_id
            WHERE t.thread_id = c.thread_id LIMIT 1), 'loose')
        WHEN 'named' THEN true
        WHEN 'loose' THEN coalesce((
            SELECT true FROM {users} w JOIN creditpulse.source_users a ON a.id = w.user_id
            WHERE w.thread_id = c.thread_id
                AND (creditpulse.named(a.email, :search) OR creditpulse.named(a.name, :search))
            GROUP BY w.user_id HAVING sum(w.calls) > 0 LIMIT 1), false)
        ELSE false END
"""
# By the indexes of data/name_indexes.py, which are of the very same columns.
OF_THREADS = """
    SELECT t.thread_id FROM creditpulse.source_threads t
    WHERE creditpulse.grams(t.metadata->>'title', t.metadata->>'name') @> creditpulse.grams_of(:search)
        AND (creditpulse.named(t.metadata->>'title', :search) OR creditpulse.named(t.metadata->>'name', :search))"""
OF_PROJECTS = """
    SELECT t.thread_id FROM creditpulse.source_projects p
    JOIN creditpulse.source_threads t ON t.project_id = p.project_id
    WHERE creditpulse.grams(p.name, NULL) @> creditpulse.grams_of(:search) AND creditpulse.named(p.name, :search)"""
PEOPLE = "(creditpulse.named(a.email, :search) OR creditpulse.named(a.name, :search))"
PEOPLE_INDEXED = f"creditpulse.grams(a.email, a.name) @> creditpulse.grams_of(:search) AND {PEOPLE}"
OF_OWNERS = """
    SELECT t.thread_id FROM creditpulse.source_users a JOIN creditpulse.source_threads t ON t.account_id = a.id
    WHERE {people}"""
OF_SPENDERS = """
    SELECT w.thread_id FROM creditpulse.source_users a JOIN creditpulse.thread_users w ON w.user_id = a.id
    WHERE {people}"""
SHORTEST_INDEXED = 3  # signs; fewer may stand inside a word, where no index finds them
SHORTEST_ID = 6  # digits; fewer are as likely the beginning of a word


class Selection:
    """The conditions of a list, and their values; `words` is that of a search for words, if there is one.

    `bounds` are what an index of thread_totals `s` knows of them.
    """

    def __init__(self, viewer: Viewer, query: ThreadQuery) -> None:
        self.conditions: list[Condition] = []
        self.words: Condition | None = None
        self.bounds: list[str] = []
        self.search = query.search
        if not viewer.staff:
            self.add(VISIBLE, VISIBLE_IDS, accounts=list(viewer.accounts))
        if query.scope != "all":
            self.add(SCOPED, SCOPED_IDS, scope=scope_id(query.scope))
        if query.running is not None:
            self.add(IS_RUNNING if query.running else f"{IS_RUNNING} IS NULL", RUNNING_IDS if query.running else ())
        if query.project:
            self.add(OF_PROJECT, PROJECT_IDS, project=query.project)
        if query.search:
            self.add_search(query.search)
        if query.model is not None:
            self.add(WITH_MODEL, model=query.model)
        self.add_costs(query)
        self.add_times(query)

    def add(self, holds: str, finds: tuple[str, ...] = (), step: str = "", /, **values: Any) -> Condition:
        self.conditions.append(Condition(holds, finds, values, step))
        return self.conditions[-1]

    def finds(self, step: str) -> list[tuple[str, ...]]:
        """What finds the candidates of single conditions; a list in the order of that step needs no help with it."""
        return [one.finds for one in self.conditions if one.finds and one.step != step]

    def add_search(self, search: str) -> None:
        low, high = id_range(search) or (NO_ID, NO_ID)
        with_id = "c.thread_id BETWEEN :low AND :high"
        if low == high != NO_ID:
            self.add(with_id, WITH_ID_IDS, low=low, high=high)
        else:
            self.words = self.add(f"({with_id} OR {WITH_TEXT})", search=search, low=low, high=high)

    def word_finds(self, indexed: frozenset[str]) -> tuple[str, ...] | None:
        """What finds every thread that the words are in; None where no index can."""
        if self.words is None or len(self.search) < SHORTEST_INDEXED or not {THREADS, PROJECTS} <= indexed:
            return None
        people = PEOPLE_INDEXED if USERS in indexed else PEOPLE
        owned = (OF_OWNERS.format(people=people), OF_SPENDERS.format(people=people))
        return (*WITH_ID_IDS, OF_THREADS, OF_PROJECTS, *owned)

    def add_costs(self, query: ThreadQuery) -> None:
        step = "s.cost_step {} creditpulse.fine_step_of(cast({} AS double precision))"
        if query.least is not None:
            self.bounds.append(step.format(">=", ":least"))
            self.add("c.cost >= :least", (FROM_TOTALS + self.bounds[-1],), "cost_step", least=query.least)
        if query.below is not None:
            self.bounds.append(step.format("<=", ":below"))
            self.add("c.cost < :below", below=query.below)

    def add_times(self, query: ThreadQuery) -> None:
        quarter = "s.last_quarter {} creditpulse.quarter_of({})"
        if query.within is not None:
            start = "statement_timestamp() - cast(:within AS interval)"
            self.bounds.append(quarter.format(">=", start))
            self.add(f"c.last_at >= {start}", (FROM_TOTALS + self.bounds[-1],), "last_quarter", within=query.within)
        if query.since is not None:
            end = "statement_timestamp() - cast(:since AS interval)"
            self.bounds.append(quarter.format("<=", end))
            self.add(f"c.last_at < {end}", since=query.since)

    @property
    def values(self) -> dict[str, Any]:
        merged: dict[str, Any] = {"nil": UNATTRIBUTED}
        for condition in self.conditions:
            merged |= condition.values
        return merged

    def holds(self, *, exactly: bool) -> str:
        """Every condition on `c`; `exactly` also for threads that the queue touches."""
        tables = {"users": "thread_users", "hours": "thread_hours"}
        read = {name: f"creditpulse.{'exact_' if exactly else ''}{table}" for name, table in tables.items()}
        return " AND ".join(f"({one.holds})" for one in self.conditions).format(**read) or "true"


def id_range(search: str) -> tuple[UUID, UUID] | None:
    """The lowest and the highest thread id that a typed or pasted text can mean; None where it is no id."""
    pasted = ID_ANYWHERE.search(search)
    typed = ID_TEXT.fullmatch(search)
    if not (pasted or typed):
        return None
    digits = (pasted.group() if pasted else typed.group(1)).replace("-", "")  # type: ignore[union-attr]
    if len(digits) < SHORTEST_ID:
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
