"""What an address asks for, and whose figures a viewer may have."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from data.constants import ALL_ACCOUNTS, UNATTRIBUTED
from data.errors import InputError, NotFoundError
from data.usage_query import scope_for, usage_query
from data.viewer import Viewer

NOW = datetime(2026, 11, 3, 12, 7, 30, tzinfo=UTC)
ANNA, BORIS = UUID(int=1), UUID(int=2)
STAFF, MEMBER, NOBODY = Viewer("s", staff=True), Viewer("m", accounts=frozenset({ANNA})), Viewer("n")


def test_an_empty_address_asks_for_thirty_days_of_everything_in_utc() -> None:
    for parameters in ({}, {"scope": "", "range": "", "from": "", "to": "", "zone": "", "model": ""}):
        query = usage_query(parameters, NOW)
        assert (query.scope, query.range.name, query.range.zone, query.model) == ("all", "30d", "UTC", None)


def test_bounds_alone_ask_for_a_custom_range() -> None:
    query = usage_query({"from": "2026-10-01", "to": "2026-10-02", "zone": "Asia/Kolkata", "scope": str(ANNA)}, NOW)
    assert (query.scope, query.range.name, query.range.start.isoformat()) == (
        str(ANNA), "custom", "2026-09-30T18:30:00+00:00",
    )  # fmt: skip


def test_rows_without_a_model_have_a_name_in_an_address() -> None:
    assert usage_query({"model": "(no model)"}, NOW).model == ""
    assert usage_query({"model": "gpt-5"}, NOW).model == "gpt-5"


@pytest.mark.parametrize("parameters", [{"scope": "anna"}, {"model": "a\x00"}, {"model": "m" * 201}, {"zone": "x"}])
def test_what_cannot_be_read_is_refused(parameters: dict[str, str]) -> None:
    with pytest.raises(InputError):
        usage_query(parameters, NOW)


def test_the_query_before_asks_for_the_same_of_the_period_before() -> None:
    query = usage_query({"model": "gpt-5", "range": "yesterday"}, NOW)
    before = query.before()
    assert (before.model, before.range.end) == ("gpt-5", query.range.start)


def test_staff_have_every_scope_and_members_their_own() -> None:
    assert [scope_for(STAFF, scope) for scope in ("all", str(BORIS), str(UNATTRIBUTED))] == [
        ALL_ACCOUNTS, BORIS, UNATTRIBUTED,
    ]  # fmt: skip
    assert scope_for(MEMBER, str(ANNA)) == ANNA


@pytest.mark.parametrize("viewer", [MEMBER, NOBODY])
@pytest.mark.parametrize("scope", ["all", str(ALL_ACCOUNTS), str(BORIS), str(UNATTRIBUTED)])
def test_any_other_scope_is_not_there(viewer: Viewer, scope: str) -> None:
    with pytest.raises(NotFoundError):
        scope_for(viewer, scope)
