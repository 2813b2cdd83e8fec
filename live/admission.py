"""Whether a stream may be opened with the topics it asks for: one answer for every door to the stream."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from starlette.types import Scope

from data.audit import REFUSED, VIEWED, Entry
from data.errors import InputError, UnavailableError
from data.viewer import Viewer
from live.topics import Guard, topics_of_query


class Verdict(NamedTuple):
    """`status` as HTTP has it; 200 lets `topics` in, 403 is about them."""

    status: int
    reason: str
    topics: frozenset[str] = frozenset()


FULL = Verdict(429, "too many streams are open in your name; close some pages")


def noted_nowhere(_entry: Entry) -> None:
    pass


@dataclass(frozen=True)
class Admission:
    """`is_full` says of whom no more streams are opened; `note` is told who looks at what, or may not."""

    guard: Guard
    is_full: Callable[[Viewer], bool]
    note: Callable[[Entry], None] = noted_nowhere

    async def of_stream(self, scope: Scope) -> Verdict:
        """The verdict on a stream with the topics in the query string."""
        if self.is_full(scope["state"]["viewer"]):
            return FULL
        try:
            topics = topics_of_query(scope["query_string"])
        except InputError as error:
            return Verdict(400, str(error))
        verdict = await self.of_change(scope["state"]["viewer"], topics)
        # Others may have come while the database was asked; whoever is let in now takes a place before anybody else.
        return FULL if verdict.status == 200 and self.is_full(scope["state"]["viewer"]) else verdict

    async def of_change(self, viewer: Viewer, topics: frozenset[str]) -> Verdict:
        """The verdict on topics that a stream is to follow; the audit hears of it."""
        verdict = await self.of_topics(viewer, topics)
        if verdict.status in (200, 403):
            action = VIEWED if verdict.status == 200 else REFUSED
            for topic in topics if verdict.status == 200 else verdict.topics:
                self.note(Entry(viewer.name, action, *subject_of(topic), "stream"))
        return verdict

    async def of_request(self, scope: Scope) -> Verdict:
        """The verdict on the topics in the query string."""
        try:
            topics = topics_of_query(scope["query_string"])
        except InputError as error:
            return Verdict(400, str(error))
        return await self.of_topics(scope["state"]["viewer"], topics)

    async def of_topics(self, viewer: Viewer, topics: frozenset[str]) -> Verdict:
        try:
            refused = await self.guard.refused(viewer, topics)
        except UnavailableError as error:
            return Verdict(503, str(error))
        if refused:
            return Verdict(403, f"not there, or not yours: {', '.join(sorted(refused))}", refused)
        return Verdict(200, "", topics)


def subject_of(topic: str) -> tuple[str, str]:
    kind, _, subject = topic.partition(":")
    return ("thread" if kind == "thread" else "account"), subject
