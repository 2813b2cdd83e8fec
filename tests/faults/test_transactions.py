"""Transactions that stay open across folds: counted once, when they commit, or never."""

from __future__ import annotations

import time
from decimal import Decimal
from uuid import uuid4

import psycopg

from tests.faults.conftest import MakeLedger, Watch
from tests.faults.leadership import await_delivery
from tests.faults.ledger import CALL, Ledger
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.servers import AppServer, wait_until

FOLDS = 5


def fold_number(ledger: Ledger) -> int:
    with psycopg.connect(ledger.url, autocommit=True) as connection:
        row = connection.execute("SELECT version FROM creditpulse.state").fetchone()
    assert row
    return int(row[0])


def await_folds(ledger: Ledger) -> None:
    """While others write, several folds pass by the open transaction."""
    first = fold_number(ledger)
    ledger.start()
    wait_until(lambda: fold_number(ledger) >= first + FOLDS, "some folds")
    ledger.stop()


def test_a_transaction_open_across_folds_is_counted_once_when_it_commits(
    pair: list[AppServer], make_ledger: MakeLedger, watch: Watch
) -> None:
    ledger = make_ledger(pair[0].url)
    pages = [watch(server, ledger) for server in pair]
    with psycopg.connect(ledger.url) as late:
        late.execute(CALL, ledger.values(uuid4(), Decimal("0.700001")))
        await_folds(ledger)
        late.commit()
        ledger.enter(Decimal("0.700001"))
    committed = ledger.entries[-1].at
    for page in pages:
        await_truth(page, ledger)
        shown = page.first_shown(ledger.topic, ledger.total)
        assert shown is not None
        assert shown - committed < 1
        assert_truthful(page, ledger)
    assert_nothing_differs(ledger.url)


def test_a_transaction_that_rolls_back_is_never_counted(
    pair: list[AppServer], make_ledger: MakeLedger, watch: Watch
) -> None:
    ledger = make_ledger(pair[0].url)
    pages = [watch(server, ledger) for server in pair]
    with psycopg.connect(ledger.url) as undone:
        undone.execute(CALL, ledger.values(uuid4(), Decimal("0.700001")))
        await_folds(ledger)
        undone.rollback()
    ledger.start()
    for page in pages:
        await_delivery(page, ledger, time.monotonic())
    ledger.stop()
    for page in pages:
        await_truth(page, ledger)
        assert_truthful(page, ledger)
    assert_nothing_differs(ledger.url)
