"""What figures are asked for: whose, of when, of which model; as pages, exports and the API read it from an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from data.constants import ALL_ACCOUNTS
from data.errors import InputError, NotFoundError
from data.ranges import CUSTOM, DEFAULT, Range, range_of
from data.usage import scope_id
from data.viewer import Viewer

ALL = "all"
NO_MODEL = "(no model)"  # how an address names the rows that say none
MODEL_LENGTH = 200  # the rollups hold no longer name

NOW = text("SELECT statement_timestamp()")


@dataclass(frozen=True)
class UsageQuery:
    """`scope` is `all` or an account's id; `model` None for all, "" for the rows that name none."""

    scope: str
    range: Range
    model: str | None = None

    def before(self) -> UsageQuery:
        """The same of the period before."""
        return replace(self, range=self.range.before())


def usage_query(parameters: Mapping[str, str], now: datetime) -> UsageQuery:
    """Read from `scope`, `range`, `from`, `to`, `zone` and `model`; what is missing or empty has its default.

    Raises InputError, which names the remedy, for what cannot be read.
    """
    first, last = parameters.get("from"), parameters.get("to")
    name = parameters.get("range") or (CUSTOM if first or last else DEFAULT)
    return UsageQuery(
        scope=scope_of(parameters.get("scope") or ALL),
        range=range_of(name, parameters.get("zone") or "UTC", now, first, last),
        model=model_of(parameters.get("model") or None),
    )


def scope_of(written: str) -> str:
    try:
        scope = scope_id(written)
    except ValueError:
        raise InputError(f"scope is {written[:60]!r}; write {ALL}, or the id of an account.") from None
    return ALL if scope == ALL_ACCOUNTS else str(scope)


def model_of(written: str | None) -> str | None:
    if written is not None and ("\x00" in written or len(written) > MODEL_LENGTH):
        raise InputError(f"model is no name of a model; it has {MODEL_LENGTH} characters at most.")
    return "" if written == NO_MODEL else written


def scope_for(viewer: Viewer, scope: str) -> UUID:
    """The scope as the rollups know it: `all` is for staff, an account for them and for itself.

    Raises NotFoundError for any other, whether it is there or not.
    """
    id = scope_id(scope)
    if viewer.staff or (id in viewer.accounts and id != ALL_ACCOUNTS):
        return id
    raise NotFoundError("There is no such account, or it is not yours to see.")


def database_now(connection: Connection) -> datetime:
    """The database's clock: every range is reckoned by it."""
    now: datetime = connection.execute(NOW).scalar_one()
    return now
