"""The figures as messages: what the live stream sends, and what the pages' stores hold, are the same dicts."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from data.preferences import Preferences
from data.subscriptions import Subscription
from data.usage import NavUsage, ThreadUsage, credits_of

Message = dict[str, Any]


def thread_message(usage: ThreadUsage, credits_per_dollar: Decimal) -> Message:
    return {
        "type": "thread-usage",
        "thread_id": str(usage.thread_id),
        "cost": plain(usage.cost),
        "credits": credits_of(usage.cost, credits_per_dollar),
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
        "calls": usage.calls,
        "agent_status": usage.agent_status,
        "as_of": utc(usage.as_of),
        "version": usage.version,
    }


def nav_message(usage: NavUsage, credits_per_dollar: Decimal) -> Message:
    return {
        "type": "nav-usage",
        "scope": usage.scope,
        "cost": plain(usage.cost),
        "credits": credits_of(usage.cost, credits_per_dollar),
        "total_tokens": usage.total_tokens,
        "purchased_credits": credits_of(usage.purchased_cost, credits_per_dollar),
        "agents_running": usage.agents_running,
        "agent_status": usage.agent_status,
        "period_label": usage.period.label,
        "as_of": utc(usage.as_of),
        "version": usage.version,
    }


def subscription_message(subscription: Subscription | None, scope: str) -> Message:
    """`current` says whether the navigation total and the allowance are of the same period."""
    if subscription is None:
        return {"scope": scope, "plan": None, "credits_included": None, "current": False}
    included = subscription.credits_included if subscription.current else None
    return {
        "scope": scope,
        "plan": subscription.plan,
        "status": subscription.status,
        "credits_included": int(included) if included is not None and math.isfinite(included) else None,
        "period_end": utc(subscription.period_end) if subscription.period_end else None,
        "current": subscription.current,
    }


def preferences_message(chosen: Preferences) -> Message:
    """All of one person's; pages drop what has a lower version than what they go by."""
    return {"type": "preferences", **chosen.choices, "version": chosen.version}


def plain(cost: Decimal) -> str:
    """Exact dollars without an exponent, to the micro-dollar at least."""
    return format(cost.quantize(Decimal("0.000001")) if -cost.as_tuple().exponent < 6 else cost, "f")  # type: ignore[operator]


def utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
