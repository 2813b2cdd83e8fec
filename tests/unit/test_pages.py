"""The words of the threads list and the thread page."""

from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from dash.development.base_component import Component

from layouts import thread, thread_runs, threads
from layouts.thread_runs import Run

IN_THREAD_PAGE = {"thread-timeline", "thread-log", "thread-credits", "thread-usage", "thread-interval"}


def text_of(component: Component) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json())


def ids_in(component: Component) -> Counter[str]:
    return Counter(part.id for part in [component, *component._traverse()] if getattr(part, "id", None))


def test_the_thread_page_has_the_ids_of_the_contract_once() -> None:
    found = ids_in(thread.layout("t", "A thread"))
    assert found.keys() >= IN_THREAD_PAGE
    assert max(found.values()) == 1


def test_both_pages_stand_side_by_side_without_sharing_an_id() -> None:
    assert not ids_in(thread.layout("t", "A thread")) & ids_in(threads.layout())


def test_a_run_that_has_gone_quiet_says_for_how_long() -> None:
    quiet = Run("running", "2026-01-01T10:00:00Z", timedelta(minutes=26), timedelta(minutes=14, seconds=50), None)
    assert "no call for 14 min" in text_of(thread_runs.run_list([quiet]))
    assert "no call" not in text_of(thread_runs.run_list([quiet._replace(quiet_for=None)]))


def test_a_run_shows_its_error_as_text_and_a_thread_without_runs_says_so() -> None:
    failed = Run("failed", None, None, None, "<b>no answer</b>")
    assert "<b>no answer</b>" in text_of(thread_runs.run_list([failed]))
    assert "No agent run" in text_of(thread_runs.run_list([]))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3599, "59 min"),
        (7200, "2 h"),
        (7500, "2 h 5 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds: int, words: str) -> None:
    assert thread_runs.duration(timedelta(seconds=seconds)) == words


@pytest.mark.parametrize(
    ("search", "scope", "narrowed", "words"),
    [
        ("x", "all", True, "Clear the search"),
        ("", "all", True, "Clear the filters"),
        ("", "all", False, "python app.py demo"),
        ("", "an-account", False, "another account"),
    ],
)
def test_an_empty_list_says_what_to_do(search: str, scope: str, narrowed: bool, words: str) -> None:
    assert words in text_of(threads.nothing(search, scope, narrowed=narrowed))


def test_every_grid_keeps_rows_by_id_and_runs_no_code_of_theirs() -> None:
    pages: list[Any] = [thread.layout("t", "A thread"), threads.layout()]
    grids = [part for page in pages for part in page._traverse() if getattr(part, "getRowId", None)]
    assert [grid.getRowId for grid in grids] == ["params.data.id"] * 2
    assert not any(getattr(grid, "dangerously_allow_code", False) for grid in grids)
    assert not any(getattr(grid, "enableEnterpriseModules", False) for grid in grids)
