"""The overview's charts: what was spent over time, stacked, with the period before as a line; and when they are spent.

Their axis counts steps, whatever their length, so that a day of 23 hours is as wide as any other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from layouts.formats import UNITS
from layouts.units import CREDITS, Unit

Figure = dict[str, Any]

HEIGHT = 264
HEAT_HEIGHT = 300
DEAREST = ("--c1", "--c2", "--c3", "--c4")
REST = "--c5"
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
TICKS = 4
BAR = 0.9  # of a step's width
FEW = 6  # steps; the bars of fewer are no wider than theirs
DECIMALS = 6  # amounts are drawn, not added up


class ChartLine(NamedTuple):
    """The amount of each step; `rest` is what the other lines leave over."""

    key: str
    label: str
    amounts: Sequence[float]
    rest: bool = False


class Steps(NamedTuple):
    """`edges` are Unix seconds, one more than `names`; `ticks` are which steps the axis names, and how."""

    edges: Sequence[int]
    names: Sequence[str]
    ticks: tuple[list[int], list[str]]
    dated: bool  # each step is whole days


def spending_chart(
    lines: Sequence[ChartLine], before: Sequence[float] | None, steps: Steps, of: str, unit: Unit = CREDITS
) -> Figure:
    """`of` tells this view from others: what a person zoomed into in one does not outlive it."""
    width = BAR * min(1.0, len(steps.names) / FEW)
    traces = [bars(line, REST if line.rest else DEAREST[place % 4], width) for place, line in enumerate(lines)]
    if before is not None:
        traces.append(line_before(before[: len(steps.names)]))
    return {"data": traces, "layout": spending_layout(lines, before or (), steps, of, unit)}


def bars(line: ChartLine, colour: str, width: float) -> Figure:
    return {
        "type": "bar",
        "name": line.label,
        "meta": line.key,
        "y": [round(amount, DECIMALS) for amount in line.amounts],
        "width": width,
        "marker": {"color": colour, "line": {"width": 0}},
        "hoverinfo": "skip",
    }


def line_before(amounts: Sequence[float]) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": "Period before",
        "meta": "before",
        "y": [round(number, DECIMALS) for number in amounts],
        "line": {"width": 1.5, "dash": "dot", "color": "--text"},
        "hoverinfo": "skip",
    }


def spending_layout(lines: Sequence[ChartLine], before: Sequence[float], steps: Steps, of: str, unit: Unit) -> Figure:
    count = len(steps.names)
    low, high = extent(lines, before)
    marks = round_marks(low, high)
    texts = [mark_text(mark, unit) for mark in marks]
    places, words = steps.ticks
    return {
        "uirevision": of,
        "meta": {"unit": unit.name, "steps": list(steps.names), "edges": list(steps.edges), "dated": steps.dated},
        "height": HEIGHT,
        "margin": {"l": 16 + 6 * max(map(len, texts)), "r": 4, "t": 8, "b": 28},
        "showlegend": False,
        "barmode": "relative",
        "hovermode": "x",
        "dragmode": "zoom",
        "xaxis": steps_axis(count, places, words),
        "yaxis": amounts_axis(marks, texts, below=low < 0),
    }


def steps_axis(count: int, places: Sequence[int], words: Sequence[str]) -> Figure:
    return {
        "range": [-0.5, count - 0.5],
        "tickmode": "array",
        "tickvals": list(places),
        "ticktext": list(words),
        "tickangle": 0,
        "ticklabelstandoff": 4,
        "showgrid": False,
        "zeroline": False,
    }


def amounts_axis(marks: Sequence[float], texts: Sequence[str], *, below: bool) -> Figure:
    """`below`: something is drawn below zero, which then has a line."""
    return {
        "ticklabelstandoff": 6,
        "range": [marks[0], marks[-1]],
        "tickmode": "array",
        "tickvals": list(marks),
        "ticktext": list(texts),
        "fixedrange": True,
        "zeroline": below,
    }


def extent(lines: Sequence[ChartLine], before: Sequence[float]) -> tuple[float, float]:
    """How far the stacks reach; corrections are stacked below zero."""
    columns = list(zip(*(line.amounts for line in lines), strict=True))
    highs = [sum(number for number in column if number > 0) for column in columns]
    lows = [sum(number for number in column if number < 0) for column in columns]
    return min([0.0, *lows, *before]), max([0.0, *highs, *before])


def round_marks(low: float, high: float) -> list[float]:
    """About four round numbers that cover what is drawn, zero among them."""
    step = round_above((high - low) / TICKS) or 1.0
    first, last = math.floor(low / step), max(math.ceil(high / step), math.floor(low / step) + 1)
    return [float(f"{step * number:.9g}") for number in range(first, last + 1)]


def round_above(number: float) -> float:
    """The smallest of 1, 2, 2.5 and 5 times a power of ten that is not below `number`; 0 for what is not above 0."""
    if number <= 0:
        return 0.0
    power = 10.0 ** math.floor(math.log10(number))
    return next(float(f"{step * power:.6g}") for step in (1, 2, 2.5, 5, 10) if step * power >= number * 0.999999)


def mark_text(mark: float, unit: Unit = CREDITS) -> str:
    sign = f"-{unit.sign}" if mark < 0 else unit.sign
    number = abs(mark)
    for size, name in UNITS:
        if number >= size:
            return f"{sign}{number / size:g} {name}"
    return f"{sign}{int(number):,}" if number == int(number) else f"{sign}{number:.10g}"


def hover_amount(variable: str, unit: Unit) -> str:
    """An amount as Plotly's labels say it."""
    return unit.counted(f"<b>{unit.sign}%{{{variable}:,.{unit.fine_places}f}}</b>")


def heat_chart(amounts: Sequence[Sequence[float]], of: str, unit: Unit = CREDITS) -> Figure:
    """Seven rows, Monday first, of 24 hours."""
    return {
        "data": [
            {
                "type": "heatmap",
                "z": [[round(number, DECIMALS) for number in row] for row in amounts],
                "y": list(WEEKDAYS),
                "xgap": 2,
                "ygap": 3,
                "zmin": 0,
                "zmax": max([1e-9, *(number for row in amounts for number in row)]),
                "showscale": False,
                "colorscale": [[0, "--sunk"], [1, "--c1"]],
                "hovertemplate": f"%{{y}}, %{{x}}:00<br>{hover_amount('z', unit)}<extra></extra>",
            }
        ],
        "layout": {
            "uirevision": of,
            "meta": {"unit": unit.name},
            "height": HEAT_HEIGHT,
            "margin": {"l": 34, "r": 2, "t": 4, "b": 24},
            "dragmode": False,
            "xaxis": {
                "tickmode": "array",
                "tickvals": [0, 6, 12, 18],
                "ticktext": ["0:00", "6:00", "12:00", "18:00"],
                "tickangle": 0,
                "showgrid": False,
                "zeroline": False,
                "fixedrange": True,
            },
            "yaxis": {"autorange": "reversed", "showgrid": False, "zeroline": False, "fixedrange": True},
        },
    }
