"""A connection for the commands that write as an agent platform does, its errors told in our own words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.rows import TupleRow

from data.engine import KEEPALIVE, plain_url
from data.errors import MissingRightError, SchemaError, UnavailableError, first_line

Writer = psycopg.Connection[TupleRow]


@contextmanager
def open_writer(url: str, name: str) -> Iterator[Writer]:
    """An autocommit connection, closed in the end; `name` is what pg_stat_activity shows.

    Raises UnavailableError, MissingRightError or SchemaError for what the database refuses.
    """
    with told(), psycopg.connect(plain_url(url), autocommit=True, application_name=name, **KEEPALIVE) as writer:
        yield writer


@contextmanager
def told() -> Iterator[None]:
    """Translates the driver's errors."""
    try:
        yield
    except psycopg.errors.InsufficientPrivilege as error:
        raise MissingRightError(f"{first_line(error)}; grant that right to the role that connects") from error
    except psycopg.errors.UndefinedTable as error:
        raise SchemaError(f"{first_line(error)}; run `python app.py migrate`") from error
    except psycopg.errors.IntegrityError as error:
        table = f"public.{error.diag.table_name}" if error.diag.table_name else "a table"
        raise SchemaError(
            f"{table} does not take these rows: {first_line(error)}; its rules ask for more than they have, "
            "so write them into a database of Creditpulse's own"
        ) from error
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {first_line(error)}") from error
    except psycopg.Error as error:
        raise SchemaError(f"the database refused the rows: {first_line(error)}") from error
