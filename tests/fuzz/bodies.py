"""Callback bodies as our pages send them, and what becomes of them in the hands of someone who means harm."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from tests.two_people import World

LONGEST = 60_000


def strange(chance: random.Random) -> Any:
    """A value that no page of ours would send."""
    return chance.choice(STRANGE)()


STRANGE = (
    lambda: None, lambda: True, lambda: -1, lambda: 0.5, lambda: 10**400, lambda: -(2**63) - 1, lambda: 1e308,
    lambda: float("nan"), lambda: float("inf"), lambda: "", lambda: "\x00", lambda: "\ud800", lambda: "x" * LONGEST,
    lambda: "'; DROP TABLE usage_logs; --", lambda: "%s%(a)s{0}{}", lambda: "../../etc/passwd", lambda: "<script>",
    lambda: [], lambda: {}, lambda: [[]], lambda: [None], lambda: {"": None}, lambda: ["all"] * 1000,
    lambda: {"type": "x", "index": "ALL"}, lambda: {"__proto__": {"staff": True}}, lambda: nested(300),
    lambda: "0000-00-00", lambda: "9999-12-31T23:59:59.999999+14:00", lambda: "1e999999", lambda: "NaN",
    lambda: "ffffffff-ffff-ffff-ffff-ffffffffffff", lambda: "٣", lambda: "\u202e\ufeff", lambda: "all", lambda: 2**53,
    lambda: "Europe/../UTC", lambda: "2026-02-30", lambda: "-infinity", lambda: "12mo", lambda: 1, lambda: 250,
)  # fmt: skip


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def request_of(world: World, chance: random.Random, own: bool = True) -> dict[str, Any]:
    """Everything that a request store of any page may say, of Ann's or of Ben's."""
    person = world.ann if own else world.ben
    return {
        "n": chance.randrange(100),
        "scope": str(person.account),
        "force": chance.random() < 0.3,
        "range": chance.choice(("today", "7d", "30d", "12mo", "mtd", "custom")),
        "from": chance.choice(("", "2026-01-01")),
        "to": chance.choice(("", "2026-02-01")),
        "zone": chance.choice(("UTC", "Asia/Kathmandu")),
        "model": chance.choice(("", f"model-{person.name}")),
        "compare": chance.choice(("off", "")),
        "by": chance.choice(("", "model", "account", "thread")),
        "text": chance.choice(("Title", str(person.thread), person.name)),
        "thread_id": str(person.thread),
        "account_id": str(person.account),
        "account": str(person.account),
        "threads": [str(person.thread)],
        "ids": [str(person.thread)],
        "limit": chance.choice((1, 100)),
        "skip": 0,
        "block": chance.randrange(5),
        "list": chance.randrange(5),
        "head": chance.random() < 0.5,
        "offset": 0,
        "at": person.called_at,
        "id": str(person.call),
        "q": chance.choice(("", "Title")),
        "project": chance.choice(("", str(person.project))),
        "sort": chance.choice(("", "credits", "-credits", "name")),
        "order": chance.choice(("", "credits", "calls")),
    }


def value_of(part: Mapping[str, str], world: World, chance: random.Random, own: bool) -> Any:
    """What a page may send for an input of this name."""
    person = world.ann if own else world.ben
    name = f"{part['id']}.{part['property']}"
    if name == "url.pathname":
        return chance.choice(("/", "/threads", f"/threads/{person.thread}", "/accounts", f"/accounts/{person.account}"))
    if name == "url.search":
        return chance.choice(("", f"?scope={person.account}"))
    if name == "thread-id.data":
        return str(person.thread)
    if name == "nav-account.value":
        return str(person.account)
    if part["property"] == "data":
        return request_of(world, chance, own)
    return chance.choice((None, 0, 1, "Title"))


def body_of(output: str, spec: Mapping[str, Any], world: World, chance: random.Random, own: bool) -> dict[str, Any]:
    """A whole body, with everything in its place."""
    outputs = spec["output"]
    multi = isinstance(outputs, (list, tuple))
    named = [part.to_dict() for part in (outputs if multi else [outputs])]
    parts = {
        kind: [{**part, "value": value_of(part, world, chance, own)} for part in spec[kind]]
        for kind in ("inputs", "state")
    }
    changed = [f"{part['id']}.{part['property']}" for part in spec["inputs"]]
    return {"output": output, "outputs": named if multi else named[0], "changedPropIds": changed, **parts}


def spoilt(value: Any, chance: random.Random) -> Any:
    """The same with one thing in it that is not as it should be."""
    if isinstance(value, dict) and value and chance.random() < 0.85:
        return spoilt_dict(value, chance)
    if isinstance(value, list) and value and chance.random() < 0.85:
        return spoilt_list(value, chance)
    return strange(chance)


def spoilt_dict(value: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    key, way = chance.choice(sorted(value, key=str)), chance.random()
    rest = {name: part for name, part in value.items() if name != key}
    if way < 0.12:
        return rest
    if way < 0.2:
        return {**rest, f"{key}{chance.choice(('', 's', '.', '@x'))}": value[key], str(strange(chance))[:50]: 1}
    return {**value, key: spoilt(value[key], chance)}


def spoilt_list(value: list[Any], chance: random.Random) -> list[Any]:
    place, way = chance.randrange(len(value)), chance.random()
    if way < 0.1:
        return value[:place] + value[place + 1 :]
    if way < 0.2:
        return value[:place] + [value[place]] * chance.choice((2, 50)) + value[place + 1 :]
    return [*value[:place], spoilt(value[place], chance), *value[place + 1 :]]


def written(body: Any, chance: random.Random) -> bytes:
    """As JSON, most of the time."""
    text = json.dumps(body).encode()
    way = chance.random()
    if way < 0.9:
        return text
    if way < 0.93:
        return text[: chance.randrange(len(text) + 1)]
    if way < 0.96:
        place = chance.randrange(len(text))
        return text[:place] + chance.choice((b"\xff\xfe", b"\x00", b"NaN", b"{", b'"')) + text[place:]
    return chance.choice(NO_BODIES)


NO_BODIES = (
    b"", b"null", b"[" * 50_000, b'{"output":' + b"9" * 20_000 + b"}", b'{"a":1,"a":2}', b"\xef\xbb\xbf{}",
)  # fmt: skip
