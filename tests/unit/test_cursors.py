"""A cursor goes on where it was given, and nowhere else."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from api.cursors import Cursors
from data.errors import InputError

NOW = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
CURSORS = Cursors("shared")
FILTERS = {"scope": "all", "range": "7d", "limit": "10"}
GIVEN = CURSORS.write("/api/v1/usage", FILTERS, NOW, ("2026-11-01T00:00:00+00:00", 3))


def test_it_leads_back_to_its_moment_and_place() -> None:
    assert CURSORS.read("/api/v1/usage", FILTERS, GIVEN) == (NOW, ("2026-11-01T00:00:00+00:00", 3))


def test_another_process_with_the_same_secret_reads_it() -> None:
    assert Cursors("shared").read("/api/v1/usage", FILTERS, GIVEN)


def test_the_size_of_pages_may_change() -> None:
    assert CURSORS.read("/api/v1/usage", {**FILTERS, "limit": "50", "cursor": GIVEN}, GIVEN)


@pytest.mark.parametrize(
    ("path", "filters"),
    [
        ("/api/v1/threads", FILTERS),
        ("/api/v1/usage", {**FILTERS, "range": "30d"}),
        ("/api/v1/usage", {"range": "7d"}),
        ("/api/v1/usage", {**FILTERS, "model": "gpt-5"}),
    ],
)
def test_it_fits_no_other_filters(path: str, filters: dict[str, str]) -> None:
    with pytest.raises(InputError, match="start again without"):
        CURSORS.read(path, filters, GIVEN)


@pytest.mark.parametrize(
    "cursor",
    ["", "x", "é", "=", "AAAA", GIVEN[:-2], GIVEN + "AA", base64.urlsafe_b64encode(b"x" * 40).decode(), "A" * 4000],
)
def test_what_was_not_given_is_refused(cursor: str) -> None:
    with pytest.raises(InputError, match="start again without"):
        CURSORS.read("/api/v1/usage", FILTERS, cursor)


def test_another_secret_s_is_refused() -> None:
    with pytest.raises(InputError):
        Cursors("another").read("/api/v1/usage", FILTERS, GIVEN)
