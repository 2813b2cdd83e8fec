"""Totals of a range, and their course by model or account."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from data.accounts import account_label
from data.errors import InputError
from data.figures_accounts import TOP_ACCOUNTS
from data.figures_slices import FIGURES, SUMS, figures_of, model_slices, rolled, slices, values_of, whole_of
from data.metrics import NOTHING, Figures
from data.ranges import edges as edges_of
from data.ranges import step_of
from data.segments import course, cover
from data.usage_query import NO_MODEL, UsageQuery
from data.viewer import Viewer

OTHER = "(other)"
MOST_LINES = 8
GROUPS = ("model", "account")


@dataclass(frozen=True)
class Line:
    """One figure for each step. `key` is a model's name, an account's id, OTHER, or `total`."""

    key: str
    label: str
    figures: tuple[Figures, ...]


@dataclass(frozen=True)
class Series:
    """Step i goes from edges[i] up to edges[i + 1]; the lines, dearest first and OTHER last, add up to the whole."""

    edges: tuple[datetime, ...]
    step: str
    lines: tuple[Line, ...]


TOTALS = text(f"WITH {slices()} SELECT {SUMS.format('s')} FROM slices s")
PLAIN = text(f"""
    WITH {slices()}
    SELECT 1 AS place, 'total' AS key, NULL AS name, NULL AS email, s.number, {SUMS.format("s")}
    FROM slices s GROUP BY s.number
""")
BY_MODEL = text(f"""
    WITH {model_slices()}, ranked AS (
        SELECT s.model, row_number() OVER (ORDER BY sum(s.cost) DESC, s.model) AS place
        FROM slices s GROUP BY s.model HAVING sum(s.calls) <> 0
    )
    SELECT least(r.place, :limit + 1) AS place, min(s.model) AS key, NULL AS name, NULL AS email,
        s.number, {SUMS.format("s")}
    FROM slices s JOIN ranked r ON r.model = s.model
    GROUP BY least(r.place, :limit + 1), s.number
""")
# The rest is the whole without the dearest.
BY_ACCOUNT = text(f"""
    WITH {TOP_ACCOUNTS}, {slices()}, shares AS MATERIALIZED (
        SELECT t.place, t.id, r.number, {FIGURES.format("r")}
        FROM top_accounts t CROSS JOIN LATERAL ({rolled("t.id")}) r
        UNION ALL
        SELECT t.place, t.id, q.number, {FIGURES.format("q")} FROM queued q JOIN top_accounts t ON t.id = q.user_id
        UNION ALL
        SELECT t.place, t.id, c.number, {FIGURES.format("c")} FROM cut c JOIN top_accounts t ON t.id = c.user_id
    ), lines AS (
        SELECT p.place, p.id, p.number, {SUMS.format("p")}
        FROM (
            SELECT * FROM shares
            UNION ALL
            SELECT :limit + 1, NULL, s.number, {FIGURES.format("s")} FROM slices s
            UNION ALL
            SELECT :limit + 1, NULL, s.number, -s.calls, -s.prompt_tokens, -s.completion_tokens, -s.total_tokens,
                -s.cost
            FROM shares s
        ) p
        GROUP BY p.place, p.id, p.number
    )
    SELECT l.*, l.id::text AS key, u.name, u.email
    FROM lines l LEFT JOIN creditpulse.source_users u ON u.id = l.id
    WHERE l.calls <> 0
""")


def totals(connection: Connection, viewer: Viewer, query: UsageQuery) -> Figures:
    """The sums of all calls in the range. Raises NotFoundError where the scope is not the viewer's."""
    values = values_of(viewer, query)
    return figures_of(connection.execute(TOTALS, values).one())


def series(
    connection: Connection,
    viewer: Viewer,
    query: UsageQuery,
    step: str | None = None,
    by: str | None = None,
    most: int = MOST_LINES,
) -> Series:
    """The course of the range in steps (its natural one, unless given), as one line, or one for each model or account.

    Of the dearest `most` each has its own line, the rest share OTHER. Raises NotFoundError where the scope is not the
    viewer's, and InputError for a step or group that is none, or for too many steps.
    """
    if by is not None and by not in GROUPS:
        raise InputError(f"Usage is grouped by {' or '.join(GROUPS)}, not by {by[:60]!r}.")
    step = step or step_of(query.range)
    edges = edges_of(query.range, step)
    statement = {"model": BY_MODEL, "account": BY_ACCOUNT}[by] if by else PLAIN
    # Where a bucket is a dozen rows, reading fewer of them is worth summing some twice.
    segments = course(edges) if by == "model" else cover(edges)
    rows = connection.execute(statement, {**values_of(viewer, query, segments), **whole_of(query), "limit": most})
    return Series(edges, step, lines_of(rows, len(edges) - 1, by, most))


def lines_of(rows: Iterable[Any], steps: int, by: str | None, most: int) -> tuple[Line, ...]:
    lines: dict[int, tuple[str, str, list[Figures]]] = {}
    for row in rows:
        if row.place not in lines:
            key, label = (OTHER, "Other") if row.place > most else named(row, by)
            lines[row.place] = key, label, [NOTHING] * steps
        lines[row.place][2][row.number] = figures_of(row)
    return tuple(Line(key, label, tuple(figures)) for _place, (key, label, figures) in sorted(lines.items()))


def named(row: Any, by: str | None) -> tuple[str, str]:
    if by == "account":
        return row.key, account_label(UUID(row.key), row.name, row.email)
    return (row.key or NO_MODEL, row.key or "No model") if by else ("total", "Total")
