"""Every page, callback, topic, export and API route for everybody who may come: the right answer each time.

The lists are the app's own: a route, a callback, a page, an export that is added without an entry fails here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import psycopg
import pytest
from psycopg import sql
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from access.sessions import Sessions
from callbacks.dashboard import PAGES as DASH_PAGES
from callbacks.subjects import SUBJECTS
from data.audit import EXPORTED, REFUSED, VIEWED
from data.engine import make_async_engine
from data.exports import listings
from live.topics import TOPIC
from settings import Settings
from tests.conftest import url_of
from tests.matrix.entries import (
    ANYBODY,
    CALLBACKS,
    EXPORTS,
    FLASK,
    HOST,
    NONE,
    OPEN,
    OWN,
    PAGES,
    STAFF,
    TOPIC_PATTERN,
    TOPICS,
    Address,
    asked,
)
from tests.servers import wait_until
from tests.two_people import ANN, BEN, World, serving, two_people
from tests.two_people import STAFF as BOSS

SECRET = "only for tests"
HEADER = "X-Forwarded-Email"


class Visitor(NamedTuple):
    """`name` is whom the app has to take them for (None: nobody), `refusal` how it then refuses."""

    app: str
    headers: Mapping[str, str]
    name: str | None
    refusal: int = 401


class Place(NamedTuple):
    """Both apps on one database, and everybody who comes to them."""

    url: str
    world: World
    clients: Mapping[str, TestClient]
    apps: Mapping[str, Starlette]
    visitors: Mapping[str, Visitor]


@pytest.fixture(scope="module")
def place(postgres_url: str, template: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    name = "matrix_tests"
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (name, template))))
    url, folder = url_of(postgres_url, name), tmp_path_factory.mktemp("matrix")
    world, cookies = two_people(url), made_cookies(url)
    apps: dict[str, Starlette] = {}
    with (
        serving(settings(url, folder, auth="header"), lambda app: apps.update(header=app)) as header,
        serving(signed(url, folder), lambda app: apps.update(oidc=app)) as oidc,
    ):
        for client in (header, oidc):
            wait_until(partial(is_ready, client), "the database to answer")
        yield Place(url, world, {"header": header, "oidc": oidc}, apps, visitors(cookies))


def is_ready(client: TestClient) -> bool:
    return bool(client.get("/readyz").status_code == 200)


def settings(url: str, folder: Path, **more: Any) -> Settings:
    return Settings(database_url=url, state_dir=folder, staff=frozenset({"@staff.example"}), secret_key=SECRET, **more)


def signed(url: str, folder: Path) -> Settings:
    """Its provider is never asked: everybody here has a session, or will not get one."""
    return settings(url, folder, auth="oidc", oidc_issuer="http://127.0.0.1:1", oidc_client_id="x")


def made_cookies(url: str) -> dict[str, str]:
    async def make() -> dict[str, str]:
        engine = make_async_engine(url, 1)
        sessions = Sessions(engine, SECRET)
        made = {email: await sessions.start(email, email, None, 3600) for email in (ANN, BEN, BOSS)}
        made["expired"] = await sessions.start(BOSS, BOSS, None, 30)
        made["stranger"] = await Sessions(engine, "another secret").start(BOSS, BOSS, None, 3600)
        await engine.dispose()
        return made

    made = asyncio.run(make())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "UPDATE creditpulse.sessions SET expires_at = now() - interval '1 s'"
            " WHERE expires_at < now() + interval '1 min'"
        )
    return made


def visitors(cookies: Mapping[str, str]) -> dict[str, Visitor]:
    def cookie(value: str) -> dict[str, str]:
        return {"Cookie": f"creditpulse-session={value}"}

    return {
        "nobody": Visitor("header", {}, None),
        "member": Visitor("header", {HEADER: ANN}, ANN),
        "other member": Visitor("header", {HEADER: BEN}, BEN),
        "staff": Visitor("header", {HEADER: BOSS}, BOSS),
        "forged header": Visitor("header", {HEADER: ANN, "X_Forwarded_Email": BOSS}, None, 400),
        "no session": Visitor("oidc", {}, None),
        "member by session": Visitor("oidc", cookie(cookies[ANN]), ANN),
        "other member by session": Visitor("oidc", cookie(cookies[BEN]), BEN),
        "staff by session": Visitor("oidc", cookie(cookies[BOSS]), BOSS),
        "expired session": Visitor("oidc", cookie(cookies["expired"]), None),
        "forged cookie": Visitor("oidc", cookie(cookies["stranger"]), None),
        "tampered cookie": Visitor("oidc", cookie("x" + cookies[BOSS]), None),
        "two cookies": Visitor("oidc", {"Cookie": f"creditpulse-session={cookies[BOSS]}; creditpulse-session=x"}, None),
        "header where cookies count": Visitor("oidc", {HEADER: BOSS}, None),
    }


WHO = (
    "nobody", "member", "other member", "staff", "forged header", "no session", "member by session",
    "other member by session", "staff by session", "expired session", "forged cookie", "tampered cookie", "two cookies",
    "header where cookies count",
)  # fmt: skip


def may(who: str, name: str | None) -> bool:
    """Whether an address of Ann's is for that person."""
    people = {OPEN: (name,), ANYBODY: (ANN, BEN, BOSS), OWN: (ANN, BOSS), STAFF: (BOSS,), NONE: ()}
    return name in people[who]


