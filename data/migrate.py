"""Creates or upgrades our schema, and attaches it to the source tables."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, OperationalError

from data.attach import attach
from data.constants import MIGRATE_LOCK
from data.engine import make_engine, plain_url
from data.errors import CreditpulseError, MissingRightError, UnavailableError, first_line
from data.history import Progress, no_progress

OLDEST_SERVER = 140000  # PostgreSQL 14
TURN_SECONDS = 0.2


def migrate(
    url: str, progress: Progress = no_progress, users_table: str | None = None, *, recount: bool = False
) -> None:
    """Safe to run again, and by several at once: they wait for each other. `recount` counts everything anew.

    Raises UnavailableError where the database does not answer, MissingRightError where our role may not
    do what is needed, SchemaError where a source table cannot be counted.
    """
    engine = make_engine(url, pool_size=1)
    try:
        with engine.connect() as connection:
            check_server(connection)
            wait_for_turn(connection)
            try:
                upgrade(connection)
                if recount:
                    connection.execute(text("UPDATE creditpulse.state SET history = 'needed'"))
                connection.commit()
                attach(plain_url(url), progress, users_table)
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": MIGRATE_LOCK})
                connection.commit()
    except (OperationalError, psycopg.OperationalError) as error:
        raise UnavailableError(f"the database does not answer: {first_line(error)}") from error
    except (DBAPIError, psycopg.Error) as error:
        raise refused(error) from error
    finally:
        engine.dispose()


def wait_for_turn(connection: Connection) -> None:
    """Takes the lock of migrations in tries: a statement that waits for it would hold a snapshot, for whose end the
    index builds of the one that has the lock would wait in turn."""
    while not connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": MIGRATE_LOCK}):
        connection.commit()
        time.sleep(TURN_SECONDS)
    connection.commit()


def check_server(connection: Connection) -> None:
    version = connection.scalar(text("SELECT current_setting('server_version_num')::int"))
    if version is None or version < OLDEST_SERVER:
        raise UnavailableError(f"PostgreSQL {version} is too old; Creditpulse needs 14 or later")


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def refused(error: Exception) -> CreditpulseError:
    if not isinstance(getattr(error, "orig", error), psycopg.errors.InsufficientPrivilege):
        return CreditpulseError(f"the schema could not be brought up to date: {first_line(error)}")
    return MissingRightError(
        f"{first_line(error)}; the role needs CREATE on the database and has to own the source tables"
    )
