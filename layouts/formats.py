"""How figures are written: one way each, the same as `assets/formats.js` writes them on live cards."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal

UNITS = ((10**12, "T"), (10**9, "B"), (10**6, "M"))


def whole(number: int | Decimal) -> str:
    """With thousands separators and no decimals, halves up: 1,234."""
    return f"{int(Decimal(number).to_integral_value(ROUND_HALF_UP)):,}"


def one_decimal(number: Decimal) -> str:
    """As a single call's credits are shown, halves up: 24.9."""
    return f"{Decimal(number).quantize(Decimal('0.1'), ROUND_HALF_UP):,}"


def compact(number: int) -> str:
    """Three figures and a unit from a million on: 62.4 M. Below that as it is: 871,204."""
    for size, unit in UNITS:
        if abs(number) >= size:
            figure = Decimal(number) / size
            places = Decimal("0.01") if abs(figure) < 10 else Decimal("0.1")
            if abs(figure) >= 100:
                places = Decimal(1)
            return f"{figure.quantize(places, ROUND_HALF_UP):,} {unit}"
    return whole(number)


def dollars(cost: Decimal) -> str:
    """Exact, to the micro-dollar at least, so that a figure that changes keeps its width: $12.471083."""
    units, _, decimals = format(abs(cost).normalize(), "f").partition(".")
    return f"{'-' if cost < 0 else ''}${int(units):,}.{decimals.ljust(6, '0')}"


def utc_text(at: datetime) -> str:
    """ISO 8601 in UTC, as a `<time>` element's `datetime` has it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