def wanted(address: Address, visitor: Visitor) -> int:
    if may(address.who, visitor.name):
        return 200
    return visitor.refusal if visitor.name is None else address.refused


def host_routes(app: Starlette) -> set[str]:
    return {getattr(route, "path", "") for route in app.routes}


def page_rules(app: Starlette) -> set[str]:
    return {rule.rule for rule in app.state.dash.server.url_map.iter_rules()}


def page_paths() -> set[str]:
    return {module.PAGE.path for module in DASH_PAGES}


def addresses(app: Starlette) -> Iterator[Address]:
    """Those of the lists that the app has."""
    for entries, there in ((HOST, host_routes(app)), (FLASK, page_rules(app)), (PAGES, page_paths())):
        for name in entries.keys() & there:
            yield from entries[name]


def own(world: World, name: str | None) -> Any:
    return {ANN: world.ann, BEN: world.ben}.get(name or "")


def check(place: Place, visitor: Visitor, answer: httpx.Response, address: Address) -> None:
    assert answer.status_code == wanted(address, visitor), answer.text[:500]
    if may(address.who, visitor.name):
        assert address.shown in answer.text
    if visitor.name != BOSS:
        assert place.world.leaked(answer.text, own(place.world, visitor.name)) == []


@pytest.mark.parametrize("who", WHO)
def test_every_address_answers_everybody_as_it_should(place: Place, who: str) -> None:
    visitor = place.visitors[who]
    client = place.clients[visitor.app]
    for address in addresses(place.apps[visitor.app]):
        answer = client.get(address.path(place.world.ann), headers=visitor.headers)
        check(place, visitor, answer, address)


@pytest.mark.parametrize("who", WHO)
def test_every_export_answers_everybody_as_it_should(place: Place, who: str) -> None:
    visitor = place.visitors[who]
    for name, address in EXPORTS.items():
        path = f"/export/{name}.csv{address.path(place.world.ann)}"
        check(place, visitor, place.clients[visitor.app].get(path, headers=visitor.headers), address)


@pytest.mark.parametrize("who", WHO)
def test_every_topic_is_for_whom_it_is(place: Place, who: str) -> None:
    visitor = place.visitors[who]
    client = place.clients[visitor.app]
    for address in TOPICS.values():
        topic, status = address.path(place.world.ann), wanted(address, visitor)
        answer = client.get(f"/live/check?topics={topic}", headers=visitor.headers)
        assert answer.status_code == status, (topic, answer.text)
        assert place.world.leaked(answer.text, own(place.world, visitor.name)) == [] or visitor.name == BOSS
        if status != 200:
            refused = client.get(f"/live/events?topics={topic}", headers=visitor.headers)
            assert refused.status_code == status
        check_socket(client, topic, visitor, status, address.shown)


def check_socket(client: TestClient, topic: str, visitor: Visitor, status: int, shown: str) -> None:
    with client.websocket_connect(f"/live/ws?topics={topic}", headers=dict(visitor.headers)) as socket:
        if status == 200:
            assert shown in socket.receive_text()
            return
        with pytest.raises(WebSocketDisconnect) as closed:
            socket.receive_text()
        assert closed.value.code == 4000 + status


