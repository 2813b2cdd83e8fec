"""The overview's answers as a browser asks for them, against SQL on the raw tables, for several viewers."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine

from callbacks.dashboard import make_dash
from data.cache import QueryCache, make_cache
from data.overview_queries import OverviewQueries
from data.queries import Queries
from data.viewer import Viewer
from settings import Settings
from tests.database.workload import add_call, add_run, add_thread, add_user

Writer = psycopg.Connection[Any]
Ask = Callable[..., Any]

STAFF = Viewer("staff@x", staff=True)
WHOLE = {"range": "custom", "from": "2026-01-01", "to": "2026-01-31", "zone": "Europe/Berlin"}
OVERVIEW = (
    "overview-answer.data", "overview-credits-figure.data", "overview-credits-title.children",
    "overview-nothing.children", "overview-credits.data-state",
)  # fmt: skip
REST = (
    "overview-rest.data", "overview-heat-figure.data", "overview-heat.data-state", "overview-models.children",
    "overview-models.data-state",
)  # fmt: skip
TOPS = (
    "overview-tops.data", "overview-threads.children", "overview-threads.data-state", "overview-accounts.children",
    "overview-accounts.data-state",
)  # fmt: skip
RUNNING = (
    "overview-running.data", "overview-agents.children", "overview-agents-count.children",
    "overview-agents-count.className", "overview-agents.data-state",
)  # fmt: skip


@pytest.fixture
def server() -> Flask:
    return Flask("creditpulse")


@pytest.fixture
def queries(engine: Engine, server: Flask) -> Queries:
    return Queries(engine, QueryCache(make_cache(server, None)), Decimal(100))


@pytest.fixture
def ask(queries: Queries, server: Flask) -> Ask:
    """Posts a request as the gate makes it, for a viewer; the answer's JSON, or the response where it is a refusal."""
    app = make_dash(queries, Settings(auth="header"), server)

    def ask(outputs: tuple[str, ...], source: str, viewer: Viewer = STAFF, status: int = 200, **request: Any) -> Any:
        client: FlaskClient = app.server.test_client()
        client.environ_base["asgi.scope"] = {"state": {"viewer": viewer}}
        parts = [dict(zip(("id", "property"), output.split("."), strict=True)) for output in outputs]
        body = {
            "output": f"..{'...'.join(outputs)}..",
            "outputs": parts,
            "inputs": [{"id": source, "property": "data", "value": {"n": 1, "scope": "all", **request}}],
            "changedPropIds": [f"{source}.data"],
        }
        answer = client.post("/_dash-update-component", json=body)
        assert answer.status_code == status
        return answer.json if status == 200 else answer

    return ask


@pytest.fixture
def accounts(connection: Writer) -> dict[str, UUID]:
    """Two accounts with a thread each, in January and December; one call without a user."""
    found: dict[str, UUID] = {}
    for name, cost in (("aster", "1.25"), ("birch", "0.5")):
        found[name] = account = add_user(connection, name, shown=name.title())
        found[f"{name} thread"] = thread = add_thread(connection, f"{name} thread", account, title=f"Of {name}")
        for day in (1, 15, 31):
            add_call(connection, thread, account, cost=cost, at=f"2026-01-{day:02} 12:00+00", model=f"model of {name}")
        add_call(connection, thread, account, cost="10", at="2025-12-15 12:00+00")
    add_call(connection, None, None, cost="0.000001", at="2026-01-20 10:00+00")
    return found


def shown(answer: Any, output: str) -> Any:
    component, prop = output.split(".")
    return answer["response"][component][prop]


