"""Names of topics, and what may be asked for at once."""

from __future__ import annotations

from uuid import UUID

import pytest

from data.errors import InputError
from live.sockets import parse_request
from live.topics import MOST_TOPICS, parse_topics, topics_of_query

ONE = str(UUID(int=0xABC))


def test_topics_are_read_in_their_one_spelling() -> None:
    assert topics_of_query(f"topics=nav:all,thread:{ONE.upper()},%20nav:{ONE}".encode()) == {
        "nav:all",
        f"thread:{ONE}",
        f"nav:{ONE}",
    }


@pytest.mark.parametrize("query", [b"", b"topics=", b"topics=,,", b"other=1"])
def test_no_topics_are_none(query: bytes) -> None:
    assert topics_of_query(query) == frozenset()


@pytest.mark.parametrize(
    "query",
    [
        b"topics=nav",
        b"topics=thread:all",
        b"topics=thread:1",
        b"topics=nav:all%00",
        b"topics=\xff",
        b"&".join([b"topics=nav:all"] * 99),
    ],
)
def test_what_is_no_topic_is_refused(query: bytes) -> None:
    with pytest.raises(InputError):
        topics_of_query(query)


def test_more_topics_than_a_stream_may_have_are_refused() -> None:
    names = [f"thread:{UUID(int=number)}" for number in range(MOST_TOPICS + 1)]
    assert len(parse_topics(names[:-1])) == MOST_TOPICS
    with pytest.raises(InputError, match="at most 500"):
        parse_topics(names)


def test_a_request_names_what_to_add_and_to_drop() -> None:
    assert parse_request('{"subscribe": ["nav:all"]}') == ({"nav:all"}, frozenset())
    assert parse_request(f'{{"unsubscribe": ["thread:{ONE}"]}}') == (frozenset(), {f"thread:{ONE}"})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        "null",
        '{"subscribe": "nav:all"}',
        '{"subscribe": [1]}',
        '{"other": []}',
        '{"subscribe": {}}',
    ],
)
def test_a_request_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_request(text)
