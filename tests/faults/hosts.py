"""Two hosts behind nginx, with all that fails in production, during a replay: `python -m tests.faults.hosts`.

Each host is a network namespace with one cable to the rest: nginx, Redis, PostgreSQL and its replica. The second one's
clock is 90 s ahead. One after another a host is cut off, a process is killed, Redis is killed, the primary is
restarted or crashes, the replica is paused or frozen; after each, every page has to be right again within 5 s. At the
end nothing may have been lost or counted twice, and no page may have said `live` of what was older than the rules
allow, nor have shown a total that never was.
"""

from __future__ import annotations

import argparse
import random
import secrets
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import psycopg

from tests.faults.replaying import SESSIONS, SPEED, Replaying
from tests.faults.sight_verdict import Silence
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.faults.watcher import Watcher
from tests.network import Network
from tests.nginx import Nginx
from tests.postgres import Postgres
from tests.redis_server import RedisServer
from tests.replica import FollowingPostgres
from tests.servers import AppServer, wait_until

RIGHT_SECONDS = 5.0
LOST_SECONDS = 60.0  # a page that is not right by then never will be, for our purposes
PAGES = 4
CALLS_A_SECOND = 8
ANYWHERE = "*"
CUT_OFF = ("the first host is cut off", "the second host is cut off")
FROZEN = ("the first process is frozen", "the second process is frozen")
SILENT = CUT_OFF + FROZEN
PERSON = "ana@example.org"
AHEAD = {  # Debian's package `faketime`; intervals stay as they are
    "LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
    "FAKETIME": "+90s",
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
}


@dataclass
class Host:
    network: Network
    server: AppServer

    @contextmanager
    def cut_off(self) -> Iterator[None]:
        self.network.pull(0)
        try:
            yield
        finally:
            self.network.plug(0)

    @contextmanager
    def killed(self) -> Iterator[None]:
        self.server.kill()
        try:
            yield
        finally:
            self.server.start()


@dataclass
class Site:
    """Everything, as it runs."""

    hosts: list[Host]
    primary: Postgres
    replica: FollowingPostgres
    redis: RedisServer
    nginx: Nginx
    url: str

    @contextmanager
    def without_redis(self) -> Iterator[None]:
        self.redis.stop()
        try:
            yield
        finally:
            self.redis.start()

    @contextmanager
    def without_primary(self, mode: str) -> Iterator[None]:
        self.primary.stop(mode)
        try:
            yield
        finally:
            self.primary.start(addresses=ANYWHERE)

    def faults(self) -> dict[str, Callable[[], AbstractContextManager[None]]]:
        """By name, what begins and ends each."""
        one, other = self.hosts
        return {
            CUT_OFF[0]: one.cut_off,
            CUT_OFF[1]: other.cut_off,
            "the first process is killed": one.killed,
            "the second process is killed": other.killed,
            FROZEN[0]: one.server.frozen,
            FROZEN[1]: other.server.frozen,
            "Redis is killed": self.without_redis,
            "the primary is restarted": partial(self.without_primary, "fast"),
            "the primary crashes": partial(self.without_primary, "immediate"),
            "the replica is paused": self.replica.paused,
            "the replica is frozen": self.replica.frozen,
        }


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        networks = [stack.enter_context(Network()) for _ in range(2)]
        redis = RedisServer(*(network.hosts[0] for network in networks))
        stack.callback(redis.stop)
        primary = Postgres()
        stack.callback(primary.close)
        primary.start(addresses=ANYWHERE)
        primary.make_template()
        primary.make_database("hosts")
        replica = FollowingPostgres(primary)
        stack.callback(replica.close)
        replica.start(addresses=ANYWHERE)
        secret = secrets.token_hex(32)
        hosts = [make_host(network, folder, primary, replica, redis, secret) for network in networks]
        hosts[1].server.settings |= AHEAD
        for host in hosts:
            stack.callback(host.server.close)
            host.server.launch()
        for host in hosts:
            host.server.await_ready()
        nginx = stack.enter_context(Nginx([host.server.address for host in hosts]))
        yield Site(hosts, primary, replica, redis, nginx, primary.url("hosts"))


def make_host(
    network: Network, folder: Path, primary: Postgres, replica: FollowingPostgres, redis: RedisServer, secret: str
) -> Host:
    outside = network.hosts[0]
    server = AppServer(primary.url("hosts", outside), folder)
    server.host, server.inside = network.addresses[0], network.inside
    server.settings = {
        "CREDITPULSE_AUTH": "header",
        "CREDITPULSE_STAFF": PERSON,
        "CREDITPULSE_TRUSTED_PROXIES": outside,
        "CREDITPULSE_SECRET_KEY": secret,
        "CREDITPULSE_CACHE_URL": redis.url_at(outside),
        "CREDITPULSE_REPLICA_URL": replica.url("hosts", outside),
    }
    return Host(network, server)


