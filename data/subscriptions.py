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
    """`credits_included` is the period's allowance in credits, None where there is none, as is a bound of a period."""

    scope: str
    plan: str
    status: str
    credits_included: Decimal | None
    period_start: datetime | None
    period_end: datetime | None
    current: bool  # whether the navigation total counts by this period


SUBSCRIPTION = text("""
    SELECT plan, status, credits_included,
        CASE WHEN period_start BETWEEN '0001-01-02' AND '9999-12-30' THEN period_start END AS period_start,
        CASE WHEN period_end BETWEEN '0001-01-02' AND '9999-12-30' THEN period_end END AS period_end,
        coalesce(status IN ('active', 'trialing') AND s.period_start <= statement_timestamp()
            AND s.period_end > statement_timestamp(), false) AS current
    FROM creditpulse.subscriptions s WHERE user_id = :scope
    ORDER BY current DESC, s.period_start DESC NULLS LAST, s.period_end DESC NULLS LAST LIMIT 1
""")


def subscription(connection: Connection, viewer: Viewer, scope: str) -> Subscription | None:
    """The account's subscription, the current one of several.

    None for all accounts, for an account without one, or one not the viewer's.
    """
    account = scope_id(scope)
    if scope == "all" or not (viewer.staff or account in viewer.accounts):
        return None
    row = connection.execute(SUBSCRIPTION, {"scope": account}).one_or_none()
    return Subscription(scope, *row) if row else None
