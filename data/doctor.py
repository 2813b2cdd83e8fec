"""Checks of a running (or not yet running) installation: each names what it found, or the fault and its remedy."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import psycopg
from psycopg import Connection
from psycopg.rows import TupleRow

from data.constants import LEADER_LOCK
from data.doctor_strain import check_cache, check_connections, check_indexes, check_replica, check_snapshots
from data.engine import KEEPALIVE, plain_url
from data.errors import CreditpulseError, MissingRightError, SchemaError, UnavailableError, first_line
from data.fit import changed_tables, missed_changes
from data.history import history_of
from data.migrate import OLDEST_SERVER
from data.revisions import newest_revision
from data.sources import check_rights, find_sources, find_users
from data.table_triggers import has_triggers, wanted_triggers
from data.triggers import COUNTED
from data.verify import differences

MIGRATE = "run `python app.py migrate`"
LATE_MS = 5000
APART_SECONDS = 5.0

SILENT_RUNS = """
    SELECT count(*) FROM creditpulse.source_runs
    WHERE status = 'running' AND started_at < clock_timestamp() - interval '1 day'
"""


@dataclass(frozen=True)
class Installation:
    """What is to be checked: where the database and the cache are; `person`, whose e-mail address it is, and `staff`,
    as in the settings, say for whom."""

    database_url: str
    listen_url: str
    cache_url: str | None
    users_table: str | None
    person: str | None = None
    staff: frozenset[str] = frozenset()
    replica_url: str | None = None


Check = Callable[[Installation, Connection[TupleRow]], str]


def examine(installation: Installation, *, verify: bool = False) -> Iterator[tuple[str, str]]:
    """The name and finding of each check in turn; raises CreditpulseError at the first fault."""
    try:
        connection = psycopg.connect(plain_url(installation.database_url), autocommit=True, **KEEPALIVE)
    except psycopg.Error as error:
        raise UnavailableError(
            f"connection: {first_line(error)}; check CREDITPULSE_DATABASE_URL and that the server runs"
        ) from error
    with connection:
        for name, check in CHECKS.items():
            yield name, named(name, check, installation, connection)
        if verify:
            yield "verify", named("verify", check_totals, installation, connection)


def named(name: str, check: Check, installation: Installation, connection: Connection[TupleRow]) -> str:
    try:
        return check(installation, connection)
    except CreditpulseError as error:
        raise type(error)(f"{name}: {error}") from error
    except psycopg.Error as error:
        raise UnavailableError(f"{name}: {first_line(error)}") from error


def value(connection: Connection[TupleRow], statement: str, *parameters: object) -> object:
    row = connection.execute(statement, parameters).fetchone()
    return row[0] if row else None


def check_server(_installation: Installation, connection: Connection[TupleRow]) -> str:
    if connection.info.server_version < OLDEST_SERVER:
        raise SchemaError("the server is older than PostgreSQL 14; upgrade it")
    return f"PostgreSQL {value(connection, 'SHOW server_version')}"


def check_schema(_installation: Installation, connection: Connection[TupleRow]) -> str:
    if value(connection, "SELECT to_regclass('creditpulse.alembic_version')") is None:
        raise SchemaError(f"the schema creditpulse is missing; {MIGRATE}")
    revision = value(connection, "SELECT version_num FROM creditpulse.alembic_version")
    if revision != newest_revision():
        raise SchemaError(f"the schema is at revision {revision}, this version needs {newest_revision()}; {MIGRATE}")
    return f"revision {revision}"


def check_sources(installation: Installation, connection: Connection[TupleRow]) -> str:
    sources = find_sources(connection)
    for name in COUNTED:
        if name in sources:
            check_rights(connection, sources[name])
    users = find_users(connection, installation.users_table)
    absent = [name for name in ("threads", "projects", "agent_runs", "credit_usage") if name not in sources]
    absent += [] if users else ["users"]
    return "all there" if not absent else f"without {', '.join(absent)}: what depends on them is empty"


def check_triggers(installation: Installation, connection: Connection[TupleRow]) -> str:
    sources = find_sources(connection)
    changed = changed_tables(connection, sources, find_users(connection, installation.users_table))
    if changed:
        raise SchemaError(
            f"columns of {', '.join(sorted(changed))} have changed since the triggers were made; {MIGRATE}, "
            "or wait half a minute for the server that runs"
        )
    wanted = list(wanted_triggers(sources))
    missing = [table for table, _kind, statement in wanted if not has_triggers(connection, table, statement)]
    if missing:
        raise SchemaError(
            f"no (or disabled) triggers on {', '.join(missing)}: changes there are not counted; {MIGRATE}"
        )
    return f"on {len(wanted)} tables"


def check_history(_installation: Installation, connection: Connection[TupleRow]) -> str:
    history = history_of(connection)
    if history != "complete":
        raise SchemaError(f"the history is not counted yet ({history}); {MIGRATE}, or wait for the one that runs")
    if missed_changes(connection, frozenset()):
        raise SchemaError(f"changes were made that could not be counted one by one; {MIGRATE}, or start the server")
    return "counted"


def check_notifications(installation: Installation, connection: Connection[TupleRow]) -> str:
    channel = f"creditpulse_doctor_{uuid.uuid4().hex}"
    with psycopg.connect(plain_url(installation.listen_url), autocommit=True, **KEEPALIVE) as listener:
        listener.execute(f"LISTEN {channel}")
        connection.execute("SELECT pg_notify(%s, 'there')", (channel,))
        if not any(listener.notifies(timeout=3, stop_after=1)):
            raise UnavailableError(
                "no notification came back within 3 s; set CREDITPULSE_LISTEN_URL to a direct connection, "
                "not one through a transaction pooler"
            )
    return "came back"


def check_leader(_installation: Installation, connection: Connection[TupleRow]) -> str:
    held = value(
        connection,
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid::bigint = %s"
        " AND objid::bigint = %s AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        LEADER_LOCK >> 32,
        LEADER_LOCK & 0xFFFFFFFF,
    )
    queued = value(connection, "SELECT count(*) FROM creditpulse.changes")
    if not held:
        return f"none, as no server runs; {queued} changes wait in the queue and count all the same"
    silent = value(connection, "SELECT extract(epoch FROM clock_timestamp() - beat_at) FROM creditpulse.leader")
    if silent is None or float(str(silent)) > 10:
        raise UnavailableError("the leader's heartbeat has stopped; restart the server that holds the lock")
    age = int(str(value(connection, "SELECT extract(epoch FROM creditpulse.queue_age()) * 1000")).split(".")[0])
    if age > LATE_MS:
        raise UnavailableError(
            f"changes wait {age} ms for their fold; look for old snapshots in pg_stat_activity (backend_xmin)"
        )
    return f"beats; {queued} changes queued"


def check_quarantine(_installation: Installation, connection: Connection[TupleRow]) -> str:
    count = value(connection, "SELECT count(*) FROM creditpulse.quarantine")
    if count:
        raise SchemaError(
            f"{count} changes could not be added up; see creditpulse.quarantine, correct their rows in usage_logs, "
            "then run `python app.py migrate --recount`"
        )
    return "empty"


def check_agents(_installation: Installation, connection: Connection[TupleRow]) -> str:
    """Whether pages can know that an agent runs: by that they choose how often to ask."""
    if "agent_runs" not in find_sources(connection):
        return "no agent_runs, so every agent counts as idle, and pages ask every 30 s"
    count, silent = running_agents(connection), value(connection, SILENT_RUNS)
    return f"{count} run" + (
        f", {silent} of them for more than a day without an end: have they died?" if silent else ""
    )


def running_agents(connection: Connection[TupleRow]) -> int:
    return int(str(value(connection, "SELECT count(*) FROM creditpulse.source_runs WHERE status = 'running'")))


def check_person(installation: Installation, connection: Connection[TupleRow]) -> str:
    person = (installation.person or "").strip().lower()
    if not person:
        return "name one with --as EMAIL to see what they may see"
    if person in installation.staff or person[person.find("@") :] in installation.staff:
        return f"{person} is staff, and sees every account"
    rows = connection.execute(
        """SELECT id::text FROM creditpulse.source_users
        WHERE lower(email) = lower(%(email)s) AND lower(email COLLATE "C") = %(email)s""",
        {"email": person},
    )
    accounts = [str(row[0]) for row in rows]
    if not accounts:
        raise MissingRightError(
            f"{person} is neither in CREDITPULSE_STAFF nor anybody's e-mail address in the table of users, and so sees "
            "nothing; see CREDITPULSE_USERS_TABLE"
        )
    return f"{person} sees {len(accounts)} account{'s' * (len(accounts) > 1)}: {', '.join(sorted(accounts)[:5])}"


def check_clock(_installation: Installation, connection: Connection[TupleRow]) -> str:
    """Pages go by the database's clock alone; a session's end, and the logs, by this machine's."""
    asked = datetime.now(UTC)
    now = value(connection, "SELECT clock_timestamp()")
    apart = (now - asked).total_seconds() if isinstance(now, datetime) else 0.0
    if abs(apart) < APART_SECONDS:
        return "with the database's"
    side = "behind" if apart > 0 else "ahead of"
    return f"{abs(apart):.0f} s {side} the database's, whose times are shown; set it by NTP"


def check_totals(_installation: Installation, connection: Connection[TupleRow]) -> str:
    found = differences(connection)
    if found:
        raise SchemaError(
            f"{len(found)} rollups differ from the raw tables ({'; '.join(found)}); "
            "run `python app.py migrate --recount`"
        )
    return "every rollup equals the raw tables"


CHECKS: dict[str, Check] = {
    "server": check_server,
    "schema": check_schema,
    "source tables": check_sources,
    "triggers": check_triggers,
    "history": check_history,
    "notifications": check_notifications,
    "leader": check_leader,
    "quarantine": check_quarantine,
    "agents": check_agents,
    "person": check_person,
    "indexes": lambda _installation, connection: check_indexes(connection),
    "snapshots": lambda _installation, connection: check_snapshots(connection),
    "connections": lambda _installation, connection: check_connections(connection),
    "replica": lambda installation, connection: check_replica(installation.replica_url, connection),
    "cache": lambda installation, _connection: check_cache(installation.cache_url),
    "clock": check_clock,
}
