"""Which accounts there are, which of them a list is narrowed to, and in which order the database has them.

An account is whoever is among the users, has used something, or has a plan; and "Unattributed", once somebody without
an id has used something. Sorting all of twenty thousand takes a tenth of a second, so those that called last, or that
spend right now, are found without the others.
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
from data.name_indexes import USERS, indexed_tables
from data.thread_selection import id_range
from data.viewer import Viewer

KNOWN = f"""
    SELECT u.id, nullif(btrim(u.name), '') AS name, nullif(btrim(u.email), '') AS email
    FROM creditpulse.source_users u
    WHERE (:staff OR u.id = ANY (cast(:accounts AS uuid[]))) AND u.id <> :nil AND ({{people}})
    UNION ALL
    SELECT i.id, NULL, NULL
    FROM (
        SELECT a.account_id AS id FROM creditpulse.account_totals a WHERE {VALID}
        UNION ALL SELECT q.user_id FROM creditpulse.queued q WHERE q.source = 'u'
        UNION ALL SELECT s.user_id FROM creditpulse.subscriptions s
        UNION ALL SELECT unnest(cast(:accounts AS uuid[]))
    ) i
    WHERE (:staff OR i.id = ANY (cast(:accounts AS uuid[]))) AND i.id <> :every AND ({{others}})
        AND NOT EXISTS (SELECT FROM creditpulse.source_users u WHERE u.id = i.id AND u.id <> :nil)
    GROUP BY i.id
"""
# Of an order that begins with whoever called last, nobody else is among the first `reach`, unless there are fewer.
FOREMOST = f"""
    SELECT i.id, nullif(btrim(u.name), '') AS name, nullif(btrim(u.email), '') AS email
    FROM (
        (SELECT a.account_id AS id FROM creditpulse.account_totals a
            WHERE {VALID} AND a.last_quarter IS NOT NULL
            ORDER BY a.last_quarter DESC FETCH FIRST (:reach) ROWS WITH TIES)
        UNION
        SELECT q.user_id FROM creditpulse.queued q WHERE q.source = 'u'
        {{besides}}
    ) i
    LEFT JOIN creditpulse.source_users u ON u.id = i.id AND u.id <> :nil
    WHERE i.id <> :every AND ({{people}} OR {{others}})
"""
SPENDERS = f"""
    UNION SELECT coalesce(r.user_id, :nil) FROM creditpulse.source_usage r
    WHERE r.created_at >= {RECENTLY} AND r.created_at <= statement_timestamp()
