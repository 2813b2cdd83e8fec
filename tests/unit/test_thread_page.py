"""The words of a thread's page: models, debits, outlook, and the panel of a call."""

from __future__ import annotations

from decimal import Decimal

import pytest
from dash.development.base_component import Component

from layouts import thread_call, thread_outlook, thread_spending
from layouts.copying import exact, exactly
from layouts.thread_call import CallPanel, PricePart
from layouts.thread_spending import DebitRow, ModelRow
from tests.unit.test_pages import text_of

PARTS = [
    PricePart("Prompt", 1000, Decimal("0.000005"), Decimal("0.005")),
    PricePart("Completion", 100, Decimal("0.000025"), Decimal("0.0025")),
]
CALL = CallPanel("c", "2026-01-01T10:00:00Z", "m", Decimal("0.0075"), Decimal("0.75"), PARTS, True, "{}", 2)


def panel(call: CallPanel) -> str:
    return " ".join(text_of(part) for part in thread_call.call_panel(call))


def elements(component: Component, kind: str) -> list[Component]:
    return [part for part in component._traverse() if getattr(part, "_type", "") == kind]


def test_a_call_shows_what_was_recorded_and_beside_it_each_part_at_list_price() -> None:
    shown = panel(CALL)
    for text in ("0.8", "$0.007500", "as recorded", "At list price", "$0.005000", "$0.002500", "5.00", "25.00"):
        assert text in shown


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        ("0.0075", "is the same"),
        ("0.00750049", "is the same"),
        ("0.015", "is 100.0 % above it"),
        ("0.006", "is 20.0 % below it"),
        ("0", "is 100.0 % below it"),
    ],
)
def test_the_recorded_cost_is_compared_with_the_lists(cost: str, words: str) -> None:
    assert words in thread_call.comparison(Decimal(cost), Decimal("0.0075"))


def test_a_free_model_has_nothing_to_compare_with() -> None:
    assert thread_call.comparison(Decimal(0), Decimal(0)) == "The recorded cost is the same."
    assert "another" in thread_call.comparison(Decimal(1), Decimal(0))


def test_what_is_not_known_is_said() -> None:
    assert "what came from a cache" not in panel(CALL)
    assert "what came from a cache" in panel(CALL._replace(cache_known=False))
    assert "No list price" in panel(CALL._replace(parts=None))
    assert "Nothing is recorded" in panel(CALL._replace(content=None, length=0))


def test_content_is_text_and_says_how_much_of_it_is_shown() -> None:
    content = '{"text": "<script>alert(1)</script>"}'
    whole = panel(CALL._replace(content=content, length=len(content)))
    assert "<script>alert(1)</script>" in whole
    assert f"{len(content)} characters" in whole
    assert "data-copies" in whole
    cut = panel(CALL._replace(content=content, length=1_234_567))
    assert f"the first {len(content)} of 1,234,567 characters" in cut
    assert "data-copies" not in cut


def test_a_price_that_no_tokens_make_has_no_rate() -> None:
    request = PricePart("Request", None, Decimal("0.01"), Decimal("0.01"))
    cells = elements(thread_call.price_line(request), "Td")
    assert [getattr(cell, "children", None) for cell in cells[:3]] == ["Request", "", ""]


def test_models_show_their_share_and_copy_their_exact_cost() -> None:
    rows = [
        ModelRow("a", 3, 62_400_000, Decimal("75.04"), "0.750400"),
        ModelRow(None, 1, 5, Decimal("24.96"), "0.249600"),
        ModelRow("corrected", 1, 5, Decimal("-10"), "-0.100000"),
    ]
    shown = text_of(thread_spending.model_table(rows))
    for text in ("62.4 M", "75.0 % of the thread", "0.750400", "no model named", '"width": "0.0%"'):
        assert text in shown
    assert "No calls" in text_of(thread_spending.model_table([]))


@pytest.mark.parametrize(("count", "words"), [(1, " credits in 1 debit"), (3, " credits in 3 debits, the latest 1")])
def test_debits_come_below_their_sum(count: int, words: str) -> None:
    row = DebitRow("2026-01-01T10:00:00Z", Decimal(425), "4.25", "Token overage")
    total, listed = thread_spending.debit_list([row], count, Decimal(425), "4.25")
    assert words in text_of(total)
    assert "Token overage" in text_of(listed)


def test_an_outlook_says_what_it_goes_by() -> None:
    assert thread_outlook.rate_text(Decimal("18.24")) == "18.2 / min"
    assert thread_outlook.rate_text(Decimal("1216.7")) == "1,217 / min"
    found = thread_outlook.projected_run(Decimal(845), Decimal(1310), Decimal("1620.4"), Decimal(2900))
    assert found == {
        "label": "This run, projected",
        "figure": "≈ 1,620",
        "note": "1,310 to 2,900, 845 so far",
    }
    assert "not enough runs" in thread_outlook.run_so_far(Decimal(5))["note"]
    assert thread_outlook.last_run(Decimal("12.5"))["figure"] == "13"


def test_a_runaway_is_measured_against_its_own_account() -> None:
    assert thread_outlook.runaway_text(Decimal("1.5"), Decimal("0.3")) == "Runaway: 5 × the account's usual rate"
    for usual in (None, Decimal(0)):
        assert "far more than is usual" in thread_outlook.runaway_text(Decimal(2), usual)


def test_a_figure_that_can_be_copied_is_reached_by_keyboard_and_says_what_a_press_does() -> None:
    for attributes in (exact("0.5"), exactly("12")):
        assert (attributes["tabIndex"], attributes["role"]) == (0, "button")
        assert "Copies" in attributes["aria-description"]
    assert exact()["data-cost"] == ""
    assert exactly("12")["data-exact"] == "12"