@pytest.mark.parametrize("who", WHO)
def test_every_callback_answers_everybody_as_it_should(place: Place, who: str) -> None:
    visitor = place.visitors[who]
    for output, spec in server_callbacks(place.apps[visitor.app]).items():
        entry = CALLBACKS[first_id(output)]
        values = {**entry.values(place.world.ann)}
        answer = place.clients[visitor.app].post(
            "/_dash-update-component", json=body(output, spec, values, asked(place.world.ann)), headers=visitor.headers
        )
        if visitor.name is None:
            assert answer.status_code == visitor.refusal, (output, answer.text)
        elif may(entry.who, visitor.name):
            assert answer.status_code == 200, (output, answer.text)
            shown = entry.shown.replace(ANN, visitor.name) if output.startswith("..nav-person") else entry.shown
            assert shown in answer.text, (output, answer.text[:2000])
        else:
            assert answer.status_code in (200, 204, 400, 403, 404), (output, answer.text)
            assert entry.who != STAFF or "names no page" in answer.text, (output, answer.text)
        if visitor.name != BOSS:
            assert place.world.leaked(unasked(answer.text, place.world), own(place.world, visitor.name)) == [], output


def audited(url: str, person: str, action: str) -> set[tuple[str, str]]:
    """(kind, subject) of what the audit says that this person did."""
    with psycopg.connect(url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT kind, subject FROM creditpulse.audit WHERE person = %s AND action = %s", (person, action)
        )
        return {(kind, subject) for kind, subject in found.fetchall()}


def visit_everything_of_ann(place: Place, who: str) -> None:
    """By every callback, topic, export and API route; and, as the last, a download that the audit has to know of."""
    visitor, ann = place.visitors[who], place.world.ann
    client, app = place.clients[visitor.app], place.apps[visitor.app]
    for output, spec in server_callbacks(app).items():
        values = {**CALLBACKS[first_id(output)].values(ann)}
        client.post("/_dash-update-component", json=body(output, spec, values, asked(ann)), headers=visitor.headers)
    for address in TOPICS.values():
        with client.websocket_connect(f"/live/ws?topics={address.path(ann)}", headers=dict(visitor.headers)) as socket:
            socket.receive()
    for address in HOST["/api/v1/threads/{id}"]:
        client.get(address.path(ann), headers=visitor.headers)
    client.get(f"/export/calls.csv?thread={ann.thread}", headers=visitor.headers)
    client.get("/export/accounts.csv", headers=visitor.headers)


@pytest.mark.parametrize(("who", "name"), [("other member", BEN), ("other member by session", BEN)])
def test_whoever_tries_to_see_ann_s_is_noted_as_refused_and_never_as_having_seen_it(
    place: Place, who: str, name: str
) -> None:
    visit_everything_of_ann(place, who)
    wait_until(lambda: ("export", "accounts.csv") in audited(place.url, name, EXPORTED), "the audit to be written")
    ann = {("thread", str(place.world.ann.thread)), ("account", str(place.world.ann.account))}
    assert audited(place.url, name, VIEWED) & ann == set()
    assert audited(place.url, name, REFUSED) >= {*ann, ("export", f"calls.csv {place.world.ann.thread}")}


@pytest.mark.parametrize(("who", "name"), [("member", ANN), ("staff by session", BOSS)])
def test_whoever_sees_ann_s_is_noted(place: Place, who: str, name: str) -> None:
    visit_everything_of_ann(place, who)
    wait_until(lambda: ("export", "accounts.csv") in audited(place.url, name, EXPORTED), "the audit to be written")
    ann = {("thread", str(place.world.ann.thread)), ("account", str(place.world.ann.account))}
    assert audited(place.url, name, VIEWED) >= ann
    assert ("export", f"calls.csv {place.world.ann.thread}") in audited(place.url, name, EXPORTED)


