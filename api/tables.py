"""Rows as CSV and as JSON: exact numbers, unambiguous times, and no cell that a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from data.listing import Cell, Row

# What spreadsheets take for a formula; signs of other widths too.
FORMULA = re.compile(r"[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def csv_text(rows: Iterable[Sequence[Cell]]) -> bytes:
    """As RFC 4180 has it, in UTF-8."""
    text = io.StringIO()
    csv.writer(text).writerows([[IN_CSV[type(cell)](cell) for cell in row] for row in rows])
    return text.getvalue().encode()


def json_rows(columns: Sequence[str], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Dollars and credits are strings, so that no reader rounds them."""
    return [{name: IN_JSON[type(cell)](cell) for name, cell in zip(columns, row, strict=True)} for row in rows]


def harmless(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would run; a text that is a number stays as it is."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def plain(number: Decimal) -> str:
    """Exactly, without an exponent and without zeros at the end."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def time_text(at: datetime) -> str:
    """With its offset from UTC, which is a Z."""
    text = at.isoformat()
    return text.removesuffix("+00:00") + "Z" if text.endswith("+00:00") else text


def as_it_is(cell: Any) -> Any:
    return cell


# By the type of a cell: a million rows go through here.
IN_JSON: Mapping[type, Callable[[Any], Any]] = {
    **dict.fromkeys((str, int, bool, type(None)), as_it_is),
    Decimal: plain,
    datetime: time_text,
    UUID: str,
}
IN_CSV: Mapping[type, Callable[[Any], Any]] = {**IN_JSON, str: harmless, bool: lambda cell: str(cell).lower()}
