"""The pages of accounts as a browser asks for them, against SQL on the raw tables, for several viewers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from callbacks.dashboard import make_dash
from data.account_page import account_head
from data.cache import QueryCache, make_cache
from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.errors import NotFoundError
from data.queries import Queries
from data.viewer import Viewer
from settings import Settings
from tests.database.test_account_rows import spend, subscribe
from tests.database.workload import Writer, add_call, add_run, add_thread, add_user, fold, uid

Ask = Callable[..., Any]
ANN, BEN = uid("ann"), uid("ben")
STAFF, MEMBER = Viewer("staff@x", staff=True), Viewer("ann@x", accounts=frozenset({ANN}))
PAIR = Viewer("pair@x", accounts=frozenset({ANN, BEN}))

HEADER = ("account-answer.data", "account-card.data-state")
RANGE = (
    "account-range.data", "account-spending-figure.data", "account-spending-title.children",
    "account-nothing.children", "account-spending.data-state",
)  # fmt: skip
TOPS = (
    "account-tops.data", "account-threads.children", "account-threads.data-state", "account-models.children",
    "account-models.data-state",
)  # fmt: skip
RUNNING = (
    "account-running.data", "account-agents.children", "account-agents-count.children",
    "account-agents-count.className", "account-agents.data-state",
)  # fmt: skip
LIST = ("accounts-answer.data", "accounts-empty.children")
PAGE = ("page.children", "page-shown.data")
OF_ONE = ((HEADER, "account-request"), (RANGE, "account-range-request"), (TOPS, "account-tops-request"),
          (RUNNING, "account-running-request"))  # fmt: skip
BLOCK = {"offset": 0, "limit": 100, "q": "", "sort": "", "state": "", "zone": "UTC"}


@pytest.fixture
def make_client(engine: Engine) -> Callable[[Viewer], FlaskClient]:
    server = Flask("creditpulse")
    queries = Queries(engine, QueryCache(make_cache(server, None)), Decimal(100))
    app = make_dash(queries, Settings(auth="header"), server)

    def make(viewer: Viewer) -> FlaskClient:
        client: FlaskClient = app.server.test_client()
        client.environ_base["asgi.scope"] = {"state": {"viewer": viewer}}
        return client

    return make


@pytest.fixture
def ask(make_client: Callable[[Viewer], FlaskClient]) -> Ask:
    """Posts a request as the gate makes it; the answer's JSON, or the response where it is a refusal."""

    def ask(outputs: tuple[str, ...], source: str, viewer: Viewer = STAFF, status: int = 200, **request: Any) -> Any:
        parts = [dict(zip(("id", "property"), output.split("."), strict=True)) for output in outputs]
        body = {
            "output": f"..{'...'.join(outputs)}..",
            "outputs": parts,
            "inputs": [{"id": source, "property": "data", "value": {"n": 1, **request}}],
            "changedPropIds": [f"{source}.data"],
        }
        answer = make_client(viewer).post("/_dash-update-component", json=body)
        assert answer.status_code == status
        return answer.json if status == 200 else answer

    return ask


@pytest.fixture
def people(connection: Writer) -> Writer:
    """Ann has a plan and a running agent, Ben has neither; and there are calls of nobody."""
    for name in ("ann", "ben"):
        add_user(connection, name, shown=name.title())
        add_thread(connection, f"of {name}", uid(name), title=f"Of {name.title()}")
    subscribe(connection, ANN, "1500", plan="Pro", ends=timedelta(days=19))
    for day in range(8):
        spend(connection, ANN, "1", day + 1)
    add_call(connection, uid("of ann"), ANN, cost="2.25", model="gpt-5")
    add_call(connection, uid("of ben"), BEN, cost="3")
    add_call(connection, None, None, cost="0.5")
    add_run(connection, uid("of ann"))
    fold(connection)
    return connection


def shown(answer: Any, output: str) -> Any:
    component, prop = output.split(".")
    return answer["response"][component][prop]


