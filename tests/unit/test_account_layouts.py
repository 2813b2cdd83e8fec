"""The list of accounts and an account's page: each id once, and the words of the list."""

from __future__ import annotations

import json
from collections import Counter

from dash.development.base_component import Component

from callbacks.units import metric_texts
from data.account_query import SORTS, STATES
from data.ranges import PRESETS
from layouts import account, accounts, bar, ids
from layouts.units import CREDITS

TEXTS = metric_texts(ids.ACCOUNT_FIGURES, CREDITS)


def text_of(component: Component) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json())


def ids_in(component: Component) -> Counter[str]:
    return Counter(part.id for part in [component, *component._traverse()] if getattr(part, "id", None))


def page() -> Component:
    return account.layout("a", "<b>Acme</b>", "ann@example.com", TEXTS)


def test_no_id_is_there_twice() -> None:
    found = ids_in(page()) + ids_in(accounts.layout()) + ids_in(bar.bar(PRESETS))
    assert max(found.values()) == 1


def test_what_a_person_is_called_is_not_markup() -> None:
    assert "<b>Acme</b>" in text_of(page())
    assert "ann@example.com" in text_of(page())


def test_an_address_is_not_said_twice() -> None:
    assert text_of(account.layout("a", "ann@example.com", "ann@example.com", TEXTS)).count("ann@example.com") == 1


def test_every_state_can_be_chosen_and_every_order_is_one_of_the_lists() -> None:
    assert set(ids.ACCOUNTS_STATES) == set(accounts.STATES) == {"", *STATES}
    [grid] = [part for part in accounts.layout()._traverse() if getattr(part, "id", None) == ids.ACCOUNTS_GRID]
    assert {column["field"] for column in grid.columnDefs if column.get("sortable")} == {*SORTS} - {"id"}


def test_accounts_are_counted_and_an_order_says_how_far_it_goes() -> None:
    assert accounts.count_text(1, narrowed=False) == "1 account"
    assert accounts.count_text(20_000, narrowed=True) == "20,000 accounts that fit"
    assert accounts.count_text(1, narrowed=True) == "1 account that fits"
    assert accounts.reckoned_text(0.4, "12:03:05") == (
        "Order as of 12:03:05; 40 % of the accounts reckoned, the rest follow"
    )
    assert "99 %" in accounts.reckoned_text(0.9999, "12:03:05")


def test_an_empty_list_says_what_to_do() -> None:
    assert "Clear the search" in text_of(accounts.nothing(searched=True, state="ended"))
    assert "Choose All" in text_of(accounts.nothing(searched=False, state="ended"))
    assert "app.py demo" in text_of(accounts.nothing(searched=False, state=""))
