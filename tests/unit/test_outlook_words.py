"""How long an allowance lasts, in words: short ones, and a sentence for the telephone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from layouts.outlook_words import Outlook, day_text, out_text, range_text, sentence, short_range_text

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
END = datetime(2026, 12, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    return NOW + timedelta(days=number)


def outlook(at: int | None, earliest: int | None, latest: int | None, used: int = 400) -> Outlook:
    days = [None if one is None else day(one) for one in (at, earliest, latest)]
    return Outlook(Decimal(1000), Decimal(used), *days, end=END, spends=True)


@pytest.mark.parametrize(
    ("at", "words"),
    [(0, "today"), (1, "tomorrow"), (4, "Fri 27 Nov"), (-3, "Fri 20 Nov"), (60, "22 Jan 2027")],
)
def test_a_day_is_named_as_one_speaks_of_it(at: int, words: str) -> None:
    assert day_text(day(at), NOW) == words


@pytest.mark.parametrize(
    ("found", "out", "range", "short"),
    [
        (outlook(4, 3, 6), "Fri 27 Nov", "26 to 29 Nov", "26 to 29 Nov"),
        (outlook(4, 3, 12), "Fri 27 Nov", "26 Nov to 5 Dec", "26 Nov to 5 Dec"),
        (outlook(0, 0, 0), "Today", "23 Nov", "23 Nov"),
        (outlook(4, 3, None), "Fri 27 Nov", "from Thu 26 Nov, or not in this period", "26 Nov at the earliest"),
        (outlook(None, 5, None), "Not in this period", "at the earliest Sat 28 Nov", "28 Nov at the earliest"),
        (outlook(None, None, None), "Not in this period", "", ""),
        (outlook(0, 0, 0, used=1000), "Has run out", "", ""),
        (outlook(None, None, None)._replace(end=None), "Not within a year", "", ""),
    ],
)
def test_a_figure_has_a_few_words(found: Outlook, out: str, range: str, short: str) -> None:
    assert (out_text(found, NOW), range_text(found, NOW), short_range_text(found, NOW)) == (out, range, short)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (outlook(4, 3, 6), "will use up the allowance of 1,000 credits on Fri 27 Nov; most likely between Thu 26 Nov"
            " and Sun 29 Nov. The period ends on Mon 30 Nov."),
        (outlook(1, 1, 1), "credits tomorrow; most likely on that very day."),
        (outlook(4, 3, None), "it may be on Thu 26 Nov already, or not in this period at all."),
        (outlook(None, 5, None), "will not use up the allowance of 1,000 credits in this period; if it goes fast, it is"
            " used up on Sat 28 Nov."),
        (outlook(0, 0, 0, used=1250), "Acme has used up the allowance of 1,000 credits, and 250 more."),
        (outlook(0, 0, 0, used=1000), "Acme has used up the allowance of 1,000 credits."),
        (outlook(None, None, None)._replace(spends=False), "has spent nothing in the last four weeks"),
        (None, "Acme has no allowance in this period, so nothing can run out."),
    ],
)  # fmt: skip
def test_a_sentence_can_be_read_out(found: Outlook | None, words: str) -> None:
    assert words in sentence("Acme", found, NOW)


def test_a_period_without_an_end_ends_nowhere() -> None:
    assert "period" not in sentence("Acme", outlook(4, 3, 6)._replace(end=None), NOW)
