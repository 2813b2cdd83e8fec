"""What the top lists of a range are made of, and the list of models, which the slices give at once."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, text

from data.figures_slices import SUMS, figures_of, model_slices, values_of
from data.metrics import Figures
from data.usage_query import NO_MODEL, UsageQuery
from data.viewer import Viewer

TOP = 10


@dataclass(frozen=True)
class Top:
    """`share` is its part of the cost of the whole range and scope, 0 where that is not positive."""

    key: str  # a thread's or an account's id, or a model's name
    label: str
    figures: Figures
    share: Decimal


TOP_MODELS = text(f"""
    WITH {model_slices()}
    SELECT s.model AS key, {SUMS.format("s")}, (SELECT sum(w.cost) FROM slices w) AS whole
    FROM slices s
    GROUP BY s.model HAVING sum(s.cost) > 0 ORDER BY sum(s.cost) DESC, s.model LIMIT :limit
""")


def top_models(connection: Connection, viewer: Viewer, query: UsageQuery, limit: int = TOP) -> tuple[Top, ...]:
    """The dearest models. Raises NotFoundError where the scope is not the viewer's."""
    rows = connection.execute(TOP_MODELS, {**values_of(viewer, query), "limit": limit})
    return tuple(top(row, row.key or NO_MODEL, row.key or "No model") for row in rows)


def top(row: Any, key: str, label: str) -> Top:
    figures = figures_of(row)
    return Top(key, label, figures, figures.cost / row.whole if row.whole > 0 else Decimal(0))
