"""What each model has cost in one thread."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, text

from data.calls import check_thread
from data.viewer import Viewer


@dataclass(frozen=True)
class ModelUsage:
    """Exact totals of the calls that name this model; None stands for those that name none."""

    model: str | None
    calls: int
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    cost: Decimal  # dollars


MODELS = text("""
    SELECT nullif(h.model, '') AS model, sum(h.calls) AS calls, sum(h.prompt_tokens) AS prompt_tokens,
        sum(h.completion_tokens) AS completion_tokens, sum(h.total_tokens) AS total_tokens, sum(h.cost) AS cost
    FROM creditpulse.exact_thread_hours h WHERE h.thread_id = :thread_id
    GROUP BY h.model HAVING sum(h.calls) <> 0 ORDER BY sum(h.cost) DESC, h.model
""")


def thread_models(connection: Connection, viewer: Viewer, thread_id: UUID) -> tuple[ModelUsage, ...]:
    """The dearest first; their sums are the thread's totals. Raises NotFoundError for a thread not the viewer's."""
    check_thread(connection, viewer, thread_id)
    return tuple(
        ModelUsage(
            row.model,
            int(row.calls),
            int(row.prompt_tokens),
            int(row.completion_tokens),
            int(row.total_tokens),
            row.cost,
        )
        for row in connection.execute(MODELS, {"thread_id": thread_id})
    )
