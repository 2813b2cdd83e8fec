"""The statements that find threads, accounts and projects by ids and by names; data/find.py puts them together.

{table} is one with names, or the first so many rows of it; {holds} is what of it can fit: what an index of names
finds, what is a member's own.
"""

# ruff: noqa: S608  (SQL of our own constants)

from __future__ import annotations

from collections.abc import Mapping

OWN = "ANY (cast(:accounts AS uuid[]))"


def among(columns: Mapping[str, str]) -> str:
    """The ids in these columns (`table.column`) that lie in one of the ranges, and by which a member's own `x` is told.

    It is told before the limit: else others' ids that begin alike would take the place of theirs.
    """
    parts = []
    for column, own in columns.items():
        table, _, name = column.partition(".")
        parts.append(
            f"SELECT x.{name} FROM creditpulse.{table} x WHERE x.{name} BETWEEN r.low AND r.high AND (:staff OR {own})"
        )
    return f"""
        SELECT DISTINCT i.id
        FROM unnest(cast(:lows AS uuid[]), cast(:highs AS uuid[])) AS r (low, high)
        CROSS JOIN LATERAL ({" UNION ALL ".join(parts)}) i (id)
        LIMIT :of_ids"""


# Whether a thread is the viewer's to see is asked of each that is found.
SPENT_IN = f"""EXISTS (SELECT FROM creditpulse.thread_users w WHERE w.thread_id = x.thread_id AND w.user_id = {OWN})"""
THREADS_BY_ID = among(
    {
        "source_threads.thread_id": f"x.account_id = {OWN}",
        "thread_totals.thread_id": SPENT_IN,
        "queued.thread_id": f"x.user_id = {OWN}",
    }
)
TITLED = "(creditpulse.named(t.metadata->>'title', :words) OR creditpulse.named(t.metadata->>'name', :words))"
LATEST_TITLED = f"""
    SELECT c.thread_id FROM (
        SELECT s.thread_id, s.last_at FROM creditpulse.thread_totals s
        WHERE s.calls > 0 ORDER BY s.last_quarter DESC LIMIT :latest
    ) c
    JOIN creditpulse.source_threads t ON t.thread_id = c.thread_id
    WHERE {TITLED} ORDER BY c.last_at DESC, c.thread_id LIMIT :most + 1
"""
ALL_TITLED = f"""
    SELECT c.thread_id FROM (SELECT t.thread_id FROM {{table}} t WHERE {{holds}} AND {TITLED} LIMIT :candidates) c
    LEFT JOIN creditpulse.thread_totals s ON s.thread_id = c.thread_id
    ORDER BY s.last_at DESC NULLS LAST, c.thread_id LIMIT :most + 1
"""
TITLE_GRAMS = "creditpulse.grams(t.metadata->>'title', t.metadata->>'name') @> creditpulse.grams_of(:words)"
OWN_THREADS = "t.account_id = ANY (cast(:accounts AS uuid[]))"

# An account is whoever is among the users, has used something, or has a plan.
ACCOUNT_COLUMNS = ("source_users.id", "account_totals.account_id", "subscriptions.user_id", "queued.user_id")
ACCOUNTS_BY_ID = f"""
    SELECT k.id, a.name, a.email
    FROM ({among({column: f"x.{column.partition('.')[2]} = {OWN}" for column in ACCOUNT_COLUMNS})}) k
    LEFT JOIN creditpulse.source_users a ON a.id = k.id AND a.id <> :nil
    WHERE k.id <> :every ORDER BY k.id
"""
ACCOUNTS_BY_NAME = """
    SELECT c.id, c.name, c.email FROM (
        SELECT a.id, a.name, a.email FROM {table} a
        WHERE {holds} AND a.id <> :nil
            AND (creditpulse.named(a.email, :words) OR creditpulse.named(a.name, :words))
        LIMIT :candidates
    ) c
    LEFT JOIN creditpulse.account_totals s ON s.account_id = c.id ORDER BY s.last_at DESC NULLS LAST, c.id
"""
PEOPLE_GRAMS = "creditpulse.grams(a.email, a.name) @> creditpulse.grams_of(:words)"
OWN_ACCOUNTS = "a.id = ANY (cast(:accounts AS uuid[]))"

# Whose a project is, only its owner (and staff) are told: a member finds another's where a thread of theirs is in it.
PROJECTS = f"""
    SELECT c.project_id, c.name, c.account_id, a.name AS account_name, a.email FROM (
        SELECT p.project_id, p.name, CASE WHEN :staff OR p.account_id = {OWN} THEN p.account_id END AS account_id
        FROM {{table}} p WHERE {{holds}} AND {{which}} LIMIT :candidates
    ) c
    LEFT JOIN creditpulse.source_users a ON a.id = c.account_id ORDER BY lower(c.name), c.project_id
"""
WITH_NAME = "creditpulse.named(p.name, :words)"
PROJECT_GRAMS = "creditpulse.grams(p.name, NULL) @> creditpulse.grams_of(:words)"
# Those that they own, and those with threads of theirs, whose rows name the project too.
OWN_PROJECTS = """(p.account_id = ANY (cast(:accounts AS uuid[])) OR EXISTS (
    SELECT FROM creditpulse.source_threads t
    WHERE t.project_id = p.project_id AND t.account_id = ANY (cast(:accounts AS uuid[]))))"""
WITH_ID = f"p.project_id = ANY (ARRAY({among({'source_projects.project_id': OWN_PROJECTS.replace('p.', 'x.')})}))"
