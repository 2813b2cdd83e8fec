"""Threads side by side: what the table and the chart of their course hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from werkzeug.exceptions import BadRequest

from callbacks.thread_compare import chosen_ids, compared_row, course_figure
from data.thread_compare import MOST_COMPARED, ComparedThread
from data.thread_models import ModelUsage
from data.threads import ThreadRow
from data.timeline import Point
from layouts import compare_chart
from layouts.thread_compare import compare_table
from layouts.units import CREDITS
from tests.unit.test_pages import text_of

START = datetime(2026, 1, 1, tzinfo=UTC)


def compared(number: int, *minutes: float, title: str = "A thread") -> ComparedThread:
    """A thread with a call of a dollar at each of the minutes since its start."""
    times = [START + timedelta(minutes=minute) for minute in minutes]
    points = tuple(Point(at, Decimal(1), Decimal(count), 1) for count, at in enumerate(times, 1))
    count = len(times)
    row = ThreadRow(
        UUID(int=number), title, None, None, UUID(int=0), "Ann", "gpt", count, 10 * count, Decimal(count),
        times[-1] if times else None, START, running=False, running_since=None,
    )  # fmt: skip
    models = (ModelUsage("gpt", count, 7 * count, 3 * count, 10 * count, Decimal(count)),) if count else ()
    return ComparedThread(row, times[0] if times else None, models, points, Decimal("0.5"))


def figure_of(*threads: ComparedThread) -> Any:
    places = {one.thread.thread_id: place for place, one in enumerate(threads)}
    return course_figure(threads, places, CREDITS)


def test_each_course_begins_with_its_own_first_call_and_ends_with_its_last_at_its_total() -> None:
    figure = figure_of(compared(1, 0, 10, 30), compared(2, 500, 501))
    first, second = (trace["y"] for trace in figure["data"])
    assert [number for number in first if number is not None][-1] == 300
    assert (first[0], second[0]) == (100, 100)
    assert [number for number in second if number is not None][-1] == 200
    assert second[-1] is None
    assert len(first) == len(second) == len(figure["layout"]["meta"]["steps"])


def test_a_course_is_what_a_thread_had_cost_by_the_end_of_each_step() -> None:
    figure = figure_of(compared(1, 0, 7, 9, 149))
    assert figure["layout"]["meta"]["steps"][:9][-1] == "9 min"
    assert figure["data"][0]["y"][5:9] == [100, 200, 200, 300]


def test_threads_without_calls_have_no_line_and_alone_no_chart() -> None:
    assert figure_of(compared(1)) is None
    figure = figure_of(compared(1), compared(2, 0))
    assert [(trace["meta"], trace["mode"]) for trace in figure["data"]] == [(str(UUID(int=2)), "lines+markers")]
    assert figure["data"][0]["line"]["color"] == compare_chart.COLOURS[1], "the colour is that of its place"


def test_every_chosen_thread_has_a_colour_of_its_own() -> None:
    assert len(set(compare_chart.COLOURS)) == MOST_COMPARED


def test_steps_of_time_have_names_of_their_own() -> None:
    assert [compare_chart.elapsed(seconds) for seconds in (1, 60, 5_400, 95_400)] == [
        "1 s", "1 min", "1 h 30 min", "1 d 2 h 30 min",
    ]  # fmt: skip


def test_the_table_has_exact_figures_and_says_what_is_missing() -> None:
    rows = [compared_row(compared(1, 0, 4, title="<b>one</b>"), CREDITS), compared_row(compared(2), CREDITS)]
    shown = " ".join(map(text_of, compare_table(rows, 2)))
    assert '"data-cost": "2.000000"' in shown
    assert "<b>one</b>" in shown
    assert "4 min" in shown
    assert "2 of the chosen threads are not there" in shown
    assert (rows[0].per_call, rows[1].per_call) == (Decimal(100), None)


@pytest.mark.parametrize("wrong", [None, [], "x", ["x"], [str(UUID(int=n)) for n in range(MOST_COMPARED + 1)], [1]])
def test_what_no_page_sends_is_refused(wrong: object) -> None:
    with pytest.raises(BadRequest):
        chosen_ids(wrong)
