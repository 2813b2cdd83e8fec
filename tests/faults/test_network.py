"""The network between a server and PostgreSQL dies without a word: others take over, its own pages say so, and heal."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from tests.faults.conftest import MakeLedger, MakeServer, Watch
from tests.faults.leadership import await_delivery, await_takeover, leads
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.network import Network
from tests.postgres import Postgres
from tests.proxy import Proxy
from tests.servers import AppServer, wait_until

logger = logging.getLogger(__name__)

NOTICED_SECONDS = 10.0
HEALED_SECONDS = 15.0


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture
def far_postgres(network: Network) -> Iterator[Postgres]:
    """A PostgreSQL at the other end of two cables."""
    postgres = Postgres()
    try:
        postgres.start()
        postgres.make_template()
        postgres.make_database("far")
        postgres.stop()
        postgres.start(network.inside, ",".join(network.addresses))
        yield postgres
    finally:
        postgres.close()


def test_a_leader_whose_cable_is_pulled_is_replaced(
    network: Network, far_postgres: Postgres, make_server: MakeServer, make_ledger: MakeLedger, watch: Watch
) -> None:
    cut_url, near_url = (far_postgres.url("far", address) for address in network.addresses)
    old = make_server(cut_url)
    new = make_server(near_url)
    ledger = make_ledger(near_url)
    for server in (old, new):
        server.await_ready()
    make_lead(old, new, near_url)
    pages = [watch(server, ledger) for server in (new, old)]
    ledger.start()
    for page in pages:
        await_delivery(page, ledger, time.monotonic())

    network.pull(0)
    await_takeover(new, pages[0], ledger, near_url)
    wait_until(pages[0].is_live, "the page of the new leader to be live again")
    assert not pages[1].is_live()
    # TCP gives its connections up, long before its own quarter of an hour.
    wait_until(lambda: "not listening" in old.log.read_text(), "the cut server to notice", NOTICED_SECONDS)

    network.plug(0)
    healed = await_delivery(pages[1], ledger, time.monotonic())
    logger.info("healed in %.2f s", healed)
    assert healed < HEALED_SECONDS
    ledger.stop()
    for page in pages:
        await_truth(page, ledger)
        assert_truthful(page, ledger)
    assert_nothing_differs(near_url)


def make_lead(wanted: AppServer, other: AppServer, url: str) -> None:
    wait_until(lambda: leads(wanted, url) or leads(other, url), "one of the servers to lead")
    if leads(other, url):
        with other.frozen():
            wait_until(lambda: leads(wanted, url), "the other server to lead")
        other.await_ready()


def test_pages_of_a_server_that_nothing_reaches_any_more_say_so_and_heal(
    pair: list[AppServer], make_server: MakeServer, make_ledger: MakeLedger, watch: Watch, postgres: Postgres
) -> None:
    """A relay goes silent, but closes nothing and acknowledges all: TCP itself notices nothing."""
    with Proxy(("127.0.0.1", postgres.port)) as proxy:
        server = make_server(proxy.url(pair[0].url))
        server.await_ready()
        ledger = make_ledger(pair[0].url)
        page = watch(server, ledger)
        ledger.start()
        await_delivery(page, ledger, time.monotonic())
        proxy.hold()
        unseen = ledger.entries[-1].at
        wait_until(lambda: not page.is_live(), "the page to say that it is not live", 3)
        wait_until(lambda: ledger.entries[-1].at > unseen + 3, "changes that wait")
        proxy.heal()
        healed = await_delivery(page, ledger, time.monotonic())
        logger.info("healed in %.2f s", healed)
        assert healed < HEALED_SECONDS
        ledger.stop()
        await_truth(page, ledger)
        assert_truthful(page, ledger)
        server.close()
    assert_nothing_differs(ledger.url)
