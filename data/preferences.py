"""What each person has chosen of how pages look and how often they ask: kept by person, told to all their streams.

Read anew for each answer that goes by it, by its primary key: a page that hears of a change asks at once, of whichever
process, and must not be answered from what was.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, text

from data.constants import PREFERENCES_CHANNEL
from data.errors import InputError
from data.zones import zone_of

LEAST_SECONDS, MOST_SECONDS = 2, 600
BROWSER = "browser"  # the zone of whichever browser shows the page
THEMES = ("system", "light", "dark")
UNITS = ("credits", "dollars")
MOTIONS = ("system", "reduced")
LONGEST_PERSON = 1000  # bytes, as the table has it

PERIOD = re.compile(r"(\d{1,9}(?:[.,]\d{1,9})?) ?(s|sec|seconds?|m|min|minutes?|)", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class Preferences:
    """A person's choices, with the default of each. Of two states of a person that with the higher version is later."""

    running_seconds: int = 10
    idle_seconds: int = 30
    subscription_seconds: int = 120
    live_stream: bool = True
    theme: str = "system"
    zone: str = BROWSER
    unit: str = "credits"
    reduced_motion: str = "system"
    version: int = 0

    @property
    def choices(self) -> dict[str, Any]:
        """Without the version."""
        return {name: value for name, value in asdict(self).items() if name in FIELDS}


DEFAULTS = Preferences()
FIELDS = tuple(field.name for field in fields(Preferences) if field.name != "version")

NOW = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
TELL = text("SELECT pg_notify(:channel, :person)")
ROWS = text(f"SELECT person, version, {', '.join(FIELDS)} FROM creditpulse.preferences WHERE person = ANY(:people)")  # noqa: S608


def preferences(connection: Connection, person: str) -> Preferences:
    return preferences_of(connection, [person]).get(person, DEFAULTS)


def preferences_of(connection: Connection, people: Iterable[str]) -> dict[str, Preferences]:
    """Of those who have ever chosen anything."""
    rows = connection.execute(ROWS, {"people": list(people)})
    return {row.person: from_row(row) for row in rows}


def from_row(row: Row[Any]) -> Preferences:
    """A column that is null follows the default."""
    chosen = {name: getattr(row, name) for name in FIELDS}
    return Preferences(version=row.version, **{name: value for name, value in chosen.items() if value is not None})


def digest(person: str) -> str:
    """What a notification calls the person: whoever may connect to the database may listen, and is told no names."""
    return sha256(person.encode()).hexdigest()


def save(connection: Connection, person: str, choices: Mapping[str, Any]) -> Preferences:
    """What holds once these fields are as `read_choices` returned them; all others stay as they are.

    With the commit, every process is told. None makes a field follow its default again. Raises InputError for a name
    that is too long to be kept.
    """
    if len(person.encode()) > LONGEST_PERSON:
        raise InputError("Your name is too long for preferences to be kept under it.")
    names = [name for name in FIELDS if name in choices]
    statement = text(f"""
        INSERT INTO creditpulse.preferences AS held (person, version{"".join(f", {name}" for name in names)})
        VALUES (:person, {NOW}{"".join(f", :{name}" for name in names)})
        ON CONFLICT (person) DO UPDATE
        SET version = greatest(held.version + 1, {NOW}){"".join(f", {name} = excluded.{name}" for name in names)}
        RETURNING version, {", ".join(FIELDS)}
    """)  # noqa: S608
    row = connection.execute(statement, {"person": person, **{name: choices[name] for name in names}}).one()
    connection.execute(TELL, {"channel": PREFERENCES_CHANNEL, "person": digest(person)})
    return from_row(row)


# ---- what may be chosen ------------------------------------------------------------------------------------


def read_choices(given: Mapping[str, object]) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of those fields that can be chosen so, and a sentence for each that cannot; None is the default."""
    choices: dict[str, Any] = {}
    errors: dict[str, str] = {}
    for name, value in given.items():
        try:
            choices[name] = None if value is None else READERS[name](value)
        except KeyError:
            errors[name] = "There is no such preference."
        except InputError as error:
            errors[name] = str(error)
    return choices, errors


def period_seconds(value: object) -> int:
    """Of `30`, `30 s`, `2 min`. Raises InputError, which names the bounds."""
    written = str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    match = PERIOD.fullmatch(written)
    if match is None:
        raise InputError(f"Write a time such as 30 s or 2 min, {BOUNDS}.")
    number = float(match[1].replace(",", ".")) * (60 if match[2].lower().startswith("m") else 1)
    seconds = round(number)
    if not LEAST_SECONDS <= number <= MOST_SECONDS:
        raise InputError(f"That is too {'short' if number < LEAST_SECONDS else 'long'}: choose a time {BOUNDS}.")
    if abs(seconds - number) > 1e-6:
        raise InputError(f"Choose whole seconds, {BOUNDS}.")
    return seconds


BOUNDS = f"from {LEAST_SECONDS} s to {MOST_SECONDS // 60} min"


def switched(value: object) -> bool:
    if not isinstance(value, bool):
        raise InputError("Choose on or off.")
    return value


def zone_name(value: object) -> str:
    if value == BROWSER:
        return BROWSER
    if not isinstance(value, str):
        raise InputError("Choose a time zone.")
    return zone_of(value).key


def one_of(options: tuple[str, ...]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not isinstance(value, str) or value not in options:
            raise InputError(f"Choose one of {', '.join(options)}.")
        return value

    return read


READERS: dict[str, Callable[[object], Any]] = {
    "running_seconds": period_seconds,
    "idle_seconds": period_seconds,
    "subscription_seconds": period_seconds,
    "live_stream": switched,
    "theme": one_of(THEMES),
    "zone": zone_name,
    "unit": one_of(UNITS),
    "reduced_motion": one_of(MOTIONS),
}
