"""From an e-mail to accounts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

import psycopg
import pytest

from access.directory import KEEP_SECONDS, Directory
from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.engine import make_async_engine
from data.errors import UnavailableError

T = TypeVar("T")
ALICE, ALSO_ALICE, BOB = (UUID(int=number) for number in (1, 2, 3))


def ask(url: str, question: Callable[[Directory], Awaitable[T]], clock: Callable[[], float] = lambda: 0.0) -> T:
    async def whole() -> T:
        engine = make_async_engine(url)
        try:
            return await question(Directory(engine, clock))
        finally:
            await engine.dispose()

    return asyncio.run(whole())


def add(connection: psycopg.Connection[tuple[object, ...]], user: UUID, email: str) -> None:
    connection.execute("INSERT INTO users (id, email) VALUES (%s, %s)", (user, email))


def test_every_user_with_the_address_is_an_account_of_theirs(
    database_url: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    for user, email in ((ALICE, "Alice@Example.com"), (ALSO_ALICE, "alice@example.com"), (BOB, "bob@example.com")):
        add(connection, user, email)
    assert ask(database_url, lambda directory: directory.accounts("alice@example.com")) == {ALICE, ALSO_ALICE}
    assert ask(database_url, lambda directory: directory.accounts("carol@example.com")) == frozenset()


def test_letters_that_are_not_the_same_are_not_taken_for_each_other(
    database_url: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    """A database's locale may fold the sign of kelvins to a k, and capitals that an address keeps."""
    add(connection, BOB, "\N{KELVIN SIGN}ate@example.com")
    add(connection, ALICE, "Élodie@Example.com")
    assert ask(database_url, lambda directory: directory.accounts("kate@example.com")) == frozenset()
    assert ask(database_url, lambda directory: directory.accounts("élodie@example.com")) == frozenset()
    assert ask(database_url, lambda directory: directory.accounts("Élodie@example.com")) == {ALICE}


def test_the_ids_that_stand_for_all_accounts_and_for_nobody_are_no_persons(
    database_url: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    for user in (ALICE, ALL_ACCOUNTS, UNATTRIBUTED):
        add(connection, user, "alice@example.com")
    assert ask(database_url, lambda directory: directory.accounts("alice@example.com")) == {ALICE}


def test_what_was_found_is_remembered_for_a_short_while(
    database_url: str, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    now = [0.0]

    async def question(directory: Directory) -> list[frozenset[UUID]]:
        answers = [await directory.accounts("alice@example.com")]
        add(connection, ALICE, "alice@example.com")
        for moment in (KEEP_SECONDS - 1, KEEP_SECONDS):
            now[0] = moment
            answers.append(await directory.accounts("alice@example.com"))
        return answers

    assert ask(database_url, question, lambda: now[0]) == [frozenset(), frozenset(), {ALICE}]


def test_a_database_that_does_not_answer_is_not_taken_for_nobody() -> None:
    with pytest.raises(UnavailableError):
        ask("postgresql://nobody@127.0.0.1:1/none", lambda directory: directory.accounts("alice@example.com"))
