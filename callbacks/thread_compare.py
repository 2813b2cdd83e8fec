"""Chosen threads side by side, each only where the viewer may see it: read in one snapshot, again when they change."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from time import perf_counter
from typing import Any
from uuid import UUID

from dash import Dash, Input
from dash.exceptions import PreventUpdate
from werkzeug.exceptions import BadRequest

from access.viewer import current_viewer
from access.witness import current_witness
from callbacks.clientside import outputs_of, wire
from callbacks.requests import request_of, uuid_of
from callbacks.units import shown_in
from data.metrics import NOTHING, Figures
from data.queries import Queries
from data.thread_compare import MOST_COMPARED, ComparedThread, compared_threads
from data.timeline import bucket_width
from data.usage_query import NO_MODEL, database_now
from data.wire import plain, utc
from layouts import ids
from layouts.compare_chart import CourseLine, course_chart
from layouts.thread_compare import ComparedRow, compare_table
from layouts.units import Unit

MOST_STEPS = 150
MICRO = Decimal("0.000001")
Answer = tuple[dict[str, Any], Any, str, Any, str]


def compare(queries: Queries, request: object) -> Answer:
    """A note about the answer, the table and its state, the chart and its state."""
    if request is None:  # the gate has not asked yet
        raise PreventUpdate
    asked, began = request_of(request), perf_counter()
    chosen = chosen_ids(asked.get("threads"))
    with queries.connect() as connection:
        snapshot = connection.execution_options(isolation_level="REPEATABLE READ")
        as_of = database_now(snapshot)
        found = compared_threads(snapshot, current_viewer(), chosen)
    for one in found:
        current_witness().about("thread", one.thread.thread_id)
    places = {id: place for place, id in enumerate(one.thread.thread_id for one in found)}
    unit = shown_in(queries)
    table = compare_table([compared_row(one, unit) for one in found], len(chosen) - len(found), unit)
    figure = course_figure(found, places, unit)
    note = {
        "request": asked.get("n"),
        "threads": list(map(str, chosen)),
        "missing": len(chosen) - len(found),
        "as_of": utc(as_of),
    }
    took_ms = round((perf_counter() - began) * 1000)
    return {**note, "took_ms": took_ms}, table, "ready", figure, "ready" if figure else "empty"


def chosen_ids(value: object) -> list[UUID]:
    """Raises BadRequest."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_COMPARED:
        raise BadRequest("threads are missing, or too many")
    return list(dict.fromkeys(uuid_of(one) for one in value))


def compared_row(one: ComparedThread, unit: Unit) -> ComparedRow:
    thread, figures = one.thread, sum_of(one)
    per_call = one.cost_per_call
    return ComparedRow(
        thread_id=str(thread.thread_id),
        title=thread.title,
        account=thread.account,
        running=thread.running,
        amount=unit.of(thread.cost),
        cost=plain(thread.cost),
        prompt_tokens=figures.prompt_tokens,
        completion_tokens=figures.completion_tokens,
        total_tokens=thread.total_tokens,
        calls=thread.calls,
        first_at=utc(one.first_at) if one.first_at else None,
        lasted=one.lasted,
        per_call=None if per_call is None else unit.of(per_call),
        per_call_cost="" if per_call is None else plain(per_call.quantize(MICRO)),
        rate=unit.of(one.rate_per_minute),
        rate_cost=plain(one.rate_per_minute.quantize(MICRO)),
        models=[(model.model or NO_MODEL, unit.of(model.cost), plain(model.cost)) for model in one.models],
    )


def sum_of(one: ComparedThread) -> Figures:
    """Of its models, which are all of it."""
    total = NOTHING
    for model in one.models:
        tokens = (model.prompt_tokens, model.completion_tokens, model.total_tokens)
        total += Figures(model.cost, *tokens, model.calls)
    return total


def course_figure(found: Sequence[ComparedThread], places: dict[UUID, int], unit: Unit) -> dict[str, Any] | None:
    """None where no thread has a call with a usable time."""
    drawn = [one for one in found if one.points]
    if not drawn:
        return None
    longest = max(one.points[-1].at - one.points[0].at for one in drawn)
    width = bucket_width(longest, MOST_STEPS)
    steps = max(1, math.ceil(longest.total_seconds() / width))
    lines = [
        CourseLine(
            str(one.thread.thread_id), one.thread.title, course(one, width, steps, unit), places[one.thread.thread_id]
        )
        for one in drawn
    ]
    return course_chart(lines, width, steps, ",".join(line.key for line in lines), unit)


def course(one: ComparedThread, width: int, steps: int, unit: Unit) -> list[float | None]:
    """At the end of each step; none after that of the last call."""
    first = one.first_at or one.points[0].at
    times = [(point.at - first).total_seconds() for point in one.points]
    last = min(steps, max(1, math.ceil(times[-1] / width)))
    found: list[float | None] = []
    for step in range(last):
        until = math.inf if step == last - 1 else (step + 1) * width
        reached = bisect_right(times, until)
        found.append(float(unit.of(one.points[reached - 1].cumulative)) if reached else None)
    return found + [None] * (steps - last)


def register(app: Dash, queries: Queries) -> None:
    course = ids.THREADS_COURSE
    outputs = outputs_of(
        f"{ids.THREADS_COMPARED}.data",
        f"{ids.THREADS_COMPARE_TABLE}.children",
        f"{ids.THREADS_COMPARE_TABLE}.data-state",
        f"{course.figure}.data",
        f"{course.card}.data-state",
    )
    app.callback(outputs, Input(ids.THREADS_COMPARE_REQUEST, "data"), prevent_initial_call=True)(
        partial(compare, queries)
    )
    search, hint = Input(ids.URL, "search"), Input(ids.THREADS_CHANGED, "data")
    shown = outputs_of(f"{ids.THREADS_COMPARE}.hidden", f"{ids.THREADS_COMPARE_NOTE}.children", f"{course.csv}.href")
    updated = outputs_of(f"{ids.THREADS_COMPARE_UPDATED}.children", f"{ids.THREADS_COMPARE_UPDATED}.dateTime")
    wire(app, "threads_compare", "section", [search, hint, Input(ids.VIEW, "data")], shown)
    wire(app, "threads_compare", "answered", [Input(ids.THREADS_COMPARED, "data")], updated, initial=False)
    wire(app, "threads_compare", "clear", [Input(ids.THREADS_COMPARE_CLEAR, "n_clicks")], initial=False)
    wire(app, "thread", "local_times", [Input(ids.THREADS_COMPARE_TABLE, "children")], initial=False)
