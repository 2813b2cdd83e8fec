"""Usage of a range as CSV and as JSON: the same rows, whole, whatever the size of a page."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import psycopg
import pytest
from starlette.testclient import TestClient

from data.ranges import edges, range_of
from data.usage_listing import parts_of
from tests.api.conftest import every_page, table
from tests.database.workload import add_call, add_user, uid

Connection = psycopg.Connection[tuple[object, ...]]
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOVEMBER = {"from": "2026-11-01", "to": "2026-11-07", "zone": "America/New_York"}


@pytest.fixture
def calls(connection: Connection) -> None:
    """Four calls in the first week of November in New York, and one an hour before it."""
    add_user(connection, "ann", shown="Ann")
    for at, cost, model in (
        ("2026-11-01 03:59:59.999999+00", "1000", "big"),
        ("2026-11-01 04:00+00", "0.000001", "big"),
        ("2026-11-01 12:00+00", "1.5", "small"),
        ("2026-11-05 12:07+00", "2", "big"),
        ("2026-11-08 04:59:59+00", "4", "big"),
    ):
        add_call(connection, uid("thread"), uid("ann"), cost=cost, model=model, at=at)


@pytest.mark.usefixtures("calls")
def test_a_file_has_a_row_for_each_day_of_the_zone_and_adds_up(client: TestClient) -> None:
    rows = table(client.get("/export/usage.csv", params=NOVEMBER).text)
    assert [row["start"] for row in rows][:2] == ["2026-11-01T00:00:00-04:00", "2026-11-02T00:00:00-05:00"]
    assert len(rows) == 7
    assert sum(Decimal(row["cost"]) for row in rows) == Decimal("7.500001")
    assert sum(Decimal(row["credits"]) for row in rows) == Decimal("750.0001")
    assert [row["calls"] for row in rows] == ["2", "0", "0", "0", "1", "0", "1"]


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("by", ["", "model", "account"])
def test_json_has_the_rows_of_the_file_on_pages_of_any_size(client: TestClient, by: str) -> None:
    file = table(client.get("/export/usage.csv", params={**NOVEMBER, "by": by}).text)
    for limit in (1, 2, 3, 100):
        rows = every_page(client, "/api/v1/usage", **NOVEMBER, by=by, limit=limit)
        assert [{name: str(value) for name, value in row.items()} for row in rows] == file


@pytest.mark.usefixtures("calls")
def test_a_row_for_each_model_names_it(client: TestClient) -> None:
    rows = every_page(client, "/api/v1/usage", **NOVEMBER, by="model", step="week")
    assert [(row["model"], row["cost"], row["total_tokens"]) for row in rows] == [
        ("big", "0.000001", 7),
        ("small", "1.5", 7),
        ("big", "6", 14),
    ]


@pytest.mark.usefixtures("calls")
def test_the_first_page_has_the_totals_of_the_whole_range(client: TestClient) -> None:
    first = client.get("/api/v1/usage", params={**NOVEMBER, "limit": 3}).json()
    assert first["totals"] == {
        "cost": "7.500001",
        "credits": "750.0001",
        "prompt_tokens": 20,
        "completion_tokens": 8,
        "total_tokens": 28,
        "calls": 4,
    }
    assert first["range"] == {"start": "2026-11-01T00:00:00-04:00", "end": "2026-11-08T00:00:00-05:00"}


@pytest.mark.usefixtures("calls")
def test_the_heat_map_has_every_hour_of_the_week(client: TestClient) -> None:
    rows = table(client.get("/export/heat.csv", params=NOVEMBER).text)
    assert len(rows) == 168
    filled = {(row["weekday"], row["hour"]): row["cost"] for row in rows if row["calls"] != "0"}
    assert filled == {
        ("Sunday", "0"): "0.000001",
        ("Sunday", "7"): "1.5",
        ("Thursday", "7"): "2",
        ("Saturday", "23"): "4",
    }


@pytest.mark.usefixtures("calls")
def test_models_have_their_shares(client: TestClient) -> None:
    rows = table(client.get("/export/models.csv", params=NOVEMBER).text)
    assert [(row["model"], row["cost"], row["share"]) for row in rows] == [
        ("big", "6.000001", "0.8"),
        ("small", "1.5", "0.2"),
    ]


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("name", ["top-threads", "top-accounts"])
def test_everything_is_listed_by_id_and_the_dearest_in_order(
    client: TestClient, connection: Connection, name: str
) -> None:
    for number in range(4):
        add_call(connection, uid(f"t{number}"), uid(f"u{number}"), cost=str(number - 1), at="2026-11-03Z")
    whole = table(client.get(f"/export/{name}.csv", params=NOVEMBER).text)
    key = next(iter(whole[0]))
    assert [row[key] for row in whole] == sorted(row[key] for row in whole)
    assert sum(Decimal(row["cost"]) for row in whole) == Decimal("9.500001")
    dearest = table(client.get(f"/export/{name}.csv", params={**NOVEMBER, "limit": "2"}).text)
    assert [row["cost"] for row in dearest] == ["7.500001", "2"]


@pytest.mark.usefixtures("calls")
@pytest.mark.parametrize("step", ["day", "hour"])
@pytest.mark.parametrize("limit", [1, 5, 7, 20, 1000])
def test_every_account_has_all_its_steps(client: TestClient, connection: Connection, step: str, limit: int) -> None:
    for number in range(3):
        for day in (1, 4, 6):
            add_call(connection, uid("x"), uid(f"u{number}"), cost=str(day), at=f"2026-11-0{day} 12:00Z")
    add_call(connection, uid("x"), None, cost="100", at="2026-11-02 12:00Z")
    rows = every_page(client, "/api/v1/usage", **NOVEMBER, by="account", step=step, limit=limit)
    places = [(row["account_id"], row["start"]) for row in rows]
    assert (len(places), places) == (13 if step == "day" else 14, sorted(places))
    assert sum(Decimal(row["cost"]) for row in rows) == Decimal("140.500001")


@pytest.mark.parametrize("step", ["quarter", "hour", "day", "week", "month"])
@pytest.mark.parametrize("most", [1, 3, 50])
def test_the_parts_of_a_range_have_the_steps_of_the_whole(step: str, most: int) -> None:

    whole = range_of("custom", "Australia/Lord_Howe", NOW, "2026-03-20T10:07", "2026-04-20")
    found = [whole.start]
    for part in parts_of(whole, step, most):
        steps = edges(part, step)
        assert len(steps) - 1 <= most
        found += steps[1:]
    assert tuple(found) == edges(whole, step)
