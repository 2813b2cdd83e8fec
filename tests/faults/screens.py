"""Pages in a real browser, several at once, each in a window of its own and under a witness's eye."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.browser.chrome import chrome
from tests.browser.console import FAILED_REQUEST, OURS, UNANSWERED
from tests.browser.devtools import DevTools
from tests.faults.sight import Sight
from tests.servers import ROOT, wait_until

READS = "[document.readyState, document.visibilityState, location.href, document.body?.innerText?.slice(0, 500)].join()"
KEPT = "Boolean(document.documentElement.dataset.kept && navigator.serviceWorker.controller)"
WITNESS = (ROOT / "tests" / "faults" / "witness.js").read_text()
PATIENCE_SECONDS = 30.0  # until a page has opened, on a busy machine
# What Dash says of a request that was cut off while it was answered; the page itself shows an alert.
UNLIMITED = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}


@dataclass
class Screen:
    """A window with one page. `complaints` are lines of its console that no page of ours should write."""

    devtools: DevTools
    target: str
    session: str
    path: str
    sight: Sight
    visible: bool = True
    thawed: bool = True
    complaints: list[str] = field(default_factory=list)
    loader: str = ""
    pending: dict[str, str] = field(default_factory=dict)  # addresses of requests; streams have no end

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.devtools.call(method, self.session, **parameters)

    def evaluate(self, expression: str) -> Any:
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def click(self, name: str) -> None:
        self.evaluate(f"document.getElementById('{name}')?.click()")

    def await_opened(self, *, answered: bool = True) -> None:
        """Until the page shows its figures, and, where it is answered at all, has all that it loads for itself."""
        opened = self.is_opened if answered else self.is_figured
        try:
            wait_until(opened, f"{self.path} to open", PATIENCE_SECONDS)
        except AssertionError as error:
            shown = {card: self.sight.glances[card][-1:] for card in self.sight.topics}
            waits, reads = sorted(self.pending.values()), self.evaluate(READS)
            raise AssertionError(
                f"{error}; it shows {shown}, reads {reads}, waits for {waits}, says {self.complaints}"
            ) from None

    def is_opened(self) -> bool:
        return not self.pending and self.is_figured()

    def is_figured(self) -> bool:
        return all(self.sight.is_figured(card) for card in self.sight.topics)

    def await_kept(self) -> None:
        """Until its worker has what the page was made of."""
        wait_until(lambda: bool(self.evaluate(KEPT)), f"{self.path} to be kept", PATIENCE_SECONDS)

    def await_state(self, state: str) -> None:
        def there() -> bool:
            return all(self.sight.state(card) == state for card in self.sight.topics)

        wait_until(there, f"{self.path} to be {state}", PATIENCE_SECONDS)

    def reload(self) -> None:
        before = self.sight.document
        self.call("Page.reload")
        wait_until(lambda: self.sight.document > before, f"{self.path} to be loaded again", PATIENCE_SECONDS)

    def show(self, visible: bool) -> None:
        """Or hide it, as a window that is put away."""
        self.visible = visible
        window = self.devtools.call("Browser.getWindowForTarget", targetId=self.target)["windowId"]
        state = "normal" if visible else "minimized"
        self.devtools.call("Browser.setWindowBounds", windowId=window, bounds={"windowState": state})

    def freeze(self, frozen: bool) -> None:
        """Or thaw it. Browsers freeze pages that nobody sees: no script of theirs runs, and nothing is closed."""
        self.thawed = not frozen
        self.call("Page.setWebLifecycleState", state="frozen" if frozen else "active")

    def hear(self, event: str, parameters: dict[str, Any]) -> None:
        if event == "Network.requestWillBeSent":
            self.begins(parameters)
        elif event in ("Network.loadingFinished", "Network.loadingFailed"):
            self.pending.pop(parameters["requestId"], None)
        elif event == "Runtime.bindingCalled" and parameters["name"] == "witness":
            self.sight.tell(parameters["payload"])
        elif event == "Runtime.exceptionThrown":
            details = parameters["exceptionDetails"]
            self.said(details.get("exception", {}).get("description") or details["text"])
        elif event == "Runtime.consoleAPICalled":
            self.said(" ".join(str(value.get("value", value.get("description"))) for value in parameters["args"]))

    def begins(self, request: dict[str, Any]) -> None:
        """What an earlier load of the page asked for may end without a word."""
        if request.get("type") == "Document":
            self.loader = request["loaderId"]
            self.pending.clear()
        url = request["request"]["url"]
        # Of a probe only the head is read, and Chromium may never call that finished.
        if request["loaderId"] == self.loader and request.get("type") != "EventSource" and not url.endswith("/healthz"):
            self.pending[request["requestId"]] = url

    def said(self, text: str) -> None:
        if any(pattern.fullmatch(text) for pattern in OURS):
            return
        first = text.partition("\n")[0]
        if not FAILED_REQUEST.search(text) and not UNANSWERED.search(text) and first not in self.complaints:
            self.complaints.append(first)


class Browser:
    """One person's browser, on one address; its first, blank window stays. `scripts` run in pages before their own."""

    def __init__(self, debugger: str, address: str, scripts: Sequence[str] = ()) -> None:
        self.address = address
        self.scripts = (WITNESS, *scripts)
        self.screens: list[Screen] = []
        self.closed: list[Screen] = []
        self.by_session: dict[str, Screen] = {}
        self.attached: dict[str, str] = {}  # sessions of workers, by target
        self.online = True
        self.devtools = DevTools(debugger, self.hear)
        blank = self.devtools.call("Target.getTargets")["targetInfos"]
        self.home = self.attach(next(found["targetId"] for found in blank if found["type"] == "page"))

    def hear(self, session: str, event: str, parameters: dict[str, Any]) -> None:
        if event == "Target.detachedFromTarget":
            self.attached = {name: one for name, one in self.attached.items() if one != parameters["sessionId"]}
        if screen := self.by_session.get(session):
            screen.hear(event, parameters)

    def attach(self, target: str) -> str:
        return str(self.devtools.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])

    def open(self, path: str, topics: dict[str, str], *, window: bool = True) -> Screen:
        """In a window of its own, or in front of the page that was opened last."""
        target = self.devtools.call("Target.createTarget", url="about:blank", newWindow=window)["targetId"]
        session = self.attach(target)
        screen = Screen(self.devtools, target, session, path, Sight(topics))
        self.by_session[session] = screen
        for domain in ("Page", "Runtime", "Network"):
            screen.call(f"{domain}.enable")
        screen.call("Runtime.addBinding", name="witness")
        for script in self.scripts:
            screen.call("Page.addScriptToEvaluateOnNewDocument", source=script)
        if not self.online:
            set_network(self.devtools, session, False).result(PATIENCE_SECONDS)
        screen.call("Page.navigate", url=f"http://{self.address}{path}")
        self.screens.append(screen)
        return screen

    def close(self, screen: Screen, at: float) -> None:
        self.screens.remove(screen)
        self.closed.append(screen)
        screen.sight.closed_at = at
        self.devtools.call("Target.closeTarget", targetId=screen.target)

    def set_network(self, online: bool) -> None:
        """Of every page at once, as far as anything is at once."""
        self.online = online
        sessions = [*(screen.session for screen in self.screens), *self.workers()]
        for answer in [set_network(self.devtools, session, online) for session in sessions]:
            answer.result(PATIENCE_SECONDS)

    def workers(self) -> list[str]:
        """The sessions of what answers in the server's place; each has a network of its own."""
        for target in self.devtools.call("Target.getTargets")["targetInfos"]:
            name = target["targetId"]
            if target["type"] == "service_worker" and self.address in target["url"] and name not in self.attached:
                self.attached[name] = self.attach(name)
                self.devtools.call("Network.enable", self.attached[name])
        return list(self.attached.values())

    def forget(self, at: float) -> None:
        """Closes every page, and forgets all that pages of this address have kept."""
        for screen in list(self.screens):
            self.close(screen, at)
        self.closed.clear()
        self.by_session.clear()
        self.devtools.call("Storage.clearDataForOrigin", self.home, origin=f"http://{self.address}", storageTypes="all")

    def bring_back(self, screen: Screen) -> None:
        """Thawed and visible."""
        if not screen.thawed:
            screen.freeze(False)
        if not screen.visible:
            screen.show(True)


def set_network(devtools: DevTools, session: str, online: bool) -> Future[dict[str, Any]]:
    return devtools.ask("Network.emulateNetworkConditions", session, offline=not online, **UNLIMITED)


@contextmanager
def browsing(profile: Path, address: str, scripts: Sequence[str] = ()) -> Iterator[Browser]:
    with chrome(profile) as driver:
        browser = Browser(driver.capabilities["goog:chromeOptions"]["debuggerAddress"], address, scripts)
        with browser.devtools:
            yield browser