def test_the_figures_are_those_of_the_raw_table(ask: Ask, connection: Writer, accounts: dict[str, UUID]) -> None:
    row = connection.execute(
        "SELECT sum(estimated_cost), sum(total_tokens), count(*) FROM usage_logs"
        " WHERE created_at >= '2025-12-31 23:00+00' AND created_at < '2026-01-31 23:00+00'"
    ).fetchone()
    assert row is not None
    answer = ask(OVERVIEW, "overview-request", **WHOLE)
    figures = shown(answer, "overview-answer.data")["figures"]
    assert Decimal(figures["credits"]["exact"]) == row[0] == Decimal("5.250001")
    assert [figures[name]["value"] for name in ("credits", "total_tokens", "calls")] == [525, row[1], row[2]]
    assert figures["credits"]["change"] == "−73.8 %"  # of the 20 dollars of December


def test_the_chart_adds_up_to_the_figure_and_has_the_period_before(ask: Ask, accounts: dict[str, UUID]) -> None:
    answer = ask(OVERVIEW, "overview-request", **WHOLE, by="account")
    figure = shown(answer, "overview-credits-figure.data")
    bars = [trace for trace in figure["data"] if trace["type"] == "bar"]
    assert [trace["name"] for trace in bars] == ["Aster", "Birch", "Unattributed"]
    assert sum(map(sum, (trace["y"] for trace in bars))) == pytest.approx(525.0001)
    assert len(bars[0]["y"]) == 31
    assert sum(figure["data"][-1]["y"]) == pytest.approx(2000)
    assert shown(answer, "overview-credits-title.children") == "Credits a day"


def test_without_comparison_nothing_is_said_of_the_period_before(ask: Ask, accounts: dict[str, UUID]) -> None:
    answer = ask(OVERVIEW, "overview-request", **WHOLE, compare="off")
    assert "against" not in shown(answer, "overview-answer.data")["head"]
    assert {trace["type"] for trace in shown(answer, "overview-credits-figure.data")["data"]} == {"bar"}
    assert shown(answer, "overview-answer.data")["figures"]["credits"]["change"] == ""


def test_a_day_is_that_of_the_zone(ask: Ask, connection: Writer, accounts: dict[str, UUID]) -> None:
    add_call(connection, accounts["aster thread"], accounts["aster"], cost="3", at="2026-01-09 18:30+00")
    days = {}
    for zone in ("UTC", "Asia/Kathmandu"):
        figure = shown(ask(OVERVIEW, "overview-request", **{**WHOLE, "zone": zone}), "overview-credits-figure.data")
        totals = [sum(day) for day in zip(*(trace["y"] for trace in figure["data"][:-1]), strict=True)]
        days[zone] = figure["layout"]["meta"]["steps"][totals.index(300)]
    assert days == {"UTC": "Fri 9 Jan 2026", "Asia/Kathmandu": "Sat 10 Jan 2026"}


def test_a_member_sees_the_own_account_and_of_others_nothing(ask: Ask, accounts: dict[str, UUID]) -> None:
    member = Viewer("aster@x", accounts=frozenset({accounts["aster"]}))
    own = ask(OVERVIEW, "overview-request", member, **{**WHOLE, "scope": str(accounts["aster"])})
    assert shown(own, "overview-answer.data")["figures"]["credits"]["value"] == 375
    for scope in ("all", str(accounts["birch"])):
        for outputs, source in ((OVERVIEW, "overview-request"), (TOPS, "overview-tops-request")):
            refused = ask(outputs, source, member, **{**WHOLE, "scope": scope})
            assert outputs[0].split(".")[0] not in refused["response"]
            assert refused["sideUpdate"]["failure"]["data"]["title"] == "Not found"


def test_a_range_without_usage_says_so_and_leads_to_a_longer_one(ask: Ask, accounts: dict[str, UUID]) -> None:
    answer = ask(OVERVIEW, "overview-request", **{**WHOLE, "from": "2024-01-01", "to": "2024-01-02"})
    assert shown(answer, "overview-credits.data-state") == "empty"
    assert "range=12mo" in str(shown(answer, "overview-nothing.children"))
    assert "no usage yet" in str(ask(OVERVIEW, "overview-request", range="12mo", zone="UTC", model="none")).lower()


