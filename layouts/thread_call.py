"""The panel of one call: what was recorded, what the list says, and the raw content of its row."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from layouts import ids, states
from layouts.attributes import attributes
from layouts.copying import exact
from layouts.formats import dollars, one_decimal, whole
from layouts.units import CREDITS, Unit

SHOWN = 20_000  # characters of a content; a browser is slow with very many
MICRO = Decimal("0.000001")
MILLION = 1_000_000


class PricePart(NamedTuple):
    name: str
    tokens: int | None  # None for a price that no tokens make
    rate: Decimal  # dollars a token, or in all
    cost: Decimal  # dollars


class CallPanel(NamedTuple):
    """`parts` is None where no list price is known; `cache_known`: the row says what came from a cache."""

    call_id: str
    at: str  # ISO 8601 in UTC
    model: str | None
    cost: Decimal  # dollars, as recorded
    amount: Decimal
    parts: Sequence[PricePart] | None
    cache_known: bool
    content: str | None
    length: int  # characters of the whole content


def call_drawer() -> Component:
    """Closed, until a call is asked for."""
    drawer: Component = dbc.Offcanvas(
        [
            html.Div(id=ids.THREAD_CALL_BODY, className="stack"),
            html.Button("Download all of it", id=ids.THREAD_CALL_WHOLE, n_clicks=0, className="button", hidden=True),
        ],
        id=ids.THREAD_CALL,
        title="Call",
        placement="end",
        is_open=False,
        class_name="call-drawer",
    )
    return html.Div(
        [
            drawer,
            dcc.Download(id=ids.THREAD_CALL_FILE),
            dcc.Store(id=ids.THREAD_CALL_REQUEST),
            dcc.Store(id=ids.THREAD_CALL_ANSWER),
        ]
    )


def skeleton() -> Component:
    lines = [states.skeleton("100%", height) for height in ("60px", "140px", "280px")]
    return html.Div([*lines, html.Span("Loading", className="visually-hidden", role="status")], className="stack")


def gone(text: str) -> Component:
    return html.P(text, role="status")


def call_panel(call: CallPanel, unit: Unit = CREDITS) -> list[Component]:
    return [recorded(call, unit), *at_list_price(call), *raw_content(call)]


def recorded(call: CallPanel, unit: Unit) -> Component:
    return html.Section(
        [
            html.Div(
                [
                    html.Time(call.at, dateTime=call.at, className="local-time"),
                    html.Span(call.model or "no model named"),
                ],
                className="muted dotted",
            ),
            html.Div(
                [
                    html.Span(
                        unit.counted(unit.fine(call.amount)), className="figure medium", **exact(f"{call.cost:f}")
                    ),
                    html.Span(f"{dollars(call.cost)}, as recorded: this is what counts", className="muted"),
                ],
                className="call-cost",
            ),
        ]
    )


def at_list_price(call: CallPanel) -> list[Component]:
    title = html.H3("At list price")
    if call.parts is None:
        return [title, html.P("No list price is known for this model and its counts.", className="muted")]
    total = sum((part.cost for part in call.parts), Decimal(0))
    titles = [html.Th("Part"), *(html.Th(text, className="number") for text in ("Tokens", "$ per million", "Dollars"))]
    last = [html.Th("Total"), html.Td(), html.Td(), html.Td(money(total), className="number")]
    table = html.Table(
        [html.Thead(html.Tr(titles)), html.Tbody([price_line(part) for part in call.parts]), html.Tfoot(html.Tr(last))],
        className="plain-table",
    )
    return [title, table, html.P(price_note(call, total), className="label")]


def price_line(part: PricePart) -> Component:
    tokens = "" if part.tokens is None else whole(part.tokens)
    rate = "" if part.tokens is None else f"{part.rate * MILLION:,.2f}"
    numbers = [html.Td(text, className="number") for text in (tokens, rate)]
    return html.Tr([html.Td(part.name), *numbers, html.Td(money(part.cost), className="number")])


def money(cost: Decimal) -> Component:
    return html.Span(dollars(cost.quantize(MICRO)), **exact(f"{cost:f}"))


def price_note(call: CallPanel, total: Decimal) -> str:
    """How far the recorded cost is from the list's, and what the list's may leave out."""
    cached = (
        "" if call.cache_known else " The row does not say what came from a cache, so all of the prompt counts as new."
    )
    return f"Prices of the genai-prices list at the call's time. {comparison(call.cost, total)}{cached}"


def comparison(cost: Decimal, listed: Decimal) -> str:
    if abs(cost - listed) < MICRO:
        return "The recorded cost is the same."
    if listed <= 0:
        return "The recorded cost is another."
    percent = (cost - listed) * 100 / listed
    return f"The recorded cost is {one_decimal(abs(percent))} % {'above' if percent > 0 else 'below'} it."


def raw_content(call: CallPanel) -> list[Component]:
    if call.content is None:
        return [html.H3("Raw content"), html.P("Nothing is recorded in this row's content.", className="muted")]
    cut = len(call.content) < call.length
    copy = html.Button("Copy", className="tool", type="button", **attributes(data_copies=ids.THREAD_CALL_CONTENT))
    size = f"{whole(call.length)} characters"
    shown = f"the first {whole(len(call.content))} of {size}" if cut else size
    return [
        html.Div(
            [html.H3("Raw content"), html.Span(shown, className="label"), *([] if cut else [copy])], className="row"
        ),
        html.Pre(call.content, id=ids.THREAD_CALL_CONTENT, className="raw", tabIndex=0),
    ]
