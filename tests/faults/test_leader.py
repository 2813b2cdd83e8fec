"""The leader stops, or loses its connection: another one takes over, and open pages stay right."""

from __future__ import annotations

import logging
import time

import psycopg
import pytest

from tests.faults.conftest import MakeLedger, Watch
from tests.faults.leadership import TAKEOVER_SECONDS, await_delivery, await_takeover, leader_first, leader_name
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.servers import AppServer, wait_until

logger = logging.getLogger(__name__)


def test_a_frozen_leader_is_replaced_and_does_no_harm_when_it_thaws(
    pair: list[AppServer], make_ledger: MakeLedger, watch: Watch
) -> None:
    ledger = make_ledger(pair[0].url)
    old, new = leader_first(pair)
    watcher = watch(new, ledger)
    ledger.start()
    await_delivery(watcher, ledger, time.monotonic())
    with old.frozen():
        await_takeover(new, watcher, ledger)
        wait_until(watcher.is_live, "the page to be live again")
    thawed = watch(old, ledger)
    await_delivery(thawed, ledger, time.monotonic())
    assert leader_name(old.url) == f"process {new.pid}"
    ledger.stop()
    for page in (watcher, thawed):
        await_truth(page, ledger)
        assert_truthful(page, ledger)
    assert_nothing_differs(ledger.url)


@pytest.mark.parametrize("whose", ["creditpulse leader", "creditpulse feed", "creditpulse%"])
def test_a_terminated_backend_is_replaced(
    pair: list[AppServer], make_ledger: MakeLedger, watch: Watch, whose: str
) -> None:
    ledger = make_ledger(pair[0].url)
    pages = [watch(server, ledger) for server in pair]
    ledger.start()
    for page in pages:
        await_delivery(page, ledger, time.monotonic())
    asked = time.monotonic()
    assert terminate_backends(ledger.url, whose)
    ended = time.monotonic()
    takeover = ended - asked + max(await_delivery(page, ledger, ended) for page in pages)
    logger.info("taken over in %.2f s", takeover)
    assert takeover < TAKEOVER_SECONDS
    ledger.stop()
    for page in pages:
        await_truth(page, ledger)
        assert_truthful(page, ledger)
    assert_nothing_differs(ledger.url)


def terminate_backends(url: str, whose: str) -> int:
    """Returns when they have ended: how many there were."""
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name LIKE %s AND datname = current_database()",
            (whose,),
        )
        return ended.rowcount
