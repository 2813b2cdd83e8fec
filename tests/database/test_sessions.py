"""Sessions on a real database: what a cookie is worth, and when it is worth nothing any more."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import psycopg
import pytest

from access.sessions import KEEP_SECONDS, Session, Sessions
from data.engine import make_async_engine
from data.errors import UnavailableError

T = TypeVar("T")
Connection = psycopg.Connection[tuple[Any, ...]]
ANN = ("ann@example.com", "ann", "a.b.c")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def play(database_url: str, clock: Clock) -> Callable[..., Any]:
    """Runs a scene on one loop, with as many processes' sessions as it asks for; those share the secret."""

    def run(scene: Callable[..., Awaitable[T]], secrets: tuple[str, ...] = ("shared",)) -> T:
        async def whole() -> T:
            engines = [make_async_engine(database_url, 1) for _ in secrets]
            try:
                return await scene(
                    *(Sessions(one, secret, clock) for one, secret in zip(engines, secrets, strict=True))
                )
            finally:
                for engine in engines:
                    await engine.dispose()

        return asyncio.run(whole())

    return run


def test_a_session_lasts_until_its_end_and_no_longer(play: Callable[..., Any], clock: Clock) -> None:
    async def scene(sessions: Sessions) -> list[Session | None]:
        cookie = await sessions.start(*ANN, 60)
        found = [await sessions.find(cookie)]
        clock.now += 59
        sessions.known = {id: (clock.now + 1, kept) for id, (_, kept) in sessions.known.items()}
        found.append(await sessions.find(cookie))
        clock.now += 1.5
        sessions.known = {id: (clock.now + 1, kept) for id, (_, kept) in sessions.known.items()}
        return [*found, await sessions.find(cookie)]

    first, later, over = play(scene)
    assert (first.email, over) == ("ann@example.com", None)
    assert first == later
    assert 1055 < first.ends_at <= 1060


def test_every_process_with_the_secret_knows_it(play: Callable[..., Any]) -> None:
    async def scene(here: Sessions, there: Sessions, elsewhere: Sessions) -> list[bool]:
        cookie = await here.start(*ANN, 60)
        return [await one.find(cookie) is not None for one in (here, there, elsewhere)]

    assert play(scene, ("shared", "shared", "another")) == [True, True, False]


def test_who_signs_out_is_out_at_once_here_and_soon_elsewhere(play: Callable[..., Any], clock: Clock) -> None:
    async def scene(here: Sessions, there: Sessions) -> list[bool]:
        cookie = await here.start(*ANN, 60)
        before = [await one.find(cookie) is not None for one in (here, there)]
        ended = await here.end(cookie)
        assert ended is not None
        assert (ended.email, ended.id_token) == ("ann@example.com", "a.b.c")
        at_once = [await here.find(cookie) is not None]
        clock.now += KEEP_SECONDS
        return [*before, *at_once, await there.find(cookie) is not None, await here.end(cookie) is not None]

    assert play(scene, ("shared", "shared")) == [True, True, False, False, False]


@pytest.mark.parametrize(
    "forge",
    [
        lambda cookie: cookie[:-1],
        lambda cookie: "x" + cookie,
        lambda cookie: cookie.partition(".")[0],
        lambda cookie: cookie.replace(".", ".x", 1),
        lambda _cookie: "",
        lambda _cookie: None,
        lambda _cookie: ".",
        lambda _cookie: "a.b",
        lambda _cookie: "\u00fc.b",
        lambda _cookie: "x" * 100_000,
    ],
)
def test_a_forged_cookie_is_nobody_and_the_database_is_not_asked(
    play: Callable[..., Any], forge: Callable[[str], str | None]
) -> None:
    async def scene(sessions: Sessions) -> Session | None:
        cookie = await sessions.start(*ANN, 60)
        sessions.engine = None  # type: ignore[assignment]
        return await sessions.find(forge(cookie))

    assert play(scene) is None


def test_the_database_holds_no_cookie(play: Callable[..., Any], connection: Connection) -> None:
    async def scene(sessions: Sessions) -> str:
        return await sessions.start(*ANN, 60)

    cookie = play(scene)
    (row,) = connection.execute("SELECT s::text FROM creditpulse.sessions s").fetchall()
    assert cookie.partition(".")[0] not in row[0]


def test_what_is_over_is_forgotten_when_the_next_begins(play: Callable[..., Any], connection: Connection) -> None:
    async def scene(sessions: Sessions) -> None:
        await sessions.start(*ANN, 60)

    play(scene)
    connection.execute("UPDATE creditpulse.sessions SET expires_at = now() - interval '1 s'")
    play(scene)
    assert connection.execute("SELECT count(*) FROM creditpulse.sessions").fetchone() == (1,)


def test_two_sessions_of_one_person_are_two(play: Callable[..., Any]) -> None:
    async def scene(sessions: Sessions) -> bool:
        first, second = await sessions.start(*ANN, 60), await sessions.start(*ANN, 60)
        await sessions.end(first)
        return await sessions.find(second) is not None

    assert play(scene)


def test_without_a_database_nobody_is_taken_for_signed_out(play: Callable[..., Any]) -> None:
    async def scene(sessions: Sessions) -> None:
        cookie = await sessions.start(*ANN, 60)
        await sessions.engine.dispose()
        sessions.engine = make_async_engine("postgresql://nobody@127.0.0.1:1/none")
        with pytest.raises(UnavailableError):
            await sessions.find(cookie)

    play(scene)
