"""What a list of accounts is asked for, as pages, exports and the API read it from an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data.thread_query import one_of, search_of

# By what the database has at hand; `id` in an order that no call changes.
PLAIN_SORTS = ("name", "plan", "allowance", "rate", "last", "id")
# By what has to be reckoned of every account first: used in the period, left of the allowance, the share used, and
# when it will be used up.
RECKONED_SORTS = ("used", "left", "share", "out")
SORTS = (*PLAIN_SORTS, *RECKONED_SORTS)
# Those that will be used up within their period; those that are; those that spend right now; those with a plan.
STATES = ("ending", "ended", "spending", "planned")
RECKONED_STATES = ("ending", "ended")


@dataclass(frozen=True)
class AccountQuery:
    """`sort` is one of SORTS, downwards with a leading `-`; without any, the account that called last comes first."""

    search: str = ""
    sort: str = ""
    state: str = ""

    @property
    def order(self) -> str:
        return (self.sort or "-last").removeprefix("-")

    @property
    def downwards(self) -> bool:
        return (self.sort or "-last").startswith("-")

    @property
    def reckoned(self) -> bool:
        """Whether every account has to be reckoned for it, not only those that are shown."""
        return self.order in RECKONED_SORTS or self.state in RECKONED_STATES

    @property
    def narrowed(self) -> bool:
        return bool(self.search or self.state)


def account_query(parameters: Mapping[str, str]) -> AccountQuery:
    """Read from `q`, `sort` and `state`. Raises InputError, which names the remedy, for what cannot be read."""
    return AccountQuery(
        search=search_of(parameters.get("q") or ""),
        sort=one_of("sort", parameters.get("sort") or "", ("", *SORTS, *(f"-{name}" for name in SORTS))),
        state=one_of("state", parameters.get("state") or "", ("", *STATES)),
    )
