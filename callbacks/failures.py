"""One answer to every error of a callback: an alert that a person understands, and a line in the log."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import dash
import flask
from dash import Dash, Input
from werkzeug.exceptions import HTTPException

from access.witness import current_witness
from callbacks.clientside import outputs_of, wire
from data.errors import CreditpulseError, NotFoundError, UnavailableError
from layouts import ids
from layouts.formats import utc_text

logger = logging.getLogger(__name__)


def explain(error: Exception) -> None:
    """Fills the `failure` store; a request that is not as our pages send it goes on to its 4xx."""
    if isinstance(error, HTTPException):
        raise error
    note_refusal(error)
    source, flask.g.outcome = failed_output(), outcome_of(error)
    if isinstance(error, CreditpulseError):
        logger.warning("the callback of %s was refused: %s", source, error, extra={"action": "callback.refused"})
        title, text = title_of(error), str(error)
    else:
        logger.error("the callback of %s failed", source, exc_info=error, extra={"action": "callback.failed"})
        title, text = "Something went wrong", "The server's log has the details. What is shown here may be old."
    dash.set_props(
        ids.FAILURE, {"data": {"source": source, "title": title, "text": text, "at": utc_text(datetime.now(UTC))}}
    )


def outcome_of(error: Exception) -> str:
    """As `callbacks.timing` counts it."""
    if isinstance(error, UnavailableError):
        return "unavailable"
    return "refused" if isinstance(error, CreditpulseError) else "failed"


def note_refusal(error: Exception) -> None:
    """The audit is told of who asked for what is not there, or not theirs."""
    if isinstance(error, NotFoundError):
        current_witness().refused = True


def title_of(error: CreditpulseError) -> str:
    if isinstance(error, UnavailableError):
        return "Not up to date"
    if isinstance(error, NotFoundError):
        return "Not found"
    return "That did not work"


def failed_output() -> str | None:
    """The id of the component that the failed callback was to fill."""
    outputs = dash.ctx.outputs_list
    first = outputs[0] if isinstance(outputs, list) and outputs else outputs
    return str(first["id"]) if isinstance(first, dict) else None


def register(app: Dash) -> None:
    shown = outputs_of(
        f"{ids.ALERTS}.hidden",
        f"{ids.ALERTS_TITLE}.children",
        f"{ids.ALERTS_TEXT}.children",
        f"{ids.ALERTS_SINCE}.children",
        f"{ids.ALERTS_SINCE}.dateTime",
    )
    wire(app, "render", "failure", [Input(ids.FAILURE, "data")], shown)
    wire(app, "gate", "retry", [Input(ids.ALERTS_RETRY, "n_clicks")], initial=False)
    wire(app, "gate", "dismiss", [Input(ids.ALERTS_CLOSE, "n_clicks")], initial=False)
