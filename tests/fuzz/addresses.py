"""Addresses, topics and messages as nobody's page sends them."""

from __future__ import annotations

import json
import random
from urllib.parse import quote

from tests.fuzz.bodies import strange
from tests.two_people import World

PATHS = (
    "/", "/threads", "/threads/{thread}", "/accounts", "/accounts/{account}", "/audit", "/export/usage.csv",
    "/export/calls.csv", "/export/threads.csv", "/export/compare.csv", "/export/{word}.csv", "/api/v1/usage",
    "/api/v1/threads",
    "/api/v1/accounts", "/api/v1/threads/{thread}", "/api/v1/{word}", "/live/check", "/assets/{word}",
    "/_dash-component-suites/dash/{word}", "/_dash-layout", "/_reload-hash", "/_favicon.ico", "/{word}",
    "/static/{word}",
)  # fmt: skip
NAMES = (
    "scope", "range", "from", "to", "zone", "model", "by", "thread", "threads", "limit", "cursor", "q", "sort", "state",
    "running", "active", "least", "most", "project", "topics", "compare", "{word}",
)  # fmt: skip
METHODS = ("GET",) * 12 + ("HEAD", "OPTIONS", "POST", "PUT", "DELETE", "PATCH", "TRACE", "BREW")


def word(chance: random.Random) -> str:
    """Percent-encoded, most of the time."""
    text = strange(chance)
    plain = (text if isinstance(text, str) else json.dumps(text)).encode(errors="surrogatepass")[:3000]
    return quote(plain, safe=chance.choice(("", "/", "/.%;:@&=+$,")))


def address(world: World, chance: random.Random) -> str:
    """Of Ben's things as often as of Ann's."""
    person = chance.choice((world.ann, world.ben))
    known = {"thread": str(person.thread), "account": str(person.account)}
    if chance.random() < 0.15:
        known = {name: word(chance) for name in known}
    path = chance.choice(PATHS).format(word=word(chance), **known)
    values = (*known.values(), "all", "30d", "today", "UTC", "account", "1", "", f"model-{person.name}")

    def value() -> str:
        return chance.choice(values) if chance.random() < 0.6 else word(chance)

    names = [chance.choice(NAMES).format(word=word(chance)) for _ in range(chance.choice((0, 1, 2, 3, 6, 70)))]
    query = "&".join(f"{name}={value()}" for name in names)
    return f"{path}?{query}"[:12_000]


def topic(world: World, chance: random.Random) -> str:
    person = chance.choice((world.ann, world.ben))
    return chance.choice(
        (
            "nav:all", f"nav:{person.account}", f"thread:{person.thread}", f"THREAD:{person.thread}",
            f" nav:{person.account} ", f"thread:{person.account}", f"nav:{word(chance)}", word(chance), "",
            ",", "nav:all,nav:all",
            f"thread:{person.thread}/../{person.thread}", ",".join(f"thread:{person.thread}" for _ in range(600)),
        )
    )  # fmt: skip


def message(world: World, chance: random.Random) -> str:
    """What a client says over its WebSocket."""
    kind = chance.choice(("subscribe", "unsubscribe", "subscribe", "hello", ""))
    topics = [
        topic(world, chance) if chance.random() < 0.7 else strange(chance) for _ in range(chance.choice((0, 1, 3)))
    ]
    whole = json.dumps({kind: topics if chance.random() < 0.9 else strange(chance)})
    return whole if chance.random() < 0.85 else whole[: chance.randrange(len(whole) + 1)]
