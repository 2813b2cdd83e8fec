"""Transactions that stay open across folds: counted once, when they commit, or never."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg

from data.constants import DOORBELL_LOCK
from tests.faults.conftest import MakeLedger, Watch
from tests.faults.leadership import await_delivery
from tests.faults.ledger import CALL, Ledger
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.servers import AppServer, wait_until

FOLDS = 5
COST = Decimal("0.700001")
SOON_SECONDS = 0.7  # a leader that sleeps through a silent commit looks again after a second only

HOLDS_DOORBELL = f"""
    SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
        AND classid::bigint = {DOORBELL_LOCK >> 32} AND objid::bigint = {DOORBELL_LOCK & 0xFFFFFFFF}
"""  # noqa: S608


def await_folds(ledger: Ledger) -> None:
    """While others write, several folds pass by."""
    first = fold_number(ledger)
    wait_until(lambda: fold_number(ledger) >= first + FOLDS, "some folds")


def fold_number(ledger: Ledger) -> int:
    with psycopg.connect(ledger.url, autocommit=True) as connection:
        row = connection.execute("SELECT version FROM creditpulse.state").fetchone()
    assert row
    return int(row[0])


@contextmanager
def silent_writer(ledger: Ledger) -> Iterator[psycopg.Connection[Any]]:
    """An open transaction with a call of the ledger's thread, which the leader was awake to see begin: such a writer
    does not ring when it commits. Folds pass by before anything else happens."""
    with psycopg.connect(ledger.url) as writer:

        def is_silent() -> bool:
            writer.rollback()
            writer.execute(CALL, ledger.values(uuid4(), COST))
            return writer.execute(HOLDS_DOORBELL).fetchone() == (1,)

        ledger.start()
        wait_until(is_silent, "a moment at which the leader is awake")
        await_folds(ledger)
        yield writer


def test_a_transaction_open_across_folds_is_counted_once_and_soon_when_it_commits(
    pair: list[AppServer], make_ledger: MakeLedger, watch: Watch
) -> None:
    ledger = make_ledger(pair[0].url)
    pages = [watch(server, ledger) for server in pair]
    with silent_writer(ledger) as writer:
        ledger.stop()
        for page in pages:
            await_truth(page, ledger)
        writer.commit()
        committed = ledger.enter(COST)
    for page in pages:
        await_truth(page, ledger)
        shown = page.first_shown(ledger.topic, committed.cost)
        assert shown is not None
        assert shown - committed.at < SOON_SECONDS
        assert_truthful(page, ledger)
    assert_nothing_differs(ledger.url)


def test_a_transaction_that_rolls_back_is_never_counted(
    pair: list[AppServer], make_ledger: MakeLedger, watch: Watch
) -> None:
    ledger = make_ledger(pair[0].url)
    pages = [watch(server, ledger) for server in pair]
    with silent_writer(ledger) as writer:
        writer.rollback()
    for page in pages:
        await_delivery(page, ledger, time.monotonic())
    ledger.stop()
    for page in pages:
        await_truth(page, ledger)
        assert_truthful(page, ledger)
    assert_nothing_differs(ledger.url)
