"""The figures of a range, for pages, exports and the API: totals, their course, the heat map, activity, top lists.

Each function is one statement, exact in its own snapshot, and returns only what the viewer may see.
"""

from __future__ import annotations

from data.figures_accounts import figures_of_accounts, top_accounts
from data.figures_activity import Activity, activity
from data.figures_heat import heat
from data.figures_series import GROUPS, MOST_LINES, OTHER, Line, Series, series, totals
from data.figures_threads import figures_of_threads, top_threads
from data.figures_top import TOP, Top, top_models
from data.metrics import Figures

__all__ = [
    "GROUPS",
    "MOST_LINES",
    "OTHER",
    "TOP",
    "Activity",
    "Figures",
    "Line",
    "Series",
    "Top",
    "activity",
    "figures_of_accounts",
    "figures_of_threads",
    "heat",
    "series",
    "top_accounts",
    "top_models",
    "top_threads",
    "totals",
]
