"""The app with its own database is killed: the next start finds everything, and its end leaves nothing behind."""

from __future__ import annotations

import signal

import psutil

from tests.faults.conftest import MakeLedger, MakeServer, Watch
from tests.faults.verdict import assert_truthful, await_truth
from tests.servers import AppServer, runs, wait_until


def postmaster(server: AppServer) -> tuple[psutil.Process, str]:
    """The process of its database, and the URL."""
    lines = (server.state_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    return psutil.Process(int(lines[0])), f"postgresql://postgres@/postgres?host={lines[4]}"


def test_a_killed_app_finds_its_own_database_again_and_ends_it_at_last(
    make_server: MakeServer, make_ledger: MakeLedger, watch: Watch
) -> None:
    server = make_server(None)
    server.await_ready()
    database, url = postmaster(server)
    try:
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
    finally:
        if runs(database):
            database.send_signal(signal.SIGINT)
            wait_until(lambda: not runs(database), "the database to end")
