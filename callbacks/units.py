"""In which unit the person who is looking has chosen to see what things cost."""

from __future__ import annotations

from collections.abc import Iterable

from access.viewer import current_viewer
from data.metrics import METRICS
from data.queries import Queries
from data.viewer import Viewer
from layouts.units import DOLLARS, Unit, unit_of


def shown_in(queries: Queries, viewer: Viewer | None = None) -> Unit:
    """Of the viewer, else of the current request's. Raises UnavailableError."""
    return unit_of(queries.preferences(viewer or current_viewer()).unit, queries.credits_per_dollar)


def metric_texts(names: Iterable[str], unit: Unit) -> dict[str, tuple[str, str]]:
    """The label and the meaning of each card: in dollars, that of credits shows the cost itself."""
    shown = {"credits": "cost"} if unit.name == DOLLARS.name else {}
    metrics = {name: METRICS[shown.get(name, name)] for name in names}
    return {name: (metric.label, metric.description) for name, metric in metrics.items()}
