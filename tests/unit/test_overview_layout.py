"""The bar's and the overview's parts: each id once, and the words of its lists."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import pytest
from dash.development.base_component import Component

from callbacks.units import metric_texts
from data.ranges import PRESETS
from layouts import bar, ids, overview, overview_lists
from layouts.overview_figures import change_text, per_text
from layouts.overview_lists import Agent, Entry
from layouts.units import CREDITS

TEXTS = metric_texts(ids.OVERVIEW_FIGURES, CREDITS)


def text_of(component: Component) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json())


def ids_in(component: Component) -> Counter[str]:
    return Counter(part.id for part in [component, *component._traverse()] if getattr(part, "id", None))


def test_no_id_is_there_twice_and_every_preset_has_its_button() -> None:
    found = ids_in(overview.layout(TEXTS)) + ids_in(bar.bar(PRESETS))
    assert max(found.values()) == 1
    assert {ids.view_preset(name) for name in PRESETS} <= found.keys()
    assert set(bar.SHORT) <= PRESETS.keys()


def test_every_figure_says_what_it_means() -> None:
    page = text_of(overview.layout(TEXTS))
    for _label, meaning in TEXTS.values():
        assert json.dumps(meaning) in page


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (1124, 1000, "+12.4 %"), (978, 1000, "−2.2 %"), (5430, 1000, "+443 %"), (14_000, 1000, "× 14"),
        (5, 0, "new"), (0, 0, "±0 %"), (7, 7, "±0 %"), (0, 10, "−100 %"), (5, -3, ""),
    ],
)  # fmt: skip
def test_a_change_is_said_as_a_share_or_as_so_many_times(now: int, then: int, words: str) -> None:
    assert change_text(now, then) == words


def test_a_share_of_the_whole_has_a_decimal_only_where_it_is_small() -> None:
    assert per_text(Decimal("259.4"), "thread") == "259 credits a thread"
    assert per_text(Decimal("2.56"), "account") == "2.6 credits an account"


def agent(title: str, *, runaway: bool = False, amount: Decimal | None = Decimal(3)) -> Agent:
    return Agent(f"/threads/{title}", title, "Acme", amount, Decimal("18.2"), Decimal("6"), runaway)


def test_runaways_come_first_and_say_by_how_much() -> None:
    shown = text_of(overview_lists.agents([agent("calm"), agent("wild", runaway=True)], "/threads"))
    assert shown.index("wild") < shown.index("calm")
    assert "3.0 times what its account does" in shown
    assert shown.count("Runaway") == 1


def test_more_agents_than_there_is_room_for_are_counted() -> None:
    found = [agent(f"a{number}") for number in range(overview_lists.MOST_AGENTS + 3)]
    assert "and 3 more" in text_of(overview_lists.agents(found, "/threads"))
    assert "No agent is running" in text_of(overview_lists.agents([], "/threads"))


def test_a_row_of_a_top_list_leads_on_and_keeps_the_exact_figure() -> None:
    entry = Entry(
        "<b>x</b>", "/threads/1?range=7d", Decimal("1247.1083"), "12.471083", 41, 4_870_000, Decimal("0.1234")
    )
    shown = text_of(overview_lists.top_list("Thread", [entry]))
    for part in ("<b>x</b>", "/threads/1?range=7d", "1,247", "12.471083", "4.87 M", "12.3 %"):
        assert part in shown
    assert "Nothing was spent" in text_of(overview_lists.top_list("Thread", []))
