"""How the demo reads and writes the source tables; all SQL of the simulator is here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from data.demo_agents import CallMade, Event, RunEnded, RunStarted, ThreadOpened
from data.demo_calls import Call
from data.demo_cast import MARKER, MARKER_AGE, PROJECTS, Account, Cast, Thread
from data.demo_history import Run, midnight
from data.errors import InputError

DEMO_LOCK = 0x43505F44454D  # held by the one demo that writes into a database

OWN_TABLES = "SELECT coalesce(obj_description(to_regclass('public.usage_logs'), 'pg_class') LIKE 'Creditpulse%', false)"
REMEDY = (
    "point CREDITPULSE_DATABASE_URL (or CREDITPULSE_STATE_DIR) at an empty database for it, "
    "or start the server without it: `python app.py serve`"
)


def check_ours(connection: Connection[TupleRow]) -> None:
    """Raises InputError unless invented rows can do no harm here: our own tables, with only the demo's rows."""
    if not first(connection, OWN_TABLES):
        raise InputError(f"the demo invents usage, and these tables belong to another application; {REMEDY}")
    if first_start(connection) is None and first(connection, "SELECT EXISTS (SELECT FROM public.usage_logs)"):
        raise InputError(f"the demo invents usage, and this database already holds other usage; {REMEDY}")


def first(connection: Connection[TupleRow], query: str, *values: object) -> object:
    row = connection.execute(query.encode(), values or None).fetchone()
    return row[0] if row else None


def take_lock(connection: Connection[TupleRow]) -> bool:
    """Whether this connection is the only demo of its database, until it closes."""
    return bool(first(connection, "SELECT pg_try_advisory_lock(%s)", DEMO_LOCK))


def first_start(connection: Connection[TupleRow]) -> datetime | None:
    """When the first demo of this database started."""
    created = first(connection, "SELECT created_at FROM public.users WHERE id = %s", MARKER)
    return created + MARKER_AGE if isinstance(created, datetime) else None


def written(connection: Connection[TupleRow], cast: Cast, since: date) -> tuple[datetime | None, set[date]]:
    """When the demo last wrote a call, and the days since `since` (UTC) that it wrote something for."""
    newest = first(
        connection,
        """SELECT max((SELECT max(u.created_at) FROM public.usage_logs u WHERE u.user_id = a))
        FROM unnest(%s::uuid[]) a""",
        cast.account_ids,
    )
    days = connection.execute(
        """SELECT DISTINCT (bucket AT TIME ZONE 'UTC')::date FROM creditpulse.exact_totals
        WHERE scope = ANY(%s) AND grain = 1 AND bucket >= %s""",
        (cast.account_ids, midnight(since)),
    )
    return newest if isinstance(newest, datetime) else None, {row[0] for row in days}


def write_cast(connection: Connection[TupleRow], cast: Cast, now: datetime) -> None:
    """Accounts, projects, and subscriptions with the period that holds `now`; what is there stays."""
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO public.users (id, email, name, created_at) VALUES (%s, %s, %s, %s) ON CONFLICT DO NOTHING",
            [(a.account_id, a.email, a.name, a.created_at) for a in cast.accounts],
        )
        cursor.executemany(
            """INSERT INTO public.projects (project_id, name, account_id, created_at) VALUES (%s, %s, %s, %s)
            ON CONFLICT DO NOTHING""",
            [
                (project, name, account.account_id, account.created_at)
                for account in cast.accounts
                for project, name in zip(account.projects, PROJECTS, strict=True)
            ],
        )
        renew_subscriptions(connection, cast, now)


def renew_subscriptions(connection: Connection[TupleRow], cast: Cast, now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            """INSERT INTO creditpulse.subscriptions AS s
                (user_id, plan, credits_included, period_start, period_end) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (user_id) DO UPDATE SET period_start = excluded.period_start, period_end = excluded.period_end
            WHERE s.period_start < excluded.period_start""",
            [(a.account_id, a.plan, a.credits_included, *a.period(now)) for a in cast.accounts if a.plan],
        )


