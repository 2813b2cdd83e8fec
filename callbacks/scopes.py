"""Which account's figures a person looks at: named in the address (`?scope=<id>`), so that a link shows the same."""

from __future__ import annotations

from urllib.parse import parse_qs
from uuid import UUID

from data.errors import NotFoundError
from data.viewer import Viewer


def scope_in(search: str) -> str | None:
    """The scope that an address's query names, None where it names none.

    Raises NotFoundError for one that can be no scope.
    """
    named = parse_qs(search.lstrip("?")).get("scope", [""])[-1]
    if named in ("", "all"):
        return named or None
    try:
        return str(UUID(named))
    except ValueError:
        raise NotFoundError("The address names an account that is not there.") from None


def default_scope(viewer: Viewer) -> str | None:
    """All accounts for staff, else the person's first account, None for a person without any."""
    if viewer.staff:
        return "all"
    return str(min(viewer.accounts)) if viewer.accounts else None


def check_scope(viewer: Viewer, search: str) -> None:
    """Raises NotFoundError where the address names a scope that is not the viewer's."""
    scope = scope_in(search)
    if scope is None or viewer.staff:
        return
    if scope == "all" or UUID(scope) not in viewer.accounts:
        raise NotFoundError("The account that this address names is not there, or is not yours to see.")