def open_page(client: FlaskClient, path: str) -> Any:
    body = {
        "output": f"..{'...'.join(PAGE)}..",
        "outputs": [{"id": "page", "property": "children"}, {"id": "page-shown", "property": "data"}],
        "inputs": [
            {"id": "url", "property": "pathname", "value": path},
            {"id": "page-asked", "property": "data", "value": None},
        ],
        "state": [{"id": "url", "property": "search", "value": ""}],
        "changedPropIds": ["url.pathname"],
    }
    return client.post("/_dash-update-component", json=body).json


def test_the_header_is_the_streams_message_and_the_plan_with_what_is_left_to_be_said(ask: Ask, people: Writer) -> None:
    row = people.execute(
        "SELECT sum(estimated_cost) FROM usage_logs u, creditpulse.subscriptions s"
        " WHERE u.user_id = %s AND s.user_id = u.user_id AND u.created_at >= s.period_start", (ANN,)
    ).fetchone()  # fmt: skip
    answer = shown(ask(HEADER, "account-request", scope=str(ANN), zone="UTC"), "account-answer.data")
    usage = answer["usage"]
    assert (usage["type"], usage["scope"], Decimal(usage["cost"])) == ("nav-usage", str(ANN), row and row[0])
    assert (answer["plan"], answer["allowance"], answer["of"]) == ("Pro", 1500, str(ANN))
    assert answer["period_label"] == usage["period_label"]
    assert usage["agents_running"] == 1
    assert "Ann" in answer["words"]
    assert answer["rate"] == "22.5 / min"


def test_without_a_plan_it_says_so(ask: Ask, people: Writer) -> None:
    answer = shown(ask(HEADER, "account-request", scope=str(BEN), zone="UTC"), "account-answer.data")
    assert (answer["plan"], answer["allowance"], answer["out"]) == ("No plan", None, "–")
    assert "no allowance" in answer["words"]


def test_days_are_those_of_the_zone(ask: Ask, people: Writer) -> None:
    words = {
        zone: shown(ask(HEADER, "account-request", scope=str(ANN), zone=zone), "account-answer.data")["words"]
        for zone in ("Pacific/Kiritimati", "Pacific/Niue")  # 25 hours apart
    }
    assert len(set(words.values())) == 2


def test_the_ranges_figures_chart_and_lists_are_the_accounts_alone(ask: Ask, people: Writer) -> None:
    view = {"scope": str(BEN), "range": "7d", "zone": "UTC"}
    answer = ask(RANGE, "account-range-request", **view)
    assert shown(answer, "account-range.data")["figures"]["credits"]["exact"] == "3.000000"
    bars = [trace for trace in shown(answer, "account-spending-figure.data")["data"] if trace["type"] == "bar"]
    assert sum(map(sum, (trace["y"] for trace in bars))) == pytest.approx(300)
    tops = str(ask(TOPS, "account-tops-request", **view)["response"])
    assert "Of Ben" in tops
    assert "Of Ann" not in tops
    assert f"/accounts/{BEN}?range=7d&zone=UTC&model=claude-opus-4-5" in tops


def test_a_range_without_usage_leads_to_a_longer_one_of_the_same_account(ask: Ask, people: Writer) -> None:
    view = {"scope": str(BEN), "range": "custom", "from": "2024-01-01", "to": "2024-01-02", "zone": "UTC"}
    answer = ask(RANGE, "account-range-request", **view)
    assert shown(answer, "account-spending.data-state") == "empty"
    assert f"/accounts/{BEN}?range=12mo" in str(shown(answer, "account-nothing.children"))


def test_its_running_agents_are_listed(ask: Ask, people: Writer) -> None:
    counts = {id: ask(RUNNING, "account-running-request", scope=str(id)) for id in (ANN, BEN)}
    assert shown(counts[ANN], "account-agents-count.children") == "1 agent"
    assert shown(counts[BEN], "account-agents-count.children") == "none"


