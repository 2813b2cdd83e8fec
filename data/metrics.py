"""What each figure means, once: pages, exports and the API take its name, unit and description from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType

SUM, DISTINCT, RATE = "sum", "distinct", "rate"


@dataclass(frozen=True)
class Figures:
    """Sums over calls. A call is one row of usage_logs."""

    cost: Decimal = Decimal(0)  # dollars
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0
    calls: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.cost + other.cost,
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.total_tokens + other.total_tokens,
            self.calls + other.calls,
        )

    def credits(self, credits_per_dollar: Decimal) -> Decimal:
        """Exact; a total is shown as a whole number (data.usage.credits_of)."""
        return self.cost * credits_per_dollar


NOTHING = Figures()


@dataclass(frozen=True)
class Metric:
    """`summed`: whether the figures of parts add up to that of the whole (SUM); DISTINCT counts and RATEs do not."""

    key: str
    label: str
    unit: str
    description: str
    summed: str = SUM


METRICS: Mapping[str, Metric] = MappingProxyType(
    {
        metric.key: metric
        for metric in (
            Metric(
                "cost", "Cost", "dollars",
                "Dollars that the calls cost: the sum of estimated_cost, exact to the last decimal place.",
            ),
            Metric(
                "credits", "Credits", "credits",
                "Cost times credits per dollar. A total is shown as a whole number, halves rounded up.",
            ),
            Metric(
                "prompt_tokens", "Prompt tokens", "tokens",
                "Tokens that were sent to the models: the sum of total_prompt_tokens.",
            ),
            Metric(
                "completion_tokens", "Completion tokens", "tokens",
                "Tokens that the models wrote: the sum of total_completion_tokens.",
            ),
            Metric(
                "total_tokens", "Tokens", "tokens",
                "The sum of total_tokens as each call recorded it, which may hold more than prompt and completion.",
            ),
            Metric("calls", "Calls", "calls", "Calls of a model: one for each row of usage_logs."),
            Metric(
                "active_threads", "Active threads", "threads",
                "Different threads with at least one call in the range. Calls without a thread count for none.",
                DISTINCT,
            ),
            Metric(
                "active_accounts", "Active accounts", "accounts",
                "Different accounts with at least one call in the range; calls without a user count as one account, "
                "Unattributed.",
                DISTINCT,
            ),
            Metric(
                "purchased_credits", "Purchased credits used", "credits",
                "Debits of purchased credits: the sum of amount_dollars in credit_usage, times credits per dollar. "
                "They pay for usage that is counted under credits too; the two are not added.",
            ),
            Metric(
                "burn_rate", "Burn rate", "credits per minute",
                "Credits spent a minute, over the last 10 minutes; of a running agent since its run began, where that "
                "is later.",
                RATE,
            ),
        )
    }
)  # fmt: skip
