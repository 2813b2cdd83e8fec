"""Whether a stream may be opened with the topics it asks for: one answer for every door to the stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import Scope

from data.errors import InputError, UnavailableError
from data.viewer import Viewer
from live.topics import Guard, topics_of_query


class Verdict(NamedTuple):
    """`status` as HTTP has it; 200 lets `topics` in."""

    status: int
    reason: str
    topics: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Admission:
    guard: Guard

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
            return Verdict(403, f"not there, or not yours: {', '.join(sorted(refused))}")
        return Verdict(200, "", topics)


def from_elsewhere(scope: Scope) -> bool:
    """Whether a page of another site opened this: browsers send WebSockets across sites, with our cookies."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()