def test_what_an_address_says_wrongly_is_explained_with_the_remedy(ask: Ask) -> None:
    for words in ({"range": "fortnight"}, {"zone": "Mars/Base"}, {"range": "custom"}, {"from": "x", "to": "y"}):
        failure = ask(OVERVIEW, "overview-request", **words)["sideUpdate"]["failure"]["data"]
        assert failure["source"] == "overview-answer"
        assert "use " in failure["text"] or "write " in failure["text"] or "needs " in failure["text"]


@pytest.mark.parametrize(
    "wrong", [{"scope": "x"}, {"scope": None}, {"zone": 7}, {"range": ["7d"]}, {"model": "x" * 999}]
)
def test_a_body_that_no_page_sends_is_refused(ask: Ask, wrong: dict[str, Any]) -> None:
    ask(OVERVIEW, "overview-request", status=400, **wrong)


def test_the_heat_map_is_of_the_zones_clock_and_adds_up(ask: Ask, accounts: dict[str, UUID]) -> None:
    answer = ask(REST, "overview-rest-request", **WHOLE)
    cells = shown(answer, "overview-heat-figure.data")["data"][0]["z"]
    assert (len(cells), len(cells[0])) == (7, 24)
    assert sum(map(sum, cells)) == pytest.approx(525.0001)
    assert cells[3][13] > 0  # 1 January 2026, a Thursday, 12:00 UTC
    assert "model of aster" in str(shown(answer, "overview-models.children"))


def test_different_threads_and_accounts_are_counted(ask: Ask, accounts: dict[str, UUID]) -> None:
    answer = ask(("overview-activity.data",), "overview-activity-request", **WHOLE)
    figures = shown(answer, "overview-activity.data")["figures"]
    assert (figures["active_threads"]["value"], figures["active_accounts"]["value"]) == (2, 3)
    assert figures["active_threads"]["note"] == "263 credits a thread"


def test_the_dearest_come_first_and_lead_to_their_pages(ask: Ask, accounts: dict[str, UUID]) -> None:
    answer = ask(TOPS, "overview-tops-request", **WHOLE)
    threads = str(shown(answer, "overview-threads.children"))
    assert threads.index("Of aster") < threads.index("Of birch")
    assert f"/threads/{accounts['aster thread']}?range=custom&from=2026-01-01" in threads
    assert str(accounts["birch"]) in str(shown(answer, "overview-accounts.children"))


def test_agents_that_run_are_listed(ask: Ask, connection: Writer, accounts: dict[str, UUID]) -> None:
    assert shown(ask(RUNNING, "overview-running-request"), "overview-agents-count.children") == "none"
    add_run(connection, accounts["aster thread"])
    answer = ask(RUNNING, "overview-running-request", force=True)
    assert shown(answer, "overview-agents-count.children") == "1 agent"
    assert "Of aster" in str(shown(answer, "overview-agents.children"))
    elsewhere = ask(RUNNING, "overview-running-request", scope=str(accounts["birch"]))
    assert shown(elsewhere, "overview-agents-count.children") == "none"


def test_what_was_read_is_read_again_once_a_fold_has_changed_it(
    queries: Queries, server: Flask, connection: Writer, accounts: dict[str, UUID]
) -> None:
    reads, view = OverviewQueries(queries), {**WHOLE, "scope": str(accounts["aster"])}

    def credits() -> Decimal:
        return reads.course(STAFF, view, "model").totals.cost

    assert credits() == Decimal("3.75")
    add_call(connection, accounts["aster thread"], accounts["aster"], cost="1", at="2026-01-02 12:00+00")
    assert credits() == Decimal("3.75")
    queries.invalidate_fold([], [str(accounts["birch"])])
    assert credits() == Decimal("3.75")
    queries.invalidate_fold([], [str(accounts["aster"])])
    assert credits() == Decimal("4.75")
