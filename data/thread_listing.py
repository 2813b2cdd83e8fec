"""Threads as downloads and the JSON API have them."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection

from data.listing import FIGURES, Row, figure_cells, local
from data.metrics import Figures
from data.threads import ThreadRow
from data.usage import thread_usages
from data.viewer import Viewer

COLUMNS = (
    "thread_id", "title", "project", "account_id", "account", "model", *FIGURES, "running", "running_since", "last_at",
    "created_at",
)  # fmt: skip


def thread_cells(
    connection: Connection, viewer: Viewer, threads: tuple[ThreadRow, ...], zone: str, credits_per_dollar: Decimal
) -> list[Row]:
    """In the order of COLUMNS; the figures are of one moment, whatever was read of the threads before."""
    usages = thread_usages(connection, viewer, [thread.thread_id for thread in threads])
    rows = []
    for thread in threads:
        if usage := usages.get(thread.thread_id):
            figures = Figures(usage.cost, usage.prompt_tokens, usage.completion_tokens, usage.total_tokens, usage.calls)
            rows.append(cells_of(thread, figures, zone, credits_per_dollar))
    return rows


def cells_of(thread: ThreadRow, figures: Figures, zone: str, credits_per_dollar: Decimal) -> Row:
    return (
        thread.thread_id,
        thread.title,
        thread.project,
        thread.account_id,
        thread.account,
        thread.model,
        *figure_cells(figures, credits_per_dollar),
        thread.running,
        local(thread.running_since, zone),
        local(thread.last_at, zone),
        local(thread.created_at, zone),
    )
