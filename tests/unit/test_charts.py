"""Charts: valid figures, coloured by the design's tokens alone, and growth that draws what a new figure would."""

from __future__ import annotations

import json
import re
from typing import Any

import plotly.graph_objects as go
import pytest

from layouts import charts
from layouts.charts import TimelinePoint

POINTS = [
    TimelinePoint("2026-01-01T10:00:00Z", 1.5, 1.5),
    TimelinePoint("2026-01-01T10:01:00Z", 4.0, 2.5),
]
BUCKETS = [
    TimelinePoint("2026-01-01T10:00:50Z", 10.0, 10.0, 7, "2026-01-01T10:00:00Z"),
    TimelinePoint("2026-01-01T10:01:10Z", 12.0, 2.0, 1, "2026-01-01T10:01:00Z"),
]
BANDS: list[tuple[str, str | None]] = [("2026-01-01T09:59:00Z", "2026-01-01T10:00:30Z"), ("2026-01-01T10:01:00Z", None)]


@pytest.mark.parametrize(("points", "seconds"), [(POINTS, None), (BUCKETS, 60), ([], None), (POINTS[:1], None)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_timeline_is_a_figure_that_plotly_takes_with_either_template(
    points: list[TimelinePoint], seconds: int | None, theme: str
) -> None:
    figure = go.Figure(charts.timeline(points, BANDS, seconds, of="t"))
    figure.update_layout(template=charts.templates()[theme])
    assert figure.layout.meta == "t"


def test_a_figure_has_no_colour_of_its_own() -> None:
    assert not re.search(r"#[0-9a-f]{3,8}|rgb|color", json.dumps(charts.timeline(POINTS, BANDS, None)))


def test_the_themes_are_the_stylesheets_tokens() -> None:
    themes = charts.tokens(":root { --c1: light-dark(#111111, #eeeeee); --font: a, b;\n --c1: var(--x); }")
    assert themes == {"light": {"c1": "#111111", "font": "a, b"}, "dark": {"c1": "#eeeeee", "font": "a, b"}}
    made = charts.templates()
    assert made["light"]["layout"]["colorway"] != made["dark"]["layout"]["colorway"]
    assert all(re.fullmatch(r"#[0-9a-f]{6}", colour) for colour in made["dark"]["layout"]["colorway"])


def test_every_call_has_a_bar_from_zero_and_the_line_its_running_total() -> None:
    line, bars = charts.timeline(POINTS, (), None)["data"]
    assert line["y"] == [1.5, 4.0]
    assert (line["line"]["shape"], bars["x"][2]) == ("hv", None)
    assert bars["y"] == [0, 1.5, None, 0, 2.5, None]


def test_a_bucket_is_as_wide_as_its_time_and_says_how_many_calls_it_holds() -> None:
    line, bars = charts.timeline(BUCKETS, (), 60)["data"]
    assert (bars["width"], bars["x"][0]) == (60_000, "2026-01-01T10:00:00Z")
    assert line["customdata"] == [[10.0, 7], [2.0, 1]]
    assert "%{customdata[0]:,.1f} per 1 min, in %{customdata[1]:,} calls" in line["hovertemplate"]


def test_a_calls_label_says_what_it_used() -> None:
    line, _ = charts.timeline(POINTS, (), None)["data"]
    assert line["customdata"] == [[1.5, 1], [2.5, 1]]
    assert "%{customdata[0]:,.1f} for this call" in line["hovertemplate"]


@pytest.mark.parametrize(("seconds", "points"), [(None, POINTS), (60, BUCKETS)])
def test_a_figure_that_has_grown_is_the_figure_drawn_anew(seconds: int | None, points: list[TimelinePoint]) -> None:
    figure = charts.timeline(points[:1], BANDS[:1], seconds, of="t")
    scale = charts.bar_scale([point.amount for point in points])
    growth = charts.timeline_growth(points[1:], BANDS, drawn=1, bucket_seconds=seconds, bars=scale)
    grown = grown_figure(figure, growth)
    expected = charts.timeline(points, BANDS, seconds, of="t")
    expected["data"][0]["mode"] = grown["data"][0]["mode"]
    assert grown == expected


def test_a_bucket_that_has_grown_replaces_itself() -> None:
    before = BUCKETS[0]._replace(cumulative=4.0, amount=4.0, calls=2)
    figure = charts.timeline([before], (), 60)
    scale = charts.bar_scale([10.0, 2.0])
    growth = charts.timeline_growth(BUCKETS, (), drawn=1, bucket_seconds=60, bars=scale, replaces_last=True)
    grown = grown_figure(figure, growth)
    assert [trace["y"] for trace in grown["data"]] == [trace["y"] for trace in charts.timeline(BUCKETS, (), 60)["data"]]


def test_the_bars_scale_leaves_two_thirds_to_the_line_and_marks_a_round_figure() -> None:
    assert charts.bar_scale([30.0, 49.3]) == {
        "range": [0.0, pytest.approx(49.3 * charts.BAR_SHARE)],
        "tickvals": [0, 20],
    }
    assert charts.bar_scale([]) == {"range": [0.0, 1.0], "tickvals": [0]}
    assert charts.bar_scale([-2.0, 1.0])["range"][0] < -2
    assert [charts.round_below(n) for n in (0.004, 1, 7.9, 50, 999)] == [0.002, 1, 5, 50, 500]


def test_a_buckets_width_is_said_in_the_unit_that_fits() -> None:
    assert [charts.span_name(s) for s in (5, 300, 7200, 86_400, 604_800)] == [
        "per 5 s", "per 5 min", "per 2 h", "per day", "per 7 days",
    ]  # fmt: skip


def grown_figure(figure: dict[str, Any], growth: dict[str, Any]) -> dict[str, Any]:
    """The figure as `assets/charts.js` has it after the growth."""
    figure = json.loads(json.dumps(figure))
    for trace, more in zip(figure["data"], growth["data"], strict=True):
        for name, values in more.items():
            trace[name] = (trace[name][:-1] if growth["replaces_last"] else trace[name]) + values
    figure["layout"]["yaxis"] |= growth["yaxis"]
    figure["layout"]["shapes"] = growth["shapes"]
    return dict(json.loads(json.dumps(figure)))
