"""What one call would cost by the list, and its raw content, which only its viewer reads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, Engine

from data.call_detail import call_detail
from data.call_prices import list_price
from data.calls import Call, Cursor, calls
from data.engine import make_engine
from data.errors import NotFoundError
from data.migrate import migrate
from data.prices import PriceList
from data.viewer import SYSTEM, Viewer
from tests.database.test_customer_tables import USAGE
from tests.database.workload import Writer, add_call, add_thread, uid

THREAD = uid("thread")
CALL = UUID(int=7)
PRICES = PriceList()


@pytest.fixture
def reader(engine: Engine) -> Iterator[Connection]:
    with engine.connect() as connection:
        yield connection


def write(writer: Writer, content: Any, *, prompt: int = 1000, completion: int = 10) -> None:
    writer.execute(
        "INSERT INTO usage_logs (id, thread_id, total_prompt_tokens, total_completion_tokens, content, created_at)"
        " VALUES (%s, %s, %s, %s, %s, '2026-01-01 10:00:00.123456Z')",
        (CALL, THREAD, prompt, completion, Jsonb(content)),
    )


def only_call(reader: Connection) -> Call:
    (call,) = calls(reader, SYSTEM, THREAD).calls
    return call


@pytest.mark.parametrize(
    ("content", "read", "written"),
    [
        ({"cache_read_tokens": 800, "cache_write_tokens": 100}, 800, 100),
        ({"usage": {"cache_read_input_tokens": 800, "cache_creation_input_tokens": 100}}, 800, 100),
        ({"usage": {"prompt_tokens_details": {"cached_tokens": 800}}}, 800, None),
        ({"cache_read_tokens": None, "usage": {"cache_read_tokens": 800}}, 800, None),
        ({"cache_read_tokens": "many", "cache_write_tokens": -5}, None, None),
        ({"usage": [1, 2]}, None, None),
        ([1, 2], None, None),
        ("text", None, None),
        (None, None, None),
    ],
)
def test_the_caches_part_is_read_however_the_content_names_it(
    reader: Connection, connection: Writer, content: Any, read: int | None, written: int | None
) -> None:
    write(connection, content)
    call = only_call(reader)
    assert (call.cache_read_tokens, call.cache_write_tokens) == (read, written)


def test_a_call_has_its_list_price_part_by_part(reader: Connection, connection: Writer) -> None:
    write(connection, {"model": "claude-opus-4-5", "cache_read_tokens": 800, "cache_write_tokens": 100})
    parts = list_price(PRICES, only_call(reader))
    assert parts is not None
    assert [part.tokens for part in parts[:4]] == [100, 800, 100, 10]
    assert [part.cost for part in parts[:4]] == list(map(Decimal, ("0.0005", "0.0004", "0.000625", "0.00025")))
    assert (parts.prompt, parts.total) == (Decimal("0.001525"), Decimal("0.001775"))


@pytest.mark.parametrize(
    ("content", "prompt"), [({"model": "our-own-model"}, 1000), ({}, 1000), ({"model": "claude-opus-4-5"}, -1)]
)
def test_a_call_without_a_known_model_or_with_a_correction_has_no_list_price(
    reader: Connection, connection: Writer, content: Any, prompt: int
) -> None:
    write(connection, content, prompt=prompt)
    assert list_price(PRICES, only_call(reader)) is None


def test_a_prompt_smaller_than_its_caches_counts_leaves_them_out(reader: Connection, connection: Writer) -> None:
    write(connection, {"model": "claude-opus-4-5", "cache_read_tokens": 5000}, prompt=100)
    parts = list_price(PRICES, only_call(reader))
    assert parts is not None
    assert (parts.fresh.tokens, parts.cache_read.tokens) == (100, 5000)


def test_the_raw_content_is_all_of_it_or_its_beginning_and_says_how_much_there_is(
    reader: Connection, connection: Writer
) -> None:
    content = {"model": "m", "messages": [{"role": "user", "text": "<b>" + "x" * 5000}], "big": 10**25}
    write(connection, content)
    place = only_call(reader).cursor
    whole = call_detail(reader, SYSTEM, THREAD, place)
    cut = call_detail(reader, SYSTEM, THREAD, place, most=100)
    assert whole.content is not None
    assert (json.loads(whole.content), whole.cut, whole.length) == (content, False, len(whole.content))
    assert (cut.content, cut.cut, cut.length) == (whole.content[:100], True, whole.length)
    assert cut.call == whole.call == only_call(reader)


def test_a_call_without_content_has_none(reader: Connection, connection: Writer) -> None:
    connection.execute("INSERT INTO usage_logs (id, thread_id) VALUES (%s, %s)", (CALL, THREAD))
    detail = call_detail(reader, SYSTEM, THREAD, only_call(reader).cursor)
    assert (detail.content, detail.length, detail.cut) == (None, 0, False)


def test_content_is_read_for_its_viewer_alone_and_only_in_its_own_thread(
    reader: Connection, connection: Writer
) -> None:
    owner = uid("owner")
    add_thread(connection, "thread", owner)
    add_thread(connection, "another", owner)
    add_call(connection, THREAD, uid("stranger"), call_id=CALL, at="2026-01-01Z")
    place = only_call(reader).cursor
    assert call_detail(reader, Viewer("owner", accounts=frozenset({owner})), THREAD, place).call.call_id == CALL
    for viewer, thread, wanted in (
        (Viewer("stranger", accounts=frozenset({uid("stranger")})), THREAD, place),
        (SYSTEM, uid("another"), place),
        (SYSTEM, THREAD, Cursor(place.at, UUID(int=8))),
    ):
        with pytest.raises(NotFoundError):
            call_detail(reader, viewer, thread, wanted)


def test_json_that_no_jsonb_holds_hides_no_call(make_database: Callable[..., str]) -> None:
    url = make_database()
    with psycopg.connect(url, autocommit=True) as customer:
        customer.execute(USAGE.replace("jsonb", "json"))
        migrate(url)
        for number, said in enumerate(("a\\u0000b", "hello"), 1):
            customer.execute(
                "INSERT INTO usage_logs (id, thread_id, content, created_at) VALUES (%s, %s, %s, '2026-01-01Z')",
                (UUID(int=number), THREAD, f'{{"said": "{said}"}}'),
            )
    engine = make_engine(url)
    with engine.connect() as reader:
        found = [
            call_detail(reader, SYSTEM, THREAD, call.cursor).content for call in calls(reader, SYSTEM, THREAD).calls
        ]
    engine.dispose()
    assert found == ['{\n    "said": "hello"\n}', None]
