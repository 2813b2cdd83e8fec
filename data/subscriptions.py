"""An account's plan, allowance and period, as the operator's billing (or `plans FILE`) has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection, text

from data.usage import scope_id
from data.viewer import Viewer


@dataclass(frozen=True)
class Subscription:
    """`credits_included` is the period's allowance in credits, None where there is none."""

    scope: str
    plan: str
    status: str
    credits_included: Decimal | None
    period_start: datetime | None
    period_end: datetime | None
    current: bool  # whether the navigation total counts by this period


SUBSCRIPTION = text("""
    SELECT plan, status, credits_included, period_start, period_end,
        coalesce(status IN ('active', 'trialing') AND period_start <= statement_timestamp()
            AND period_end > statement_timestamp(), false) AS current
    FROM creditpulse.subscriptions WHERE user_id = :scope
""")


def subscription(connection: Connection, viewer: Viewer, scope: str) -> Subscription | None:
    """The account's subscription; None for all accounts, for an account without one, or one not the viewer's."""
    account = scope_id(scope)
    if scope == "all" or not (viewer.staff or account in viewer.accounts):
        return None
    row = connection.execute(SUBSCRIPTION, {"scope": account}).one_or_none()
    return Subscription(scope, *row) if row else None
