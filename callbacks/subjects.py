"""What each callback is about, for the audit: which fields of its body name the thread or the account that it shows.

A callback without an entry is not in the audit, so every callback has one (tests/matrix), if only to say so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from access.witness import current_witness

REQUEST_THREAD, REQUEST_SCOPE = ("thread", "thread_id"), ("account", "scope")
PAGE_THREAD = ("thread", "thread-id.data")
PATH = ("page", "url.pathname")
NOTHING: tuple[str, str] = ("", "")

# By the id of the first output: the kind of what is shown, and the field of the request, or the input, that names it.
SUBJECTS: Mapping[str, tuple[str, str]] = {
    "nav-account": NOTHING,  # names of their own accounts
    "nav-answer": REQUEST_SCOPE,
    "subscription": NOTHING,  # asked for beside nav-answer, and silent where that refuses
    "nav-person": NOTHING,
    "view-zones": NOTHING,
    "find-answer": NOTHING,  # what is found is looked at by opening it
    "thread-answer": REQUEST_THREAD,
    "overview-answer": REQUEST_SCOPE,
    "overview-rest": REQUEST_SCOPE,
    "overview-activity": REQUEST_SCOPE,
    "overview-tops": REQUEST_SCOPE,
    "overview-running": REQUEST_SCOPE,
    "threads-answer": NOTHING,  # says itself whose list it shows
    "threads-live": NOTHING,  # rows of that list
    "threads-models": NOTHING,  # names of models
    "threads-compared": NOTHING,  # says itself which of them it shows
    "thread-figure": REQUEST_THREAD,
    "thread-older-page": REQUEST_THREAD,
    "thread-outlook": REQUEST_THREAD,
    "thread-call-answer": PAGE_THREAD,
    "thread-call-file": PAGE_THREAD,
    "accounts-answer": NOTHING,  # a list of what is theirs
    "account-answer": REQUEST_SCOPE,
    "account-range": REQUEST_SCOPE,
    "account-tops": REQUEST_SCOPE,
    "account-running": REQUEST_SCOPE,
    "audit-grid": NOTHING,
    "preferences-answer": NOTHING,
    "page": PATH,
}
CHANGES = {"preferences-answer": "preferences"}


def tell_subjects(body: Mapping[str, Any]) -> None:
    """Whether it was shown is the callback's to say."""
    name = body["output"].strip(".").split(".")[0]
    witness = current_witness()
    witness.changed = CHANGES.get(name, "")
    kind, field = SUBJECTS.get(name, NOTHING)
    for value in named(body, field):
        if kind == "page" and isinstance(value, str):
            section, _, subject = value.strip("/").partition("/")
            if section in ("threads", "accounts"):
                witness.about(section.removesuffix("s"), subject)
        elif kind:
            witness.about(kind, value)


def named(body: Mapping[str, Any], field: str) -> Iterator[object]:
    """The values of that name: of a request's field, or of an input or a state."""
    for part in (*body.get("inputs", []), *body.get("state", [])):
        if isinstance(part, dict):
            value = part.get("value")
            if f"{part.get('id')}.{part.get('property')}" == field:
                yield value
            elif isinstance(value, dict) and field in value:
                yield value[field]
