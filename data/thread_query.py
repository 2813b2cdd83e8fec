"""What a list of threads is asked for, as pages, exports and the API read it from an address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from uuid import UUID

from data.errors import InputError
from data.usage_query import ALL, model_of, scope_of

# `last` by the latest call, `id` in an order that no call changes; a leading `-` is downwards. Without any: running
# threads first, then downwards by the latest call.
SORTS = ("cost", "calls", "tokens", "last", "id")
SPANS = {
    "1h": timedelta(hours=1),
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}
RUNNING = {"yes": True, "no": False}
FILTERS = ("scope", "q", "running", "active", "model", "project", "least", "most")
SEARCH_LENGTH = 200
MOST_CREDITS = Decimal("1e15")


@dataclass(frozen=True)
class ThreadQuery:
    """`scope` is `all` or an account's id; costs are dollars, from `least` up to, not including, `below`.

    `within`: the latest call is not longer ago; `since`: it is. `model` is one that a call of the thread used, ""
    for calls that name none.
    """

    search: str = ""
    scope: str = ALL
    sort: str = ""
    running: bool | None = None
    model: str | None = None
    least: Decimal | None = None
    below: Decimal | None = None
    within: timedelta | None = None
    since: timedelta | None = None
    project: UUID | None = None

    @property
    def narrowed(self) -> bool:
        """Whether something is left out besides other accounts' threads."""
        return self != ThreadQuery(scope=self.scope, sort=self.sort)


def thread_query(parameters: Mapping[str, str], credits_per_dollar: Decimal) -> ThreadQuery:
    """Read from `q`, `scope`, `sort`, `running`, `model`, `active`, `project`, `least` and `most` (shown credits).

    Raises InputError, which names the remedy, for what cannot be read.
    """
    half = Decimal("0.5") / credits_per_dollar  # shown credits are rounded, halves up
    least, most = (credits_of(parameters, name) for name in ("least", "most"))
    within, since = spans_of(parameters.get("active") or "")
    return ThreadQuery(
        search=search_of(parameters.get("q") or ""),
        scope=scope_of(parameters.get("scope") or ALL),
        sort=one_of("sort", parameters.get("sort") or "", ("", *SORTS, *(f"-{name}" for name in SORTS))),
        running=RUNNING.get(one_of("running", parameters.get("running") or "", ("", *RUNNING))),
        model=model_of(parameters.get("model") or None),
        least=None if least is None else least / credits_per_dollar - half,
        below=None if most is None else most / credits_per_dollar + half,
        within=within,
        since=since,
        project=project_of(parameters.get("project") or ""),
    )


def one_of(name: str, written: str, known: tuple[str, ...]) -> str:
    if written not in known:
        raise InputError(f"{name} is {written[:60]!r}; write one of {', '.join(filter(None, known))}.")
    return written


def search_of(written: str) -> str:
    """In the form that queries compare with: what PostgreSQL refuses is taken out."""
    return written.replace("\x00", "").encode(errors="ignore").decode().strip()[:SEARCH_LENGTH]


def credits_of(parameters: Mapping[str, str], name: str) -> Decimal | None:
    written = (parameters.get(name) or "").strip()
    if not written:
        return None
    try:
        credits = Decimal(written)
    except InvalidOperation:
        credits = Decimal("NaN")
    if not credits.is_finite() or abs(credits) > MOST_CREDITS:
        raise InputError(f"{name} is {written[:60]!r}; write a number of credits.")
    return credits


def spans_of(written: str) -> tuple[timedelta | None, timedelta | None]:
    """`7d` is within seven days, `-7d` longer ago."""
    name = one_of("active", written, ("", *SPANS, *(f"-{span}" for span in SPANS)))
    return SPANS.get(name), SPANS.get(name.removeprefix("-")) if name.startswith("-") else None


def project_of(written: str) -> UUID | None:
    try:
        return UUID(written) if written else None
    except ValueError:
        raise InputError(f"project is {written[:60]!r}; write a project's id.") from None
