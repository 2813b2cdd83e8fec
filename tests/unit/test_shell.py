"""The pages' frame: the ids that others rely on are there once, and every clientside callback has its function."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from dash import Dash
from dash.development.base_component import Component

from callbacks.dashboard import make_dash
from layouts import shell, thread_header
from settings import Settings

ASSETS = Path(__file__).parents[2] / "assets"

ON_EVERY_PAGE = {
    "nav-credits", "nav-tokens", "nav-plan", "nav-live", "nav-updated", "nav-frequency", "nav-refresh", "nav-interval",
    "subscription-interval", "nav-usage", "nav-agent-status", "nav-account",
}  # fmt: skip
IN_THREAD_HEADER = {
    "thread-credits", "thread-tokens", "thread-agent", "thread-live", "thread-updated", "thread-frequency",
    "thread-refresh", "thread-interval", "thread-usage", "agent-status",
}  # fmt: skip


@pytest.fixture(scope="module")
def app() -> Dash:
    return make_dash(None, Settings())  # type: ignore[arg-type]


def ids_in(component: Component) -> Counter[str]:
    parts = [component, *component._traverse()]
    return Counter(part.id for part in parts if getattr(part, "id", None))


def test_every_page_has_the_navigation_of_the_contract() -> None:
    found = ids_in(shell.shell({"7d": "Last 7 days"}))
    assert found.keys() >= ON_EVERY_PAGE
    assert max(found.values()) == 1


def test_the_thread_header_has_the_ids_of_the_contract() -> None:
    found = ids_in(thread_header.thread_header("t", "A thread"))
    assert found.keys() >= IN_THREAD_HEADER
    assert max(found.values()) == 1


def test_what_a_person_typed_is_not_markup() -> None:
    header = thread_header.thread_header("t", "<script>x</script>", [thread_header.Crumb("<b>y</b>")])
    assert "<script>x</script>" in json.dumps(header.to_plotly_json(), default=lambda part: part.to_plotly_json())


def test_every_component_that_a_callback_names_is_on_some_page(app: Dash) -> None:
    known = ids_in(app.validation_layout).keys()
    for spec in callbacks(app):
        for part in [*spec["inputs"], *spec["state"]]:
            assert part["id"] in known, spec["output"]


def test_every_clientside_function_is_in_the_assets(app: Dash) -> None:
    scripts = "\n".join(path.read_text() for path in ASSETS.glob("*.js"))
    for spec in callbacks(app):
        if function := spec["clientside_function"]:
            name = function["function_name"]
            assert re.search(rf"\b{function['namespace']}\b", scripts), function
            assert re.search(rf"\b{name}\b", scripts), function


def test_the_document_says_its_language_and_asks_for_nothing_elsewhere(app: Dash) -> None:
    document = app.index()
    assert '<html lang="en">' in document
    assert "width=device-width" in document
    assert "favicon.svg" in document
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", document)


def callbacks(app: Dash) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = app._callback_list
    assert found
    return found
