"""The figures on the live cards: a thread's total, and a scope's total of its current period."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from data.constants import ALL_ACCOUNTS
from data.viewer import Viewer

RUNNING, IDLE = "running", "idle"


@dataclass(frozen=True)
class ThreadUsage:
    """A thread's exact totals at `as_of` (the database's clock); `version` is the fold number then."""

    thread_id: UUID
    cost: Decimal  # dollars
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    calls: int
    agent_status: str
    as_of: datetime
    version: int


@dataclass(frozen=True)
class Period:
    """From `start` up to, not including, `end`; `label` is how a card names it."""

    start: datetime
    end: datetime
    label: str


@dataclass(frozen=True)
class NavUsage:
    """A scope's exact totals of its period; `scope` is `all` or an account's id."""

    scope: str
    cost: Decimal  # dollars
    total_tokens: int
    purchased_cost: Decimal  # dollars of purchased credits used in the period
    agents_running: int
    period: Period
    as_of: datetime
    version: int

    @property
    def agent_status(self) -> str:
        return RUNNING if self.agents_running else IDLE


def credits_of(cost: Decimal, credits_per_dollar: Decimal) -> int:
    """Credits as totals show them: a whole number, halves up (away from zero)."""
    return int((cost * credits_per_dollar).to_integral_value(ROUND_HALF_UP))


def scope_id(scope: str) -> UUID:
    """`all` or an account's id, as the rollups know it. Raises ValueError for anything else."""
    return ALL_ACCOUNTS if scope == "all" else UUID(scope)
