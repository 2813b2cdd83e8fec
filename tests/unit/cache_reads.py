"""What the tests of the cache read, and the clock they read it by."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from flask_caching import Cache

KEY = ("thread-usage", "a")
FOR_EVER = float("inf")
PATIENCE_SECONDS = 30

Start = Callable[..., Future[Any]]
OpenCache = Callable[[str | None], Cache]


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


class HeldRead:
    """A read that tells when it began, and ends (with a value, or an error) when the test says so."""

    def __init__(self) -> None:
        self.began = threading.Event()
        self._may_end = threading.Event()
        self._outcome: Any = None

    def __call__(self) -> Any:
        self.began.set()
        assert self._may_end.wait(PATIENCE_SECONDS)
        if isinstance(self._outcome, BaseException):
            raise self._outcome
        return self._outcome

    def end(self, outcome: Any) -> None:
        self._outcome = outcome
        self._may_end.set()


Begin = Callable[..., tuple[HeldRead, Future[Any]]]


def never() -> Any:
    raise AssertionError("this was to come from the cache")


def fail(error: BaseException) -> Any:
    raise error
