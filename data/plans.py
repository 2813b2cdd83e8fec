"""`plans FILE`: accounts' subscriptions from a CSV file, for those whose billing is not connected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from data.columns import listed, squeezed
from data.errors import InputError
from data.people import emails
from data.readings import Timescale, identity, is_missing, number, shown, words
from data.records import Record, RecordFile, open_records
from data.rejects import Rejects
from data.writer import Writer, open_writer

# The columns, and what else they are called.
NAMES: Mapping[str, tuple[str, ...]] = {
    "user": ("user", "user_id", "user_email", "email", "account", "account_id"),
    "plan": ("plan", "plan_name", "tier"),
    "status": ("status", "state"),
    "credits_included": ("credits_included", "included_credits", "credits", "allowance"),
    "period_start": ("period_start", "current_period_start", "start"),
    "period_end": ("period_end", "current_period_end", "end"),
}
REQUIRED = ("user", "plan")
CREDITS_LIMIT = Decimal(10) ** 15

UPSERT = """INSERT INTO creditpulse.subscriptions AS s
    (user_id, plan, status, credits_included, period_start, period_end) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (user_id) DO UPDATE SET plan = excluded.plan, status = excluded.status,
    credits_included = excluded.credits_included, period_start = excluded.period_start,
    period_end = excluded.period_end
WHERE (s.plan, s.status, s.credits_included, s.period_start, s.period_end) IS DISTINCT FROM
    (excluded.plan, excluded.status, excluded.credits_included, excluded.period_start, excluded.period_end)
RETURNING xmax = 0"""


@dataclass(frozen=True)
class Plan:
    """One line: `user` is an id, an e-mail, or a text that an import made an id of."""

    user: str
    plan: str
    status: str
    credits_included: Decimal | None
    period_start: datetime | None
    period_end: datetime | None


@dataclass
class PlansSummary:
    file: str
    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    rejects: Path | None = field(default=None)

    def line(self) -> str:
        rejected = f"{self.rejected:,} rejected" + (f" (see {self.rejects})" if self.rejects else "")
        return (
            f"{self.file}: {self.added:,} subscriptions added, {self.updated:,} updated, "
            f"{self.unchanged:,} unchanged, {rejected}"
        )


def load_plans(url: str, path: Path) -> PlansSummary:
    """Adds or updates a subscription for each line, all in one transaction; of two for one user the later counts.

    Raises InputError for a file without the columns, or where creditpulse.subscriptions is the operator's own
    view, and what `open_writer` raises.
    """
    file = open_records(path)
    columns = plan_columns(file)
    summary = PlansSummary(path.name)
    with open_writer(url, "creditpulse plans") as writer, Rejects(path, file.header) as rejects:
        check_table(writer)
        with writer.transaction():
            for record in file.records():
                try:
                    plan = read_plan(record, columns)
                    upsert(writer, account(writer, plan.user), plan, summary)
                except ValueError as error:
                    rejects.add(record.position, str(error), record.cells)
        summary.rejected, summary.rejects = rejects.count, rejects.path
    return summary


def plan_columns(file: RecordFile) -> dict[str, str]:
    """Which of the file's columns is which of ours."""
    if not file.header:
        raise InputError(f"{file.path} is not CSV; its first line has to be {','.join(NAMES)}")
    have = {squeezed(name): name for name in reversed(file.header)}
    columns = {}
    for column, names in NAMES.items():
        found = next((have[squeezed(name)] for name in names if squeezed(name) in have), None)
        if found is not None:
            columns[column] = found
    missing = [column for column in REQUIRED if column not in columns]
    if missing:
        raise InputError(
            f"{file.path.name} has no column {' and no column '.join(missing)}; it has {listed(file.header)}, "
            f"and can have {', '.join(NAMES)}"
        )
    return columns


def read_plan(record: Record, columns: Mapping[str, str]) -> Plan:
    """ValueError with the reason why a line is no plan."""
    if record.fault:
        raise ValueError(record.fault)
    said = {column: record.values.get(name) for column, name in columns.items()}
    texts = {column: words(value) for column, value in said.items() if not is_missing(value)}
    for column in REQUIRED:
        if column not in texts:
            raise ValueError(f"{column}: is missing")
    start, end = (moment_of(texts, column) for column in ("period_start", "period_end"))
    if (start is None) != (end is None):
        raise ValueError("a period needs both period_start and period_end")
    if start is not None and end is not None and end <= start:
        raise ValueError("period_end: is not after period_start")
    status = texts.get("status", "active").lower()
    return Plan(texts["user"], texts["plan"], status, credits_of(texts), start, end)


def moment_of(texts: Mapping[str, str], column: str) -> datetime | None:
    if column not in texts:
        return None
    try:
        return Timescale().at(texts[column])
    except ValueError as error:
        raise ValueError(f"{column}: {error}") from None


def credits_of(texts: Mapping[str, str]) -> Decimal | None:
    if "credits_included" not in texts:
        return None
    try:
        included = number(texts["credits_included"])
    except ValueError as error:
        raise ValueError(f"credits_included: {error}") from None
    if not 0 <= included < CREDITS_LIMIT:
        raise ValueError(f"credits_included: {shown(texts['credits_included'])} is negative or beyond all reason")
    return included


def account(writer: Writer, user: str) -> UUID:
    """The account that a line is about. ValueError for one that nobody has."""
    if "@" in user:
        known = emails(writer, [user])
        if user.lower() in known:
            return known[user.lower()]
        raise ValueError(f"user: nobody here has the e-mail {shown(user)}")
    try:
        return UUID(user)
    except ValueError:
        found = identity(user)
    there = writer.execute("SELECT EXISTS (SELECT FROM creditpulse.source_users WHERE id = %s)", (found,)).fetchone()
    if there and there[0]:
        return found
    raise ValueError(f"user: {shown(user)} is no id, no e-mail, and nobody that an import has brought")


def upsert(writer: Writer, user: UUID, plan: Plan, summary: PlansSummary) -> None:
    values: Sequence[object] = (
        user, plan.plan, plan.status, plan.credits_included, plan.period_start, plan.period_end,
    )  # fmt: skip
    row = writer.execute(UPSERT, values).fetchone()
    if row is None:
        summary.unchanged += 1
    elif row[0]:
        summary.added += 1
    else:
        summary.updated += 1


def check_table(writer: Writer) -> None:
    row = writer.execute("SELECT relkind FROM pg_class WHERE oid = to_regclass('creditpulse.subscriptions')").fetchone()
    if row and row[0] in ("v", "m", b"v", b"m"):
        raise InputError(
            "creditpulse.subscriptions is a view of your own billing here; change the plans there, not by this command"
        )
