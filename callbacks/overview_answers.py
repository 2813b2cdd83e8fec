"""From what was read to what the overview shows: figures as texts, charts in the zone's time, rows of its lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from data.burn import RunningAgent
from data.figures import OTHER, Activity, Figures, Line, Series, Top
from data.overview_queries import Course
from data.ranges import Range
from data.usage import credits_of
from data.wire import plain
from layouts.formats import compact, whole
from layouts.overview_charts import ChartLine, Figure, Steps, credits_chart, heat_chart
from layouts.overview_figures import change_text, per_text
from layouts.overview_lists import Agent, Entry
from layouts.range_words import PER, span, step_names, ticks

WHOLE_DAYS = ("day", "week", "month")
Text = dict[str, Any]


def local(range: Range, at: datetime) -> datetime:
    return at.astimezone(ZoneInfo(range.zone))


def range_text(range: Range) -> str:
    return span(local(range, range.start), local(range, range.end), local(range, range.until) if range.open else None)


def head_text(course: Course, before: Course | None) -> str:
    against = f", against {range_text(before.range)}" if before else ""
    return f"{range_text(course.range)}{against} · {course.range.zone}"


def title(step: str) -> str:
    return f"Credits {PER[step]}"


# ---- the cards with figures ------------------------------------------------------------------------------------


def figure_texts(course: Course, before: Course | None, rate: Decimal) -> dict[str, Text]:
    """Credits, tokens and calls of the range, each with its course and its change."""
    now, then = course.totals, before.totals if before else None
    steps = summed(course.series)
    credits, credits_then = credits_of(now.cost, rate), credits_of(then.cost, rate) if then else None
    earlier = range_text(before.range) if before else ""
    return {
        "credits": {
            **figure(whole(credits), plain(now.cost), credits, credits_then, earlier),
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


def figure(text: str, exact: str, now: int, then: int | None, earlier: str) -> Text:
    change = "" if then is None else change_text(now, then)
    return {
        "text": text,
        "exact": exact,
        "value": now,
        "change": change,
        "change_title": f"{whole(then)} in {earlier}" if then is not None else "",
    }


def activity_texts(now: Activity, then: Activity | None, credits: Decimal, earlier: str) -> dict[str, Text]:
    """How many threads and accounts, each with what one of them spent of these credits."""
    return {
        f"active_{noun}s": {
            **figure(whole(count), str(count), count, count_then, earlier),
            "title": f"{whole(count)} different {noun}s",
            "note": per_text(credits / count, noun) if count else "",
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


def credits_figure(course: Course, before: Course | None, rate: Decimal, of: str) -> Figure:
    lines = [chart_line(line, rate) for line in course.series.lines]
    earlier = [drawn(step.cost, rate) for step in summed(before.series)] if before and before.series.lines else None
    return credits_chart(lines, earlier, steps_of(course), of)


def chart_line(line: Line, rate: Decimal) -> ChartLine:
    credits = [drawn(figures.cost, rate) for figures in line.figures]
    return ChartLine(line.key, line.label, credits, rest=line.key == OTHER)


def steps_of(course: Course) -> Steps:
    series = course.series
    edges = [local(course.range, edge) for edge in series.edges]
    return Steps(
        [int(edge.timestamp()) for edge in edges],
        step_names(edges, series.step),
        ticks(edges, series.step),
        series.step in WHOLE_DAYS,
    )


def heat_figure(cells: Sequence[Sequence[Figures]], rate: Decimal, of: str) -> Figure:
    return heat_chart([[drawn(figures.cost, rate) for figures in row] for row in cells], of)


def drawn(cost: Decimal, rate: Decimal) -> float:
    return float(cost * rate)


# ---- lists -----------------------------------------------------------------------------------------------------


def query_text(asked: Mapping[str, Any], **changes: str) -> str:
    """The address's query of this view; what has its default is left out by the page itself."""
    names = ("scope", "range", "from", "to", "zone", "model", "by", "compare")
    view = {name: asked.get(name) for name in names} | changes
    if view.get("scope") == "all":
        del view["scope"]
    text = urlencode({name: value for name, value in view.items() if value}, safe="/:", quote_via=quote)
    return f"?{text}" if text else ""


def entries(found: Iterable[Top], hrefs: Mapping[str, str | None], rate: Decimal) -> list[Entry]:
    return [
        Entry(
            top.label,
            hrefs.get(top.key),
            credits_of(top.figures.cost, rate),
            plain(top.figures.cost),
            top.figures.calls,
            top.figures.total_tokens,
            top.share,
        )
        for top in found
    ]


def agent_entry(agent: RunningAgent, query: str, rate: Decimal) -> Agent:
    return Agent(
        href=f"/threads/{agent.thread_id}{query}",
        title=agent.title,
        account=agent.account,
        credits=None if agent.run_cost is None else credits_of(agent.run_cost, rate),
        rate=agent.rate_per_minute * rate,
        usual=None if agent.usual_rate is None else agent.usual_rate * rate,
        runaway=agent.runaway,
    )
