"""The document of every page load, with what its person has chosen: the first paint is right, nothing flashes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from html import escape
from threading import Thread
from typing import Any, TypeVar

import flask
import orjson
from dash import Dash

from access.tabs import tab_key
from access.viewer import current_viewer
from data.preferences import DEFAULTS, Preferences, digest
from data.queries import Queries
from data.viewer import Viewer
from data.wire import preferences_message

logger = logging.getLogger(__name__)

T = TypeVar("T")

# A database that does not answer may not keep a page from opening: it opens with the defaults.
PATIENCE_SECONDS = 1.0

ROOT = "{%root%}"  # attributes of the document's root
PREFERENCES = "{%preferences%}"


class Document(Dash):
    """`queries` are asked what the viewer has chosen; `index_string` has ROOT and PREFERENCES."""

    def __init__(self, *args: Any, queries: Queries, **options: Any) -> None:
        super().__init__(*args, **options)
        self.queries = queries

    def interpolate_index(self, metas: str = "", *parts: Any, **more: Any) -> str:
        if not flask.has_request_context():
            document = str(super().interpolate_index(metas, *parts, **more))  # type: ignore[no-untyped-call]
            return document.replace(ROOT, "").replace(PREFERENCES, "")
        viewer = current_viewer()
        document = str(super().interpolate_index(metas + self.whose(viewer), *parts, **more))  # type: ignore[no-untyped-call]
        chosen = self.chosen(viewer)
        return document.replace(ROOT, root_attributes(chosen)).replace(PREFERENCES, self.script(viewer, chosen))

    def whose(self, viewer: Viewer) -> str:
        """Tells pages whose they are: tabs share what they are sent with those of the same person only."""
        secret = self.server.secret_key
        return f'\n<meta name="creditpulse-viewer" content="{tab_key(str(secret), viewer)}">' if secret else ""

    def chosen(self, viewer: Viewer) -> Preferences:
        """The defaults where the database cannot tell, or not soon."""
        try:
            return within(PATIENCE_SECONDS, lambda: self.queries.preferences(viewer))
        except Exception as error:  # whatever it is: a page opens, and says itself what it does not get
            logger.warning("a page opens without what its person has chosen: %s", error, extra=WITHOUT)
            return DEFAULTS

    def script(self, viewer: Viewer, chosen: Preferences) -> str:
        """No script to run, but JSON for `assets/preferences.js`."""
        said = {
            "preferences": preferences_message(chosen),
            "person": digest(viewer.name),
            "credits_per_dollar": float(self.queries.credits_per_dollar),
        }
        return f'<script type="application/json" id="preferences">{script_json(said)}</script>'


WITHOUT = {"action": "document.without_preferences"}


def root_attributes(chosen: Preferences) -> str:
    """What CSS goes by; nothing for what follows the system."""
    found = {
        "data-theme": "" if chosen.theme == "system" else chosen.theme,
        "data-motion": "reduced" if chosen.reduced_motion == "reduced" else "",
    }
    return "".join(f' {name}="{escape(value)}"' for name, value in found.items() if value)


def script_json(value: object) -> str:
    """JSON that can end no script element and begin no comment, whatever its texts are."""
    text = orjson.dumps(value).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def within(seconds: float, read: Callable[[], T]) -> T:
    """What `read` returns or raises. Raises TimeoutError where it takes longer; then it goes on for nobody."""
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(read())
        except BaseException as error:
            outcome.set_exception(error)

    Thread(target=run, name="preferences of a page", daemon=True).start()
    return outcome.result(seconds)
