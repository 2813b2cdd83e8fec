"""What comes late for the page before lands on a new page of the same components, and must do nothing there."""

from __future__ import annotations

from typing import Any

from dash.development.base_component import Component

from layouts import ids, thread


def data_of(page: Component, name: str) -> Any:
    part = next(one for one in page._traverse() if getattr(one, "id", None) == name)
    return part.to_plotly_json()["props"]["data"]


def test_a_chart_that_has_not_come_yet_takes_what_the_one_before_had_grown_by_and_is_nobodys() -> None:
    figure = data_of(thread.layout("t", "A thread"), ids.THREAD_FIGURE)
    steps, bars = figure["data"]
    assert (steps["x"], steps["y"], steps["customdata"], bars["x"], bars["y"]) == ([], [], [], [], [])
    assert figure["layout"]["meta"] != "t"
    assert {"yaxis", "shapes"} <= figure["layout"].keys()
