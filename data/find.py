"""Find anything: threads, accounts and projects, by ids, by the start of one, or by a part of their names.

A person waits for it while typing, so each statement reads a bounded number of rows, whatever the size of the tables:
names by the indexes of data/name_indexes.py. Where there is no such index, so many names are looked through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data import find_statements as statements
from data.accounts import account_label
from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.name_indexes import PROJECTS, THREADS, USERS, indexed_tables
from data.sought import IdRange, Sought, sought
from data.threads import ThreadRow, thread_rows
from data.viewer import Viewer

MOST = 5  # of a kind
OF_IDS = 20  # that begin alike
LATEST = 1_500  # threads whose titles are looked at first: of many with a word, one means a late one
LATEST_UNINDEXED = 10_000
LOOKED_AT = 20_000  # other names, where no index finds them
CANDIDATES = 200  # of which the likeliest are chosen
NOBODY = account_label(UNATTRIBUTED).lower()


@dataclass(frozen=True)
class FoundAccount:
    account_id: UUID
    label: str
    email: str | None


@dataclass(frozen=True)
class FoundProject:
    """`account_id` and `account` are None where its row names no owner."""

    project_id: UUID
    name: str
    account_id: UUID | None
    account: str | None


@dataclass(frozen=True)
class Found:
    """At most MOST of each kind, the likeliest first; `more` names those of THREADS, USERS, PROJECTS that have more.

    `exact`: ids were given, and these have them. `unindexed`: those whose names no index finds.
    """

    threads: tuple[ThreadRow, ...] = ()
    accounts: tuple[FoundAccount, ...] = ()
    projects: tuple[FoundProject, ...] = ()
    more: frozenset[str] = frozenset()
    exact: bool = False
    unindexed: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.threads or self.accounts or self.projects)


def find(connection: Connection, viewer: Viewer, typed: str) -> Found:
    """What the viewer may see of all that the text can mean; nothing for one that is too short to look for."""
    wanted = sought(typed)
    if not wanted.words or not (viewer.staff or viewer.accounts):
        return Found()
    finder = Finder(connection, viewer, wanted)
    with_ids = finder.found(by_name=False) if wanted.exact else Found()
    return with_ids or finder.found(by_name=True)


class Finder:
    """One look for one text."""

    def __init__(self, connection: Connection, viewer: Viewer, wanted: Sought) -> None:
        self.connection = connection
        self.viewer = viewer
        self.wanted = wanted
        self.indexed = indexed_tables(connection)

    def found(self, *, by_name: bool) -> Found:
        threads, accounts, projects = self.threads(by_name), self.accounts(by_name), self.projects(by_name)
        sizes = {THREADS: len(threads), USERS: len(accounts), PROJECTS: len(projects)}
        return Found(
            threads[:MOST],
            accounts[:MOST],
            projects[:MOST],
            more=frozenset(kind for kind, size in sizes.items() if size > MOST),
            exact=not by_name,
            unindexed=frozenset(sizes) - self.indexed if self.viewer.staff else frozenset(),
        )

    def threads(self, by_name: bool) -> tuple[ThreadRow, ...]:
        """Those with the ids; then those with the words in their titles, the one called last first."""
        ids: list[UUID] = []
        if self.wanted.ids:
            ids += self.execute(statements.THREADS_BY_ID).scalars()
        if by_name and self.viewer.staff:
            latest = LATEST if THREADS in self.indexed else LATEST_UNINDEXED
            ids += self.execute(statements.LATEST_TITLED, latest=latest).scalars()
        if by_name and len(ids) <= MOST and (THREADS in self.indexed or not self.viewer.staff):
            source = self.source(THREADS, statements.TITLE_GRAMS, statements.OWN_THREADS)
            ids += self.execute(statements.ALL_TITLED.format(**source)).scalars()
        return thread_rows(self.connection, self.viewer, list(dict.fromkeys(ids)))

    def accounts(self, by_name: bool) -> tuple[FoundAccount, ...]:
        """Those with the ids; then those with the words in name or address, the nearest to them first."""
        rows = self.accounts_within(self.wanted.ids)
        if by_name:
            source = self.source(USERS, statements.PEOPLE_GRAMS, statements.OWN_ACCOUNTS)
            named = self.execute(statements.ACCOUNTS_BY_NAME.format(**source))
            rows += sorted(named, key=lambda row: nearness(self.wanted.words, row.name, row.email))
            if NOBODY.startswith(self.wanted.words.lower()):
                rows += self.accounts_within([(UNATTRIBUTED, UNATTRIBUTED)])
        return tuple(dict.fromkeys(map(found_account, rows)))

    def accounts_within(self, ranges: Sequence[IdRange]) -> list[Any]:
        return list(self.execute(statements.ACCOUNTS_BY_ID, ranges)) if ranges else []

    def projects(self, by_name: bool) -> tuple[FoundProject, ...]:
        rows: list[Any] = []
        if self.wanted.ids:
            own = "true" if self.viewer.staff else statements.OWN_PROJECTS
            source = {"table": "creditpulse.source_projects", "holds": own}
            rows += self.execute(statements.PROJECTS.format(which=statements.WITH_ID, **source))
        if by_name:
            source = self.source(PROJECTS, statements.PROJECT_GRAMS, statements.OWN_PROJECTS)
            named = self.execute(statements.PROJECTS.format(which=statements.WITH_NAME, **source))
            rows += sorted(named, key=lambda row: nearness(self.wanted.words, row.name))
        return tuple(dict.fromkeys(map(found_project, rows)))

    def source(self, table: str, grams: str, own: str) -> dict[str, str]:
        """Where names are looked for: in what the index finds, in what is a member's own, else in so many."""
        name, indexed, staff = f"creditpulse.source_{table}", table in self.indexed, self.viewer.staff
        holds = [*([grams] if indexed else []), *([] if staff else [own])]
        limited = f"(SELECT * FROM {name} LIMIT :looked_at)"  # noqa: S608  (a name of our own)
        return {"table": name if holds else limited, "holds": " AND ".join(holds) or "true"}

    def execute(self, statement: str, ranges: Sequence[IdRange] | None = None, latest: int = LATEST) -> Any:
        lows, highs = zip(*ranges, strict=True) if (ranges := ranges or self.wanted.ids) else ((), ())
        values = {
            "words": self.wanted.words,
            "lows": list(lows),
            "highs": list(highs),
            "staff": self.viewer.staff,
            "accounts": list(self.viewer.accounts),
            "nil": UNATTRIBUTED,
            "every": ALL_ACCOUNTS,
            "most": MOST,
            "of_ids": OF_IDS,
            "candidates": CANDIDATES,
            "looked_at": LOOKED_AT,
            "latest": latest,
        }
        return self.connection.execute(text(statement), values)


def nearness(words: str, *names: str | None) -> int:
    """How well the words name something: all of a name, its beginning, the beginning of a word, or a part: 0 to 3."""
    return min(nearness_of(words.lower(), (name or "").strip().lower()) for name in names)


def nearness_of(words: str, name: str) -> int:
    if name.startswith(words):
        return 0 if name == words else 1
    place = name.find(words)
    return 2 if place > 0 and not name[place - 1].isalnum() else 3


def found_account(row: Any) -> FoundAccount:
    return FoundAccount(row.id, account_label(row.id, row.name, row.email), (row.email or "").strip() or None)


def found_project(row: Any) -> FoundProject:
    account = account_label(row.account_id, row.account_name, row.email) if row.account_id else None
    return FoundProject(row.project_id, (row.name or "").strip(), row.account_id, account)
