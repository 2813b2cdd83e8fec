"""The course of several threads from their first calls on: what each had cost by the end of each step of time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from layouts.overview_charts import DECIMALS, TICKS, amounts_axis, mark_text, round_marks, steps_axis
from layouts.units import CREDITS, Unit

Figure = dict[str, Any]

HEIGHT = 264
COLOURS = ("--c1", "--c2", "--c3", "--c4", "--c5", "--text")
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


class CourseLine(NamedTuple):
    """The amount at the end of each step, as far as the thread's last call; `place` is that among the chosen."""

    key: str
    label: str
    amounts: Sequence[float | None]
    place: int


def course_chart(lines: Sequence[CourseLine], step_seconds: int, steps: int, of: str, unit: Unit = CREDITS) -> Figure:
    """`of` tells one selection from another."""
    names = [elapsed((number + 1) * step_seconds) for number in range(steps)]
    drawn = [amount for line in lines for amount in line.amounts if amount is not None]
    marks = round_marks(min([0.0, *drawn]), max([0.0, *drawn]))
    texts = [mark_text(mark, unit) for mark in marks]
    places = list(range(0, steps, max(1, steps // (2 * TICKS))))
    return {
        "data": [trace(line, names, unit) for line in lines],
        "layout": {
            "uirevision": of,
            "meta": {"unit": unit.name, "steps": names},
            "height": HEIGHT,
            "margin": {"l": 16 + 6 * max(map(len, texts)), "r": 32, "t": 8, "b": 28},
            "showlegend": False,
            "hovermode": "x unified",
            "dragmode": False,
            "xaxis": {"type": "category", **steps_axis(steps, places, [names[place] for place in places])},
            "yaxis": amounts_axis(marks, texts, below=marks[0] < 0),
        },
    }


def trace(line: CourseLine, names: Sequence[str], unit: Unit) -> Figure:
    """A line of one point alone would not be seen."""
    single = sum(amount is not None for amount in line.amounts) == 1
    return {
        "type": "scatter",
        "mode": "lines+markers" if single else "lines",
        "name": line.label,
        "meta": line.key,
        "x": list(names),
        "y": [None if amount is None else round(amount, DECIMALS) for amount in line.amounts],
        "line": {"width": 2, "color": COLOURS[line.place]},
        "marker": {"color": COLOURS[line.place], "size": 7},
        "hovertemplate": f"{unit.sign}%{{y:,.{unit.fine_places}f}}",
    }


def elapsed(seconds: int) -> str:
    """In every unit that it has, so that no two steps share a name: 1 d 2 h 30 min."""
    parts = []
    for size, unit in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts) or "0 s"
