"""PostgreSQL restarts while pages are open: they say so, and show the true figures again by themselves."""

from __future__ import annotations

import logging
import time

import pytest

from tests.faults.conftest import MakeLedger, Watch
from tests.faults.leadership import await_delivery
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.postgres import Postgres
from tests.servers import AppServer, wait_until

logger = logging.getLogger(__name__)

HEALED_SECONDS = 8.0  # backoffs of up to 5 s


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_pages_heal_when_the_database_restarts(
    pair: list[AppServer], postgres: Postgres, make_ledger: MakeLedger, watch: Watch, mode: str
) -> None:
    ledger = make_ledger(pair[0].url)
    pages = [watch(server, ledger) for server in pair]
    ledger.start()
    for page in pages:
        await_delivery(page, ledger, time.monotonic())
    postgres.stop(mode)
    try:
        for page in pages:
            wait_until(lambda p=page: not p.is_live(), "the page to say that it is not live", 3)  # type: ignore[misc]
        assert not any(server.is_ready() for server in pair)
    finally:
        postgres.start()
    started = time.monotonic()
    healed = max(await_delivery(page, ledger, started) for page in pages)
    logger.info("healed in %.2f s", healed)
    assert healed < HEALED_SECONDS
    ledger.stop()
    for page in pages:
        await_truth(page, ledger)
        assert_truthful(page, ledger)
    assert_nothing_differs(ledger.url)
