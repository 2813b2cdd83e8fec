"""Whose a thread is has to be the rule by which totals are shown, turned around."""

from __future__ import annotations

from itertools import combinations
from uuid import UUID

import psycopg
from sqlalchemy import Engine

from data.holders import thread_holders
from data.usage import thread_usages
from data.viewer import Viewer
from live.changes import holds

ALICE, BOB, CAROL = (UUID(int=number) for number in (0xA, 0xB, 0xC))
OWNED, UNOWNED, OF_ONE, OF_TWO, OF_NOBODY, EMPTIED, EMPTY, ABSENT = (UUID(int=number) for number in range(1, 9))


def test_holders_and_totals_agree_for_every_viewer(
    engine: Engine, connection: psycopg.Connection[tuple[object, ...]]
) -> None:
    for thread, account in ((OWNED, ALICE), (UNOWNED, None), (EMPTY, BOB)):
        connection.execute("INSERT INTO threads (thread_id, account_id) VALUES (%s, %s)", (thread, account))
    for thread, user in (
        (OWNED, BOB), (UNOWNED, BOB), (OF_ONE, ALICE), (OF_TWO, ALICE), (OF_TWO, BOB), (OF_NOBODY, None),
        (EMPTIED, ALICE),
    ):  # fmt: skip
        connection.execute("INSERT INTO usage_logs (thread_id, user_id) VALUES (%s, %s)", (thread, user))
    connection.execute("DELETE FROM usage_logs WHERE thread_id = %s", (EMPTIED,))
    threads = [OWNED, UNOWNED, OF_ONE, OF_TWO, OF_NOBODY, EMPTIED, EMPTY, ABSENT]
    with engine.connect() as reader:
        for folded in (False, True):
            if folded:
                connection.execute("SELECT creditpulse.fold()")
            held = thread_holders(reader, threads)
            for count in range(3):
                for accounts in map(frozenset, combinations((ALICE, BOB, CAROL), count)):
                    shown = thread_usages(reader, Viewer("viewer", accounts=accounts), threads).keys()
                    names = frozenset(map(str, accounts))
                    assert shown == {thread for thread in threads if holds(names, frozenset(map(str, held[thread])))}, (
                        folded,
                        accounts,
                    )
            reader.rollback()
