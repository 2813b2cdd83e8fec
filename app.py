"""Creditpulse's command line, and the application that it serves. Importing this runs nothing."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from flask import Flask
from prometheus_client import CollectorRegistry
from starlette.applications import Starlette

import commands
import options
from access.directory import Directory
from access.origin import Origin
from access.provider import Provider
from access.resolver import make_resolver
from access.secret import secret_key
from access.sessions import Sessions
from api.routes import make_routes
from callbacks.dashboard import make_dash
from data.audit import Audit
from data.cache import QueryCache, make_cache
from data.engine import make_async_engine, make_engine, make_stream_engine, plain_url
from data.errors import CreditpulseError
from data.leader import Leader
from data.queries import Queries
from data.replica import Observe, Replica, make_replica_engine
from data.revisions import newest_revision
from data.turns import Turns
from live.host import make_host
from live.meters import Meters
from live.rates import Rates
from live.sampler import Pools, Sampler
from live.scrape import Admission, Scrape
from live.server import end_with_supervisor, run_server
from live.shared_meters import VARIABLE, bury, shared_meters
from live.signin import SignIn
from live.stream import make_live
from live.worker import worker_route
from logs import configure_logging, printable
from settings import Settings, SettingsError, is_loopback, read_settings

logger = logging.getLogger("creditpulse")

CALLBACK_CONNECTIONS = 16  # one for each callback that can run at once
STREAMS_PER_PERSON = 100  # of each process; a browser opens one
EXPORT_CONNECTIONS = 2  # each is held for a page of a download, no longer


def create_app(settings: Settings, meters_folder: Path | None = None) -> Starlette:
    """The whole application on the database that `settings.database_url` names, as ASGI; opens nothing yet.

    Its `state` has `dash` (the Dash app), `queries` and `live`. `meters_folder` is where several processes on one
    port keep their meters (live/shared_meters.py). Raises SettingsError for a mode of sign-in
    that cannot be served.
    """
    if settings.database_url is None:
        raise SettingsError("no database URL; `python app.py serve` starts the embedded database and names it")
    url, listen_url = settings.database_url, settings.listen_url or settings.database_url
    registry = CollectorRegistry()
    meters = Meters(registry)
    lookups = make_async_engine(url)
    secret, origin = secret_key(settings), Origin(settings)
    rates = Rates(settings.cache_url) if settings.auth != "local" else None  # there everyone is one person
    sign_in = make_sign_in(settings, Sessions(lookups, secret), origin, secret, rates)
    resolve = make_resolver(settings, Directory(lookups), sign_in.sessions if sign_in else None)
    server = Flask("creditpulse")
    server.secret_key = secret
    cache = QueryCache(make_cache(server, settings.cache_url), observe=meters.answered)
    engine, turns = make_engine(url, CALLBACK_CONNECTIONS), Turns()
    turns.follow(engine)
    replica = make_replica(settings.replica_url, meters.read_heavy, turns) if settings.replica_url else None
    queries = Queries(engine, cache, settings.credits_per_dollar, replica)
    dash = make_dash(queries, settings, server, meters.called_back)
    most_streams = STREAMS_PER_PERSON if rates else None
    live = make_live(
        url, listen_url, queries, settings.credits_per_dollar, observe=meters.pushed, most_streams=most_streams
    )
    exports = make_stream_engine(url, EXPORT_CONNECTIONS, "creditpulse export")
    audit = Audit(make_engine(url, 1))
    name = f"process {os.getpid()}"
    leader = Leader(plain_url(listen_url), settings.fold_interval_ms, name, settings.users_table, observe=meters.folded)
    pools: Pools = {"callbacks": engine, "requests": lookups, "stream": live.engine, "exports": exports}
    pools = {**pools, "replica": replica.engine} if replica else pools
    sampler = Sampler(meters, live, leader.leading.is_set, pools, lookups, lambda: cache.size)
    proxies = settings.trusted_proxies if settings.auth != "local" else frozenset()
    scrape = Scrape(registry, sampler, Admission(settings.metrics_token, proxies), meters_folder)
    host = make_host(
        server, live, resolve, lookups, turns=turns, revision=newest_revision(), background=[leader, queries, audit],
        routes=[worker_route(), *make_routes(exports, settings.credits_per_dollar, secret)], engines=[exports],
        scripts=dash.csp_hashes(), origin=origin, rates=rates, sign_in=sign_in, note=audit.note,
        scrape=scrape, drain_seconds=settings.drain_seconds,
    )  # fmt: skip
    host.state.dash, host.state.queries, host.state.live = dash, queries, live
    return host


def make_replica(url: str, observe: Observe, turns: Turns) -> Replica:
    engine = make_replica_engine(url, CALLBACK_CONNECTIONS)
    turns.follow(engine)
    return Replica(engine, observe, turns.aside)


def make_sign_in(
    settings: Settings, sessions: Sessions, origin: Origin, secret: str, rates: Rates | None
) -> SignIn | None:
    """None where people sign in elsewhere."""
    if settings.auth != "oidc":
        return None
    return SignIn(Provider(settings), sessions, origin, secret, settings.session_hours, rates)


def create_app_from_environment() -> Starlette:
    """What each of several workers serves."""
    settings = read_settings()
    configure_logging(settings)
    end_with_supervisor()
    return create_app(settings, Path(os.environ[VARIABLE]))


def serve(settings: Settings, arguments: argparse.Namespace) -> None:
    """Serves until SIGINT or SIGTERM. Raises SettingsError where everyone on the network would be staff."""
    host = (arguments.host or settings.host).strip("[]")
    port = settings.port if arguments.port is None else arguments.port
    if settings.auth == "local" and not is_loopback(host):
        raise SettingsError(
            f"with CREDITPULSE_AUTH=local everyone is staff, so it serves on a loopback address only, not {host}; "
            "set CREDITPULSE_AUTH=oidc, or header behind a proxy that signs people in"
        )
    commands.check_free(host, port)
    with commands.database(settings) as url:
        app = create_app(replace(settings, database_url=url))  # also for several: what stops one stops all
        with commands.companions(arguments, url):  # only now: until here, a start has both cores
            logger.info("Creditpulse is on http://%s:%d", host, port, extra={"action": "server.started"})
            if arguments.workers > 1:
                os.environ["CREDITPULSE_DATABASE_URL"] = url
                with shared_meters(settings.state_dir) as folder:
                    ended = partial(bury, folder)
                    run_server("app:create_app_from_environment", host, port, arguments.workers, ended)
            else:
                run_server(app, host, port)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="app.py", description="Live credits and usage of AI agents.")
    verbs = parser.add_subparsers(required=True, metavar="COMMAND")

    def verb(name: str, run: Callable[[Settings, argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        added = verbs.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(run=run, demo=False)
        return added

    for name, text in (("serve", "the server alone"), ("run", "the server, with a demo workload beside it")):
        server = verb(name, serve, text)
        server.set_defaults(demo=name == "run")
        server.add_argument("--host", help="address to serve on (default: CREDITPULSE_HOST)")
        server.add_argument("--port", type=options.port, help="port to serve on (default: CREDITPULSE_PORT)")
        server.add_argument("--workers", type=options.workers, default=1, metavar="N", help="processes (default: 1)")
    migrate = verb("migrate", commands.migrate, "creates or upgrades the schema and attaches to the source tables")
    migrate.add_argument("--recount", action="store_true", help="count the whole history anew")
    load = verb("import", commands.load, "adds usage from a CSV or JSON Lines file")
    when = "when the recording started, for times in seconds"
    load.add_argument("--start", type=options.start, metavar="ISO-TIME", help=when)
    replay = verb("replay", commands.replay, "plays a recorded trace as if its agents ran now")
    replay.add_argument("--speed", type=options.speed, default=1.0, metavar="X", help="times as fast (default: 1)")
    named = "name a column by hand"
    for command in (load, replay):
        command.add_argument(
            "--map", type=options.pairs, action="extend", default=[], metavar="column=NAME", help=named
        )
        command.add_argument("file", type=Path, metavar="FILE")
    plans = verb("plans", commands.plans, "loads or updates subscriptions from a CSV file")
    plans.add_argument("file", type=Path, metavar="FILE")
    demo = verb("demo", commands.demo, "simulates agents until it is stopped")
    demo.add_argument("--threads", type=options.agents, default=8, metavar="N", help="agents at work (default: 8)")
    demo.add_argument("--rate", type=options.rate, default=4.0, metavar="R", help="calls a second in all (default: 4)")
    demo.add_argument("--history", type=options.days, default=60, metavar="DAYS", help="days of past (default: 60)")
    doctor = verb("doctor", commands.doctor, "checks everything, and names the first fault with its remedy")
    doctor.add_argument("--verify", action="store_true", help="compare every rollup with the raw tables")
    doctor.add_argument("--url", type=options.address, help="the server to visit (default: CREDITPULSE_HOST and PORT)")
    doctor.add_argument("--as", dest="person", metavar="EMAIL", help="on behalf of whom to look")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """0 on success, 1 on a failure explained in one line; argparse ends wrong usage with 2."""
    parsed = parser().parse_args(arguments)
    try:
        settings = read_settings()
        configure_logging(settings)
        parsed.run(settings, parsed)
    except (CreditpulseError, SettingsError, OSError) as error:
        sys.stderr.write(f"creditpulse: {printable(str(error))}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
