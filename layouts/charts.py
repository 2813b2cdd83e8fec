"""Charts, drawn from the design's tokens: figures without colours, and one Plotly template for each theme.

A figure carries no theme: the browser adds the template of the theme that it shows, so that a change of theme needs
no server. Times in figures are UTC; the browser turns them into local ones.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from layouts.formats import whole
from layouts.overview_charts import hover_amount
from layouts.units import CREDITS, Unit

Figure = dict[str, Any]
Tokens = dict[str, str]

TOKENS_FILE = Path(__file__).parent.parent / "assets" / "tokens.css"
TOKEN = re.compile(r"--([\w-]+):\s*(?:light-dark\(\s*([^,()]+?)\s*,\s*([^,()]+?)\s*\)|([^;]+?))\s*;")

BAR_SHARE = 3.4  # bars take the lower part of the height, so that the line above stays readable
BANDS = 100  # runs drawn, the latest
DAY_MS = 86_400_000
# By the distance of two ticks; the second line stands where it changes. Plotly's own is too long for narrow screens.
TICKS = [
    {"dtickrange": [None, 60_000], "value": "%H:%M:%S\n%d %b"},
    {"dtickrange": [60_000, DAY_MS], "value": "%H:%M\n%d %b"},
    {"dtickrange": [DAY_MS, "M1"], "value": "%d %b\n%Y"},
    {"dtickrange": ["M1", None], "value": "%b\n%Y"},
]


class TimelinePoint(NamedTuple):
    """`at` is ISO 8601 in UTC; amounts are drawn, not added up, so a float will do."""

    at: str
    cumulative: float
    amount: float  # of the call, or of the bucket
    calls: int = 1
    bucket_start: str | None = None


def tokens(css: str) -> dict[str, Tokens]:
    """The custom properties of a stylesheet, without their dashes, for `light` and for `dark`."""
    themes: dict[str, Tokens] = {"light": {}, "dark": {}}
    for name, light, dark, plain in TOKEN.findall(css):
        if name not in themes["light"]:  # the first block is the theme, later ones point into it
            themes["light"][name], themes["dark"][name] = light or plain, dark or plain
    return themes


def templates() -> dict[str, Figure]:
    """Plotly's template of each theme."""
    return {theme: template(values) for theme, values in tokens(TOKENS_FILE.read_text()).items()}


def template(token: Tokens) -> Figure:
    axis = {
        "gridcolor": token["line"],
        "linecolor": token["line"],
        "zerolinecolor": token["line"],
        "tickfont": {"color": token["muted"], "size": 11},
        "tickcolor": token["line"],
        "ticklabeloverflow": "allow",  # else Plotly measures each label one by one, four fifths of a drawing's time
    }
    layout = {
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": token["font"], "color": token["text"], "size": 12},
        "colorway": [token[f"c{number}"] for number in range(1, 6)],
        "hoverlabel": {
            "bgcolor": token["surface"],
            "bordercolor": token["edge"],
            "font": {"color": token["text"], "family": token["font"], "size": 12},
        },
        "xaxis": axis,
        "yaxis": axis,
        "shapedefaults": {"fillcolor": token["live"], "opacity": 0.08, "line": {"width": 0}},
    }
    line, bars = token["c1"], token["c2"]
    return {
        "layout": layout,
        "data": {
            "scatter": [{"line": {"color": line}}, {"line": {"color": bars}}],
            "bar": [{"marker": {"color": bars}}],
        },
    }


def timeline(
    points: Sequence[TimelinePoint],
    bands: Sequence[tuple[str, str | None]],
    bucket_seconds: int | None,
    of: str = "",
    unit: Unit = CREDITS,
) -> Figure:
    """Cumulative amounts as a line of steps, what each call (or bucket) used as bars below, agent runs as bands.

    A band without an end is a run that goes on. `bucket_seconds` None: every point is one call.
    `of` names what is drawn, so that the browser can tell one page's figure from another's.
    """
    bars = call_bars(points) if bucket_seconds is None else bucket_bars(points, bucket_seconds)
    layout = {**timeline_layout(points, bands, unit), "meta": of}
    return {"data": [line(points, bucket_seconds, unit), bars], "layout": layout}


def line(points: Sequence[TimelinePoint], bucket_seconds: int | None, unit: Unit) -> Figure:
    """With each point's own amount and calls, for the label and for the chart's table."""
    own = "for this call" if bucket_seconds is None else f"{span_name(bucket_seconds)}, in %{{customdata[1]:,}} calls"
    return {
        "type": "scatter",
        "mode": "lines+markers" if len(points) == 1 else "lines",
        "line": {"shape": "hv", "width": 2},
        "x": [point.at for point in points],
        "y": [point.cumulative for point in points],
        "yaxis": "y2",
        "customdata": [[point.amount, point.calls] for point in points],
        "hovertemplate": f"%{{x|%d %b %H:%M:%S}}<br>{hover_amount('y', unit)} so far<br>"
        f"{unit.sign}%{{customdata[0]:,.{unit.fine_places}f}} {own}<extra></extra>",
    }