def test_of_others_a_member_gets_nothing_by_any_callback(ask: Ask, people: Writer) -> None:
    for outputs, source in OF_ONE:
        view = {"range": "7d", "zone": "UTC"}
        own = ask(outputs, source, MEMBER, scope=str(ANN), **view)
        assert outputs[0].split(".")[0] in own["response"]
        for id in (BEN, UNATTRIBUTED, uuid4()):
            refused = ask(outputs, source, MEMBER, scope=str(id), **view)
            assert outputs[0].split(".")[0] not in refused.get("response", {})
            assert refused["sideUpdate"]["failure"]["data"]["title"] == "Not found"
    for query in ({}, {"q": "ben"}, {"sort": "-used"}, {"state": "planned"}, {"q": str(BEN)[:8]}):
        answer = ask(LIST, "accounts-request", MEMBER, **{**BLOCK, **query})
        assert {row["id"] for row in shown(answer, "accounts-answer.data")["rows"]} <= {str(ANN)}


@pytest.mark.parametrize("wrong", [{"scope": "all"}, {"scope": "x"}, {"scope": None}, {"zone": 7}])
def test_a_body_that_no_account_page_sends_is_refused(ask: Ask, wrong: dict[str, Any]) -> None:
    for outputs, source in OF_ONE:
        if outputs is not RUNNING or "scope" in wrong:
            ask(outputs, source, status=400, **{"scope": str(ANN), "range": "7d", "zone": "UTC", **wrong})


@pytest.mark.parametrize(
    "wrong",
    [{"offset": -1}, {"offset": "0"}, {"offset": True}, {"offset": None}, {"limit": 201}, {"limit": 1.5}, {"q": ["x"]},
     {"q": "x" * 9999}, {"sort": 3}, {"zone": 7}],
)  # fmt: skip
def test_a_body_that_no_list_sends_is_refused(ask: Ask, wrong: dict[str, Any]) -> None:
    ask(LIST, "accounts-request", status=400, **{**BLOCK, **wrong})


def test_what_an_address_says_wrongly_is_explained(ask: Ask) -> None:
    for words in ({"sort": "colour"}, {"state": "happy"}, {"zone": "Mars/Base"}):
        failure = ask(LIST, "accounts-request", **{**BLOCK, **words})["sideUpdate"]["failure"]["data"]
        assert failure["source"] == "accounts-answer"


def test_the_list_says_how_each_account_stands(ask: Ask, people: Writer) -> None:
    answer = shown(ask(LIST, "accounts-request", **BLOCK), "accounts-answer.data")
    assert (answer["total"], answer["count"], answer["complete"], answer["note"]) == (3, "3 accounts", True, "")
    assert answer["of"] == BLOCK
    rows = {row["id"]: row for row in answer["rows"]}
    ann, ben = rows[str(ANN)], rows[str(BEN)]
    assert (ann["name"], ann["email"], ann["plan"], ann["allowance"], ann["agents"]) == (
        "Ann", "ann@example.com", "Pro", 1500, 1,
    )  # fmt: skip
    assert ann["used"] + ann["left"] == ann["allowance"]
    assert ann["out"]
    assert ann["out_range"]
    assert (ben["plan"], ben["allowance"], ben["left"], ben["share"], ben["out"], ben["used"]) == (
        "", None, None, None, "", 300,
    )  # fmt: skip
    assert rows[str(UNATTRIBUTED)]["name"] == "Unattributed"


def test_blocks_orders_and_states_are_those_of_the_list(ask: Ask, people: Writer) -> None:
    def names(**query: Any) -> list[str]:
        answer = ask(LIST, "accounts-request", **{**BLOCK, **query})
        return [row["name"] for row in shown(answer, "accounts-answer.data")["rows"]]

    assert names(sort="name") == ["Ann", "Ben", "Unattributed"]
    assert names(sort="name", offset=1, limit=1) == ["Ben"]
    assert names(state="planned") == ["Ann"]
    assert names(q="unattr") == ["Unattributed"]
    assert names(sort="-used")[0] == "Ann"


