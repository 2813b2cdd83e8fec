"""The overview's charts: valid figures without colours of their own, on scales of round figures."""

from __future__ import annotations

import json
import re
from typing import Any

import plotly.graph_objects as go
import pytest

from layouts import overview_charts
from layouts.chart_theme import themes
from layouts.overview_charts import ChartLine, Steps, heat_chart, mark_text, round_marks, spending_chart

STEPS = Steps([0, 86_400, 172_800], ["Mon", "Tue"], ([0], ["Mon"]), True)
LINES = [ChartLine("m1", "Model one", [5.0, 4.0]), ChartLine("(other)", "Other", [1.0, 2.5], rest=True)]


def painted(part: Any, tokens: dict[str, str]) -> Any:
    """As `assets/chart_card.js` puts colours in."""
    if isinstance(part, str):
        return tokens[part[2:]] if part.startswith("--") else part
    if isinstance(part, list):
        return [painted(one, tokens) for one in part]
    return {name: painted(value, tokens) for name, value in part.items()} if isinstance(part, dict) else part


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    "figure", [spending_chart(LINES, [3.0, 9.0, 7.0], STEPS, "7d"), heat_chart([[1.0] * 24] * 7, "")]
)
def test_a_chart_is_a_figure_that_plotly_takes_in_either_theme(figure: dict[str, Any], theme: str) -> None:
    colours = themes()[theme]
    go.Figure(painted(figure, colours["tokens"])).update_layout(template=colours["template"])


def test_a_figure_has_no_colour_of_its_own() -> None:
    assert not re.search(r"#[0-9a-f]{3,8}|rgb", json.dumps(spending_chart(LINES, [3.0], STEPS, "7d")))


def test_the_rest_is_grey_whatever_its_place_and_the_period_before_ends_with_the_axis() -> None:
    figure = spending_chart(LINES, [3.0, 9.0, 7.0], STEPS, "7d")
    assert [trace["marker"]["color"] for trace in figure["data"][:2]] == ["--c1", overview_charts.REST]
    assert figure["data"][2]["y"] == [3.0, 9.0]
    assert figure["layout"]["yaxis"]["range"] == [0, 10.0]
    assert figure["layout"]["meta"]["edges"] == [0, 86_400, 172_800]


def test_without_a_comparison_there_is_no_line() -> None:
    assert [trace["type"] for trace in spending_chart(LINES, None, STEPS, "7d")["data"]] == ["bar", "bar"]


def test_corrections_below_zero_stay_in_sight() -> None:
    figure = spending_chart([ChartLine("m", "M", [5.0, -3.0])], None, STEPS, "7d")
    assert figure["layout"]["yaxis"]["range"] == [-4.0, 6.0]


def test_scales_are_marked_with_about_four_round_figures() -> None:
    assert round_marks(0, 6400) == [0, 2000, 4000, 6000, 8000]
    assert round_marks(0, 0.37) == [0, 0.1, 0.2, 0.3, 0.4]
    assert round_marks(0, 0) == [0, 1]
    assert [mark_text(mark) for mark in (0, 0.25, 2500, 1_500_000, 2_000_000_000)] == [
        "0", "0.25", "2,500", "1.5 M", "2 B",
    ]  # fmt: skip


def test_the_heat_maps_scale_ends_with_its_highest_and_survives_nothing() -> None:
    assert heat_chart([[0.0, 7.0]], "")["data"][0]["zmax"] == 7.0
    assert heat_chart([[0.0, 0.0]], "")["data"][0]["zmax"] > 0
