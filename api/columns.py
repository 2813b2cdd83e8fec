"""What each column of a download, and each member of a JSON row, holds: as JSON Schema, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.metrics import METRICS

Schema = dict[str, Any]

DECIMAL_UNITS = {"dollars", "credits", "credits per minute"}


def decimal(description: str) -> Schema:
    return {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "description": description, "examples": ["12.345678"]}


def some_decimal(description: str) -> Schema:
    return {**decimal(description), "type": ["string", "null"]}


def integer(description: str) -> Schema:
    return {"type": "integer", "description": description}


def text(description: str) -> Schema:
    return {"type": "string", "description": description}


def some_text(description: str) -> Schema:
    return {"type": ["string", "null"], "description": description}


def id(description: str) -> Schema:
    return {"type": "string", "format": "uuid", "description": description}


def time(description: str) -> Schema:
    return {"type": "string", "format": "date-time", "description": description}


def some_time(description: str) -> Schema:
    return {"type": ["string", "null"], "format": "date-time", "description": description}


FIGURES: Mapping[str, Schema] = {
    key: (decimal if metric.unit in DECIMAL_UNITS else integer)(metric.description) for key, metric in METRICS.items()
}
COLUMNS: Mapping[str, Schema] = {
    **FIGURES,
    "start": time("When the step begins, on the clock of the zone that was asked for."),
    "end": time("When it ends, which is no part of it."),
    "model": some_text("The model's name as the calls have it; of a thread, that of its latest call."),
    "elapsed_seconds": integer("Seconds since the thread's first call."),
    "total_cost": decimal("What the thread had cost by then, in dollars."),
    "total_credits": decimal("What it had cost by then, in credits."),
    "title": text("The thread's title, else the start of its id."),
    "project": some_text("The name of the thread's project."),
    "running": {"type": "boolean", "description": "Whether an agent is at work in it now."},
    "running_since": some_time("Since when an agent is at work in it."),
    "last_at": some_time("When its latest call was."),
    "created_at": some_time("When it was opened."),
    "email": some_text("The account's e-mail address; null where no table of users knows it."),
    "plan": some_text("The account's latest plan."),
    "plan_status": some_text("The status of its subscription, such as active or canceled."),
    "period_start": time("When the current period began: the subscription's, else the month in UTC."),
    "period_end": time("When it ends."),
    "allowance": some_decimal("Credits included in the period; null without an allowance."),
    "used": decimal("Credits used in the period."),
    "left": some_decimal("Allowance less used, below zero where more was used; null without an allowance."),
    "agents_running": integer("Agents at work now."),
    "used_up_at": some_time("When the allowance will be used up; null where it lasts. See docs/forecast.md."),
    "used_up_earliest": some_time("The early end of the range of that."),
    "used_up_latest": some_time("Its late end."),
    "share": decimal("Its part of the whole range's cost, from 0 to 1."),
    "weekday": text("Monday to Sunday, of the zone that was asked for."),
    "hour": integer("The hour of the zone's clock, 0 to 23."),
    "at": some_time("When; null where no usable time is recorded."),
    "account_id": id("The account's id; all zeros for usage without a user, which is Unattributed."),
    "account": text("The account's name, else its e-mail address, else the start of its id."),
    "call_id": id("The call's id."),
    "run_id": id("The agent run's id."),
    "status": some_text("The agent run's status, such as running, completed or failed."),
    "started_at": some_time("When the run began."),
    "completed_at": some_time("When the run ended; null while it runs."),
    "error": some_text("What the run failed with."),
    "purchase_id": id("The debit's id."),
    "description": some_text("What was debited for."),
    "thread_id": {**id("The thread's id."), "type": ["string", "null"]},
}
