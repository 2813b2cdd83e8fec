"""Marks cached answers stale as folds arrive: at once in memory, off the loop where the cache is a network away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from typing import Protocol

from live.changes import Changes

logger = logging.getLogger(__name__)

# A cache server that hangs may not hold up the live values longer than this.
PATIENCE_SECONDS = 0.25


class Invalidated(Protocol):
    """What we need of data.queries.Queries."""

    @property
    def cached_in_memory(self) -> bool: ...

    def invalidate_fold(self, threads: Collection[str], accounts: Collection[str]) -> None: ...

    def invalidate_all(self) -> None: ...


class Invalidation:
    """One at a time; what comes in meanwhile is merged into the next."""

    def __init__(self, queries: Invalidated) -> None:
        self.queries = queries
        self.pending: Changes | None = None
        self.task: asyncio.Task[None] | None = None

    async def __call__(self, changes: Changes) -> None:
        """Returns when these changes are marked, or patience has run out; then they are marked later."""
        if self.queries.cached_in_memory:
            self.mark(changes)  # a turn of another thread would cost each fold more than the marking
            return
        self.pending = changes if self.pending is None else self.pending.merged(changes)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self.drain(), name="invalidation")
        await asyncio.wait({self.task}, timeout=PATIENCE_SECONDS)

    async def drain(self) -> None:
        while self.pending is not None:
            changes, self.pending = self.pending, None
            try:
                await asyncio.to_thread(self.mark, changes)
            except Exception:
                # The cache's own reads will meet the same fault, and tell the person.
                logger.warning("cached answers could not be marked stale", exc_info=True, extra=FAILED)

    def mark(self, changes: Changes) -> None:
        if changes.everything:
            self.queries.invalidate_all()
        else:
            self.queries.invalidate_fold(changes.threads, changes.accounts)


FAILED = {"action": "invalidation.failed"}
