"""Where random sequences of faults are played: a server, two browsers, each behind a relay of its own, and a writer."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import psycopg

from tests.faults.plan import BROWSERS, Step
from tests.faults.screens import Browser, Screen, browsing
from tests.faults.sight_verdict import Silence
from tests.faults.spending import Spending
from tests.servers import AppServer
from tests.web_proxy import EVENTS, SOCKETS, WebProxy

SILENT = {"delay", "swallow", "hold", "buffer", "freeze-server", "network-off"}
TERMINATE = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE application_name LIKE %s AND datname = current_database() AND pid <> pg_backend_pid()
"""


class Stage:
    def __init__(self, server: AppServer, proxies: list[WebProxy], browsers: list[Browser]) -> None:
        self.server = server
        self.proxies = proxies
        self.browsers = browsers
        self.spending: Spending | None = None
        self.began: dict[tuple[str, int | None, int | None], float] = {}
        self.silences: list[list[Silence]] = [[] for _ in browsers]

    def begin(self, chance: random.Random, first: list[list[str]]) -> Spending:
        """A new account, and these pages of it, all of them live."""
        self.spending = Spending(self.server.url, chance)
        self.silences = [[] for _ in self.browsers]
        for number, pages in enumerate(first):
            for page in pages:
                self.open(number, page)
        for screen in self.screens:
            screen.await_opened()
            screen.await_state("live")
            if self.keeps_pages:
                screen.await_kept()
        return self.spending

    @property
    def keeps_pages(self) -> bool:
        """Whether pages that were visited open without the server."""
        return "javascript" in httpx.get(f"http://{self.server.address}/sw.js").headers.get("content-type", "")

    @property
    def screens(self) -> list[Screen]:
        return [screen for browser in self.browsers for screen in browser.screens]

    def open(self, number: int, page: str) -> Screen:
        assert self.spending is not None
        account = self.spending.account
        topics = {"nav": f"nav:{account}"}
        path = f"/threads?scope={account}"
        if page.startswith("thread-"):
            thread = self.spending.threads[int(page[-1])]
            topics["thread"] = f"thread:{thread}"
            path = f"/threads/{thread}?scope={account}"
        return self.browsers[number].open(path, topics)

    def play(self, step: Step) -> None:
        """Returns when the fault is in force, or over."""
        if step.ends:
            self.end(step)
            if step.what in SILENT:
                self.note_silence(step)
        else:
            self.began[step.thing] = time.time()
            self.start(step)

    def note_silence(self, step: Step) -> None:
        silence = Silence(self.began[step.thing], time.time())
        for number in range(BROWSERS) if step.browser is None else [step.browser]:
            self.silences[number].append(silence)

    def start(self, step: Step) -> None:
        if step.browser is None:
            self.start_of_server(step)
        elif step.page is not None:
            self.start_of_page(step, self.browsers[step.browser].screens[step.page])
        elif step.what == "network-off":
            self.browsers[step.browser].set_network(False)
        elif step.what == "open":
            self.open(step.browser, step.detail).await_opened(answered=not step.unanswered)
        else:
            start_of_path(step, self.proxies[step.browser])

    def start_of_server(self, step: Step) -> None:
        if step.what == "kill":
            self.server.kill()
        elif step.what == "freeze-server":
            os.kill(self.server.pid, signal.SIGSTOP)
        else:
            with psycopg.connect(self.server.url, autocommit=True) as connection:
                connection.execute(TERMINATE, (step.detail,))

    def start_of_page(self, step: Step, screen: Screen) -> None:
        if step.what == "hide":
            screen.show(False)
        elif step.what == "freeze":
            screen.show(False)
            screen.freeze(True)
        elif step.what == "close":
            self.browsers[step.browser or 0].close(screen, time.time())
        elif step.what == "reload":
            screen.reload()
            screen.await_opened(answered=not step.unanswered)
        else:
            screen.click("nav-refresh")

    def end(self, step: Step) -> None:
        if step.what == "kill":
            self.server.start()
        elif step.what == "freeze-server":
            os.kill(self.server.pid, signal.SIGCONT)
        elif step.what == "network-off":
            self.browsers[step.browser or 0].set_network(True)
        elif step.page is not None:
            browser = self.browsers[step.browser or 0]
            browser.bring_back(browser.screens[step.page])
        else:
            self.proxies[step.browser or 0].heal()

    def restore(self) -> None:
        """As it was before, whatever has happened."""
        for proxy in self.proxies:
            proxy.heal()
        if self.server.process is not None and self.server.process.poll() is None:
            os.kill(self.server.pid, signal.SIGCONT)
        if not self.server.is_ready():
            self.server.close()
            self.server.start()
        for browser in self.browsers:
            browser.online = True
            browser.forget(time.time())
        if self.spending is not None:
            self.spending.close()


def start_of_path(step: Step, proxy: WebProxy) -> None:
    if step.what == "delay":
        proxy.delay(float(step.detail))
    elif step.what == "buffer":
        proxy.buffer()
    elif step.what == "cut-streams":
        proxy.cut("/live/")
    elif step.what in ("no-websocket", "no-stream"):
        for path in (SOCKETS,) if step.what == "no-websocket" else (SOCKETS, EVENTS):
            proxy.refuse_path(path, int(step.detail))
        proxy.cut("/live/")
    else:
        {"swallow": proxy.swallow, "hold": proxy.hold, "refuse": proxy.refuse, "cut": proxy.cut}[step.what]()


@contextmanager
def staged(url: str, folder: Path) -> Iterator[Stage]:
    """On a migrated database that nobody else writes into."""
    with ExitStack() as stack:
        server = AppServer(url, folder)
        stack.callback(server.close)
        server.launch()
        proxies = [stack.enter_context(WebProxy(("127.0.0.1", server.port))) for _ in range(BROWSERS)]
        browsers = [
            stack.enter_context(browsing(folder / f"browser-{number}", proxy.address))
            for number, proxy in enumerate(proxies)
        ]
        server.await_ready()
        yield Stage(server, proxies, browsers)
