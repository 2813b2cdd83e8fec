"""The list of accounts in full, by id: plan, allowance, what is used and left, and until when it lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from data.account_list import accounts_after
from data.account_query import AccountQuery, account_query
from data.account_rows import AccountRow
from data.listing import Key, Page, Parameters, Row, local
from data.viewer import Viewer
from data.zones import zone_of

COLUMNS = (
    "account_id", "account", "email", "plan", "plan_status", "period_start", "period_end", "allowance", "used", "left",
    "burn_rate", "agents_running", "last_at", "used_up_at", "used_up_earliest", "used_up_latest",
)  # fmt: skip


@dataclass(frozen=True)
class ListedAccounts:
    query: AccountQuery
    zone: str
    as_of: datetime


class AccountListing:
    """Every account that fits the filters, as it stands in its current period."""

    filters = ("q", "state", "zone")
    every_column = COLUMNS

    def __init__(self, credits_per_dollar: Decimal) -> None:
        self.credits_per_dollar = credits_per_dollar

    def query(self, _viewer: Viewer, parameters: Parameters, now: datetime) -> ListedAccounts:
        return ListedAccounts(account_query(parameters), zone_of(parameters.get("zone") or "UTC").key, now)

    def columns(self, _query: ListedAccounts) -> tuple[str, ...]:
        return COLUMNS

    def name(self, query: ListedAccounts) -> str:
        return f"accounts-{query.as_of.astimezone(zone_of(query.zone)):%Y-%m-%d}"

    def page(
        self, connection: Connection, viewer: Viewer, query: ListedAccounts, after: Key | None, limit: int
    ) -> Page:
        beyond = UUID(str(after[0])) if after else None
        rows, following = accounts_after(connection, viewer, query.query, beyond, limit, self.credits_per_dollar)
        return Page([self.cells(row, query.zone) for row in rows], (str(following),) if following else None)

    def cells(self, row: AccountRow, zone: str) -> Row:
        outlook = row.forecast
        return (
            row.account_id,
            row.label,
            row.email,
            row.plan,
            row.status,
            local(row.period.start, zone),
            local(row.period.end, zone),
            self.credits(row.allowance),
            self.credits(row.used),
            self.credits(row.left),
            self.credits(row.rate_per_minute),
            row.agents_running,
            local(row.last_at, zone),
            local(outlook.at, zone) if outlook else None,
            local(outlook.earliest, zone) if outlook else None,
            local(outlook.latest, zone) if outlook else None,
        )

    def credits(self, dollars: Decimal | None) -> Decimal | None:
        return None if dollars is None else dollars * self.credits_per_dollar
