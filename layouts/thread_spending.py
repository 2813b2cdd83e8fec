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


class ModelRow(NamedTuple):
    model: str | None
    calls: int
    tokens: int
    credits: Decimal
    cost: str  # exact dollars


class DebitRow(NamedTuple):
    at: str | None  # ISO 8601 in UTC
    credits: Decimal
    cost: str  # exact dollars
    description: str | None


def models_card() -> Component:
    return html.Section(
        [
            html.H2("Models"),
            html.Div([states.skeleton("100%", "20px") for _ in range(2)], id=ids.THREAD_MODELS, className="stack"),
        ],
        className="card",
        **attributes(aria_label="Credits by model"),
    )


def model_table(rows: Sequence[ModelRow]) -> Component:
    if not rows:
        return html.P("No calls yet.", className="muted")
    total = sum((max(row.credits, Decimal(0)) for row in rows), Decimal(0))
    titles = [html.Th("Model"), *(html.Th(name, className="number") for name in ("Calls", "Tokens", "Credits"))]
    return html.Table(
        [html.Thead(html.Tr(titles)), html.Tbody([model_line(row, total) for row in rows])],
        className="plain-table",
    )


def model_line(row: ModelRow, total: Decimal) -> Component:
    share = max(row.credits, Decimal(0)) * 100 / total if total else Decimal(0)
    name = html.Td([html.Span(row.model or "no model named"), share_bar(share)], className="model-name")
    tokens = html.Span(compact(row.tokens), title=f"{whole(row.tokens)} tokens", **exactly(str(row.tokens)))
    credits = html.Span(one_decimal(row.credits), **exact(row.cost))
    return html.Tr(
        [
            name,
            html.Td(whole(row.calls), className="number"),
            html.Td(tokens, className="number"),
            html.Td(html.Strong(credits), className="number", title=f"{one_decimal(share)} % of the thread"),
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


def debit_list(rows: Sequence[DebitRow], count: int, credits: Decimal, cost: str) -> list[Component]:
    """The latest ones, below the sum of all."""
    noun = "debit" if count == 1 else "debits"
    shown = f", the latest {whole(len(rows))} below" if count > len(rows) else ""
    total = html.Span(one_decimal(credits), className="figure", **exact(cost))
    return [
        html.P([total, html.Span(f" credits in {whole(count)} {noun}{shown}", className="muted")]),
        html.Ol([debit_item(row) for row in rows], className="runs"),
    ]


def debit_item(row: DebitRow) -> Component:
    return html.Li(
        [
            html.Time(row.at or "no time recorded", dateTime=row.at or "", className="local-time"),
            html.Span(row.description or "", className="muted debit-words"),
            html.Strong(html.Span(one_decimal(row.credits), **exact(row.cost)), className="number"),
        ],
        className="run",
    )