def test_an_empty_list_says_why(ask: Ask, people: Writer) -> None:
    for query, words in (({"q": "nobody"}, "No account matches"), ({"state": "ended"}, "used up")):
        answer = ask(LIST, "accounts-request", **{**BLOCK, **query})
        assert words in str(shown(answer, "accounts-empty.children"))


def test_an_order_that_is_not_reckoned_for_all_says_how_far_it_is(
    ask: Ask, people: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.account_standings.AT_ONCE", 1)
    monkeypatch.setattr("data.account_standings.PATIENCE_SECONDS", 0)
    first = shown(ask(LIST, "accounts-request", **{**BLOCK, "sort": "-used"}), "accounts-answer.data")
    assert first["complete"] is False
    assert "% of the accounts reckoned" in first["note"]
    none_yet = ask(LIST, "accounts-request", **{**BLOCK, "state": "ended"})
    assert shown(none_yet, "accounts-answer.data")["total"] == 0
    assert shown(none_yet, "accounts-empty.children") is None  # the rest may have some


def test_an_account_is_there_for_staff_and_for_itself(
    make_client: Callable[[Viewer], FlaskClient], people: Writer
) -> None:
    found = {
        (viewer.key, id): make_client(viewer).get(f"/accounts/{id}").status_code
        for viewer in (STAFF, MEMBER)
        for id in (ANN, BEN, UNATTRIBUTED, ALL_ACCOUNTS, uid("never seen"))
    }
    there = {(STAFF.key, ANN), (STAFF.key, BEN), (STAFF.key, UNATTRIBUTED), (MEMBER.key, ANN)}
    assert found == {key: 200 if key in there else 404 for key in found}
    assert "Not found" in str(open_page(make_client(MEMBER), f"/accounts/{BEN}")["response"]["page"])


def test_the_page_names_the_account_that_its_stream_follows(
    make_client: Callable[[Viewer], FlaskClient], people: Writer
) -> None:
    answer = open_page(make_client(STAFF), f"/accounts/{str(ANN).upper()}")["response"]
    note = answer["page-shown"]["data"]
    assert (note["account"], note["thread"], note["section"]) == (str(ANN), None, "/accounts")
    assert "ann@example.com" in str(answer["page"])


def test_a_list_of_one_is_that_accounts_page(make_client: Callable[[Viewer], FlaskClient], people: Writer) -> None:
    assert make_client(MEMBER).get("/accounts").status_code == 200
    led = {viewer.key: open_page(make_client(viewer), "/accounts")["response"] for viewer in (MEMBER, PAIR, STAFF)}
    assert led[MEMBER.key]["page-shown"]["data"]["account"] == str(ANN)
    assert led[MEMBER.key]["page-shown"]["data"]["path"] == "/accounts"
    assert led[PAIR.key]["page-shown"]["data"]["account"] is None
    assert led[STAFF.key]["page-shown"]["data"]["account"] is None


@pytest.mark.parametrize("trace", ["users", "usage_logs", "subscriptions", "queue"])
def test_who_has_left_any_trace_is_an_account(engine: Engine, connection: Writer, trace: str) -> None:
    id = uid(f"by {trace}")
    if trace == "users":
        connection.execute("INSERT INTO users (id, email) VALUES (%s, 'x@example.com')", (id,))
    elif trace == "subscriptions":
        subscribe(connection, id, "100", plan="Pro", ends=timedelta(days=9))
    else:
        add_call(connection, None, id)
        if trace == "usage_logs":
            fold(connection)
    with engine.connect() as reader:
        assert account_head(reader, STAFF, id).account_id == id
        with pytest.raises(NotFoundError):
            account_head(reader, MEMBER, id)


def test_of_a_person_it_says_who_it_is(engine: Engine, people: Writer) -> None:
    with engine.connect() as reader:
        head = account_head(reader, MEMBER, ANN)
    assert (head.label, head.email) == ("Ann", "ann@example.com")


def test_there_is_no_unattributed_usage_before_there_is_some(engine: Engine, connection: Writer) -> None:
    with engine.connect() as reader, pytest.raises(NotFoundError):
        account_head(reader, STAFF, UUID(int=0))