@contextmanager
def watching(place: Site, replaying: Replaying) -> Iterator[list[Watcher]]:
    """Pages that people have open, by way of nginx."""
    headers = {"Cookie": f"who={PERSON}"}
    pages = [
        Watcher(place.nginx.address, *replaying.topics, trust=place.nginx.trust, headers=headers) for _ in range(PAGES)
    ]
    for page in pages:
        page.start()
    try:
        for page in pages:
            wait_until(page.is_live, "the page to be live", LOST_SECONDS)
        yield pages
    finally:
        for page in pages:
            page.stop()


def right_after(pages: list[Watcher], replaying: Replaying, since: float) -> float:
    """The seconds from `since` until every page has shown what was committed later, and says that it is live."""
    wait_until(lambda: replaying.calls > 0 and replaying.committed[-1] > since, "a commit", LOST_SECONDS)
    entry = next(entry for entry in replaying.entries_of("nav:all") if entry.at > since)
    slowest = since
    for page in pages:
        wait_until(lambda p=page: p.first_shown("nav:all", entry.cost) is not None, "a later total", LOST_SECONDS)  # type: ignore[misc]
        wait_until(page.is_live, "the page to be live", LOST_SECONDS)
        slowest = max(slowest, page.first_shown("nav:all", entry.cost) or since)
    return slowest - since


def run(place: Site, folder: Path, minutes: float, chance: random.Random) -> list[str]:
    """What was wrong."""
    wrong, silences = list[str](), list[Silence]()
    calls = SESSIONS + int(minutes * 60 * CALLS_A_SECOND)
    with Replaying(place.url, folder, calls, SPEED / CALLS_A_SECOND) as replaying:
        replaying.play_until(calls)
        with watching(place, replaying) as pages:
            play_faults(place, pages, replaying, minutes, chance, wrong, silences)
            replaying.finish()
            for page in pages:
                await_truth(page, replaying)
                found(wrong, partial(assert_truthful, page, replaying, silences))
    found(wrong, partial(assert_nothing_differs, place.url))
    with psycopg.connect(place.url) as connection:
        rows = connection.execute("SELECT count(*), sum(estimated_cost) FROM usage_logs").fetchone()
    written = (calls, sum(cost for _session, cost in replaying.written))
    if rows != written:
        wrong.append(f"{rows} calls and their cost are in the table, {written} were written")
    return wrong


def play_faults(
    place: Site,
    pages: list[Watcher],
    replaying: Replaying,
    minutes: float,
    chance: random.Random,
    wrong: list[str],
    silences: list[Silence],
) -> None:
    """Adds what was wrong, and when a host could say nothing to its pages although nothing was closed."""
    faults, seen = place.faults(), dict[str, list[float]]()
    end, pause = time.monotonic() + minutes * 60, threading.Event()
    order: list[str] = []
    while time.monotonic() < end - LOST_SECONDS / 2:
        order = order or chance.sample(list(faults), len(faults))
        name = order.pop()
        began = time.monotonic()
        with faults[name]():
            pause.wait(chance.uniform(1, 15))
        ended = time.monotonic()
        if name in SILENT:
            silences.append(Silence(began, ended))
        took = right_after(pages, replaying, ended)
        seen.setdefault(name, []).append(took)
        print(f"{time.strftime('%H:%M:%S')}  {name:30}  right {took:.2f} s after its end", flush=True)
        if took > RIGHT_SECONDS:
            wrong.append(f"{name}: the pages were right {took:.2f} s after its end; {RIGHT_SECONDS} s are due")
        pause.wait(chance.uniform(1, 5))
    for name, times in sorted(seen.items()):
        print(f"{name:30}  {len(times)} times; median {median(times):.2f} s, most {max(times):.2f} s")


def found(wrong: list[str], verdict: Callable[[], None]) -> None:
    try:
        verdict()
    except AssertionError as error:
        wrong.append(str(error))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30, help="how long the replay goes on (default: 30)")
    parser.add_argument("--seed", type=int, default=1, help="of the faults' order and length (default: 1)")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="creditpulse-hosts-") as folder, site(Path(folder)) as place:
        wrong = run(place, Path(folder), options.minutes, random.Random(options.seed))
        if wrong:
            for host in place.hosts:
                print(f"--- the log of {host.server.address}:\n{host.server.log.read_text()[-4000:]}")
    print("\n".join(f"WRONG: {one}" for one in wrong) or "Nothing was wrong.")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
