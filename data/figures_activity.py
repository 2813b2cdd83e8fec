"""How many different threads and accounts had a call in a range.

Distinct counts do not add up, so no rollup has them. Most are decided by the time of a thread's or an account's
first and last call alone; the rest, and those that the queue touches, are looked up one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, TextClause, text

from data.figures_accounts import account_sums
from data.figures_slices import COUNTED, OF_MODEL, OF_SCOPE, OF_SCOPE_RAW, VALID, buckets, parts
from data.figures_threads import WHOLE, thread_values
from data.segments import RAW
from data.usage_query import UsageQuery
from data.viewer import Viewer


@dataclass(frozen=True)
class Activity:
    """How many different threads and accounts have a call in the range."""

    threads: int
    accounts: int


# Scalars, not EXISTS: that may be hashed, which would read the whole table for a few threads. LIMIT within a lateral:
# else the planner may read all that a thread or an account ever had of the model.
CALLED = f"""(
        SELECT true FROM creditpulse.source_usage u
        WHERE u.thread_id = {{0}} AND u.created_at >= {{1}} AND u.created_at < {{2}}
            AND {OF_SCOPE_RAW.format("u")} AND {OF_MODEL.format("u")} AND {COUNTED.format("u")} LIMIT 1)"""
CALLED_BY_HOURS = f"""coalesce((
        SELECT true FROM stretches s CROSS JOIN LATERAL (
            SELECT FROM creditpulse.thread_hours h
            WHERE h.thread_id = {{0}} AND h.hour >= s.first AND h.hour < s.last AND {OF_MODEL.format("h")}
                AND h.calls > 0
            LIMIT 1
        ) h
        WHERE s.grain <> {RAW} LIMIT 1
    ), (
        SELECT true FROM stretches s
        WHERE s.grain = {RAW} AND t.first_at < s.last AND t.last_at >= s.first
            AND {CALLED.format("{0}", "s.first", "s.last")} LIMIT 1))"""
# By its first and last call, where no model is asked for; else by a look at it.
AT_WORK = f"""(
            (cast(:model AS text) IS NULL AND (
                (t.last_at >= :start AND t.last_at < :end) OR (t.first_at >= :start AND t.first_at < :end)))
            OR {CALLED_BY_HOURS.format("t.thread_id")})"""
NEAR = f"""t.last_quarter >= creditpulse.quarter_of(:start) AND t.first_at < :end AND {VALID}
            AND t.thread_id NOT IN (SELECT thread_id FROM touched)"""
THREADS_OF_ALL = f"""
        SELECT count(*) FROM creditpulse.thread_totals t WHERE {NEAR} AND {AT_WORK}"""
# Of one model, the hours of the range know all its threads at once; one by one they would be looked up in vain.
HOURS_OF_MODEL = """
                SELECT h.thread_id FROM creditpulse.thread_hours h
                WHERE h.hour >= {0} AND h.hour < s.last AND h.model = :model AND h.calls > 0"""
THREADS_OF_MODEL = f"""
        SELECT count(*) FROM (
            SELECT h.thread_id
            FROM stretches s CROSS JOIN LATERAL ({HOURS_OF_MODEL.format("s.first")} OFFSET 0) h
            WHERE s.grain <> {RAW} AND {VALID}
            UNION
            SELECT h.thread_id
            FROM stretches s CROSS JOIN LATERAL ({HOURS_OF_MODEL.format("creditpulse.hour_of(s.first)")} OFFSET 0) h
            WHERE s.grain = {RAW} AND {VALID} AND {CALLED.format("h.thread_id", "s.first", "s.last")}
        ) t
        WHERE t.thread_id NOT IN (SELECT thread_id FROM touched)"""
# Its threads, and the latest quarter hour of each, are read from keys alone: most were at work at other times.
THREADS_OF_ACCOUNT = f"""
        SELECT count(*)
        FROM (
            SELECT k.thread_id
            FROM creditpulse.thread_users x JOIN creditpulse.thread_totals k ON k.thread_id = x.thread_id
            WHERE x.user_id = :scope AND k.last_quarter >= creditpulse.quarter_of(:start)
        ) k
        CROSS JOIN LATERAL (SELECT t.* FROM creditpulse.thread_totals t WHERE t.thread_id = k.thread_id LIMIT 1) t
        WHERE {NEAR} AND (SELECT x.calls > 0 FROM creditpulse.thread_users x
                WHERE x.thread_id = k.thread_id AND x.user_id = :scope LIMIT 1)
            AND CASE WHEN {WHOLE.format("k.thread_id")} THEN {AT_WORK}
            ELSE {CALLED.format("k.thread_id", ":start", ":end")} END"""


def statement(threads: str) -> TextClause:
    return text(f"""
    WITH {parts("whole_")}, stretches AS MATERIALIZED (
        SELECT * FROM unnest(cast(:hour_grains AS smallint[]), cast(:hour_firsts AS timestamptz[]),
            cast(:hour_lasts AS timestamptz[])) AS s (grain, first, last)
    ), changed AS MATERIALIZED (
        SELECT q.thread_id, q.user_id FROM creditpulse.queued q WHERE q.source IN ('u', 'l')
    ), touched AS MATERIALIZED (
        SELECT DISTINCT c.thread_id FROM changed c WHERE c.thread_id <> :nil
    ), touched_accounts AS MATERIALIZED (
        SELECT DISTINCT c.user_id AS id FROM changed c WHERE {OF_SCOPE.format("c")}
    ), {account_sums("touched_sums", "touched_accounts")}
    SELECT ({threads})
        + (SELECT count(*) FROM touched t WHERE {CALLED.format("t.thread_id", ":start", ":end")}) AS threads,
        (SELECT count(*) FROM creditpulse.account_totals a
            WHERE a.last_quarter >= creditpulse.quarter_of(:start) AND (:scope = :every OR a.account_id = :scope)
                AND {VALID} AND a.account_id NOT IN (SELECT id FROM touched_accounts)
                AND ((cast(:model AS text) IS NULL AND a.last_at >= :start AND a.last_at < :end)
                    OR a.account_id IN (SELECT user_id FROM whole_cut) OR (
                        SELECT true FROM whole_stretches s CROSS JOIN LATERAL (
                            SELECT FROM ({buckets("a.account_id", "s.grain", "s.first", "s.last")}) r
                            WHERE r.calls > 0 LIMIT 1
                        ) r
                        WHERE s.grain <> {RAW} LIMIT 1)))
        + (SELECT count(*) FROM touched_sums s WHERE s.calls > 0) AS accounts
""")


OF_ALL, OF_MODEL_OF_ALL = statement(THREADS_OF_ALL), statement(THREADS_OF_MODEL)
OF_ACCOUNT = statement(THREADS_OF_ACCOUNT)


def activity(connection: Connection, viewer: Viewer, query: UsageQuery) -> Activity:
    """Raises NotFoundError where the scope is not the viewer's."""
    of_all = OF_ALL if query.model is None else OF_MODEL_OF_ALL
    counts = of_all if query.scope == "all" else OF_ACCOUNT
    row = connection.execute(counts, thread_values(viewer, query)).one()
    return Activity(row.threads, row.accounts)
