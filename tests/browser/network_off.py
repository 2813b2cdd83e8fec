"""The browser's own network conditions, for a tab and for the service worker that answers it: each has its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from tests.browser.tab import Tab

OFF = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
TARGETS = ("page", "service_worker")


@contextmanager
def network_off(tab: Tab) -> Iterator[None]:
    """Everything of this server is without network meanwhile."""
    debugger = tab.driver.capabilities["goog:chromeOptions"]["debuggerAddress"]
    url = httpx.get(f"http://{debugger}/json/version", timeout=10).json()["webSocketDebuggerUrl"]
    with connect(url, max_size=None) as browser:
        found = command(browser, "Target.getTargets")["targetInfos"]
        ours = [target for target in found if target["type"] in TARGETS and tab.address in target["url"]]
        assert {target["type"] for target in ours} == {*TARGETS}
        for target in ours:
            session = command(browser, "Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
            command(browser, "Network.enable", session)
            command(browser, "Network.emulateNetworkConditions", session, **OFF)
        yield


def command(browser: ClientConnection, method: str, session: str | None = None, **parameters: Any) -> Any:
    request = {"id": 1, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
    browser.send(json.dumps(request))
    while True:
        answer = json.loads(browser.recv(timeout=10))
        if answer.get("id") == 1:
            assert "error" not in answer, answer
            return answer["result"]
