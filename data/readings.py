"""What a cell of a recording says, as a time, a count, an amount or an id; ValueError gives the reason it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import lru_cache
from uuid import UUID, uuid5

# Of a text that is no UUID we make one under this namespace: the same text gives the same id for good.
TEXT_IDS = UUID("6f5b0c1e-3d0f-5c53-9b0e-0b0d4c7f8a21")

MISSING = frozenset({"", "null", "none", "\\n", "n/a", "nil"})
LARGEST_COUNT = 2**31 - 1  # integer in PostgreSQL
COST_LIMIT = Decimal(10_000)  # numeric(10, 6)
MICRODOLLAR = Decimal("0.000001")
LARGEST_EXPONENT = 30  # beyond it even turning a number into another takes time and memory
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST_UNIX = 10**8  # March 1973: no language model was called before, so a smaller number is no Unix time
MICROSECONDS = Decimal(1_000_000)
GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.0*)?")


def is_missing(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.strip().lower() in MISSING)


def shown(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else f"{text[:59]}…")


def number(value: object) -> Decimal:
    """Exact, finite. ValueError for anything that is no number."""
    if isinstance(value, str):
        text = value.strip()
        if GROUPED.fullmatch(text):
            text = text.replace(",", "")
        try:
            found = Decimal(text)
        except InvalidOperation:
            raise ValueError(f"{shown(value)} is no number") from None
    elif isinstance(value, (int, Decimal)) and not isinstance(value, bool):
        found = Decimal(value)
    else:
        raise ValueError(f"{shown(value)} is no number")
    if not found.is_finite():
        raise ValueError(f"{shown(value)} is no finite number")
    if found.adjusted() > LARGEST_EXPONENT:
        raise ValueError(f"{shown(value)} is more than any count, cost or time")
    return found


def count(value: object) -> int:
    """A number of tokens. ValueError for a fraction, a negative one, or more than the table's column holds."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 10:
        return int(value)
    found = number(value)
    if found < 0:
        raise ValueError(f"{shown(value)} is negative")
    if found > LARGEST_COUNT:
        raise ValueError(f"{shown(value)} is more than {LARGEST_COUNT:,}")
    if found != found.to_integral_value():
        raise ValueError(f"{shown(value)} is no whole number")
    return int(found)


def cost(value: object) -> Decimal:
    """Dollars, rounded to the table's six decimals. ValueError for a negative amount, or $10,000 and more."""
    found = number(value.strip().removeprefix("$") if isinstance(value, str) else value)
    if found < 0:
        raise ValueError(f"{shown(value)} is negative")
    return rounded_cost(found)


def rounded_cost(dollars: Decimal) -> Decimal:
    """Halves up, to what numeric(10, 6) holds."""
    if dollars < COST_LIMIT:
        dollars = dollars.quantize(MICRODOLLAR, ROUND_HALF_UP)
    if dollars >= COST_LIMIT:
        raise ValueError(f"${dollars:,f} is more than one call can cost ($9,999.999999)")
    return dollars


def words(value: object) -> str:
    """Text that PostgreSQL takes: no NUL, no half of a surrogate pair."""
    text = str(value).strip()
    if text.isascii() and text.isprintable():
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


@lru_cache(maxsize=4096)  # a session's calls come together
def identity(text: str) -> UUID:
    """The id that a text names: itself where it is a UUID, else a UUID (version 5) of it; e-mails in any case."""
    try:
        return UUID(text)
    except ValueError:
        return uuid5(TEXT_IDS, text.lower() if "@" in text else text)


def moment(text: str) -> datetime:
    """A time in ISO 8601; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text.strip().removesuffix("UTC").rstrip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"{shown(text)} is neither ISO 8601 nor a number of seconds") from None


@dataclass(frozen=True)
class Timescale:
    """How a recording's numbers are times: from `start`, or Unix time where that is None.

    `unit` is how many of a relative number make a second. Unix times may be in seconds, or, as their size
    tells, in milli-, micro- or nanoseconds.
    """

    start: datetime | None = None
    unit: int = 1

    def at(self, value: object) -> datetime:
        """The UTC time that a cell says. ValueError for what is none."""
        try:
            seconds = number(value)
        except ValueError:
            if isinstance(value, str) and not value.strip().lower().endswith(("nan", "infinity")):
                return moment(value)
            raise
        try:
            if self.start is not None:
                return self.start + timedelta(microseconds=int(seconds / self.unit * MICROSECONDS))
            return EPOCH + timedelta(microseconds=int(unix_seconds(seconds) * MICROSECONDS))
        except OverflowError:
            raise ValueError(f"{shown(value)} lies outside the calendar") from None


def unix_seconds(number: Decimal) -> Decimal:
    if number < EARLIEST_UNIX:
        raise ValueError(f"{number} is no Unix time after March 1973")
    for limit, divisor in ((10**17, 10**9), (10**14, 10**6), (10**11, 10**3)):
        if number > limit:
            return number / divisor
    return number
