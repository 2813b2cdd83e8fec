"""From what was read to what the overview shows: figures as texts, charts in the zone's time, rows of its lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from data.burn import RunningAgent
from data.figures import OTHER, Activity, Figures, Line, Series, Top
from data.overview_queries import Course
from data.ranges import Range
from data.wire import plain
from layouts.formats import compact, whole
from layouts.overview_charts import ChartLine, Figure, Steps, heat_chart, spending_chart
from layouts.overview_figures import change_text, per_text
from layouts.overview_lists import Agent, Entry
from layouts.range_words import PER, span, step_names, ticks
from layouts.units import Unit

WHOLE_DAYS = ("day", "week", "month")
Text = dict[str, Any]


def local(range: Range, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(range.zone))


def range_text(range: Range) -> str:
    return span(local(range, range.start), local(range, range.end), local(range, range.until) if range.open else None)


def head_text(course: Course, before: Course | None) -> str:
    against = f", against {range_text(before.range)}" if before else ""
    return f"{range_text(course.range)}{against} · {course.range.zone}"


def title(step: str, unit: Unit) -> str:
    return f"{unit.word} {PER[step]}"


# ---- the cards with figures ------------------------------------------------------------------------------------


def figure_texts(course: Course, before: Course | None, unit: Unit) -> dict[str, Text]:
    """What was spent, tokens and calls of the range, each with its course and its change."""
    now, then = course.totals, before.totals if before else None
    steps = summed(course.series)
    amount, amount_then = shown(now, unit), shown(then, unit) if then else None
    earlier = range_text(before.range) if before else ""
    return {
        "credits": {
            **figure(unit.total(amount), plain(now.cost), amount, amount_then, earlier, unit.total),
            "title": f"{plain(now.cost)} dollars",
            "spark": [round(float(step.cost), 6) for step in steps],
        },
        "total_tokens": {
            **figure(
                compact(now.total_tokens),
                str(now.total_tokens),
                now.total_tokens,
                then.total_tokens if then else None,
                earlier,
            ),
            "title": f"{whole(now.prompt_tokens)} prompt, {whole(now.completion_tokens)} completion",
            "spark": [step.total_tokens for step in steps],
        },
        "calls": {
            **figure(whole(now.calls), str(now.calls), now.calls, then.calls if then else None, earlier),
            "title": f"{whole(now.calls)} calls",
            "spark": [step.calls for step in steps],
        },
    }


def shown(figures: Figures, unit: Unit) -> Decimal:
    """What a total shows of a cost: what does not show is no change."""
    return unit.rounded(unit.of(figures.cost))


def figure(
    text: str,
    exact: str,
    now: int | Decimal,
    then: int | Decimal | None,
    earlier: str,
    written: Callable[[int | Decimal], str] = whole,
) -> Text:
    return {
        "text": text,
        "exact": exact,
        "value": float(now),
        "change": "" if then is None else change_text(now, then),
        "change_title": f"{written(then)} in {earlier}" if then is not None else "",
    }


def activity_texts(now: Activity, then: Activity | None, amount: Decimal, earlier: str, unit: Unit) -> dict[str, Text]:
    """How many threads and accounts, each with what one of them spent of this amount."""
    return {
        f"active_{noun}s": {
            **figure(whole(count), str(count), count, count_then, earlier),
            "title": f"{whole(count)} different {noun}s",
            "note": per_text(amount / count, noun, unit) if count else "",
        }
        for noun, count, count_then in (
            ("thread", now.threads, then.threads if then else None),
            ("account", now.accounts, then.accounts if then else None),
        )
    }


def summed(series: Series) -> list[Figures]:
    """The whole of each step."""
    steps = [Figures()] * (len(series.edges) - 1)
    for line in series.lines:
        steps = [step + figures for step, figures in zip(steps, line.figures, strict=True)]
    return steps


# ---- charts ----------------------------------------------------------------------------------------------------


def spending_figure(course: Course, before: Course | None, unit: Unit, of: str) -> Figure:
    lines = [chart_line(line, unit) for line in course.series.lines]
    earlier = [drawn(step.cost, unit) for step in summed(before.series)] if before and before.series.lines else None
    return spending_chart(lines, earlier, steps_of(course), of, unit)


def chart_line(line: Line, unit: Unit) -> ChartLine:
    amounts = [drawn(figures.cost, unit) for figures in line.figures]
    return ChartLine(line.key, line.label, amounts, rest=line.key == OTHER)


def steps_of(course: Course) -> Steps:
    series = course.series
    edges = [local(course.range, edge) for edge in series.edges]
    return Steps(
        [int(edge.timestamp()) for edge in edges],
        step_names(edges, series.step),
        ticks(edges, series.step),
        series.step in WHOLE_DAYS,
    )


def heat_figure(cells: Sequence[Sequence[Figures]], unit: Unit, of: str) -> Figure:
    return heat_chart([[drawn(figures.cost, unit) for figures in row] for row in cells], of, unit)


def drawn(cost: Decimal, unit: Unit) -> float:
    return float(unit.of(cost))


# ---- lists -----------------------------------------------------------------------------------------------------


def query_text(asked: Mapping[str, Any], **changes: str) -> str:
    """The address's query of this view; what has its default is left out by the page itself."""
    names = ("scope", "range", "from", "to", "zone", "model", "by", "compare")
    view = {name: asked.get(name) for name in names} | changes
    if view.get("scope") == "all":
        del view["scope"]
    text = urlencode({name: value for name, value in view.items() if value}, safe="/:", quote_via=quote)
    return f"?{text}" if text else ""


def entries(found: Iterable[Top], hrefs: Mapping[str, str | None], unit: Unit) -> list[Entry]:
    return [
        Entry(
            top.label,
            hrefs.get(top.key),
            unit.of(top.figures.cost),
            plain(top.figures.cost),
            top.figures.calls,
            top.figures.total_tokens,
            top.share,
        )
        for top in found
    ]


def agent_entry(agent: RunningAgent, query: str, unit: Unit) -> Agent:
    return Agent(
        href=f"/threads/{agent.thread_id}{query}",
        title=agent.title,
        account=agent.account,
        amount=None if agent.run_cost is None else unit.of(agent.run_cost),
        rate=unit.of(agent.rate_per_minute),
        usual=None if agent.usual_rate is None else unit.of(agent.usual_rate),
        runaway=agent.runaway,
    )
