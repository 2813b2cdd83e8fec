"""The accounts that the chooser offers."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from sqlalchemy import Engine

from data.accounts import account, account_label, accounts
from data.constants import UNATTRIBUTED
from data.engine import make_engine
from data.migrate import migrate
from data.viewer import SYSTEM, Viewer
from tests.database.workload import Writer, add_call, add_user, fold, uid

MEMBER = Viewer("alice", accounts=frozenset({uid("alice")}))


def labels(engine: Engine, viewer: Viewer = SYSTEM, search: str | None = None, limit: int = 50) -> list[str]:
    with engine.connect() as connection:
        return [found.label for found in accounts(connection, viewer, search, limit)]


@pytest.fixture
def people(connection: Writer) -> Writer:
    add_user(connection, "zoe", "zoe@example.com", "Zoe")
    add_user(connection, "alice", "alice@example.com", " ")
    return connection


@pytest.mark.parametrize("folded", [False, True])
def test_named_accounts_come_first_then_unknown_ones_then_unattributed(
    engine: Engine, people: Writer, folded: bool
) -> None:
    add_call(people, uid("t"), uid("stranger"))
    add_call(people, uid("t"), None)
    if folded:
        fold(people)
    assert labels(engine) == ["alice@example.com", "Zoe", f"Account {str(uid('stranger'))[:8]}", "Unattributed"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ZOE", ["Zoe"]),
        ("@example", ["alice@example.com", "Zoe"]),
        ("%", []),
        ("'; DROP TABLE users; --", []),
        ("unattr", ["Unattributed"]),
        ("\x00", ["alice@example.com", "Zoe", "Unattributed"]),
    ],
)
def test_a_search_looks_at_name_and_address(engine: Engine, people: Writer, search: str, found: list[str]) -> None:
    add_call(people, uid("t"), None)
    assert labels(engine, search=search) == found


def test_an_account_is_found_by_the_beginning_of_its_id(engine: Engine, people: Writer) -> None:
    assert labels(engine, search=str(uid("zoe"))[:9]) == ["Zoe"]


def test_a_member_is_offered_only_their_own_and_nobody_nothing(engine: Engine, people: Writer) -> None:
    add_call(people, uid("t"), None)
    assert labels(engine, MEMBER) == ["alice@example.com"]
    assert labels(engine, MEMBER, "zoe") == []
    assert labels(engine, Viewer("nobody")) == []


def test_a_limit_is_kept(engine: Engine, people: Writer) -> None:
    assert labels(engine, limit=1) == ["alice@example.com"]


def test_one_account_is_given_by_its_id_to_those_whose_it_is(engine: Engine, people: Writer) -> None:
    with engine.connect() as reader:
        zoe = account(reader, SYSTEM, uid("zoe"))
        assert account(reader, MEMBER, uid("zoe")) is None
        nobodys = account(reader, SYSTEM, UNATTRIBUTED)
    assert zoe is not None
    assert nobodys is not None
    assert (zoe.label, nobodys.label) == ("Zoe", "Unattributed")


def test_without_a_table_of_people_accounts_are_those_with_usage(make_database: Callable[..., str]) -> None:
    url = make_database()
    with psycopg.connect(url, autocommit=True) as writer:
        writer.execute(
            "CREATE TABLE usage_logs (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), user_id uuid, thread_id uuid,"
            " total_prompt_tokens int, total_completion_tokens int, total_tokens int, estimated_cost numeric(10, 6),"
            " content jsonb, created_at timestamptz DEFAULT now())"
        )
        migrate(url)
        add_call(writer, uid("t"), uid("alice"))
    engine = make_engine(url)
    assert labels(engine) == [account_label(uid("alice"))]
    engine.dispose()
