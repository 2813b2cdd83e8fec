"""What a request turned out to be about, as callbacks and the API say it, for the audit that the host keeps."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import flask

WITNESS = "witness"  # where it stands in a scope's state


@dataclass
class Witness:
    """`subjects` are (kind, id); `refused` says that what was asked for was not there, or not theirs.

    `action` and `person` are said by who signs people in and out.
    """

    subjects: list[tuple[str, str]] = field(default_factory=list)
    changed: str = ""
    refused: bool = False
    action: str = ""
    person: str = ""

    def about(self, kind: str, subject: object) -> None:
        if subject == "all":
            self.subjects.append((kind, subject))
        elif is_id(subject):
            self.subjects.append((kind, spelled(subject)))


def spelled(id: object) -> str:
    """An id in the one way that we write it; `UUID` takes many."""
    return str(UUID(str(id)))


def is_id(subject: object) -> bool:
    try:
        return isinstance(subject, (str, UUID)) and bool(UUID(str(subject)))
    except ValueError:
        return False


def witness_in(scope: MutableMapping[str, Any]) -> Witness:
    """The request's own; there is one for each."""
    found: Witness = scope.setdefault("state", {}).setdefault(WITNESS, Witness())
    return found


def current_witness() -> Witness:
    """The one of the current Flask request; without a host around it, nobody reads it."""
    scope = flask.request.environ.get("asgi.scope")
    return witness_in(scope) if scope is not None else Witness()
