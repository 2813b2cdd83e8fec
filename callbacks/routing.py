"""From an address to a page: a small router of our own, and the status of a full page load.

`dash.register_page` keeps a registry that leaks into the next app of the process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import flask
from dash import Dash, Input, Output, State
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from access.viewer import current_viewer
from callbacks.clientside import wire
from callbacks.failures import note_refusal
from callbacks.requests import text_of
from callbacks.scopes import check_scope
from data.errors import NotFoundError, UnavailableError
from data.queries import Queries
from data.viewer import Viewer
from layouts import ids, states

UUID_PATTERN = "[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"


@dataclass(frozen=True)
class Page:
    """One kind of page. `path` may have one `<id>`, which `render` and `check` are then given as a UUID.

    `render(queries, viewer, id?)` makes the page, `outline()` the same components without any data (for
    Dash's validation); `check(queries, viewer, id?)` decides a full page load's status without rendering.
    All raise NotFoundError for what is not there, or not the viewer's. `ranged`: it shows a range of time.
    `lead(viewer)` is the path of the page that a viewer is shown instead, None for no other.
    """

    path: str
    title: str
    section: str
    render: Callable[..., Component]
    outline: Callable[[], Component]
    check: Callable[..., Any] | None = None
    ranged: bool = False
    lead: Callable[[Viewer], str | None] | None = None

    def arguments(self, pathname: str) -> tuple[UUID, ...] | None:
        """What `pathname` names here; None where it is another page's."""
        pattern = re.escape(self.path).replace("<id>", f"({UUID_PATTERN})")
        match = re.fullmatch(pattern, pathname)
        return tuple(UUID(part) for part in match.groups()) if match else None


@dataclass(frozen=True)
class Router:
    """`home` is the path that `/` stands for."""

    pages: Sequence[Page]
    home: str

    def find(self, viewer: Viewer, pathname: str) -> tuple[Page, tuple[UUID, ...]]:
        """The page that this viewer is shown. Raises NotFoundError for an address of no page."""
        page, arguments = self.named(pathname)
        instead = page.lead(viewer) if page.lead else None
        return self.named(instead) if instead else (page, arguments)

    def named(self, pathname: str) -> tuple[Page, tuple[UUID, ...]]:
        path = pathname.rstrip("/") or self.home
        for page in self.pages:
            arguments = page.arguments(path)
            if arguments is not None:
                return page, arguments
        raise NotFoundError("This address names no page of Creditpulse.")

    def check(self, queries: Queries, viewer: Viewer, pathname: str) -> None:
        """Raises NotFoundError where a page load of `pathname` has nothing to show."""
        page, arguments = self.find(viewer, pathname)
        if page.check:
            page.check(queries, viewer, *arguments)


def show_page(router: Router, queries: Queries, pathname: str) -> tuple[Component, dict[str, Any]]:
    viewer = current_viewer()
    page, arguments = router.find(viewer, pathname)
    rendered = page.render(queries, viewer, *arguments)
    shown = {"title": page.title, "section": page.section, "path": pathname, "ranged": page.ranged}
    return rendered, {**shown, **followed(page, arguments)}


def followed(page: Page, arguments: tuple[UUID, ...]) -> dict[str, str | None]:
    """The thread or the account that the page is of, which its stream follows."""
    names = {"/threads": "thread", "/accounts": "account"}
    name = names.get(page.section) if arguments else None
    return {"thread": None, "account": None} | ({name: str(arguments[0])} if name else {})


def not_found_page(error: NotFoundError, pathname: str, search: str) -> tuple[Component, dict[str, Any]]:
    """With its query: another one may name what is there."""
    shown = {"title": "Not found", "section": None, "thread": None, "account": None, "path": pathname, "search": search}
    return states.not_found(str(error)), shown


def page_status(router: Router, queries: Queries, pathname: str, search: str) -> int:
    """404 for what is not there or not the viewer's, 503 while the database cannot tell."""
    try:
        check_scope(current_viewer(), search)
        router.check(queries, current_viewer(), pathname)
    except NotFoundError:
        return 404
    except UnavailableError:
        return 503
    return 200


def register(app: Dash, queries: Queries, router: Router) -> None:
    @app.callback(
        Output(ids.PAGE, "children"),
        Output(ids.PAGE_SHOWN, "data"),
        Input(ids.URL, "pathname"),
        Input(ids.PAGE_ASKED, "data"),
        State(ids.URL, "search"),
    )
    def open_page(pathname: Any, _asked: Any, search: Any) -> tuple[Component, dict[str, Any]]:
        if pathname is None:  # the browser's address has not been read yet
            raise PreventUpdate
        path, query = text_of(pathname), text_of(search or "")
        try:
            check_scope(current_viewer(), query)
            return show_page(router, queries, path)
        except NotFoundError as error:
            note_refusal(error)
            return not_found_page(error, path, query)

    address = [Input(ids.URL, "pathname"), Input(ids.URL, "search"), Input(ids.PAGE_SHOWN, "data")]
    wire(app, "address", "follow", address, [Output(ids.PAGE, "className")])

    @app.server.after_request  # type: ignore[untyped-decorator]
    def say_status(response: flask.Response) -> flask.Response:
        if is_page_load(app) and response.status_code == 200:
            search = flask.request.query_string.decode("latin-1")
            response.status_code = page_status(router, queries, flask.request.path, search)
        return response


def is_page_load(app: Dash) -> bool:
    """Whether the request fell to the catch-all, which serves the same document for every address."""
    prefix = app.config.routes_pathname_prefix
    return flask.request.endpoint in (f"{prefix}<path:path>", prefix)
