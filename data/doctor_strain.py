"""What doctor looks at when pages are slow: indexes, snapshots that keep old rows alive, connections, Redis."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from typing import Any

import psycopg
import redis
from psycopg import Connection
from psycopg.rows import TupleRow

from data.engine import KEEPALIVE, plain_url
from data.errors import SchemaError, UnavailableError, first_line
from data.indexes import NEEDED_INDEXES, has_index
from data.sources import find_sources

OLD_SNAPSHOT_SECONDS = 60
FEW_CONNECTIONS = 10
REDIS_SECONDS = 3
REPLICA_SECONDS = 2

VERSION = "SELECT version FROM creditpulse.state"

# Sessions whose snapshot, or unfinished transaction, keeps what was updated since: ours and other databases' alike.
OLD_SNAPSHOTS = """
    SELECT pid, coalesce(nullif(application_name, ''), 'somebody'), extract(epoch FROM clock_timestamp() - xact_start)
    FROM pg_stat_activity
    WHERE backend_xmin IS NOT NULL AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND xact_start < clock_timestamp() - make_interval(secs => %s)
    ORDER BY xact_start LIMIT 1
"""
CONNECTIONS = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'),
        current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
"""


def check_indexes(connection: Connection[TupleRow]) -> str:
    sources = find_sources(connection)
    wanted = [
        index
        for index in NEEDED_INDEXES
        if (source := sources.get(index.table))
        and not source.a_view
        and not source.partitioned  # those have them by partition
        and set(index.columns) <= source.columns.keys()
    ]
    missing = [index.name for index in wanted if not has_index(connection, index)]
    if missing:
        raise SchemaError(f"{', '.join(missing)} missing or invalid: pages are slow; run `python app.py migrate`")
    return f"{len(wanted)} there and valid"


def check_snapshots(connection: Connection[TupleRow]) -> str:
    row = connection.execute(OLD_SNAPSHOTS, (OLD_SNAPSHOT_SECONDS,)).fetchone()
    if row is None:
        return "none is old"
    pid, name, seconds = row
    return (
        f"{name} (pid {pid}) holds one for {seconds:.0f} s: folds are slower until it ends, totals exact all the same"
    )


def check_connections(connection: Connection[TupleRow]) -> str:
    row = connection.execute(CONNECTIONS).fetchone()
    used, most = row if row else (0, 0)
    if used > most - FEW_CONNECTIONS:
        raise UnavailableError(
            f"{used} of {most} connections are in use; raise max_connections, or put a pooler in front and set "
            "CREDITPULSE_LISTEN_URL to a direct connection"
        )
    return f"{used} of {most} in use"


def check_replica(url: str | None, primary: Connection[TupleRow]) -> str:
    """Whether it is one, and keeps up: while it does not, heavy charts are read from the primary."""
    if url is None:
        return "none is set"
    try:
        with psycopg.connect(plain_url(url), autocommit=True, **KEEPALIVE) as replica:
            return followed(replica, primary)
    except psycopg.OperationalError as error:
        raise UnavailableError(f"it does not answer ({first_line(error)}); check CREDITPULSE_REPLICA_URL") from error


def followed(replica: Connection[TupleRow], primary: Connection[TupleRow]) -> str:
    if not answer(replica, "SELECT pg_is_in_recovery()"):
        raise SchemaError("it is no replica; set CREDITPULSE_REPLICA_URL to one of the primary, or leave it out")
    wanted, began = int(answer(primary, VERSION)), time.monotonic()
    pause = threading.Event()
    while int(answer(replica, VERSION)) < wanted:
        if answer(replica, "SELECT pg_is_wal_replay_paused()"):
            raise UnavailableError("its replay is paused; resume it with SELECT pg_wal_replay_resume()")
        if time.monotonic() - began > REPLICA_SECONDS:
            raise UnavailableError(f"it was not at fold {wanted} within {REPLICA_SECONDS} s; see pg_stat_replication")
        pause.wait(0.05)
    return f"at fold {wanted}, {1000 * (time.monotonic() - began):.0f} ms after the primary"


def answer(connection: Connection[TupleRow], statement: str) -> Any:
    row = connection.execute(statement.encode()).fetchone()
    return row[0] if row else None


def check_cache(url: str | None) -> str:
    """Whether it keeps, forgets on command, and cannot bring back what was invalidated."""
    if url is None:
        return "in memory"
    client: Any = redis.Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS, socket_timeout=REDIS_SECONDS)
    try:
        return shared_cache(client)
    except redis.RedisError as error:
        raise UnavailableError(f"Redis does not answer ({error}); check CREDITPULSE_CACHE_URL") from error
    finally:
        client.close()


def shared_cache(client: Any) -> str:
    key = "creditpulse:doctor"
    client.set(key, "there", ex=60)
    if client.get(key) != b"there" or not client.delete(key) or client.get(key) is not None:
        raise UnavailableError("Redis does not keep, or does not forget, as it is told: is it a replica?")
    found = client.info()
    used, entries = int(found["used_memory"]), client.dbsize()
    limit = int(found.get("maxmemory", 0))
    bound = f" of {limit // 2**20} MB" if limit else ", without a limit (set maxmemory, and a policy that evicts)"
    kept = (
        ", kept on disk too, so that a restart may bring back what was invalidated" if persists(client, found) else ""
    )
    evicted = found.get("evicted_keys", 0)
    return f"Redis keeps and forgets; {entries} keys, {used // 2**20} MB{bound}, {evicted} evicted{kept}"


def persists(client: Any, found: dict[str, Any]) -> bool:
    """Where we may not ask how it saves, what it has not saved yet tells nothing: then only its log does."""
    with suppress(redis.ResponseError):
        return bool(client.config_get("save").get("save")) or bool(found.get("aof_enabled"))
    return bool(found.get("aof_enabled"))
