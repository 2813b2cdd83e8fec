"""How the overview's figures are compared: changes, and shares of the whole."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from layouts.formats import one_decimal, whole
from layouts.units import CREDITS, Unit

MANY_TIMES = 10
FEW_PERCENT = 100  # have a decimal


def change_text(now: int | Decimal, then: int | Decimal) -> str:
    """`+12.4 %`, or `× 14` of many times as much; nothing where there is nothing to compare with."""
    if now == then:
        return "±0 %"
    if then <= 0:
        return "new" if then == 0 and now > 0 else ""
    if now >= MANY_TIMES * then:
        return f"× {whole(Decimal(now) / then)}"
    share = (Decimal(now - then) * 100 / then).quantize(Decimal("0.1"), ROUND_HALF_UP)
    size = one_decimal(abs(share)) if abs(share) < FEW_PERCENT else whole(abs(share))
    return f"{sign(share)}{size} %"


def sign(number: Decimal | int) -> str:
    return "+" if number >= 0 else "−"


def per_text(amount: Decimal, noun: str, unit: Unit = CREDITS) -> str:
    """`259 credits a thread`, `$2.59 a thread`."""
    return f"{unit.counted(unit.some(amount))} a{'n' if noun[0] in 'aeiou' else ''} {noun}"
