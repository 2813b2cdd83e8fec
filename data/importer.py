"""`import FILE`: recorded usage into usage_logs, in batches, each row once however often it is tried."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import islice
from pathlib import Path
from uuid import UUID, uuid5

from psycopg import sql

from data.people import account_ids, add_people
from data.prices import PriceList
from data.readings import EPOCH, TEXT_IDS, Timescale, identity
from data.recordings import Call, CallReader, Recording, assumptions, calls, open_recording
from data.records import Progress, no_progress
from data.rejects import Rejects
from data.sources import Source, find_source
from data.writer import Writer, open_writer

BATCH = 20_000  # rows a transaction
Now = Callable[[], datetime]

BATCH_TABLE = """CREATE TEMPORARY TABLE creditpulse_import (
    id uuid, user_id uuid, thread_id uuid, total_prompt_tokens integer, total_completion_tokens integer,
    total_tokens integer, estimated_cost numeric(10, 6), content jsonb, created_at timestamptz, thread_name text
) ON COMMIT DROP"""
COPIED = (
    "id", "user_id", "thread_id", "total_prompt_tokens", "total_completion_tokens", "total_tokens", "estimated_cost",
    "content", "created_at", "thread_name",
)  # fmt: skip


@dataclass
class ImportSummary:
    """What an import did; tokens and cost (dollars) are those of the rows that it added."""

    file: str
    imported: int = 0
    present: int = 0
    rejected: int = 0
    new_threads: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: Decimal = Decimal(0)
    rejects: Path | None = None
    assumed: list[str] = field(default_factory=list)

    def line(self) -> str:
        rejected = f"{self.rejected:,} rejected" + (f" (see {self.rejects})" if self.rejects else "")
        assumed = f"; assumed: {', '.join(self.assumed)}" if self.assumed else ""
        return (
            f"{self.file}: {self.imported:,} calls imported, {self.present:,} already there, {rejected}; "
            f"{self.new_threads:,} new threads, {self.prompt_tokens:,} prompt and {self.completion_tokens:,} "
            f"completion tokens, ${self.cost:,.6f}{assumed}"
        )


def utc_now() -> datetime:
    return datetime.now(UTC)


def import_file(
    url: str,
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    start: datetime | None = None,
    progress: Progress = no_progress,
    now: Now = utc_now,
) -> ImportSummary:
    """Adds a file's calls to usage_logs at `url`, with their threads and users; streamed, in constant memory.

    Rows that are there stay as they are, so a second import adds nothing, and one that was cut off is
    completed by another. `progress` is told of bytes. Raises InputError for a file or mapping that cannot be
    used, and what `open_writer` raises.
    """
    recording = open_recording(path, mapping or {}, start_given=start is not None)
    rows = uuid5(TEXT_IDS, recording.file.digest())
    summary = ImportSummary(path.name)
    with open_writer(url, "creditpulse import") as writer, Rejects(path, recording.file.header) as rejects:
        timescale, assumed = chosen_timescale(writer, recording, rows, start, now)
        reader = CallReader(recording.mapping, timescale, PriceList())
        found = taken(recording, reader, rejects, progress)
        target = Target(writer, rows, path.name)
        while batch := list(islice(found, BATCH)):
            target.write(batch, summary)
        summary.rejected, summary.rejects = rejects.count, rejects.path
        summary.assumed = assumptions(reader.assumed) + assumed
    return summary


def taken(recording: Recording, reader: CallReader, rejects: Rejects, progress: Progress) -> Iterator[Call]:
    for record, found in calls(recording.file, reader, progress):
        if isinstance(found, str):
            rejects.add(record.position, found, record.cells)
        else:
            yield found


def chosen_timescale(
    writer: Writer, recording: Recording, rows: UUID, start: datetime | None, now: Now
) -> tuple[Timescale, list[str]]:
    """The scale of the recording's times, and what that assumes.

    Times that count from an unknown start end now; but what is completed goes on from the start it had.
    """
    if start is not None or recording.relative_unit is None:
        return recording.timescale(start), []
    begun = earlier_start(writer, recording, rows)
    if begun is not None:
        return recording.timescale(begun), [f"times count from {begun:%Y-%m-%d %H:%M:%S} UTC, as when begun"]
    newest = timedelta(microseconds=int(recording.newest_seconds() * 1_000_000))
    begun = now().replace(microsecond=0) - newest
    return recording.timescale(begun), [
        f"times count from {begun:%Y-%m-%d %H:%M:%S} UTC, so that the newest call is now (--start sets another)"
    ]


def earlier_start(writer: Writer, recording: Recording, rows: UUID) -> datetime | None:
    """The start that an earlier import of this file chose, told from the rows it left."""
    reader = CallReader(recording.mapping, recording.timescale(EPOCH), PriceList())
    found = (call for _record, call in calls(recording.file, reader) if isinstance(call, Call))
    offsets = {row_id(rows, call.position): call.created_at - EPOCH for call in islice(found, 1000)}
    row = writer.execute(
        "SELECT id, created_at FROM public.usage_logs WHERE id = ANY(%s) LIMIT 1", (list(offsets),)
    ).fetchone()
    return (row[1] - offsets[row[0]]).astimezone(UTC) if row else None


def row_id(rows: UUID, position: int) -> UUID:
    return uuid5(rows, str(position))


class Target:
    """The source tables as they are, and how a batch gets into them."""

    def __init__(self, writer: Writer, rows: UUID, file: str) -> None:
        self.writer = writer
        self.rows = rows
        self.file = file
        self.usage = find_source(writer, "usage_logs")
        self.threads = find_source(writer, "threads")
        self.users = find_source(writer, "users")

    def write(self, batch: list[Call], summary: ImportSummary) -> None:
        """One transaction: people, threads, then the rows that are not there yet."""
        with self.writer.transaction():
            accounts = account_ids(self.writer, {call.user for call in batch if call.user})
            self.writer.execute(BATCH_TABLE)
            copied = sql.SQL(", ").join(map(sql.Identifier, COPIED))
            with (
                self.writer.cursor() as cursor,
                cursor.copy(sql.SQL("COPY creditpulse_import ({}) FROM STDIN").format(copied)) as copy,
            ):
                for row in self.table_rows(batch, accounts):
                    copy.write_row(row)
            add_people(self.writer, self.users, accounts)
            summary.new_threads += self.add_threads()
            self.add_usage(len(batch), summary)

    def table_rows(self, batch: Iterable[Call], accounts: Mapping[str, UUID]) -> Iterator[tuple[object, ...]]:
        for call in batch:
            prompt, completion = call.prompt_tokens, call.completion_tokens
            yield (
                row_id(self.rows, call.position), accounts.get(call.user),
                identity(call.thread) if call.thread else None, prompt, completion, prompt + completion,
                call.cost, json.dumps(content_of(call)), call.created_at, call.thread or None,
            )  # fmt: skip

    def add_threads(self) -> int:
        """Adds the batch's new threads, and widens those of earlier batches; how many are new."""
        if self.threads is None:
            return 0
        values = {
            "thread_id": "b.thread_id",
            "account_id": "(array_agg(b.user_id ORDER BY b.created_at) FILTER (WHERE b.user_id IS NOT NULL))[1]",
            "metadata": "jsonb_build_object('name', min(b.thread_name), 'imported_from', %(file)s::text)",
            "created_at": "min(b.created_at)",
            "updated_at": "max(b.created_at)",
        }
        known = {name: value for name, value in values.items() if name in self.threads.columns}
        row = self.writer.execute(
            f"""WITH added AS (
                INSERT INTO public.threads AS t ({", ".join(known)})
                SELECT {", ".join(known.values())} FROM creditpulse_import b
                WHERE b.thread_id IS NOT NULL GROUP BY b.thread_id ORDER BY b.thread_id
                ON CONFLICT (thread_id) {widened(self.threads)}
                RETURNING (xmax = 0) AS new)
            SELECT count(*) FILTER (WHERE new) FROM added""".encode(),  # noqa: S608
            {"file": self.file},
        ).fetchone()
        return int(row[0]) if row else 0

    def add_usage(self, tried: int, summary: ImportSummary) -> None:
        columns = [name for name in COPIED[:-1] if self.usage is None or name in self.usage.columns]
        listed = ", ".join(columns)
        selected = ", ".join(f"b.{name}" for name in columns)
        row = self.writer.execute(
            f"""WITH added AS (
                INSERT INTO public.usage_logs ({listed})
                SELECT {selected} FROM creditpulse_import b
                WHERE NOT EXISTS (SELECT FROM public.usage_logs u WHERE u.id = b.id)
                ON CONFLICT DO NOTHING
                RETURNING total_prompt_tokens, total_completion_tokens, estimated_cost)
            SELECT count(*), coalesce(sum(total_prompt_tokens), 0), coalesce(sum(total_completion_tokens), 0),
                coalesce(sum(estimated_cost), 0) FROM added""".encode()  # noqa: S608
        ).fetchone()
        added, prompt, completion, cost = row or (0, 0, 0, Decimal(0))
        summary.imported += added
        summary.present += tried - added
        summary.prompt_tokens += int(prompt)
        summary.completion_tokens += int(completion)
        summary.cost += cost


def content_of(call: Call) -> dict[str, object]:
    """What a row's `content` says beside its columns."""
    said = {
        "model": call.model,
        "cache_read_tokens": call.cache_read_tokens,
        "cache_write_tokens": call.cache_write_tokens,
    }
    return {name: value for name, value in said.items() if value}


def widened(threads: Source) -> str:
    """The conflict's clause: a thread that an import made covers all its calls; any other stays as it is."""
    if not {"metadata", "created_at", "updated_at"} <= threads.columns.keys():
        return "DO NOTHING"
    owner = ", account_id = coalesce(t.account_id, excluded.account_id)" if "account_id" in threads.columns else ""
    return f"""DO UPDATE SET created_at = least(t.created_at, excluded.created_at),
        updated_at = greatest(t.updated_at, excluded.updated_at){owner}
        WHERE t.metadata ? 'imported_from'
            AND (excluded.created_at < t.created_at OR excluded.updated_at > t.updated_at)"""
