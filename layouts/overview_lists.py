"""What stands in the overview's lists: agents that run now, and the dearest threads, accounts and models."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from dash import dcc, html
from dash.development.base_component import Component

from layouts.attributes import attributes
from layouts.formats import compact, one_decimal, whole
from layouts.units import CREDITS, Unit

MOST_AGENTS = 7  # as many as there is room for beside the chart


class Agent(NamedTuple):
    """Amounts: of the run so far (None: no start is recorded) and a minute; `usual` a minute of its account."""

    href: str
    title: str
    account: str
    amount: Decimal | None
    rate: Decimal
    usual: Decimal | None
    runaway: bool


class Entry(NamedTuple):
    """One row of a top list; `href` None where it leads nowhere. `share` is of the whole range, 0 to 1."""

    label: str
    href: str | None
    amount: Decimal
    cost: str  # exact dollars
    calls: int
    tokens: int
    share: Decimal


def agents(found: Sequence[Agent], more_href: str, unit: Unit = CREDITS) -> Component:
    if not found:
        return html.P("No agent is running. A run appears here the moment it starts.", className="muted list-nothing")
    shown = sorted(found, key=lambda agent: not agent.runaway)[:MOST_AGENTS]
    rows = [agent_row(agent, unit) for agent in shown]
    rest = len(found) - len(shown)
    more = [html.Li(dcc.Link(f"and {whole(rest)} more", href=more_href), className="list-row")] if rest else []
    return html.Ul([*rows, *more], className="agents")


def agent_row(agent: Agent, unit: Unit) -> Component:
    usual = "" if agent.usual is None else f"; usual in a busy minute: {unit.fine(agent.usual)}"
    return html.Li(
        [
            html.Span(className="agent-dot", **attributes(aria_hidden="true")),
            html.Div(
                [
                    dcc.Link(
                        agent.title, href=agent.href, className="plain-link", title=f"{agent.title} · {agent.account}"
                    ),
                    runaway_pill(agent) if agent.runaway else None,
                ],
                className="agent-name",
            ),
            html.Span("–" if agent.amount is None else unit.total(agent.amount), className="agent-credits number"),
            html.Span(
                f"{unit.some(agent.rate)} / min",
                className="agent-rate number muted",
                title=f"{unit.word} a minute over the last ten minutes, or since the run began{usual}",
            ),
        ],
        className="list-row agent",
    )


def runaway_pill(agent: Agent) -> Component:
    if not agent.usual:
        text, meaning = "Runaway", "It spends far more than agents do; its account is too young to have a usual rate"
    else:
        times = one_decimal(agent.rate / agent.usual)
        text, meaning = f"Runaway, {times} × usual", f"It spends {times} times what its account does in a busy minute"
    return html.Span(text, className="pill pill-warn", title=meaning)


def agents_count(count: int) -> tuple[str, str]:
    """Text and class of the pill."""
    if not count:
        return "none", "pill pill-idle"
    return ("1 agent" if count == 1 else f"{whole(count)} agents"), "pill pill-live"


def top_list(noun: str, entries: Sequence[Entry], unit: Unit = CREDITS) -> Component:
    if not entries:
        return html.P("Nothing was spent in this range.", className="muted list-nothing")
    heads = [html.Th(noun), number_head("Calls", "wide"), number_head("Tokens", "wide")]
    heads += [number_head("Share", "wide"), number_head(unit.word)]
    return html.Table(
        [html.Thead(html.Tr(heads)), html.Tbody([entry_row(entry, unit) for entry in entries])], className="top-list"
    )


def number_head(text: str, more: str = "") -> Component:
    return html.Th(text, className=f"number {more}".strip(), scope="col")


def entry_row(entry: Entry, unit: Unit) -> Component:
    name: Component = (
        dcc.Link(entry.label, href=entry.href, className="plain-link")
        if entry.href
        else html.Span(entry.label, className="plain-link")
    )
    return html.Tr(
        [
            html.Td(name, className="top-name", title=entry.label),
            html.Td(whole(entry.calls), className="number wide muted"),
            html.Td(compact(entry.tokens), className="number wide muted", title=f"{whole(entry.tokens)} tokens"),
            html.Td(f"{one_decimal(entry.share * 100)} %", className="number wide muted"),
            html.Td(html.B(unit.total(entry.amount), **attributes(data_cost=entry.cost)), className="number"),
        ]
    )


def nothing(href_longer: str | None) -> Component:
    """Why there is no chart; `href_longer` leads to a longer range, where there is one."""
    if href_longer:
        return html.Div(
            [html.P("No usage in this range."), dcc.Link("Last 12 months", href=href_longer, className="button")]
        )
    return html.P(
        "No usage yet. It appears as soon as it is written to the database; to look around first, "
        "run python app.py demo."
    )
