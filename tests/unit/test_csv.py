"""How rows are written for spreadsheets and for programs: exact, and harmless."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest

from api.tables import csv_text, json_rows


def written(*cells: object) -> list[str]:
    (row,) = csv.reader(io.StringIO(csv_text([cells]).decode(), newline=""))  # type: ignore[list-item]
    return row


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\tx", "\r=1", "＝1+1"])
def test_what_a_spreadsheet_would_run_is_made_a_text(text: str) -> None:
    assert written(text) == [f"'{text}"]


@pytest.mark.parametrize("text", ["-5", "+49.5", "a=b", "x@example.com", "", "2026-11-01"])
def test_harmless_texts_stay_as_they_are(text: str) -> None:
    assert written(text) == [text]


@pytest.mark.parametrize(
    ("number", "expected"),
    [("-0.000001", "-0.000001"), ("1E+3", "1000"), ("1.500000", "1.5"), ("0.000000", "0"), ("1E-7", "0.0000001")],
)
def test_numbers_are_exact(number: str, expected: str) -> None:
    assert written(Decimal(number)) == [expected]


def test_separators_quotes_and_lines_survive() -> None:
    assert written('a,"b"\r\nc', None, True, 7) == ['a,"b"\r\nc', "", "true", "7"]


def test_times_have_their_offset() -> None:
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    assert written(noon, noon.astimezone(timezone(timedelta(hours=5, minutes=45)))) == [
        "2026-11-01T12:00:00Z",
        "2026-11-01T17:45:00+05:45",
    ]


def test_json_has_money_as_text_and_counts_as_numbers() -> None:
    assert json_rows(("cost", "calls", "running"), [(Decimal("1.50"), 3, False)]) == [
        {"cost": "1.5", "calls": 3, "running": False}
    ]
