"""Several processes serve one port: every one of them does, and one that dies is replaced."""

from __future__ import annotations

import os
import signal
from functools import partial

import psutil

from tests.faults.conftest import MakeLedger, MakeServer, Watch
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.faults.watcher import Watcher
from tests.servers import START_SECONDS, AppServer, runs, wait_until

WORKERS = 2


def served_by(server: AppServer, pages: list[Watcher]) -> set[int]:
    """The processes at the other ends of these pages' streams."""
    held = {watcher.port for watcher in pages}
    return {
        pid
        for pid in server.workers()
        for connection in psutil.Process(pid).net_connections("tcp")
        if connection.raddr and connection.raddr.port in held
    }


def test_every_worker_serves_and_is_replaced_when_killed_and_none_outlives_the_server(
    fault_url: str, make_server: MakeServer, make_ledger: MakeLedger, watch: Watch
) -> None:
    server = make_server(fault_url, "--workers", str(WORKERS))
    server.await_ready()
    wait_until(lambda: len(server.workers()) == WORKERS, "every worker")
    ledger = make_ledger(fault_url)
    pages: list[Watcher] = []

    def everybody_serves() -> bool:
        pages.append(watch(server, ledger))
        return len(served_by(server, pages)) == WORKERS

    wait_until(everybody_serves, "both workers to accept a stream", START_SECONDS)
    ledger.start()
    killed = min(served_by(server, pages))
    os.kill(killed, signal.SIGKILL)
    wait_until(partial(replaced, server, killed), "another worker", START_SECONDS)
    wait_until(everybody_serves, "the new worker to accept a stream", START_SECONDS)
    ledger.stop()
    for page in pages:
        await_truth(page, ledger)
        assert_truthful(page, ledger)
    assert_nothing_differs(fault_url)

    orphans = [psutil.Process(pid) for pid in server.workers()]
    server.kill()
    # Otherwise they would hold the port, and the server could not be started again.
    wait_until(lambda: not any(map(runs, orphans)), "the workers to end")


def replaced(server: AppServer, killed: int) -> bool:
    workers = server.workers()
    return killed not in workers and len(workers) == WORKERS
