"""What each command of the command line does; app.py parses, these act and say what they did.

Each brings what it needs when it is run: a server is ready a second sooner without what only others need.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

from data.demo_options import DemoOptions
from data.embedded import start_embedded
from data.engine import KEEPALIVE, plain_url
from data.errors import InputError, SchemaError, UnavailableError, first_line
from data.revisions import newest_revision
from settings import Settings

if TYPE_CHECKING:
    from data.replay import ReplayProgress
    from live.visit import Visit

logger = logging.getLogger("creditpulse")

DEMO_STOP_SECONDS = 4.0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The URL of the database to work on: the one that is set, once its schema is current, or the embedded one."""
    if settings.database_url is not None:
        check_schema(settings.database_url)
        yield settings.database_url
        return
    from data.migrate import migrate as migrate_database

    embedded = start_embedded(settings.state_dir)
    try:
        migrate_database(embedded.url, users_table=settings.users_table)
        yield embedded.url
    finally:
        embedded.close()


def check_schema(url: str) -> None:
    """Raises SchemaError, with the remedy, where `migrate` has not been run."""
    try:
        with psycopg.connect(plain_url(url), autocommit=True, connect_timeout=5) as connection:
            there = connection.execute("SELECT to_regclass('creditpulse.alembic_version')").fetchone()
            row = there and there[0] and connection.execute("TABLE creditpulse.alembic_version").fetchone()
    except psycopg.OperationalError as error:
        raise UnavailableError(f"the database does not answer: {first_line(error)}") from error
    except psycopg.Error as error:
        raise SchemaError(f"the database cannot be used: {first_line(error)}; see `python app.py doctor`") from error
    if not row or row[0] != newest_revision():
        raise SchemaError("the database has no schema of this version; run `python app.py migrate`")


def check_free(host: str, port: int) -> None:
    """Raises InputError where something else serves on the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            raise InputError(
                f"cannot serve on {host}:{port} ({error.strerror}); choose another with --port or CREDITPULSE_PORT"
            ) from error


@contextmanager
def companions(arguments: argparse.Namespace, url: str) -> Iterator[None]:
    """The demo workload, where it is wanted, as a process of its own beside the server."""
    if not arguments.demo:
        yield
        return
    demo = subprocess.Popen(  # noqa: S603 our own interpreter and file
        [sys.executable, str(Path(__file__).with_name("app.py")), "demo"],
        env={**os.environ, "CREDITPULSE_DATABASE_URL": url},
    )
    try:
        yield
    finally:
        demo.terminate()
        try:
            demo.wait(DEMO_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            demo.kill()
            demo.wait()


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal; nothing where the output is not one."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def migrate(settings: Settings, arguments: argparse.Namespace) -> None:
    from data.migrate import migrate as migrate_database

    with database_as_it_is(settings) as url, progress_bar("Counting the history") as progress:
        # Its locks need a session, which a transaction pooler does not keep.
        direct = settings.listen_url or url
        migrate_database(direct, progress, settings.users_table, recount=arguments.recount)
    say("The schema is up to date, and the history is counted.")


def load(settings: Settings, arguments: argparse.Namespace) -> None:
    from data.importer import import_file

    mapping, start = dict(arguments.map), arguments.start
    with database(settings) as url, progress_bar(f"Importing {arguments.file.name}") as progress:
        summary = import_file(url, arguments.file, mapping=mapping, start=start, progress=progress)
    say(summary.line())


@contextmanager
def stop_signal() -> Iterator[threading.Event]:
    """Set by SIGTERM or Ctrl-C, so that what is being written can be ended properly."""
    stop = threading.Event()
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def replay(settings: Settings, arguments: argparse.Namespace) -> None:
    from data.replay import replay_file

    speed, mapping = arguments.speed, dict(arguments.map)
    with (
        database(settings) as url,
        stop_signal() as stop,
        progress_bar(f"Replaying {arguments.file.name}") as bar,
    ):

        def progress(now: ReplayProgress) -> None:
            bar(int(now.elapsed_seconds), int(now.total_seconds))

        summary = replay_file(url, arguments.file, mapping=mapping, speed=speed, progress=progress, wait=stop.wait)
    say(summary.line())


def plans(settings: Settings, arguments: argparse.Namespace) -> None:
    from data.plans import load_plans

    with database(settings) as url:
        summary = load_plans(url, arguments.file)
    say(summary.line())


def demo(settings: Settings, arguments: argparse.Namespace) -> None:
    from data.simulator import run_demo

    options = DemoOptions(arguments.threads, arguments.rate, arguments.history)
    with database(settings) as url, stop_signal() as stop, progress_bar("Writing the past") as progress:
        run_demo(url, options, stop, progress)


def doctor(settings: Settings, arguments: argparse.Namespace) -> None:
    from data import doctor as examination
    from live.visit import visit

    with database_as_it_is(settings) as url:
        installation = examination.Installation(
            url,
            settings.listen_url or url,
            settings.cache_url,
            settings.users_table,
            arguments.person,
            settings.staff,
            settings.replica_url,
        )
        for name, finding in examination.examine(installation, verify=arguments.verify):
            say(f"{name:14} {finding}")
        with psycopg.connect(plain_url(url), autocommit=True, **KEEPALIVE) as connection:
            visited = visited_server(settings, arguments, connection)
            for name, finding in visit(visited):
                say(f"{name:14} {finding}")


def visited_server(
    settings: Settings, arguments: argparse.Namespace, connection: psycopg.Connection[tuple[Any, ...]]
) -> Visit:
    """The server to ask, as whom, and what the database says meanwhile."""
    from data.doctor import running_agents, value
    from live.visit import Visit

    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 we do not bind
    headers = {settings.auth_header: arguments.person} if settings.auth == "header" and arguments.person else {}
    return Visit(
        arguments.url or f"http://{f'[{host}]' if ':' in host else host}:{settings.port}",
        arguments.url is not None,
        lambda: int(str(value(connection, "SELECT version FROM creditpulse.state"))),
        lambda: running_agents(connection),
        headers,
        settings.metrics_token,
    )


@contextmanager
def database_as_it_is(settings: Settings) -> Iterator[str]:
    """The URL, whatever the state of its schema."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    embedded = start_embedded(settings.state_dir)
    try:
        yield embedded.url
    finally:
        embedded.close()
