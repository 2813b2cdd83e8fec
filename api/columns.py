"""What each column of a download, and each member of a JSON row, holds: as JSON Schema, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from data.metrics import METRICS

Schema = dict[str, Any]

DECIMAL_UNITS = {"dollars", "credits", "credits per minute"}


def decimal(description: str) -> Schema:
    return {"type": "string", "pattern": r"^-?\d+(\.\d+)?$", "description": description, "examples": ["12.345678"]}


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
    "title": text("The thread's title, else the start of its id."),
    "project": some_text("The name of the thread's project."),
    "running": {"type": "boolean", "description": "Whether an agent is at work in it now."},
    "running_since": some_time("Since when an agent is at work in it."),
    "last_at": some_time("When its latest call was."),
    "created_at": some_time("When it was opened."),
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
