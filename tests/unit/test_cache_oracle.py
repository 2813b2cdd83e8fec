"""QueryCache beside the real TanStack Query: the same scenarios, the same reads, the same answers."""

from __future__ import annotations

import json
import queue
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from flask_caching import Cache

from data.cache import QueryCache

SCENARIOS = json.loads(Path(__file__).with_name("query_cache_scenarios.json").read_text())
PATIENCE_SECONDS = 30


class Play:
    """Plays one scenario on its own clock: every fetch in a thread, every read held until its time is up."""

    def __init__(self, cache: Cache) -> None:
        self.now = 0
        self.queries = QueryCache(cache, clock=lambda: self.now / 1000)
        self.fetches: list[dict[str, Any]] = []
        self.answers: dict[int, dict[str, Any]] = {}
        self.running: list[tuple[int, int, threading.Event]] = []  # ends at, op, may end
        self.joined: dict[tuple[str, ...], list[int]] = {}
        self.signals: queue.Queue[tuple[str, int]] = queue.Queue()
        self.op_of_thread: dict[int, int] = {}
        self.threads: list[threading.Thread] = []

    def play(self, ops: list[dict[str, Any]]) -> None:
        for index, op in enumerate(ops):
            self.finish_reads(until=op["at"], ops=ops)
            self.now = op["at"]
            getattr(self, op["op"])(index, op, tuple(op["key"]))
        self.finish_reads(until=None, ops=ops)
        for thread in self.threads:
            thread.join(PATIENCE_SECONDS)

    def set(self, index: int, op: dict[str, Any], key: tuple[str, ...]) -> None:
        self.queries.set(key, op["value"])
        self.answers[index] = {"at": self.now}

    def invalidate(self, index: int, op: dict[str, Any], key: tuple[str, ...]) -> None:
        self.queries.invalidate(*key)
        self.answers[index] = {"at": self.now}

    def peek(self, index: int, op: dict[str, Any], key: tuple[str, ...]) -> None:
        entry = self.queries.peek(key)
        self.answers[index] = {
            "at": self.now,
            "value": entry and entry.value,
            "invalidated": entry and entry.invalidated,
            "failed": entry is not None and entry.error is not None,
        }

    def fetch(self, index: int, op: dict[str, Any], key: tuple[str, ...]) -> None:
        thread = threading.Thread(target=self.call, args=(index, op, key))
        self.threads.append(thread)
        thread.start()
        what = self.await_signal(index)
        if what == "waits":
            self.joined.setdefault(key, []).append(index)

    def call(self, index: int, op: dict[str, Any], key: tuple[str, ...]) -> None:
        self.op_of_thread[threading.get_ident()] = index
        try:
            value = self.queries.fetch(key, lambda: self.read(index, op), stale_time=op["stale_ms"] / 1000)
            self.answers[index] = {"at": self.now, "value": value}
        except RuntimeError as error:
            self.answers[index] = {"at": self.now, "error": str(error)}
        self.signals.put(("answered", index))

    def read(self, index: int, op: dict[str, Any]) -> int:
        may_end = threading.Event()
        self.fetches.append({"at": self.now, "key": op["key"], "call": len(self.fetches) + 1})
        call = len(self.fetches)
        self.running.append((self.now + op["takes_ms"], index, may_end))
        self.signals.put(("reads", index))
        assert may_end.wait(PATIENCE_SECONDS)
        if op["fails"]:
            raise RuntimeError(f"call {call}")
        return call

    def finish_reads(self, until: int | None, ops: list[dict[str, Any]]) -> None:
        """Ends the reads whose time is up, in order, and lets everyone who waits for one answer."""
        for ends_at, index, may_end in sorted(self.running, key=lambda read: read[:2]):
            if until is not None and ends_at > until:
                return
            self.running.remove((ends_at, index, may_end))
            self.now = ends_at
            may_end.set()
            answering = {index, *self.joined.pop(tuple(ops[index]["key"]), [])}
            while answering:
                answering.remove(self.next_signal()[1])

    def await_signal(self, index: int) -> str:
        what, who = self.next_signal()
        assert who == index
        return what

    def next_signal(self) -> tuple[str, int]:
        return self.signals.get(timeout=PATIENCE_SECONDS)

    def tell_waiting(self) -> None:
        index = self.op_of_thread.get(threading.get_ident())
        if index is not None:
            self.signals.put(("waits", index))


def expected(answer: dict[str, Any]) -> dict[str, Any]:
    """Without a value the entry may as well not exist, so nothing else is asked of it."""
    return {"at": answer["at"], "value": None} if "value" in answer and answer["value"] is None else answer


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["name"])
def test_it_does_what_tanstack_query_does(
    scenario: dict[str, Any], cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    play = Play(cache)
    wait_for = Future.result

    def telling(future: Future[Any], timeout: float | None = None) -> Any:
        play.tell_waiting()
        return wait_for(future, timeout)

    monkeypatch.setattr(Future, "result", telling)

    play.play(scenario["ops"])

    assert play.fetches == scenario["fetches"]
    answers = [play.answers[index] for index in range(len(scenario["ops"]))]
    assert [expected(answer) for answer in answers] == [expected(answer) for answer in scenario["answers"]]
