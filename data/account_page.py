"""One account's page: whether there is such an account, and how it stands, through the cache."""

# ruff: noqa: S608  (SQL of our own constants)

from __future__ import annotations

from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from data.account_rows import AccountRow, account_rows
from data.accounts import Account, account_label
from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.errors import NotFoundError
from data.figures_slices import VALID
from data.preferences import DEFAULTS, Preferences
from data.queries import NAV_KEY, Queries, stale_seconds
from data.viewer import Viewer

# Who is an account, as in data/account_ids.py, of one.
HEAD = text(f"""
    SELECT u.name, u.email
    FROM (VALUES (cast(:id AS uuid))) i (id)
    LEFT JOIN creditpulse.source_users u ON u.id = i.id AND u.id <> :nil
    WHERE i.id <> :every AND (:own OR u.id IS NOT NULL
        OR EXISTS (SELECT FROM creditpulse.account_totals a WHERE a.account_id = i.id AND {VALID})
        OR EXISTS (SELECT FROM creditpulse.queued q WHERE q.source = 'u' AND q.user_id = i.id)
        OR EXISTS (SELECT FROM creditpulse.subscriptions s WHERE s.user_id = i.id))
    LIMIT 1
""")
NOT_THERE = "There is no such account, or it is not yours to see."


def account_head(connection: Connection, viewer: Viewer, account_id: UUID) -> Account:
    """Raises NotFoundError for an account that is not there, or not the viewer's."""
    own = account_id in viewer.accounts
    if not (viewer.staff or own):
        raise NotFoundError(NOT_THERE)
    values = {"id": account_id, "nil": UNATTRIBUTED, "every": ALL_ACCOUNTS, "own": own}
    row = connection.execute(HEAD, values).one_or_none()
    if row is None:
        raise NotFoundError(NOT_THERE)
    return Account(account_id, account_label(account_id, row.name, row.email), row.email)


def account_standing(
    connection: Connection, viewer: Viewer, account_id: UUID, credits_per_dollar: Decimal
) -> AccountRow | None:
    """How it stands in its period; None where it is not the viewer's."""
    return next(iter(account_rows(connection, viewer, [account_id], credits_per_dollar)), None)


def cached_standing(
    queries: Queries, viewer: Viewer, account_id: UUID, *, force: bool = False, chosen: Preferences = DEFAULTS
) -> AccountRow:
    """The same, stale as soon as a fold changes the account. Raises NotFoundError where it is not the viewer's."""

    def read() -> AccountRow | None:
        with queries.connect() as connection:
            return account_standing(connection, viewer, account_id, queries.credits_per_dollar)

    key = (NAV_KEY, str(account_id), "standing", viewer.key)
    entry = queries.cache.peek(key)
    busy = entry is not None and entry.value is not None and entry.value.agents_running > 0
    stale_time = stale_seconds(running=busy, chosen=chosen)
    found = queries.cache.fetch(key, read, stale_time=stale_time, force=force)
    if found is None:
        raise NotFoundError(NOT_THERE)
    return found
