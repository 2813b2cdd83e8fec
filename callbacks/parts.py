"""What pages that are made of parts (`assets/parts.js`) have in common: notes on answers, and what a request says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from time import perf_counter
from typing import Any, TypeVar

from dash import Output
from dash.exceptions import PreventUpdate

from callbacks.clientside import outputs_of
from callbacks.overview_answers import query_text
from callbacks.requests import request_of
from layouts import ids

LONGEST = "12mo"
Answer = tuple[Any, ...]  # first a note about the answer, which its store takes
Q = TypeVar("Q")


def noted(answer: Callable[[Q, Mapping[str, Any]], Answer]) -> Callable[[Q, object], Answer]:
    """Says in its note what of the view was asked for, by which request, and how long it took.

    By the first the page tells an answer that comes late, when another view is looked at, by the last it sets its pace.
    """

    @wraps(answer)
    def answer_noted(queries: Q, request: object) -> Answer:
        if request is None:  # the gate has not asked yet
            raise PreventUpdate
        asked, began = request_of(request), perf_counter()
        note, *shown = answer(queries, asked)
        took_ms = round((perf_counter() - began) * 1000)
        target = {name: value for name, value in asked.items() if isinstance(value, str)}
        return {**note, "target": target, "request": asked.get("n"), "took_ms": took_ms}, *shown

    return answer_noted


def forced(asked: Mapping[str, Any]) -> bool:
    return asked.get("force") is True


def compares(asked: Mapping[str, Any]) -> bool:
    return asked.get("compare") != "off"


def longer(path: str, asked: Mapping[str, Any]) -> str | None:
    """The address of the page at `path` with a longer range; None where there is none."""
    if asked.get("range") == LONGEST:
        return None
    return path + query_text(asked, range=LONGEST, **{"from": "", "to": ""})


def figure_outputs(parts: ids.FigureCard) -> list[Output]:
    """In the order that `assets/figure_card.js` returns them."""
    value = [f"{parts.value}.{prop}" for prop in ("children", parts.exact, "title", "className")]
    return outputs_of(*value, f"{parts.change}.children", f"{parts.change}.title", f"{parts.card}.data-state")
