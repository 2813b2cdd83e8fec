"""How amounts are written: the same figure in credits and in dollars."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from layouts import account, accounts, charts, ids, overview, thread, threads
from layouts.overview_charts import ChartLine, Steps, heat_chart, mark_text, spending_chart
from layouts.overview_figures import per_text
from layouts.thread_outlook import rate_text
from layouts.units import CREDITS, DOLLARS, Unit, unit_of

COST = Decimal("12.345678")


@pytest.mark.parametrize(
    ("unit", "cost", "total", "fine", "some"),
    [
        (CREDITS, COST, "1,235", "1,234.6", "1,235"),
        (DOLLARS, COST, "$12.35", "$12.3457", "$12.35"),
        (CREDITS, Decimal("0.00235"), "0", "0.2", "0.2"),
        (DOLLARS, Decimal("0.00235"), "$0.00", "$0.0024", "$0.0024"),
        (DOLLARS, Decimal("1234567.895"), "$1,234,567.90", "$1,234,567.8950", "$1,234,567.90"),
        (DOLLARS, Decimal("-3.5"), "-$3.50", "-$3.5000", "-$3.50"),
        (DOLLARS, Decimal("-0.001"), "$0.00", "-$0.0010", "-$0.0010"),
        (CREDITS, Decimal("0.125"), "13", "12.5", "12.5"),
    ],
)
def test_an_amount_is_written_halves_up_with_its_sign(
    unit: Unit, cost: Decimal, total: str, fine: str, some: str
) -> None:
    amount = unit.of(cost)
    assert (unit.total(amount), unit.fine(amount), unit.some(amount)) == (total, fine, some)


def test_credits_go_by_the_rate_that_is_set_and_dollars_by_none() -> None:
    assert unit_of("credits", Decimal(1000)).of(Decimal("0.5")) == 500
    assert unit_of("dollars", Decimal(1000)).of(Decimal("0.5")) == Decimal("0.5")


def test_sentences_name_credits_and_sign_dollars() -> None:
    assert per_text(Decimal("2.56"), "account", DOLLARS) == "$2.56 an account"
    assert rate_text(Decimal("0.25"), DOLLARS) == "$0.25 / min"
    assert rate_text(Decimal("24.9")) == "24.9 / min"
    assert [mark_text(mark, DOLLARS) for mark in (0, 2.5, -2.5, 1_500_000)] == ["$0", "$2.5", "-$2.5", "$1.5 M"]


@pytest.mark.parametrize("page", [overview, thread, threads, accounts])
def test_in_dollars_no_page_names_credits_but_those_that_were_purchased(page: object) -> None:
    words = json.dumps(made(page, DOLLARS), default=lambda part: part.to_plotly_json())
    for known in ("Purchased credits", "Refresh credits usage"):
        words = words.replace(known, "")
    named = [part for part in words.split('"') if "credits" in part.lower() and " " in part]
    assert not [text for text in named if not text.startswith("thread-credits")], named
    assert "Cost" in words
    assert "Credits" in json.dumps(made(page, CREDITS), default=lambda part: part.to_plotly_json())


def made(page: object, unit: Unit) -> object:
    if page is overview:
        return overview.layout({name: ("Label", "meaning") for name in ids.OVERVIEW_FIGURES}, unit)
    if page is thread:
        return thread.layout("t", "A thread", (), unit)
    return page.layout(unit)  # type: ignore[attr-defined]


def test_an_accounts_page_in_dollars_names_none_either() -> None:
    page = account.layout("a", "Acme", None, {name: ("Label", "meaning") for name in ids.ACCOUNT_FIGURES}, DOLLARS)
    words = json.dumps(page, default=lambda part: part.to_plotly_json()).replace("Debits of purchased credits", "")
    named = [part for part in words.split('"') if "credits" in part.lower() and " " in part]
    assert not [text for text in named if not text.startswith(("thread-credits", "card "))], named


def test_charts_say_their_unit_on_axis_and_label() -> None:
    steps = Steps([0, 1, 2], ["one", "two"], ([0], ["one"]), dated=False)
    figure = spending_chart([ChartLine("m", "M", [0.5, 0.25])], None, steps, "", DOLLARS)
    assert figure["layout"]["meta"]["unit"] == "dollars"
    assert all(text.startswith("$") for text in figure["layout"]["yaxis"]["ticktext"])
    assert "$%{z:,.4f}" in heat_chart([[0.5]], "", DOLLARS)["data"][0]["hovertemplate"]
    point = charts.TimelinePoint("2026-01-01T10:00:00Z", 1.5, 1.5)
    drawn = charts.timeline([point], [], None, unit=DOLLARS)
    assert drawn["layout"]["yaxis"]["tickprefix"] == drawn["layout"]["yaxis2"]["tickprefix"] == "$"
    assert "$%{y:,.4f}" in drawn["data"][0]["hovertemplate"]
    assert "credits" in charts.timeline([point], [], None)["data"][0]["hovertemplate"]
