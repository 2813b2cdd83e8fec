"""The Dash app: made from its settings and queries, with every callback of every page on it."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from dash import Dash
from dash.exceptions import DependencyException
from flask import Flask
from werkzeug.exceptions import NotFound

from access.viewer import AUTH_CONFIG
from callbacks import (
    account,
    accounts,
    audit,
    failures,
    find,
    navigation,
    offline,
    overview,
    person,
    preferences,
    requests,
    routing,
    thread,
    thread_header,
    threads,
    timing,
    view,
)
from callbacks.document import Document
from callbacks.routing import Router
from data.queries import Queries
from data.ranges import PRESETS
from layouts import shell
from release import release
from settings import Settings

ASSETS = Path(__file__).parent.parent / "assets"

DOCUMENT = """<!DOCTYPE html>
<html lang="en"{%root%}>
<head>
{%metas%}
<meta name="creditpulse-release" content="RELEASE">
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="FAVICON">
{%css%}
{%preferences%}
</head>
<body>
<noscript>Creditpulse shows live figures, for which it needs JavaScript.</noscript>
{%app_entry%}
{%config%}
{%scripts%}
{%renderer%}
</body>
</html>
"""

META_TAGS = [
    {"name": "viewport", "content": "width=device-width, initial-scale=1"},
    {"name": "color-scheme", "content": "light dark"},
    {"name": "description", "content": "Live credits and usage of AI agents"},
]

HOME = "/"

# Each has a PAGE and a register(app, queries).
PAGES: tuple[ModuleType, ...] = (overview, threads, thread, accounts, account, preferences, audit)


def make_dash(
    queries: Queries, settings: Settings, server: Flask | None = None, observe: timing.Observe = timing.ignore
) -> Dash:
    """A Dash app which answers for whom `access.viewer` says is looking.

    `server` is the Flask server that the queries' cache was made for; without one it has its own. `observe` is told
    how long each callback took.
    """
    app = Document(
        "creditpulse",
        queries=queries,
        server=server or Flask("creditpulse"),
        assets_folder=str(ASSETS),
        title="Creditpulse",
        update_title="",
        serve_locally=True,
        meta_tags=META_TAGS,
        on_error=failures.explain,
        add_log_handler=False,
    )
    app.server.config[AUTH_CONFIG] = settings.auth
    of = release()
    app.index_string = DOCUMENT.replace("FAVICON", app.get_asset_url("favicon.svg")).replace("RELEASE", of)
    everyone_is_staff = settings.auth == "local"
    app.layout = shell.shell(PRESETS, everyone_is_staff=everyone_is_staff)
    app.validation_layout = shell.everything([module.PAGE.outline() for module in PAGES], PRESETS)  # type: ignore[assignment]
    timing.register(app, observe)  # first, so that it sees what the others refuse
    offline.register(app, of)
    register(app, queries)
    return app


def register(app: Dash, queries: Queries) -> None:
    requests.register(app)
    failures.register(app)
    navigation.register(app, queries)
    person.register(app)
    view.register(app)
    find.register(app, queries)
    thread_header.register(app, queries)
    for module in PAGES:
        module.register(app, queries)
    routing.register(app, queries, Router([module.PAGE for module in PAGES], HOME))
    app.server.register_error_handler(DependencyException, missing_file)


def missing_file(_error: Exception) -> NotFound:
    """Dash raises it for a component's file that is not there, and would answer 500."""
    return NotFound()
