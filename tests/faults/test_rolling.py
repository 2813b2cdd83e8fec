"""Servers behind nginx are restarted one by one: no request fails, and open pages tell the truth all the while."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import pairwise

import httpx

from tests.faults.conftest import MakeLedger, MakeServer, Watch
from tests.faults.verdict import assert_nothing_differs, assert_truthful, await_truth
from tests.faults.watcher import Watcher
from tests.nginx import Nginx
from tests.servers import START_SECONDS, AppServer, wait_until

logger = logging.getLogger(__name__)

PEOPLE = "ana@example.org"
COOKIE = {"Cookie": f"who={PEOPLE}"}
# Longer than nginx leaves out a server that it has found down (`fail_timeout`, in whole seconds): else the one before
# may not be tried yet when this one goes.
DRAIN_SECONDS = "4"
HEADER_MODE = {"CREDITPULSE_AUTH": "header", "CREDITPULSE_STAFF": PEOPLE, "CREDITPULSE_DRAIN_SECONDS": DRAIN_SECONDS}
MOST_GAP_SECONDS = 2.0


class Asking:
    """Somebody who asks without a pause; `answers` are statuses and errors that are not 200."""

    def __init__(self, nginx: Nginx) -> None:
        self.nginx = nginx
        self.count = 0
        self.wrong: list[str] = []
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self.run, name="asking")

    def run(self) -> None:
        body = {
            "output": "nav-answer.data",
            "outputs": {"id": "nav-answer", "property": "data"},
            "inputs": [{"id": "nav-request", "property": "data", "value": {"scope": "all", "n": 1}}],
            "changedPropIds": ["nav-request.data"],
        }
        url = f"https://{self.nginx.address}"
        headers = {**COOKIE, "Origin": url}
        with httpx.Client(verify=self.nginx.trust, headers=headers, timeout=20) as client:
            while not self.stopping.wait(0.02):
                for ask in (
                    partial(client.post, f"{url}/_dash-update-component", json=body),
                    partial(client.get, f"{url}/live/check?topics=nav:all"),
                ):
                    try:
                        status = ask().status_code
                    except httpx.HTTPError as error:
                        self.wrong.append(repr(error))
                    else:
                        self.count += 1
                        if status not in (200, 204):
                            self.wrong.append(f"{status}")


@contextmanager
def asking(nginx: Nginx) -> Iterator[Asking]:
    somebody = Asking(nginx)
    somebody.thread.start()
    try:
        yield somebody
    finally:
        somebody.stopping.set()
        somebody.thread.join()


def gaps(page: Watcher) -> list[float]:
    """The seconds between the times at which it said `live`."""
    with page.lock:
        lives = page.page.lives_until(time.monotonic())
    return [after[0] - before[1] for before, after in pairwise(lives)]


def test_servers_behind_nginx_are_restarted_one_by_one(
    fault_url: str, make_server: MakeServer, make_ledger: MakeLedger
) -> None:
    servers: list[AppServer] = [make_server(fault_url, settings=HEADER_MODE) for _ in range(2)]
    for server in servers:
        server.await_ready()
    ledger = make_ledger(fault_url)
    with Nginx([server.address for server in servers]) as nginx:
        pages = [Watcher(nginx.address, *ledger.topics, trust=nginx.trust, headers=COOKIE) for _ in range(4)]
        for page in pages:
            page.start()
        try:
            for page in pages:
                wait_until(page.is_live, "the page to be live")
            ledger.start()
            with asking(nginx) as somebody:
                for server in servers:
                    server.stop()
                    server.start()
            said = nginx.errors()[-2000:]
            ledger.stop()
            for page in pages:
                await_truth(page, ledger)
                assert_truthful(page, ledger)
        finally:
            for page in pages:
                page.stop()
    longest = max(gap for page in pages for gap in gaps(page))
    logger.info("%d answers; not live for %.2f s at most", somebody.count, longest)
    assert not somebody.wrong, f"{somebody.wrong[:5]}; nginx says {said}"
    assert somebody.count > 20
    assert longest < MOST_GAP_SECONDS
    assert_nothing_differs(fault_url)


def test_workers_are_replaced_one_by_one_at_a_hangup(
    fault_url: str, make_server: MakeServer, make_ledger: MakeLedger, watch: Watch
) -> None:
    server = make_server(fault_url, "--workers", "2")
    server.await_ready()
    wait_until(lambda: len(server.workers()) == 2, "every worker", START_SECONDS)
    ledger = make_ledger(fault_url)
    pages = [watch(server, ledger) for _ in range(4)]
    before = server.workers()
    ledger.start()
    refused: list[str] = []
    os.kill(server.pid, signal.SIGHUP)
    wait_until(partial(replaced, server, before, refused), "both workers to be replaced", 2 * START_SECONDS)
    ledger.stop()
    for page in pages:
        await_truth(page, ledger)
        assert_truthful(page, ledger)
    assert not refused
    assert max((gap for page in pages for gap in gaps(page)), default=0.0) < MOST_GAP_SECONDS
    assert server.stop() < 5
    assert_nothing_differs(fault_url)


def replaced(server: AppServer, before: set[int], refused: list[str]) -> bool:
    """Whether all are others; asks meanwhile, and notes whatever is not served."""
    try:
        httpx.get(f"http://{server.address}/healthz", timeout=10).raise_for_status()
    except httpx.HTTPError as error:
        refused.append(repr(error))
    now = server.workers()
    return len(now) == 2 and not now & before
