"""Watches over open streams: whoever may see less than when they came, or nobody any more, is not sent another word."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.types import Scope

from access.resolver import ENDS_AT, Resolve
from access.viewer import LOCAL
from data.errors import InputError, UnavailableError
from live.subscriber import Subscriber

logger = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
AT_ONCE = 200  # streams that are looked at before the loop has its turn
SIGNED_OUT = (4401, "you are signed out; sign in again")
CHANGED = (1012, "what you may see has changed; connect again")


class Vigil:
    """`resolve` says who a connection belongs to now; it remembers for some seconds, so many streams ask little."""

    def __init__(self, resolve: Resolve, clock: Callable[[], float] = time.monotonic) -> None:
        self.resolve = resolve
        self.clock = clock
        self.watched: dict[Subscriber, Scope] = {}

    @contextmanager
    def over(self, scope: Scope, subscriber: Subscriber) -> Iterator[None]:
        """Ends the stream when the session does, to the moment, and soon after the rights change."""
        timer = None
        if (ends_at := scope["state"].get(ENDS_AT)) is not None:
            timer = asyncio.get_running_loop().call_later(ends_at - self.clock(), subscriber.end, *SIGNED_OUT)
        if subscriber.viewer is not LOCAL:
            self.watched[subscriber] = scope
        try:
            yield
        finally:
            self.watched.pop(subscriber, None)
            if timer is not None:
                timer.cancel()

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """One look at every stream."""
        for number, (subscriber, scope) in enumerate(list(self.watched.items())):
            if not number % AT_ONCE:
                await asyncio.sleep(0)
            try:
                viewer = await self.resolve({**scope, "state": {}})
            except UnavailableError as error:
                logger.warning("rights are looked at later: %s", error, extra={"action": "vigil.postponed"})
                return  # the next look tells; until then nobody is taken for signed out
            except InputError:
                viewer = None
            if viewer is None:
                subscriber.end(*SIGNED_OUT)
            elif viewer != subscriber.viewer:
                subscriber.end(*CHANGED)
