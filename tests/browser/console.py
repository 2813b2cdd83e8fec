"""What may stand in the browser's console: our lines, word for word, and what Chromium says of failed requests."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

UUID_TEXT = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
IDLE_CONFIG = "{ agentStatus: 'idle', staleTime: '10s', refetchInterval: '30s' }"
RUNNING_CONFIG = "{ agentStatus: 'running', staleTime: '5s', refetchInterval: '10s' }"
# Everything that pages may say in the console, at info level.
OURS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\[useUsageRealtime\] Setting up real-time subscriptions for user: (all|{UUID_TEXT})",
        r"\[useUsageRealtime\] (Usage logs|Credit usage) subscription status: SUBSCRIBED",
        r"\[useUsageRealtime\] Usage changed: invalidated (thread|nav)-usage .+",
        r"\[use(UsageRealtime|ThreadTokenUsage)\] Refresh: invalidated .+",
        rf"\[useThreadTokenUsage\] Hook config for thread {UUID_TEXT}: "
        r"\{ agentStatus: '(idle|running)', staleTime: '(5|10)s', refetchInterval: '\d+s' \}",
    )
)
# What Chromium itself says of requests that a stopped server cannot answer.
FAILED_REQUEST = re.compile(
    r"net::ERR_|Failed to load resource|WebSocket connection to .* failed|Failed to fetch"
    # It looks for a newer worker: without a server, or when nobody is signed in (any more).
    r"|An unknown error occurred when fetching the script|\(401\) was received when fetching the script"
)

# And Dash, of what was asked of a server that went before it answered.
UNANSWERED = re.compile(r"Callback failed: the server did not respond")


@dataclass(frozen=True)
class Line:
    """One of the console's; `source` is `console-api` where a script wrote it."""

    level: str
    source: str
    text: str

    @property
    def is_ours(self) -> bool:
        return self.level == "INFO" and any(pattern.fullmatch(self.text) for pattern in OURS)


def line_of(entry: dict[str, Any]) -> Line:
    """Chromedriver writes `url line:column "text"` for what scripts say."""
    found = re.search(r'"(?:[^"\\]|\\.)*"$', entry["message"]) if entry["source"] == "console-api" else None
    text = json.loads(found.group()) if found else entry["message"]
    return Line(entry["level"], entry["source"], text)
