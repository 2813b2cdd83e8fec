"""Files that an operator may be handed: recordings and plans that are torn, swollen, mixed up or full of tricks."""

from __future__ import annotations

import csv
import io
import json
import random

from tests.fuzz.bodies import strange

COLUMNS = (
    "created_at", "user", "thread", "model", "prompt_tokens", "completion_tokens", "cache_read_tokens",
    "cache_write_tokens", "cost",
)  # fmt: skip


def cell(chance: random.Random, column: str) -> str:
    proper = {
        "created_at": "2026-01-01T10:00:00Z", "user": "ann@example.com", "thread": "t1", "model": "gpt-5",
        "prompt_tokens": "100", "completion_tokens": "20", "cost": "0.5",
    }  # fmt: skip
    if chance.random() < 0.7:
        return proper.get(column, "1")
    value = strange(chance)
    return (value if isinstance(value, str) else json.dumps(value)).encode(errors="replace").decode()


def recording(chance: random.Random) -> tuple[str, bytes]:
    """A name, whose ending says the kind, and what is in it."""
    columns = [column for column in COLUMNS if chance.random() < 0.9]
    chance.shuffle(columns)
    rows = [[cell(chance, column) for column in columns] for _ in range(chance.choice((0, 1, 5, 40)))]
    if chance.random() < 0.5:
        text = io.StringIO()
        csv.writer(text, delimiter=chance.choice(",;\t")).writerows([columns, *rows])
        name, content = "recording.csv", text.getvalue().encode()
    else:
        name = "recording.jsonl"
        content = b"".join(json.dumps(dict(zip(columns, row, strict=True))).encode() + b"\n" for row in rows)
    return name, torn(content, chance)


def torn(content: bytes, chance: random.Random) -> bytes:
    way = chance.random()
    if way < 0.6 or not content:
        return content
    place = chance.randrange(len(content))
    inserted = chance.choice(
        (b"\x00", b"\xff\xfe", b'"', b"\r", b"\n\n\n", b"NaN", b"[[[[", b"\xef\xbb\xbf", b"," * 500)
    )
    return content[:place] if way < 0.75 else content[:place] + inserted + content[place:]
