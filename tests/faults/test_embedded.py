"""The app with its own database: either may be killed, and what dies is started again with nothing lost."""

from __future__ import annotations

import logging
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from tests.faults.conftest import MakeLedger, MakeServer, Watch
from tests.faults.leadership import await_delivery
from tests.faults.ledger import Ledger
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.faults.watcher import Watcher
from tests.servers import AppServer, runs, wait_until

logger = logging.getLogger(__name__)

HEALED_SECONDS = 12.0  # noticed, started, its log read, and backoffs of up to 5 s


@contextmanager
def own_database(server: AppServer) -> Iterator[str]:
    """The URL of the database in its folder; ends one that is left over."""
    lines = (server.state_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    try:
        yield f"postgresql://postgres@/postgres?host={lines[4]}"
    finally:
        with suppress(FileNotFoundError, psutil.NoSuchProcess):
            left = postmaster(server)
            left.send_signal(signal.SIGINT)
            wait_until(lambda: not runs(left), "the database to end")


def postmaster(server: AppServer) -> psutil.Process:
    return psutil.Process(int((server.state_dir / "postgres" / "postmaster.pid").read_text().split()[0]))


def quit_at_once(database: psutil.Process) -> None:
    database.send_signal(signal.SIGQUIT)


def crash(database: psutil.Process) -> None:
    """Every one of its processes at once, and the lock stays."""
    for process in [database, *database.children(recursive=True)]:
        process.kill()


def die_and_heal(
    server: AppServer, die: Callable[[psutil.Process], None], pages: list[Watcher], ledger: Ledger
) -> None:
    died = time.monotonic()
    die(postmaster(server))
    # Each for itself: a server that starts quickly is back in one app before the other has noticed.
    wait_until(lambda: all(page.interrupted(died) for page in pages), "the pages to say that they are not live", 3)
    noticed = time.monotonic()
    healed = max(await_delivery(page, ledger, noticed) for page in pages)
    logger.info("healed in %.2f s", healed)
    assert healed < HEALED_SECONDS
    for page in pages:
        wait_until(page.is_live, "the page to be live again")


def test_a_killed_app_finds_its_own_database_again_and_ends_it_at_last(
    make_server: MakeServer, make_ledger: MakeLedger, watch: Watch
) -> None:
    server = make_server(None)
    server.await_ready()
    with own_database(server) as url:
        database = postmaster(server)
        ledger = make_ledger(url)
        page = watch(server, ledger)
        server.kill()
        wait_until(lambda: not page.is_live(), "the page to say that it is not live")
        ledger.pay()
        server.start()
        await_truth(page, ledger)
        assert_truthful(page, ledger)
        ledger.close()
        server.stop()
        assert not runs(database)


def test_a_database_starts_though_the_number_of_the_one_that_crashed_is_another_process_now(
    make_server: MakeServer,
) -> None:
    server = make_server(None)
    server.await_ready()
    with own_database(server):
        server.kill()
        crash(postmaster(server))
        lock = server.state_dir / "postgres" / "postmaster.pid"
        lock.write_text("\n".join([str(os.getpid()), *lock.read_text().split("\n")[1:]]))
        server.start()
        server.stop()


@pytest.mark.parametrize("die", [quit_at_once, crash])
def test_a_database_that_dies_is_started_again_and_open_pages_are_live_again_by_themselves(
    make_server: MakeServer, make_ledger: MakeLedger, watch: Watch, die: Callable[[psutil.Process], None]
) -> None:
    """Also where two apps share it: whoever is left looks after it, and the last one ends it."""
    first = make_server(None)
    first.await_ready()
    second = make_server(None)
    second.await_ready()
    with own_database(first) as url:
        ledger = make_ledger(url)
        pages = [watch(server, ledger) for server in (first, second)]
        ledger.start()
        for page in pages:
            await_delivery(page, ledger, time.monotonic())
        die_and_heal(first, die, pages, ledger)
        pages.pop(0).stop()
        first.stop()
        die_and_heal(second, die, pages, ledger)
        ledger.stop()
        await_truth(pages[0], ledger)
        assert_truthful(pages[0], ledger)
        assert_nothing_differs(url)
        ledger.close()
        database = postmaster(second)
        second.stop()
        assert not runs(database)
