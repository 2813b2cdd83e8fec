"""The statements that a list of threads is read by, a block at a time.

Each looks at threads `c` in the list's order until enough of them fit; the last one it may look at comes too, fitting
or not, since the list goes on from there. What is queued is looked at apart: its rows of the rollup are out of date.
"""

from __future__ import annotations

# The rollup counts, but for the moment in which its table is being truncated.
COUNTS = "NOT EXISTS (SELECT FROM creditpulse.changes WHERE source = 'U')"
TOUCHED = """
    WITH touched AS MATERIALIZED (
        SELECT q.thread_id, sum(q.calls) AS calls, sum(q.total_tokens) AS total_tokens, sum(q.cost) AS cost,
            max(q.last_at) AS last_at
        FROM creditpulse.queued q WHERE q.source = 'u' AND q.thread_id <> :nil GROUP BY q.thread_id
    )"""
# Of few threads only the steps are read, from the primary key, until it is known which come first.
EVERY = "creditpulse.thread_totals s"
THESE = """(
                SELECT k.thread_id, k.{step} FROM creditpulse.thread_totals k
                WHERE k.thread_id = ANY (ARRAY({finds})) ORDER BY k.{step} {direction}
            ) k
            CROSS JOIN LATERAL (
                SELECT s.* FROM creditpulse.thread_totals s WHERE s.thread_id = k.thread_id LIMIT 1
            ) s"""
CALLED = f"""{TOUCHED}
    (SELECT w.key, w.thread_id, w.fits, w.number = :walked AS last
    FROM (
        SELECT c.thread_id, c.key, coalesce({{holds}}, false) AS fits, row_number() OVER () AS number
        FROM (
            SELECT s.thread_id, s.calls, s.total_tokens, s.cost, s.last_at, {{key_of_s}} AS key
            FROM {{threads}}
            WHERE s.calls > 0 AND {COUNTS} AND {{reached}}
                AND s.thread_id NOT IN (SELECT q.thread_id FROM touched q)
            ORDER BY {{order}} LIMIT :walked
        ) c
    ) w
    WHERE w.fits OR w.number = :walked LIMIT :limit + 1)
    UNION ALL
    (SELECT c.key, c.thread_id, true, false
    FROM (
        SELECT c.*, {{key_of_c}} AS key
        FROM (
            SELECT q.thread_id, q.calls + coalesce(s.calls, 0) AS calls, q.cost + coalesce(s.cost, 0) AS cost,
                q.total_tokens + coalesce(s.total_tokens, 0) AS total_tokens, greatest(s.last_at, q.last_at) AS last_at
            FROM touched q LEFT JOIN creditpulse.thread_totals s ON s.thread_id = q.thread_id AND {COUNTS}
        ) c
    ) c
    WHERE c.calls > 0 AND {{zone}} AND {{beyond}} AND {{holds_exactly}}
    ORDER BY c.key {{direction}}, c.thread_id {{direction}} LIMIT :limit + 1)"""
# Those without calls; there is no index for their order.
UNCALLED = f"""{TOUCHED}
    SELECT c.key, c.thread_id, true AS fits, false AS last
    FROM (
        SELECT t.thread_id, 0 AS calls, 0 AS total_tokens, 0 AS cost, cast(NULL AS timestamptz) AS last_at,
            coalesce(extract(epoch FROM t.created_at), '-Infinity') AS key
        FROM creditpulse.source_threads t
        WHERE {{among}} AND t.thread_id NOT IN (SELECT q.thread_id FROM touched q WHERE q.calls > 0)
            AND NOT EXISTS (
                SELECT FROM creditpulse.thread_totals s WHERE s.thread_id = t.thread_id AND s.calls > 0 AND {COUNTS})
    ) c
    WHERE {{beyond}} AND {{holds_exactly}} ORDER BY c.key {{direction}}, c.thread_id {{direction}} LIMIT :limit + 1"""
ALL_IDS = """
                (SELECT k.thread_id FROM creditpulse.thread_totals k
                    WHERE {beyond} ORDER BY 1 {direction} LIMIT :walked)
                UNION
                (SELECT k.thread_id FROM creditpulse.source_threads k
                    WHERE {beyond} ORDER BY 1 {direction} LIMIT :walked)
                UNION
                (SELECT k.thread_id FROM touched k WHERE {beyond} ORDER BY 1 {direction} LIMIT :walked)"""
THESE_IDS = "SELECT k.thread_id FROM ({finds} UNION SELECT q.thread_id FROM touched q) k WHERE {beyond}"
# Threads by their ids, with calls or without.
EXACT = f"""
            SELECT k.thread_id, coalesce(s.calls, 0) + coalesce(q.calls, 0) AS calls,
                coalesce(s.total_tokens, 0) + coalesce(q.total_tokens, 0) AS total_tokens,
                coalesce(s.cost, 0) + coalesce(q.cost, 0) AS cost, greatest(s.last_at, q.last_at) AS last_at
            FROM ({{ids}}) k
            LEFT JOIN creditpulse.thread_totals s ON s.thread_id = k.thread_id AND {COUNTS}
            LEFT JOIN touched q ON q.thread_id = k.thread_id"""
THERE = "(c.calls > 0 OR EXISTS (SELECT FROM creditpulse.source_threads t WHERE t.thread_id = c.thread_id))"
BY_ID = f"""{TOUCHED}
    SELECT w.key, w.thread_id, w.fits, w.number = :walked AS last
    FROM (
        SELECT 0 AS key, c.thread_id, row_number() OVER () AS number,
            coalesce({THERE} AND {{holds_exactly}}, false) AS fits
        FROM ({EXACT.format(ids="{ids} ORDER BY 1 {direction} LIMIT :walked")} ORDER BY k.thread_id {{direction}}
        ) c
    ) w
    WHERE w.fits OR w.number = :walked LIMIT :limit + 1"""
COUNT = f"""{TOUCHED}
    SELECT count(*) FROM ({EXACT}) c WHERE {THERE} AND {{holds_exactly}}"""
COUNT_CALLED = f"""{TOUCHED}
    SELECT count(*) FROM (
        SELECT FROM creditpulse.thread_totals s
        WHERE s.calls > 0 AND {COUNTS} AND s.thread_id NOT IN (SELECT q.thread_id FROM touched q)
        UNION ALL
        SELECT FROM ({EXACT.format(ids="SELECT thread_id FROM touched")}) c WHERE c.calls > 0
        LIMIT :most
    ) x"""
COUNT_UNCALLED = f"""{TOUCHED}
    SELECT count(*) FROM (
        SELECT FROM ({EXACT.format(ids="SELECT thread_id FROM creditpulse.source_threads")}) c
        WHERE c.calls <= 0 LIMIT :most
    ) x"""
SIZE = "(SELECT count(*) FROM ({find} LIMIT :most + 1) x)"
