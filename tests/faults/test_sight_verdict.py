"""The judge of what pages showed: what it would not forgive, and what it has to."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from tests.faults.ledger import Entry
from tests.faults.sight import Sight
from tests.faults.sight_verdict import Silence, untrue, wrongly_live

ENTRIES = [Entry(0.0, Decimal(0)), Entry(1.0, Decimal(5)), Entry(10.0, Decimal(8))]
UNTIL = 60.0


class Books:
    topics = ("nav:a",)

    def entries_of(self, topic: str) -> list[Entry]:
        assert topic == "nav:a"
        return ENTRIES


def sight(*told: tuple[float, str, str | None] | tuple[float, float]) -> Sight:
    """Of times with a state and a cost, and of beats: when it was heard, and of when it tells."""
    seen = Sight({"nav": "nav:a"})
    seen.tell(json.dumps({"at": 0.0, "opened": 0.0}))
    for at, *what in told:
        if len(what) == 1:
            stamp = datetime.fromtimestamp(float(what[0]), UTC).isoformat()  # type: ignore[arg-type]
            seen.tell(json.dumps({"at": at, "beat": stamp}))
        else:
            seen.tell(json.dumps({"at": at, "seen": {"visible": True, "cards": {"nav": [*what, ""]}}}))
    return seen


def wrong(seen: Sight, *silences: Silence) -> list[float]:
    """For how long, each time."""
    books: Any = Books()
    return [round(one.seconds, 2) for one in wrongly_live(seen, books, silences, UNTIL, 0.5)]


@pytest.mark.parametrize(
    ("shown_at", "wrongly"),
    [(10.3, []), (12.4, []), (12.52, []), (14.0, [1.5])],
)
def test_live_without_a_change_that_is_due_is_found(shown_at: float, wrongly: list[float]) -> None:
    assert wrong(sight((1.1, "live", "5"), (shown_at, "live", "8"))) == wrongly


def test_a_page_that_says_otherwise_may_lack_what_it_lacks() -> None:
    assert wrong(sight((1.1, "live", "5"), (11.0, "polling", "5"), (50.0, "live", "8"))) == []
    assert wrong(sight((1.1, "polling", "5"), (50.0, "live", "5"), (51.0, "live", "8"))) == [1.0]


def test_a_page_that_nobody_saw_may_say_anything() -> None:
    seen = sight((1.1, "live", "5"))
    seen.tell(json.dumps({"at": 2.0, "seen": {"visible": False, "cards": {"nav": ["live", "5", "500"]}}}))
    assert wrong(seen) == []


def test_a_closed_page_shows_nothing() -> None:
    seen = sight((1.1, "live", "5"))
    seen.closed_at = 12.0
    assert wrong(seen) == []


def test_a_silence_excuses_for_as_long_as_a_beat_counts() -> None:
    seen = sight((1.1, "live", "5"), (8.0, 8.0), (22.0, "polling", "5"))
    assert wrong(seen, Silence(9.0, 50.0)) == [1.5]  # 12 s after the last beat, and the allowance
    assert wrong(seen) == [9.5]


def test_a_silence_excuses_for_no_longer_than_a_change_may_take_after_it() -> None:
    seen = sight((1.1, "live", "5"), (8.0, 8.0), (19.0, "live", "8"))
    assert wrong(seen, Silence(9.0, 15.0)) == [1.5]
    assert wrong(seen, Silence(9.0, 17.0)) == []
    assert wrong(seen, Silence(9.0, 9.9)) == [6.5]  # it was over when the change was committed


def test_a_beat_of_a_later_time_ends_the_excuse() -> None:
    late = sight((1.1, "live", "5"), (8.0, 8.0), (16.0, 15.0), (19.0, "live", "8"))
    assert wrong(late, Silence(9.0, 50.0)) == [2.5]
    delayed = sight((1.1, "live", "5"), (8.0, 8.0), (16.0, 11.9), (19.0, "live", "8"))
    assert wrong(delayed, Silence(9.0, 50.0)) == []


def test_a_total_that_never_was_is_found() -> None:
    books: Any = Books()
    assert list(untrue(sight((1.1, "polling", "5"), (2.0, "live", "8")), books)) == []
    assert ["never was" in fault for fault in untrue(sight((1.1, "live", "6")), books)] == [True]


def test_a_total_that_goes_back_is_found_unless_the_page_was_loaded_again() -> None:
    books: Any = Books()
    seen = sight((1.1, "live", "8"))
    seen.tell(json.dumps({"at": 2.0, "opened": 0.0}))
    seen.tell(json.dumps({"at": 2.5, "seen": {"visible": True, "cards": {"nav": ["polling", None, ""]}}}))
    seen.tell(json.dumps({"at": 3.0, "seen": {"visible": True, "cards": {"nav": ["live", "5", ""]}}}))
    assert list(untrue(seen, books)) == []
    back = sight((1.1, "live", "8"), (2.0, "polling", None), (3.0, "live", "5"))
    assert ["went back" in fault for fault in untrue(back, books)] == [True]
