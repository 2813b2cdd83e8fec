"""The names that a stream asks by (`nav:all`, `nav:<account>`, `thread:<uuid>`), and who may watch them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qs
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from data.errors import InputError, UnavailableError
from data.usage import thread_usages
from data.viewer import Viewer

MOST_TOPICS = 500  # of one stream
NAV_ALL = "nav:all"
TOPIC = re.compile(r"(?:nav:all|(?:nav|thread):[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def thread_topic(thread_id: str) -> str:
    return f"thread:{thread_id}"


def nav_topic(scope: str) -> str:
    return f"nav:{scope}"


def parse_topics(names: Iterable[object]) -> frozenset[str]:
    """The topics in their one spelling. Raises InputError for a name that is none, and for too many."""
    topics = frozenset(parse_topic(name) for name in names)
    if len(topics) > MOST_TOPICS:
        raise InputError(f"a stream has at most {MOST_TOPICS} topics; open the page in fewer tabs of this kind")
    return topics


def parse_topic(name: object) -> str:
    topic = name.strip().lower() if isinstance(name, str) else ""
    if TOPIC.fullmatch(topic) is None:
        raise InputError(f"{str(name)[:80]!r} is no topic; use nav:all, nav:<account id> or thread:<thread id>")
    return topic


def topics_of_query(query: bytes) -> frozenset[str]:
    """The topics of `?topics=a,b`; none where it is missing. Raises InputError."""
    try:
        values = parse_qs(query.decode("ascii"), max_num_fields=20).get("topics", [])
    except ValueError as error:
        raise InputError("the query string cannot be read; write ?topics=nav:all,thread:<thread id>") from error
    return parse_topics(name for value in values for name in value.split(",") if name.strip())


@dataclass(frozen=True)
class Guard:
    """Decides who may watch what; asks the database only about threads, in one statement."""

    engine: AsyncEngine

    async def refused(self, viewer: Viewer, topics: frozenset[str]) -> frozenset[str]:
        """Those of the topics that the viewer may not see, missing threads among them; staff see all.

        Raises UnavailableError.
        """
        if viewer.staff:
            return frozenset()
        own = {nav_topic(str(account)) for account in viewer.accounts}
        threads = {topic for topic in topics if topic.startswith("thread:")}
        seen = await self.seen_threads(viewer, threads) if threads else set()
        return frozenset(topics - own - seen)

    async def seen_threads(self, viewer: Viewer, topics: set[str]) -> set[str]:
        ids = [UUID(topic.partition(":")[2]) for topic in topics]
        try:
            async with self.engine.connect() as connection:
                seen = await connection.run_sync(thread_usages, viewer, ids)
        except (SQLAlchemyError, OSError) as error:
            raise UnavailableError("the database does not answer; try again in a moment") from error
        return {thread_topic(str(thread_id)) for thread_id in seen}