def write_threads(connection: Connection[TupleRow], threads: Sequence[Thread]) -> None:
    connection.execute(
        """INSERT INTO public.threads (thread_id, account_id, project_id, metadata, created_at, updated_at)
        SELECT t.id, t.account, t.project, jsonb_build_object('title', t.title), t.at, t.at
        FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::text[], %s::timestamptz[])
            AS t (id, account, project, title, at)
        ON CONFLICT DO NOTHING""",
        (
            [t.thread_id for t in threads],
            [t.account_id for t in threads],
            [t.project_id for t in threads],
            [t.title for t in threads],
            [t.created_at for t in threads],
        ),
    )


def copy_runs(connection: Connection[TupleRow], runs: Sequence[Run]) -> None:
    """Finished runs with all their calls, in one transaction."""
    with connection.transaction(), connection.cursor() as cursor:
        with cursor.copy(
            """COPY public.usage_logs (id, user_id, thread_id, message_id, total_prompt_tokens,
            total_completion_tokens, total_tokens, estimated_cost, content, created_at) FROM STDIN"""
        ) as copy:
            for run in runs:
                copy.write("".join(usage_line(run.thread, call) for call in run.calls))
        with cursor.copy(
            """COPY public.agent_runs (id, thread_id, status, started_at, completed_at, error, created_at, updated_at)
            FROM STDIN"""
        ) as copy:
            for run in runs:
                copy.write_row(
                    (run.run_id, run.thread.thread_id, run.status, run.started_at, run.ended_at, run.error,
                     run.started_at, run.ended_at)
                )  # fmt: skip


def usage_line(thread: Thread, call: Call) -> str:
    """A call in COPY's text format; by hand, since there are a hundred thousand (no field needs quoting)."""
    return (
        f"{call.call_id}\t{thread.account_id}\t{thread.thread_id}\t{call.message_id}\t{call.prompt_tokens}\t"
        f"{call.completion_tokens}\t{call.prompt_tokens + call.completion_tokens}\t"
        f"{call.cost_micros // 1_000_000}.{call.cost_micros % 1_000_000:06d}\t"
        f'{{"model": "{call.model}", "cache_read_tokens": {call.cache_read_tokens}, '
        f'"cache_write_tokens": {call.cache_write_tokens}}}\t{call.at.isoformat()}\n'
    )


def write_event(connection: Connection[TupleRow], event: Event) -> None:
    """As a writer of the platform would; safe to repeat when it is not known whether it was committed."""
    match event:
        case CallMade(thread, call):
            write_call(connection, thread, call)
        case ThreadOpened(thread):
            write_threads(connection, [thread])
        case RunStarted(run_id, thread_id, at):
            connection.execute(
                """INSERT INTO public.agent_runs (id, thread_id, status, started_at, created_at, updated_at)
                VALUES (%s, %s, 'running', %s, %s, %s) ON CONFLICT DO NOTHING""",
                (run_id, thread_id, at, at, at),
            )
        case RunEnded(run_id, status, error, at):
            connection.execute(
                """UPDATE public.agent_runs SET status = %s, error = %s, completed_at = %s, updated_at = %s
                WHERE id = %s AND status = 'running'""",
                (status, error, at, at, run_id),
            )


def write_call(connection: Connection[TupleRow], thread: Thread, call: Call) -> None:
    content = {
        "model": call.model,
        "cache_read_tokens": call.cache_read_tokens,
        "cache_write_tokens": call.cache_write_tokens,
    }
    connection.execute(
        """INSERT INTO public.usage_logs (id, user_id, thread_id, message_id, total_prompt_tokens,
            total_completion_tokens, total_tokens, estimated_cost, content, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING""",
        (call.call_id, thread.account_id, thread.thread_id, call.message_id, call.prompt_tokens,
         call.completion_tokens, call.prompt_tokens + call.completion_tokens,
         Decimal(call.cost_micros).scaleb(-6), Jsonb(content), call.at),
    )  # fmt: skip


