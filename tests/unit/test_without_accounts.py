"""Someone whom no account belongs to is told so, and does not wait for figures that never come."""

from __future__ import annotations

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from callbacks import threads
from data.preferences import Preferences
from data.viewer import Viewer
from layouts import ids


def page_of(viewer: Viewer) -> str:
    queries: Any = SimpleNamespace(preferences=lambda _viewer: Preferences(), credits_per_dollar=Decimal(100))
    return json.dumps(threads.render(queries, viewer), default=lambda part: part.to_plotly_json())


def test_who_has_no_account_is_told_what_would_give_them_one() -> None:
    page = page_of(Viewer("nobody@x"))
    assert "No account is yours yet" in page
    assert ids.THREADS_GRID not in page


def test_staff_get_the_list() -> None:
    assert ids.THREADS_GRID in page_of(Viewer("staff@x", staff=True))
