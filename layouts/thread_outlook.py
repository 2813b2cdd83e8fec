"""The words of a thread's burn rate and of its run's likely cost; figures are in credits."""

from __future__ import annotations

from decimal import Decimal

from layouts.formats import one_decimal, whole

FEW_CREDITS = 100  # have a decimal
Words = dict[str, str]  # label, figure, note


def rate_text(credits_per_minute: Decimal) -> str:
    few = abs(credits_per_minute) < FEW_CREDITS
    return f"{one_decimal(credits_per_minute) if few else whole(credits_per_minute)} / min"


def no_run() -> Words:
    return {"label": "Last run", "figure": "–", "note": "no run with a start"}


def last_run(credits: Decimal) -> Words:
    return {"label": "Last run", "figure": whole(credits), "note": ""}


def run_so_far(credits: Decimal) -> Words:
    return {"label": "This run so far", "figure": whole(credits), "note": "not enough runs to project"}


def projected_run(credits: Decimal, low: Decimal, likely: Decimal, high: Decimal) -> Words:
    note = f"{whole(low)} to {whole(high)}, {whole(credits)} so far"
    return {"label": "This run, projected", "figure": f"≈ {whole(likely)}", "note": note}


def runaway_text(rate: Decimal, usual: Decimal | None) -> str:
    """By how much a runaway exceeds what is usual for its account, where that is known."""
    if usual is None or usual <= 0:
        return "Runaway: far more than is usual"
    return f"Runaway: {whole(rate / usual)} × the account's usual rate"
