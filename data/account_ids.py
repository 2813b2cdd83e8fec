"""Which accounts there are, which of them a list is narrowed to, and in which order the database has them.

An account is whoever is among the users, has used something, or has a plan; and "Unattributed", once somebody without
an id has used something.
"""

# ruff: noqa: S608  (SQL of our own constants)

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.account_query import AccountQuery
from data.account_rows import PLANS
from data.accounts import search_text
from data.burn import COUNTED, RECENTLY, WINDOW_MINUTES
from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.figures_slices import VALID
from data.viewer import Viewer

KNOWN = f"""
    known AS (
        SELECT u.id, nullif(btrim(u.name), '') AS name, nullif(btrim(u.email), '') AS email
        FROM creditpulse.source_users u
        WHERE (:staff OR u.id = ANY (cast(:accounts AS uuid[]))) AND u.id <> :nil
        UNION ALL
        SELECT i.id, NULL, NULL
        FROM (
            SELECT a.account_id AS id FROM creditpulse.account_totals a WHERE {VALID}
            UNION ALL SELECT q.user_id FROM creditpulse.queued q WHERE q.source = 'u'
            UNION ALL SELECT s.user_id FROM creditpulse.subscriptions s
            UNION ALL SELECT unnest(cast(:accounts AS uuid[]))
        ) i
        WHERE (:staff OR i.id = ANY (cast(:accounts AS uuid[]))) AND i.id <> :every
            AND NOT EXISTS (SELECT FROM creditpulse.source_users u WHERE u.id = i.id AND u.id <> :nil)
        GROUP BY i.id
    )"""
FOUND = """(strpos(lower(coalesce(k.name, '')), :search) > 0 OR strpos(lower(coalesce(k.email, '')), :search) > 0
    OR starts_with(k.id::text, :search) OR (k.id = :nil AND strpos('unattributed', :search) > 0))"""
NAME = "coalesce(k.name, k.email)"
NAMED = f"{NAME} IS NULL AS nameless, lower({NAME}) AS label"


@dataclass(frozen=True)
class Facet:
    """What accounts are ordered or narrowed by: what is joined for it, its columns, and the order or the condition."""

    joined: str
    columns: str
    term: str  # {0} is DESC or nothing


PLANNED = f"LEFT JOIN ({PLANS.format(only='')}) p ON p.user_id = k.id"
SPENDING = f"""LEFT JOIN (
        SELECT coalesce(u.user_id, :nil) AS id, sum(u.cost) AS cost FROM creditpulse.source_usage u
        WHERE u.created_at >= {RECENTLY} AND u.created_at <= statement_timestamp() AND {COUNTED} GROUP BY 1
    ) s ON s.id = k.id"""
CALLED = f"""LEFT JOIN creditpulse.account_totals t ON t.account_id = k.id AND {VALID}
    LEFT JOIN (
        SELECT q.user_id, max(q.last_at) AS last_at FROM creditpulse.queued q WHERE q.source = 'u' GROUP BY q.user_id
    ) c ON c.user_id = k.id"""
ORDERS = {
    "name": Facet("", NAMED, "m.id = :nil, m.nameless, m.label {0}"),
    "plan": Facet(
        PLANNED, f"p.plan IS NULL AS planless, p.current, lower(p.plan) AS plan, {NAMED}",
        "m.planless, m.current IS NOT TRUE, m.plan {0}, m.nameless, m.label",
    ),
    "allowance": Facet(PLANNED, "p.included", "m.included {0} NULLS LAST"),
    "rate": Facet(SPENDING, f"coalesce(s.cost, 0) AS cost, {NAMED}", "m.cost {0}, m.nameless, m.label"),
    "last": Facet(
        CALLED, f"greatest(t.last_at, c.last_at) AS last_at, {NAMED}", "m.last_at {0} NULLS LAST, m.nameless, m.label"
    ),
    "id": Facet("", "", "m.id {0}"),
}  # fmt: skip
STATES = {
    "": Facet("", "", "true"),
    "planned": Facet(PLANNED, "", "p.current"),
    "spending": Facet(SPENDING, "", "s.cost > 0"),
}


def account_ids(
    connection: Connection,
    viewer: Viewer,
    query: AccountQuery,
    *,
    among: Collection[UUID] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> tuple[list[UUID], int]:
    """The accounts that match, in the query's order where the database knows it, and how many there are in all.

    `among`: no others. What has to be reckoned (AccountQuery.reckoned) is left to those who reckon.
    """
    order, state = ORDERS.get(query.order, ORDERS["id"]), STATES.get(query.state, STATES[""])
    joins = " ".join(dict.fromkeys((order.joined, state.joined)))
    direction = "DESC" if query.downwards and query.order in ORDERS else ""
    statement = f"""
        WITH {KNOWN}, matching AS MATERIALIZED (
            SELECT {", ".join(filter(None, ("k.id", order.columns)))} FROM known k {joins}
            WHERE (:search = '' OR {FOUND}) AND ({state.term})
                AND (cast(:among AS uuid[]) IS NULL OR k.id = ANY (cast(:among AS uuid[])))
        )
        SELECT (SELECT count(*) FROM matching), ARRAY(
            SELECT m.id FROM matching m ORDER BY {order.term.format(direction)}, m.id LIMIT :limit OFFSET :offset)
    """
    total, ids = connection.execute(text(statement), values_of(viewer, query, among, limit, offset)).one()
    return ids, total


def values_of(
    viewer: Viewer, query: AccountQuery, among: Collection[UUID] | None, limit: int | None, offset: int
) -> dict[str, Any]:
    return {
        "staff": viewer.staff,
        "accounts": list(viewer.accounts),
        "every": ALL_ACCOUNTS,
        "nil": UNATTRIBUTED,
        "minutes": WINDOW_MINUTES,
        "search": search_text(query.search),
        "among": None if among is None else list(among),
        "limit": limit,
        "offset": offset,
    }


AFTER = f"""
    WITH {KNOWN}
    SELECT k.id FROM known k {{joins}}
    WHERE (cast(:after AS uuid) IS NULL OR k.id > :after) AND (:search = '' OR {FOUND}) AND ({{state}})
    ORDER BY k.id LIMIT :limit
"""


def account_ids_after(
    connection: Connection, viewer: Viewer, query: AccountQuery, after: UUID | None, limit: int
) -> list[UUID]:
    """The next accounts that match, in the order of their ids."""
    state = STATES.get(query.state, STATES[""])
    values = values_of(viewer, query, None, limit, 0) | {"after": after}
    return list(connection.execute(text(AFTER.format(joins=state.joined, state=state.term)), values).scalars())
