"""The words of a thread's burn rate and of its run's likely cost; figures are amounts in a person's unit."""

from __future__ import annotations

from decimal import Decimal

from layouts.formats import whole
from layouts.units import CREDITS, Unit

Words = dict[str, str]  # label, figure, note


def rate_text(amount_per_minute: Decimal, unit: Unit = CREDITS) -> str:
    return f"{unit.some(amount_per_minute)} / min"


def no_run() -> Words:
    return {"label": "Last run", "figure": "–", "note": "no run with a start"}


def last_run(amount: Decimal, unit: Unit = CREDITS) -> Words:
    return {"label": "Last run", "figure": unit.total(amount), "note": ""}


def run_so_far(amount: Decimal, unit: Unit = CREDITS) -> Words:
    return {"label": "This run so far", "figure": unit.total(amount), "note": "not enough runs to project"}


def projected_run(amount: Decimal, low: Decimal, likely: Decimal, high: Decimal, unit: Unit = CREDITS) -> Words:
    note = f"{unit.total(low)} to {unit.total(high)}, {unit.total(amount)} so far"
    return {"label": "This run, projected", "figure": f"≈ {unit.total(likely)}", "note": note}


def runaway_text(rate: Decimal, usual: Decimal | None) -> str:
    """By how much a runaway exceeds what is usual for its account, where that is known."""
    if usual is None or usual <= 0:
        return "Runaway: far more than is usual"
    return f"Runaway: {whole(rate / usual)} × the account's usual rate"
