"""What `doctor` finds of a server that runs, asked from outside as a browser would: each check names what it found.

`data/doctor.py` looks at the database; this at what only a served page can show: whether a proxy lets streams through,
whether beats arrive, whether a stream that ends is forgotten.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import orjson
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from data.errors import MissingRightError, UnavailableError
from live.meter_text import Samples, parse_samples, quantile

PATIENCE_SECONDS = 5.0
PROBES = 8  # streams opened at once to see that they are forgotten; visitors come and go by fewer
LATE_SECONDS = 0.5
TOPIC = "nav:all"
STREAM = f"/live/ws?topics={TOPIC}"
EVENTS = f"/live/events?topics={TOPIC}"
FAULTS = (OSError, HTTPException, WebSocketException, EOFError)

Message = dict[str, Any]


class Absent(Exception):
    """Nothing serves at the address, and nobody said that something should."""


@dataclass
class Visit:
    """`version` reads the database's fold number, and `running` how many agents run by the database.

    `headers` say who asks; `named` that somebody gave this address, so that it has to answer. What a check learns for
    the later ones is kept here.
    """

    url: str
    named: bool
    version: Callable[[], int]
    running: Callable[[], int]
    headers: Mapping[str, str] = field(default_factory=dict)
    token: str | None = None
    signed_in: bool = False
    staff: bool = False
    first: Mapping[str, Message] = field(default_factory=dict)
    samples: Samples | None = None

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Status and body."""
        with self.open(path, **headers) as answer:
            return answer.status, answer.read()

    def open(self, path: str, **headers: str) -> Answer:
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("GET", parts.path.rstrip("/") + path, headers={**self.headers, **headers})
            return Answer(connection)
        except BaseException:
            connection.close()
            raise

    def socket(self) -> ClientConnection:
        """A stream as a page of this server opens it: browsers say where the page came from."""
        return connect(
            "ws" + self.url.removeprefix("http").rstrip("/") + STREAM,
            origin=Origin(f"{urlsplit(self.url).scheme}://{urlsplit(self.url).netloc}"),
            additional_headers=self.headers,
            proxy=None,
            open_timeout=PATIENCE_SECONDS,
            close_timeout=1,
        )


class Answer:
    """A response that may be read while it comes."""

    def __init__(self, connection: HTTPConnection) -> None:
        self.connection = connection
        self.response = connection.getresponse()
        self.status = self.response.status

    def read(self) -> bytes:
        return self.response.read()

    def line(self) -> bytes:
        return self.response.readline()

    def __enter__(self) -> Answer:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def visit(visited: Visit) -> Iterator[tuple[str, str]]:
    """The name and finding of each check in turn; raises CreditpulseError at the first fault."""
    for name, check in CHECKS.items():
        try:
            yield name, check(visited)
        except Absent as absent:
            yield name, str(absent)
            return
        except (UnavailableError, MissingRightError) as error:
            raise type(error)(f"{name}: {error}") from error
        except FAULTS as error:
            raise UnavailableError(f"{name}: {visited.url} does not answer as it should ({said(error)})") from error


def said(error: BaseException) -> str:
    return str(error).split("\n")[0] or type(error).__name__


def check_server(visited: Visit) -> str:
    """Verifies network connectivity, and that the server itself thinks it is well."""
    try:
        status, body = visited.get("/readyz")
        found = orjson.loads(body)
    except (OSError, HTTPException, orjson.JSONDecodeError) as error:
        if visited.named:
            raise UnavailableError(f"{visited.url} does not answer ({said(error)}); start the server") from error
        raise Absent(f"none answers at {visited.url}; name one with --url to have it checked") from error
    if status != 200 or not isinstance(found, dict):
        missing = [name for name in ("database", "schema") if isinstance(found, dict) and not found.get(name)]
        missing += [
            f"it is {state}" for state in ("draining", "stopping") if isinstance(found, dict) and found.get(state)
        ]
        raise UnavailableError(f"{visited.url} is not ready ({', '.join(missing) or body[:80].decode('latin-1')})")
    if found.get("stream") != "listening":
        raise UnavailableError(
            f"{visited.url} does not hear of folds (it is {found.get('stream')}): pages poll; its log has the reason "
            "(action feed.lost), and CREDITPULSE_LISTEN_URL the remedy where the database URL is a pooler"
        )
    return f"{visited.url} is ready, and hears of folds"


