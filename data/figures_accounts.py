"""The accounts that cost most in a range, and what given accounts cost, from their own rollups.

An account is looked at only where all that it ever spent could bring it into the list: so the list of a short
range among many accounts reads few of them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from data.accounts import account_label
from data.figures_slices import FIGURES, SUMS, VALID, figures_of, parts, rolled, slices, values_of, whole_of
from data.figures_top import TOP, Top, top
from data.metrics import Figures
from data.segments import cover
from data.usage_query import UsageQuery
from data.viewer import Viewer

FIRST_LOOK = 3  # times the length of the list: from these it is known how little can be in it


def account_sums(name: str, accounts: str) -> str:
    """Sums of the whole range of each of the `accounts`, which have a column id."""
    return f"""
    {name} AS MATERIALIZED (
        SELECT p.id, {SUMS.format("p")}
        FROM (
            SELECT a.id, r.* FROM {accounts} a CROSS JOIN LATERAL ({rolled("a.id", "whole_")}) r
            UNION ALL
            SELECT q.user_id, q.number, {FIGURES.format("q")}
            FROM whole_queued q JOIN {accounts} a ON a.id = q.user_id
            UNION ALL
            SELECT c.user_id, c.number, {FIGURES.format("c")}
            FROM whole_cut c JOIN {accounts} a ON a.id = c.user_id
        ) p
        GROUP BY p.id
    )"""


SPENDERS = f"""
            SELECT a.account_id AS id FROM creditpulse.account_totals a
            WHERE a.spent > 0 AND a.last_quarter >= creditpulse.quarter_of(:start)
                AND (:scope = :every OR a.account_id = :scope) AND {VALID}"""
# The dearest accounts of the range with their place, from 1 on, :limit of them. What an account can have cost in
# any range is bounded by what it has spent; what is queued, or lies at an edge, is looked at in any case.
TOP_ACCOUNTS = f"""{parts("whole_")},
    likely AS MATERIALIZED (
        (SELECT * FROM ({SPENDERS} ORDER BY a.spent_step DESC LIMIT {FIRST_LOOK} * :limit) a)
        UNION SELECT user_id FROM whole_queued UNION SELECT user_id FROM whole_cut
    ), {account_sums("likely_sums", "likely")},
    bar AS MATERIALIZED (
        SELECT greatest(0, (SELECT s.cost FROM likely_sums s ORDER BY s.cost DESC OFFSET :limit - 1 LIMIT 1)) AS cost
    ), possible AS MATERIALIZED (
        {SPENDERS} AND a.spent_step >= (SELECT creditpulse.step_of(b.cost) FROM bar b)
            AND NOT EXISTS (SELECT FROM likely l WHERE l.id = a.account_id)
    ), {account_sums("possible_sums", "possible")},
    top_accounts AS MATERIALIZED (
        SELECT s.*, row_number() OVER (ORDER BY s.cost DESC, s.id) AS place
        FROM (SELECT * FROM likely_sums UNION ALL SELECT * FROM possible_sums) s
        WHERE s.cost > 0 ORDER BY place LIMIT :limit
    )"""
NAMED = text(f"""
    WITH {TOP_ACCOUNTS}, {slices()}
    SELECT t.id::text AS key, {FIGURES.format("t")}, u.name, u.email, (SELECT sum(w.cost) FROM slices w) AS whole
    FROM top_accounts t LEFT JOIN creditpulse.source_users u ON u.id = t.id ORDER BY t.place
""")
OF_ACCOUNTS = text(f"""
    WITH {parts()}, ids AS (SELECT * FROM unnest(cast(:ids AS uuid[])) AS i (id)), account_slices AS (
        SELECT i.id, r.number, {FIGURES.format("r")} FROM ids i CROSS JOIN LATERAL ({rolled("i.id")}) r
        UNION ALL
        SELECT q.user_id, q.number, {FIGURES.format("q")} FROM queued q JOIN ids i ON i.id = q.user_id
        UNION ALL
        SELECT c.user_id, c.number, {FIGURES.format("c")} FROM cut c JOIN ids i ON i.id = c.user_id
    )
    SELECT s.id, s.number, {SUMS.format("s")} FROM account_slices s GROUP BY s.id, s.number
""")


def top_accounts(connection: Connection, viewer: Viewer, query: UsageQuery, limit: int = TOP) -> tuple[Top, ...]:
    """The dearest accounts. Raises NotFoundError where the scope is not the viewer's."""
    rows = connection.execute(NAMED, {**values_of(viewer, query), **whole_of(query), "limit": limit})
    return tuple(top(row, row.key, account_label(UUID(row.key), row.name, row.email)) for row in rows)


def figures_of_accounts(
    connection: Connection, viewer: Viewer, query: UsageQuery, ids: Collection[UUID], edges: Sequence[datetime]
) -> dict[tuple[UUID, int], Figures]:
    """Those of the accounts, where they are in the query's scope and have calls, by id and number of the step (from 0).

    The edges lie within the query's range. Raises NotFoundError where the scope is not the viewer's.
    """
    values = values_of(viewer, query, cover(edges))
    within = [id for id in ids if query.scope == "all" or id == values["scope"]]
    rows = connection.execute(OF_ACCOUNTS, {**values, "ids": within})
    return {(row.id, row.number): figures_of(row) for row in rows if row.calls}