def call_bars(points: Sequence[TimelinePoint]) -> Figure:
    """A bar of constant width for each call, however close they are: line segments, a gap after each."""
    xs, ys = stems(points)
    return {
        "type": "scatter",
        "mode": "lines",
        "line": {"width": 3},
        "opacity": 0.85,
        "x": xs,
        "y": ys,
        "hoverinfo": "skip",
    }


def stems(points: Sequence[TimelinePoint]) -> tuple[list[str | None], list[float | None]]:
    xs: list[str | None] = []
    ys: list[float | None] = []
    for point in points:
        xs += [point.at, point.at, None]
        ys += [0, point.amount, None]
    return xs, ys


def bucket_bars(points: Sequence[TimelinePoint], seconds: int) -> Figure:
    return {
        "type": "bar",
        "opacity": 0.85,
        "x": [point.bucket_start for point in points],
        "y": [point.amount for point in points],
        "width": seconds * 1000,
        "offset": 0,
        "hoverinfo": "skip",
    }


def timeline_layout(points: Sequence[TimelinePoint], bands: Sequence[tuple[str, str | None]], unit: Unit) -> Figure:
    return {
        "uirevision": "timeline",  # what a person zoomed into stays while the thread grows
        "height": 240,
        "margin": {"l": 56, "r": 44, "t": 8, "b": 28},
        "showlegend": False,
        "hovermode": "x",
        "dragmode": "zoom",
        "bargap": 0,
        "xaxis": {
            "type": "date",
            "showgrid": False,
            "zeroline": False,
            "tickangle": 0,
            "tickformatstops": TICKS,
        },
        "yaxis": {  # of the bars; first, so that the line lies above them
            "side": "right",
            "fixedrange": True,
            "showgrid": False,
            "zeroline": False,
            "tickformat": ",~f",
            "tickprefix": unit.sign,
            **bar_scale([point.amount for point in points]),
        },
        "yaxis2": {
            "overlaying": "y",
            "side": "left",
            "rangemode": "tozero",
            "fixedrange": True,
            "zeroline": False,
            "tickmode": "auto",
            "nticks": 5,
            "tickformat": ",~f",
            "tickprefix": unit.sign,
        },
        "shapes": band_shapes(bands),
    }


def bar_scale(amounts: Sequence[float]) -> Figure:
    """An axis on which the highest bar reaches a third of the height, marked only where there are bars.

    Corrections below zero stay in sight.
    """
    highest, lowest = max(amounts, default=0.0), min(amounts, default=0.0)
    mark = round_below(highest)
    return {
        "range": [min(0.0, lowest * 1.1), max(highest, 0.0) * BAR_SHARE or 1.0],
        "tickvals": [0, mark] if mark else [0],
    }


def round_below(number: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above `number`; 0 for what is not above 0."""
    if number <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(number))
    return float(f"{next(step for step in (5, 2, 1) if step * power <= number * 1.000001) * power:.6g}")


def band_shapes(bands: Sequence[tuple[str, str | None]]) -> list[Figure]:
    return [
        {"type": "rect", "layer": "below", "yref": "paper", "y0": 0, "y1": 1, "x0": start, "x1": end}
        for start, end in bands[:BANDS]
    ]


def span_name(seconds: int) -> str:
    """The width of a bucket in words: `per 5 min`."""
    for size, unit in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds % size == 0:
            count = seconds // size
            return "per day" if (count, unit) == (1, "days") else f"per {whole(count)} {unit}"
    return f"per {seconds} s"


def timeline_growth(
    points: Sequence[TimelinePoint],
    bands: Sequence[tuple[str, str | None]],
    *,
    drawn: int,
    bucket_seconds: int | None,
    bars: Figure,
    replaces_last: bool = False,
    of: str = "",
) -> Figure:
    """What `assets/charts.js` adds to a drawn timeline of `drawn` points, that of `of`, when these have come.

    `bars` is the new `bar_scale`. `replaces_last`: the first of them is the last drawn bucket, which has grown. It is
    no Patch: Dash would apply that to whatever page is open when it arrives, and fail where that has no chart.
    """
    traces = timeline(points, (), bucket_seconds)["data"]
    return {
        "of": of,
        "drawn": drawn,
        "replaces_last": replaces_last,
        "data": [{name: trace[name] for name in ("x", "y", "customdata") if name in trace} for trace in traces],
        "yaxis": bars,
        "shapes": band_shapes(bands),
    }
