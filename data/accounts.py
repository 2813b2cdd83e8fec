"""Accounts: the people (and what is left over) that usage is counted for, as the chooser lists them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.viewer import Viewer

SEARCH_LENGTH = 200


@dataclass(frozen=True)
class Account:
    """`label` is what a person reads; `email` is None where no table of users knows the account."""

    account_id: UUID
    label: str
    email: str | None


def account_label(account_id: UUID | None, name: str | None = None, email: str | None = None) -> str:
    """The name, else the e-mail address, else the start of the id."""
    if account_id is None or account_id == UNATTRIBUTED:
        return "Unattributed"
    return (name or "").strip() or (email or "").strip() or f"Account {str(account_id)[:8]}"


def search_text(search: str | None) -> str:
    """What a person typed, in the form that the queries compare with: lower case, and nothing PostgreSQL refuses."""
    return (search or "").replace("\x00", "").strip().lower()[:SEARCH_LENGTH]


# Accounts that only the rollup knows are found by leaping from scope to scope along its primary key.
ACCOUNTS = text("""
    WITH RECURSIVE scopes (id) AS (
        (SELECT scope FROM creditpulse.total_rollup ORDER BY scope LIMIT 1)
        UNION ALL
        SELECT (SELECT r.scope FROM creditpulse.total_rollup r WHERE r.scope > s.id ORDER BY r.scope LIMIT 1)
        FROM scopes s WHERE s.id IS NOT NULL
    ), known AS (
        SELECT id, nullif(btrim(name), '') AS name, nullif(btrim(email), '') AS email
        FROM creditpulse.source_users
        UNION ALL
        SELECT i.id, NULL, NULL
        FROM (SELECT id FROM scopes UNION SELECT user_id FROM creditpulse.queued WHERE source IN ('u', 'p')
            UNION SELECT unnest(cast(:accounts AS uuid[]))) i
        WHERE i.id <> :every AND NOT EXISTS (SELECT FROM creditpulse.source_users u WHERE u.id = i.id)
    )
    SELECT id, name, email FROM known
    WHERE (:staff OR id = ANY (cast(:accounts AS uuid[])))
        AND (:search = '' OR strpos(lower(coalesce(name, '')), :search) > 0
            OR strpos(lower(coalesce(email, '')), :search) > 0
            OR starts_with(id::text, :search)
            OR (id = :nil AND strpos('unattributed', :search) > 0))
    ORDER BY id = :nil, coalesce(name, email) IS NULL, lower(coalesce(name, email)), id
    LIMIT :limit
""")

ACCOUNT = text("SELECT name, email FROM creditpulse.source_users WHERE id = :id")


def accounts(connection: Connection, viewer: Viewer, search: str | None = None, limit: int = 50) -> list[Account]:
    """Those of the viewer's accounts whose name, e-mail address or id has `search` in it, by name.

    Accounts without a row among the users come after the named ones, "Unattributed" last; staff see every account.
    """
    rows = connection.execute(
        ACCOUNTS,
        {
            "search": search_text(search),
            "staff": viewer.staff,
            "accounts": list(viewer.accounts),
            "every": ALL_ACCOUNTS,
            "nil": UNATTRIBUTED,
            "limit": limit,
        },
    )
    return [Account(row.id, account_label(row.id, row.name, row.email), row.email) for row in rows]


def account(connection: Connection, viewer: Viewer, account_id: UUID) -> Account | None:
    """One account by its id, also one without usage; None where it is not the viewer's."""
    if not (viewer.staff or account_id in viewer.accounts):
        return None
    row = connection.execute(ACCOUNT, {"id": account_id}).one_or_none()
    name, email = (row.name, row.email) if row else (None, None)
    return Account(account_id, account_label(account_id, name, email), email)