def check_sign_in(visited: Visit) -> str:
    """Verifies who is let in: a page that nobody is signed in to follows nothing."""
    status, body = visited.get(f"/live/check?topics={TOPIC}")
    if status == 421:
        raise UnavailableError(f"{visited.url} is not a name that this server goes by; use 127.0.0.1 or localhost")
    if status == 401:
        if visited.headers:
            raise MissingRightError(
                "it does not take the sign-in header from this machine: see CREDITPULSE_AUTH_HEADER and "
                "CREDITPULSE_TRUSTED_PROXIES"
            )
        return "asks who is there, as it should; with --as EMAIL, on the server's machine, streams are checked too"
    if status not in (200, 403):
        raise UnavailableError(f"status {status}: {body[:100].decode('latin-1')}")
    visited.signed_in, visited.staff = True, status == 200
    return "lets us in as staff" if visited.staff else "lets us in, and shows no more than their own accounts"


def check_stream(visited: Visit) -> str:
    """Looks for subscription errors: opens a WebSocket as a page does, through whatever proxy is in between."""
    if not visited.staff:
        return "not tried: that takes somebody who is staff"
    before = visited.version()
    try:
        with visited.socket() as stream:
            visited.first = first_of(stream)
    except ConnectionClosed as closed:
        reason = closed.rcvd.reason if closed.rcvd else "cut off"
        raise UnavailableError(f"the WebSocket was refused ({reason}); a proxy has to pass Host and upgrades") from None
    except TimeoutError:
        raise UnavailableError("no first frame within 5 s; does a proxy hold the WebSocket back?") from None
    beat = visited.first["beat"]
    if not beat["listening"]:
        raise UnavailableError("the stream says that it is not listening: pages show Polling")
    shown = visited.first["nav-usage"]["version"]
    if not before <= shown <= visited.version():
        raise UnavailableError(f"it shows fold {shown}, and the database is at {visited.version()}: is it another one?")
    return f"a first frame, of fold {shown}, and a beat that is {beat['queue_age_ms']} ms behind"


def first_of(stream: ClientConnection) -> dict[str, Message]:
    """The newest message of each kind, once there is a beat that says `listening`, or patience runs out."""
    end, found = time.monotonic() + PATIENCE_SECONDS, dict[str, Message]()
    while not found.get("beat", {}).get("listening"):
        try:
            frame = orjson.loads(stream.recv(timeout=max(0.0, end - time.monotonic())))
        except TimeoutError:
            if "beat" in found:
                break
            raise
        found |= {message["type"]: message for message in frame}
    return found


def check_events(visited: Visit) -> str:
    """Finds a proxy that buffers: the response stays open, and its first event must come all the same."""
    if not visited.staff:
        return "not tried: that takes somebody who is staff"
    try:
        with visited.open(EVENTS) as answer:
            if answer.status != 200 or not answer.line().startswith(b"data: "):
                raise UnavailableError(f"status {answer.status}, and no event")
    except TimeoutError:
        raise UnavailableError("no event within 5 s: a proxy buffers /live/; see docs/deploy.md") from None
    return "an event came while the response stayed open"


def check_agents(visited: Visit) -> str:
    """Verifies that pages receive the agents' status, by which they choose how often to ask."""
    shown = visited.first.get("nav-usage")
    if shown is None:
        return "not compared: no stream was opened"
    counted = visited.running()
    if shown["agents_running"] == counted:
        return f"{counted} run, by the stream and by the database"
    with visited.socket() as stream:  # some may have begun or ended since
        counted = visited.running()
        shown = first_of(stream)["nav-usage"]
    if shown["agents_running"] not in (counted, visited.running()):
        raise UnavailableError(
            f"the stream says that {shown['agents_running']} agents run, agent_runs that {counted} do; "
            "run `python app.py migrate`"
        )
    return f"{counted} run, by the stream and by the database"


