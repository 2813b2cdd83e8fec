"""Turns at the interpreter: one at a time, given up while the database works, and never waited for in vain."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import StaticPool

from data.turns import Turns

WAIT_SECONDS = 5


@pytest.fixture
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    yield engine
    engine.dispose()


def free(turns: Turns) -> bool:
    """Whether another thread could have a turn at once."""
    taken = turns.free.acquire(blocking=False)
    if taken:
        turns.free.release()
    return taken


def test_one_turn_at_a_time() -> None:
    turns = Turns()
    with turns:
        assert not free(turns)
    assert free(turns)


def test_a_statement_gives_the_turn_to_others_while_it_runs(engine: Engine) -> None:
    turns, seen = Turns(), []
    turns.follow(engine)
    with engine.connect() as connection:
        connection.connection.dbapi_connection.create_function("look", 0, lambda: seen.append(free(turns)))  # type: ignore[union-attr]
        with turns:
            connection.execute(text("SELECT look()"))
            seen.append(free(turns))
    assert seen == [True, False]


def test_a_statement_that_fails_takes_the_turn_back(engine: Engine) -> None:
    turns = Turns()
    turns.follow(engine)
    with turns, engine.connect() as connection:
        with pytest.raises(OperationalError):
            connection.execute(text("SELECT nothing FROM nowhere"))
        assert not free(turns)
    assert free(turns)


def test_statements_outside_a_turn_take_none(engine: Engine) -> None:
    turns = Turns()
    turns.follow(engine)
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        assert free(turns)


def test_who_waits_in_vain_goes_on_without_and_gives_nothing_back() -> None:
    turns, went = Turns(patience_seconds=0.01), threading.Event()

    def impatient() -> None:
        with turns:
            went.set()

    with turns:
        thread = threading.Thread(target=impatient)
        thread.start()
        thread.join(WAIT_SECONDS)
        assert went.is_set()
        assert not free(turns)
    assert free(turns)


def test_an_exception_ends_the_turn() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="no"), turns:
        raise ValueError("no")
    assert free(turns)
