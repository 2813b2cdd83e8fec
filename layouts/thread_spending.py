"""What a thread's credits were used for: by model, and the purchased credits among them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from dash import html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.copying import exact, exactly
from layouts.formats import compact, one_decimal, whole
from layouts.units import CREDITS, Unit


class ModelRow(NamedTuple):
    model: str | None
    calls: int
    tokens: int
    amount: Decimal
    cost: str  # exact dollars


class DebitRow(NamedTuple):
    at: str | None  # ISO 8601 in UTC
    amount: Decimal
    cost: str  # exact dollars
    description: str | None


def models_card() -> Component:
    return html.Section(
        [
            html.H2("Models"),
            html.Div([states.skeleton("100%", "20px") for _ in range(2)], id=ids.THREAD_MODELS, className="stack"),
        ],
        className="card",
        **attributes(aria_label="Usage by model"),
    )


def model_table(rows: Sequence[ModelRow], unit: Unit = CREDITS) -> Component:
    if not rows:
        return html.P("No calls yet.", className="muted")
    total = sum((max(row.amount, Decimal(0)) for row in rows), Decimal(0))
    titles = [html.Th("Model"), *(html.Th(name, className="number") for name in ("Calls", "Tokens", unit.word))]
    return html.Table(
        [html.Thead(html.Tr(titles)), html.Tbody([model_line(row, total, unit) for row in rows])],
        className="plain-table",
    )


def model_line(row: ModelRow, total: Decimal, unit: Unit) -> Component:
    share = max(row.amount, Decimal(0)) * 100 / total if total else Decimal(0)
    name = html.Td([html.Span(row.model or "no model named"), share_bar(share)], className="model-name")
    tokens = html.Span(compact(row.tokens), title=f"{whole(row.tokens)} tokens", **exactly(str(row.tokens)))
    amount = html.Span(unit.fine(row.amount), **exact(row.cost))
    return html.Tr(
        [
            name,
            html.Td(whole(row.calls), className="number"),
            html.Td(tokens, className="number"),
            html.Td(html.Strong(amount), className="number", title=f"{one_decimal(share)} % of the thread"),
        ]
    )


def share_bar(percent: Decimal) -> Component:
    return html.Div(html.I(style={"width": f"{percent:.1f}%"}), className="bar", **attributes(aria_hidden="true"))


def debits_card(tools: Sequence[Component] = ()) -> Component:
    """Hidden until an answer says that there are some."""
    return html.Section(
        [
            html.Div(
                [html.H2("Purchased credits used"), html.Div(list(tools), className="row tools")],
                className="row between",
            ),
            html.Div(id=ids.THREAD_DEBITS),
        ],
        id=ids.THREAD_DEBITS_CARD,
        className="card debits-card",
        hidden=True,
        **attributes(aria_label="Purchased credits used"),
    )


def debit_list(
    rows: Sequence[DebitRow], count: int, amount: Decimal, cost: str, unit: Unit = CREDITS
) -> list[Component]:
    """The latest ones, below the sum of all."""
    noun = "debit" if count == 1 else "debits"
    shown = f", the latest {whole(len(rows))} below" if count > len(rows) else ""
    total = html.Span(unit.fine(amount), className="figure", **exact(cost))
    words = f"{unit.noun} in {whole(count)} {noun}{shown}".strip()
    return [
        html.P([total, html.Span(f" {words}", className="muted")]),
        html.Ol([debit_item(row, unit) for row in rows], className="runs"),
    ]


def debit_item(row: DebitRow, unit: Unit) -> Component:
    return html.Li(
        [
            html.Time(row.at or "no time recorded", dateTime=row.at or "", className="local-time"),
            html.Span(row.description or "", className="muted debit-words"),
            html.Strong(html.Span(unit.fine(row.amount), **exact(row.cost)), className="number"),
        ],
        className="run",
    )