def check_api(visited: Visit) -> str:
    """Verifies that the endpoint of usage works."""
    status, body = visited.get("/api/v1/usage?range=24h&limit=1")
    if status == 401 and not visited.signed_in:
        return "asks who is there, as it should"
    if status != 200:
        raise UnavailableError(f"/api/v1/usage answers {status}: {body[:100].decode('latin-1')}")
    return "/api/v1/usage answers"


def check_clean_up(visited: Visit) -> str:
    """Verifies that a stream that ends is forgotten, with its memory."""
    status, body = scraped(visited)
    if status != 200:
        return "not tried: /metrics is not for us (see CREDITPULSE_METRICS_TOKEN)"
    visited.samples = parse_samples(body)
    if not visited.staff:
        return f"{visited.samples.total('creditpulse_streams'):.0f} streams are open"
    before = visited.samples.total("creditpulse_streams")
    with ExitStack() as stack:
        for _ in range(PROBES):
            stack.enter_context(visited.socket()).recv(timeout=PATIENCE_SECONDS)
        opened = streams(visited)
    left = settled(lambda: streams(visited), lambda now: now <= opened - PROBES / 2)
    if left > opened - PROBES / 2:
        raise UnavailableError(f"{PROBES} streams ended, and {left:.0f} of {opened:.0f} are still there: restart it")
    return f"{PROBES} streams opened beside {before:.0f}, ended, and are forgotten"


def check_load(visited: Visit) -> str:
    """Looks at what makes pages slow: pools that are used up, an event loop that is late, callbacks that fail."""
    before = visited.samples
    if before is None:
        return "not seen: /metrics is not for us"
    for pool, most in before.by("creditpulse_pool_most", "pool").items():
        if before.total("creditpulse_pool_connections", pool=pool, state="used") >= most:
            raise UnavailableError(f"every connection of the pool {pool} is in use ({most:.0f}): start more workers")
    late = quantile(before, "creditpulse_loop_late_seconds", 0.95)
    if late > LATE_SECONDS:
        raise UnavailableError(f"its event loop is {late:.2f} s late at p95: start more workers, or on more cores")
    push = quantile(before, "creditpulse_push_seconds", 0.95)
    failed = before.total("creditpulse_callback_seconds_count", outcome="failed")
    asked = before.total("creditpulse_callback_seconds_count")
    kept = before.total("creditpulse_cache_entries")
    return (
        f"p95 of a push at most {1000 * push:.0f} ms, of the loop's delay {1000 * late:.0f} ms; {asked:.0f} callbacks, "
        f"{failed:.0f} failed (action callback.failed in the log); {kept:.0f} cached"
    )


def scraped(visited: Visit) -> tuple[int, bytes]:
    bearer = {"Authorization": f"Bearer {visited.token}"} if visited.token else {}
    anybody = Visit(visited.url, visited.named, visited.version, visited.running)  # a header would look like a proxy's
    return anybody.get("/metrics", **bearer)


def streams(visited: Visit) -> float:
    return parse_samples(scraped(visited)[1]).total("creditpulse_streams")


def settled(look: Callable[[], float], enough: Callable[[float], bool]) -> float:
    """What `look` finds once it is `enough`, or when patience runs out."""
    end, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    found = look()
    while not enough(found) and time.monotonic() < end:
        pause.wait(0.2)
        with suppress(OSError):
            found = look()
    return found


CHECKS: dict[str, Callable[[Visit], str]] = {
    "application": check_server,
    "sign-in": check_sign_in,
    "stream": check_stream,
    "events": check_events,
    "agents": check_agents,
    "API": check_api,
    "clean-up": check_clean_up,
    "load": check_load,
}