def close_runs(connection: Connection[TupleRow], cast: Cast, now: datetime) -> int:
    """Stops every running agent of the demo's accounts; returns how many there were."""
    return connection.execute(
        """UPDATE public.agent_runs r SET status = 'stopped', completed_at = %s, updated_at = %s
        FROM public.threads t
        WHERE t.thread_id = r.thread_id AND t.account_id = ANY(%s) AND r.status = 'running'""",
        (now, now, cast.account_ids),
    ).rowcount


def write_past_debits(connection: Connection[TupleRow], cast: Cast, since: datetime, now: datetime) -> None:
    """Purchased credits for what accounts used beyond their allowance on whole days, by thread and day.

    The ids follow from account, thread and day, so that writing them again adds nothing.
    """
    periods = [
        (account.account_id, account.plan, account.dollars_included, *period)
        for account in cast.accounts
        if account.dollars_included is not None
        for period in periods_between(account, since, now)
    ]
    connection.execute(
        """WITH used AS (
            SELECT p.account, p.plan, u.thread_id, u.created_at, u.estimated_cost, p.included,
                sum(u.estimated_cost) OVER (PARTITION BY p.account, p.start ORDER BY u.created_at, u.id) AS so_far
            FROM unnest(%s::uuid[], %s::text[], %s::numeric[], %s::timestamptz[], %s::timestamptz[])
                AS p (account, plan, included, start, stop)
            JOIN public.usage_logs u ON u.user_id = p.account AND u.created_at >= p.start AND u.created_at < p.stop
            WHERE u.created_at < %s
        ), over AS (
            SELECT account, plan, thread_id, (created_at AT TIME ZONE 'UTC')::date AS day, max(created_at) AS at,
                trunc(sum(least(estimated_cost, so_far - included)), 2) AS dollars
            FROM used WHERE so_far > included GROUP BY 1, 2, 3, 4
        )
        INSERT INTO public.credit_usage
            (id, user_id, amount_dollars, thread_id, description, subscription_tier, created_at)
        SELECT md5(concat(account, thread_id, day))::uuid, account, dollars, thread_id,
            format('Usage beyond the %%s allowance', plan), plan, at
        FROM over WHERE dollars > 0
        ON CONFLICT DO NOTHING""",
        (*map(list, zip(*periods, strict=True)), midnight(now.date())),
    )


def periods_between(account: Account, since: datetime, now: datetime) -> Iterable[tuple[datetime, datetime]]:
    """The account's periods that touch the time from `since` to `now`."""
    start, end = account.period(now)
    while end > since:
        yield start, end
        start, end = account.period(start - timedelta(seconds=1))


def settle(connection: Connection[TupleRow], cast: Cast, now: datetime) -> None:
    """Debits what accounts have used beyond their allowance in this period and has not been debited yet.

    The period's first quarter hour counts whole: a cent more or less is of no matter here.
    """
    accounts = [account for account in cast.accounts if account.dollars_included is not None]
    connection.execute(
        """INSERT INTO public.credit_usage (user_id, amount_dollars, description, subscription_tier, created_at)
        SELECT p.account, trunc(over.dollars, 2), format('Usage beyond the %%s allowance', p.plan), p.plan, %s
        FROM unnest(%s::uuid[], %s::text[], %s::numeric[], %s::timestamptz[]) AS p (account, plan, included, start)
        CROSS JOIN LATERAL (
            SELECT coalesce((
                SELECT sum(x.cost) FROM creditpulse.exact_totals x
                WHERE x.scope = p.account AND (
                    (x.grain = 1 AND x.bucket > p.start) OR
                    (x.grain = 0 AND x.bucket >= creditpulse.quarter_of(p.start)
                        AND x.bucket < creditpulse.day_of(p.start) + interval '1 day'))
            ), 0) - p.included - coalesce((
                SELECT sum(c.amount_dollars) FROM public.credit_usage c
                WHERE c.user_id = p.account AND c.created_at >= p.start
            ), 0) AS dollars
        ) over
        WHERE over.dollars >= 0.05""",
        (
            now,
            [account.account_id for account in accounts],
            [account.plan for account in accounts],
            [account.dollars_included for account in accounts],
            [account.period(now)[0] for account in accounts],
        ),
    )