def test_nobody_is_noted_without_what_they_asked_for(place: Place) -> None:
    client = place.clients["oidc"]
    client.get("/threads/secret-word?secret=word")
    wait_until(lambda: ("401", "") in audited(place.url, "nobody", REFUSED), "the audit to be written")
    with psycopg.connect(place.url, autocommit=True) as connection:
        found = connection.execute("SELECT count(*) FROM creditpulse.audit a WHERE a::text LIKE '%secret%word%'")
        assert found.fetchone() == (0,)


def unasked(text: str, world: World) -> str:
    """Without what the request itself said, which may come back with the answer."""
    return text.replace(asked(world.ann)["text"], "")


def body(output: str, spec: Mapping[str, Any], values: Mapping[str, Any], request: Mapping[str, Any]) -> dict[str, Any]:
    def filled(part: Mapping[str, str]) -> dict[str, Any]:
        name = f"{part['id']}.{part['property']}"
        default = request if part["property"] == "data" else None
        return {"id": part["id"], "property": part["property"], "value": values.get(name, default)}

    outputs = spec["output"] if isinstance(spec["output"], (list, tuple)) else [spec["output"]]
    named = [part.to_dict() for part in outputs]
    return {
        "output": output,
        "outputs": named if isinstance(spec["output"], (list, tuple)) else named[0],
        "inputs": [filled(part) for part in spec["inputs"]],
        "state": [filled(part) for part in spec["state"]],
        "changedPropIds": [f"{part['id']}.{part['property']}" for part in spec["inputs"]],
    }


def server_callbacks(app: Starlette) -> dict[str, Mapping[str, Any]]:
    found: Mapping[str, Any] = app.state.dash.callback_map
    return {output: spec for output, spec in found.items() if "callback" in spec}


def first_id(output: str) -> str:
    return output.strip(".").split(".")[0]


def test_every_route_of_the_host_is_listed(place: Place) -> None:
    for app in place.apps.values():
        assert host_routes(app) - set(HOST) == set()


def test_every_route_of_the_pages_server_is_listed(place: Place) -> None:
    for app in place.apps.values():
        assert page_rules(app) - set(FLASK) == set()


def test_every_page_is_listed() -> None:
    assert page_paths() - set(PAGES) == set()


def test_every_callback_is_listed(place: Place) -> None:
    for app in place.apps.values():
        assert {first_id(output) for output in server_callbacks(app)} - set(CALLBACKS) == set()


def test_the_audit_knows_what_every_callback_is_about() -> None:
    assert set(CALLBACKS) - set(SUBJECTS) == set()


def test_every_export_is_listed() -> None:
    assert set(listings(None)) - set(EXPORTS) == set()  # type: ignore[arg-type]


def test_every_kind_of_topic_is_listed() -> None:
    assert TOPIC.pattern == TOPIC_PATTERN


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_nothing_but_callbacks_and_signing_out_is_changed_by_anyone(place: Place, method: str) -> None:
    visitor = place.visitors["staff by session"]
    for address in addresses(place.apps["oidc"]):
        path = address.path(place.world.ann)
        answer = place.clients["oidc"].request(method, path, headers=visitor.headers)
        assert answer.status_code == 405, (path, answer.status_code)


def test_people_are_led_to_sign_in_and_scripts_are_told(place: Place) -> None:
    client, html = place.clients["oidc"], {"Accept": "text/html"}
    led = client.get("/threads?scope=all", headers=html, follow_redirects=False)
    assert (led.status_code, led.headers["location"]) == (302, "/signin?to=%2Fthreads%3Fscope%3Dall")
    assert client.get("/signout", headers=html).status_code == 200
    visitor = place.visitors["staff by session"]
    assert client.head("/signout", headers={**visitor.headers, **html}).status_code == 200
    assert client.get("/api/v1/usage", headers=visitor.headers).status_code == 200, "a look at it signs nobody out"
    told = client.get("/api/v1/usage")
    assert (told.status_code, "/signin" in told.json()["detail"]) == (401, True)
    assert json.loads(told.text)["status"] == 401


def test_from_an_address_that_is_no_proxy_of_ours_nobody_comes(place: Place) -> None:
    client = TestClient(place.apps["header"], client=("10.0.0.9", 5), raise_server_exceptions=False)
    assert client.get("/threads", headers={HEADER: BOSS, "X-Forwarded-For": "127.0.0.1"}).status_code == 401
