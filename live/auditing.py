"""Tells the audit what each request turned out to be: by its answer's status, and by what callbacks say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from access.origin import Origin
from access.witness import Witness, is_id, spelled, witness_in
from data.audit import CHANGED, EXPORTED, REFUSED, VIEWED, Entry

Note = Callable[[Entry], None]

CALLBACK = "/_dash-update-component"
PAGE_OF = re.compile(r"/(?:api/v1/)?(thread|account)s/([0-9a-fA-F-]{36})/?")
NAMED = ("thread", "threads", "scope")  # what a download's address says of whom it is
SOCKET_CODES = 4000
TURNED_AWAY = frozenset({400, 401, 403, 405, 413, 415, 421, 429})
NOBODY = "nobody"


class Auditing:
    """Stands before the gate: who is turned away there is noted, too. `note` None keeps no audit."""

    def __init__(self, app: ASGIApp, note: Note | None, origin: Origin | None) -> None:
        self.app = app
        self.note = note
        self.origin = origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        note = self.note
        if note is None or self.origin is None or scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        witness, address = witness_in(scope), self.origin.client(scope)

        async def sending(message: Message) -> None:
            for entry in told_by(message, scope, witness):
                note(entry._replace(address=address))
            await send(message)

        await self.app(scope, receive, sending)


def told_by(message: Message, scope: Scope, witness: Witness) -> Iterator[Entry]:
    """A socket's refusal is the code that it is closed with: 4000 and the status."""
    if message["type"] == "http.response.start":
        yield from entries(scope, message["status"], witness)
    elif message["type"] == "websocket.close" and (status := message.get("code", 0) - SOCKET_CODES) in TURNED_AWAY:
        yield from entries(scope, status, witness)


def entries(scope: Scope, status: int, witness: Witness) -> Iterator[Entry]:
    """What there is to say of a request that is answered so. Its body and its query stay unsaid."""
    viewer, path = scope["state"].get("viewer"), scope["path"]
    person = witness.person or (viewer.name if viewer else NOBODY)
    if witness.action:  # somebody signs in or out
        yield Entry(person, witness.action, way="sign-in")
    elif status in TURNED_AWAY:
        # Who is nobody may ask for anything, and often: what for is not kept.
        yield Entry(person, REFUSED, str(status), path if viewer else "", way_of(path))
    elif path == CALLBACK:
        yield from callback_entries(person, witness)
    elif status == 404:
        yield from (Entry(person, REFUSED, *subject, way_of(path)) for subject in subjects_of(scope))
    elif status == 200 and path.startswith("/export/"):
        yield Entry(person, EXPORTED, "export", f"{path[8:]} {download_of(scope)}".strip(), "export")
    elif status == 200 and path.startswith("/api/"):
        found = list(subjects_of(scope))
        yield from (Entry(person, VIEWED, *subject, "api") for subject in found)
        if not found and not path.endswith(".json"):
            yield Entry(person, EXPORTED, "api", f"{path[8:]} {download_of(scope)}".strip(), "api")


def callback_entries(person: str, witness: Witness) -> Iterator[Entry]:
    if witness.changed and not witness.refused:
        yield Entry(person, CHANGED, witness.changed, way="page")
    action = REFUSED if witness.refused else VIEWED
    yield from (Entry(person, action, kind, subject, "page") for kind, subject in dict.fromkeys(witness.subjects))


def subjects_of(scope: Scope) -> Iterator[tuple[str, str]]:
    """The thread or the account that an address is of."""
    found = PAGE_OF.fullmatch(scope["path"])
    if found and is_id(found[2]):
        yield found[1], spelled(found[2])
    elif scope["path"].startswith("/export/"):
        yield "export", f"{scope['path'][8:]} {download_of(scope)}".strip()


def download_of(scope: Scope) -> str:
    """Whose figures: the ids in a download's query, and nothing else that stands there."""
    try:
        query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=100)
    except ValueError:
        return ""
    words = (word for name in NAMED for value in query.get(name, ()) for word in value.split(","))
    return " ".join(word if word == "all" else spelled(word) for word in words if word == "all" or is_id(word))


def way_of(path: str) -> str:
    for beginning, way in (("/api/", "api"), ("/export/", "export"), ("/live/", "stream"), (CALLBACK, "page")):
        if path.startswith(beginning):
            return way
    return "page"