"""
BESIDES = {"last": "", "rate": SPENDERS}  # by order: who else may be among the first
LATEST = 1_000  # accounts, among which a word that many are found by finds enough
# A person is found by a part of a name or an address, and an account by the beginning of its id.
NAMED = "strpos(lower(btrim(u.name)), :search) > 0 OR strpos(lower(btrim(u.email)), :search) > 0"
GRAMS = "creditpulse.grams(u.email, u.name) @> creditpulse.grams_of(:search)"
SHORTEST = 3  # letters that an index finds anywhere in a name
WITH_ID = "{id} BETWEEN cast(:low AS uuid) AND cast(:high AS uuid)"
NOBODY = "i.id = :nil AND strpos('unattributed', :search) > 0"
NAME = "coalesce(k.name, k.email)"
LABELLED = f"{NAME} IS NULL AS nameless, lower({NAME}) AS label"


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
LAST = f"greatest(t.last_at, c.last_at) AS last_at, {LABELLED}"
ORDERS = {
    "name": Facet("", LABELLED, "m.id = :nil, m.nameless, m.label {0}"),
    "plan": Facet(
        PLANNED, f"p.plan IS NULL AS planless, p.current, lower(p.plan) AS plan, {LABELLED}",
        "m.planless, m.current IS NOT TRUE, m.plan {0}, m.nameless, m.label",
    ),
    "allowance": Facet(PLANNED, "p.included", "m.included {0} NULLS LAST"),
    "rate": Facet(
        f"{SPENDING} {CALLED}", f"coalesce(s.cost, 0) AS cost, {LAST}",
        "m.cost {0}, m.last_at DESC NULLS LAST, m.nameless, m.label",
    ),
    "last": Facet(CALLED, LAST, "m.last_at {0} NULLS LAST, m.nameless, m.label"),
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
) -> list[UUID]:
    """The accounts that match, in the query's order where the database knows it.

    `among`: no others. What has to be reckoned (AccountQuery.reckoned) is left to those who reckon.
    """
    values = values_of(viewer, query) | {"among": list(among or ()), "limit": limit, "offset": offset}
    if limit is not None and among is None and viewer.staff and begins_with_the_latest(query):
        reach = offset + limit + (LATEST if query.search else 0)
        first = text(in_order(foremost(query), query))
        ids = list(connection.execute(first, values | {"reach": reach}).scalars())
        if len(ids) == limit:
            return ids
    which = "true" if among is None else "k.id = ANY (cast(:among AS uuid[]))"
    return list(connection.execute(text(in_order(known(connection, query), query, which)), values).scalars())


def account_count(connection: Connection, viewer: Viewer, query: AccountQuery) -> int:
    """How many accounts match; of a state that has to be reckoned, as if it were none."""
    state = STATES.get(query.state, STATES[""])
    statement = f"SELECT count(*) FROM ({known(connection, query)}) k {state.joined} WHERE {state.term}"
    return int(connection.execute(text(statement), values_of(viewer, query)).scalar_one())


def begins_with_the_latest(query: AccountQuery) -> bool:
    return query.order in BESIDES and query.downwards and not query.state


def in_order(accounts: str, query: AccountQuery, which: str = "true") -> str:
    order, state = ORDERS.get(query.order, ORDERS["id"]), STATES.get(query.state, STATES[""])
    joined = order.joined if state.joined in order.joined else f"{order.joined} {state.joined}"
    direction = "DESC" if query.downwards and query.order in ORDERS else ""
    return f"""
        SELECT m.id FROM (
            SELECT {", ".join(filter(None, ("k.id", order.columns)))} FROM ({accounts}) k {joined}
            WHERE {state.term} AND {which}
        ) m
        ORDER BY {order.term.format(direction)}, m.id LIMIT :limit OFFSET :offset
    """


def known(connection: Connection, query: AccountQuery) -> str:
    """Every account that the search finds."""
    found = conditions(query)
    if len(search_text(query.search)) >= SHORTEST and USERS in indexed_tables(connection):
        found["people"] = f"{GRAMS} AND ({NAMED}) OR {WITH_ID.format(id='u.id')}"
    return KNOWN.format(**found)


def foremost(query: AccountQuery) -> str:
    """Those of them that can be the first of an order that begins with the latest."""
    return FOREMOST.format(besides=BESIDES[query.order], **conditions(query))


def conditions(query: AccountQuery) -> dict[str, str]:
    """Which people a search finds, and which other accounts."""
    if not query.search:
        return {"people": "true", "others": "true"}
    return {
        "people": f"{NAMED} OR {WITH_ID.format(id='u.id')}",
        "others": f"{WITH_ID.format(id='i.id')} OR {NOBODY}",
    }


def values_of(viewer: Viewer, query: AccountQuery) -> dict[str, Any]:
    low, high = id_range(query.search) or (None, None)
    return {
        "staff": viewer.staff,
        "accounts": list(viewer.accounts),
        "every": ALL_ACCOUNTS,
        "nil": UNATTRIBUTED,
        "minutes": WINDOW_MINUTES,
        "search": search_text(query.search),
        "low": low,
        "high": high,
    }


def account_ids_after(
    connection: Connection, viewer: Viewer, query: AccountQuery, after: UUID | None, limit: int
) -> list[UUID]:
    """The next accounts that match, in the order of their ids."""
    state = STATES.get(query.state, STATES[""])
    statement = f"""
        SELECT k.id FROM ({known(connection, query)}) k {state.joined}
        WHERE (cast(:after AS uuid) IS NULL OR k.id > :after) AND ({state.term})
        ORDER BY k.id LIMIT :limit
    """
    values = values_of(viewer, query) | {"after": after, "limit": limit}
    return list(connection.execute(text(statement), values).scalars())
