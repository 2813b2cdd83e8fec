"""How a replay writes: small transactions that may be repeated, over a connection that may break."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable
from contextlib import ExitStack, suppress
from uuid import UUID

from psycopg.types.json import Jsonb

from data.errors import CreditpulseError, UnavailableError
from data.importer import content_of
from data.people import account_ids, add_people
from data.schedule import Event, Kind
from data.sources import Source, find_source
from data.writer import Writer, open_writer, told

PATIENCE_SECONDS = 60
PAUSES = (0.1, 0.2, 0.5, 1.0, 2.0)  # seconds between tries, the last again and again


class ReplayTables:
    """The source tables of one replay. Rows carry ids of their own, so a transaction whose commit was cut off
    is simply repeated."""

    def __init__(self, url: str, file: str, wait: Callable[[float], bool]) -> None:
        self.url = url
        self.file = file
        self.wait = wait
        self.stack = ExitStack()
        self.writer: Writer | None = None
        self.sources: dict[str, Source] = {}
        self.accounts: dict[str, UUID] = {}

    def open(self, events: Iterable[Event]) -> None:
        """Connects, and makes the people whose sessions these are."""
        writer = self.connected()
        names = {event.session.user for event in events if event.session.user}
        with told(), writer.transaction():
            for name in ("usage_logs", "threads", "agent_runs", "users"):
                source = find_source(writer, name)
                if source is not None:
                    self.sources[name] = source
            self.accounts = account_ids(writer, names)
            add_people(writer, self.sources.get("users"), self.accounts)

    def connected(self) -> Writer:
        if self.writer is None:
            self.writer = self.stack.enter_context(open_writer(self.url, "creditpulse replay"))
        return self.writer

    def close(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer = None
        with suppress(CreditpulseError):
            self.stack.close()

    def write(self, group: Collection[Event]) -> None:
        """Commits what happened, in one transaction; waits for a database that restarts."""
        self.persistently(lambda: self.write_once(group), PATIENCE_SECONDS)

    def stop_runs(self, running: Collection[UUID]) -> None:
        """For the end of a replay, which waits for nothing any more but a moment."""
        self.persistently(lambda: self.end_runs(running, "stopped"), PAUSES[-1])

    def persistently(self, write: Callable[[], None], patience_seconds: float) -> None:
        """Raises UnavailableError once the database has been away for so long."""
        waited = 0.0
        tries = 0
        while True:
            try:
                write()
                return
            except UnavailableError:
                self.close()
                pause = PAUSES[min(tries, len(PAUSES) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311
                if waited + pause > patience_seconds or self.wait(pause):
                    raise
                waited += pause
                tries += 1

    def write_once(self, group: Collection[Event]) -> None:
        with told(), self.connected().transaction():
            started = [event for event in group if event.kind is Kind.RUN_STARTED]
            self.insert("threads", [self.thread_row(event) for event in started])
            self.insert("agent_runs", [run_row(event) for event in started])
            self.insert("usage_logs", [self.usage_row(event) for event in group if event.call is not None])
            ended = [event.id for event in group if event.kind is Kind.RUN_ENDED]
            if ended:
                self.end_runs(ended, "completed")

    def insert(self, table: str, rows: list[dict[str, object]]) -> None:
        """Adds rows as far as the table has their columns; what is there stays. Every time is the database's now."""
        source = self.sources.get(table)
        if source is None or not rows:
            return
        columns = [name for name in rows[0] if name in source.columns]
        kinds = ", ".join(f"{name} {source.columns[name]}" for name in columns)
        times = [name for name in ("created_at", "updated_at", "started_at") if name in source.columns]
        selected = ", ".join([*(f"r.{name}" for name in columns), *("clock_timestamp()" for _ in times)])
        self.connected().execute(
            f"""INSERT INTO public.{table} ({", ".join([*columns, *times])})
            SELECT {selected} FROM jsonb_to_recordset(%s) AS r ({kinds}) ON CONFLICT DO NOTHING""".encode(),  # noqa: S608
            (Jsonb(rows),),
        )

    def end_runs(self, runs: Collection[UUID], status: str) -> None:
        runs_table = self.sources.get("agent_runs")
        if runs_table is None:
            return
        times = [name for name in ("completed_at", "updated_at") if name in runs_table.columns]
        ended = ", ".join(f"{name} = clock_timestamp()" for name in times)
        with told():
            self.connected().execute(
                f"""UPDATE public.agent_runs SET status = %s{"," if times else ""} {ended}
                WHERE id = ANY(%s) AND status = 'running'""".encode(),  # noqa: S608
                (status, list(runs)),
            )

    def thread_row(self, event: Event) -> dict[str, object]:
        session = event.session
        return {
            "thread_id": str(session.thread_id),
            "account_id": self.account(session.user),
            "metadata": {"name": session.name, "replayed_from": self.file},
        }

    def usage_row(self, event: Event) -> dict[str, object]:
        call, session = event.call, event.session
        if call is None:
            raise ValueError("only calls have usage")
        prompt, completion = call.prompt_tokens, call.completion_tokens
        return {
            "id": str(event.id),
            "user_id": self.account(call.user),
            "thread_id": str(session.thread_id) if session.thread_id else None,
            "total_prompt_tokens": prompt,
            "total_completion_tokens": completion,
            "total_tokens": prompt + completion,
            "estimated_cost": str(call.cost),
            "content": content_of(call),
        }

    def account(self, name: str) -> str | None:
        account = self.accounts.get(name)
        return str(account) if account else None


def run_row(event: Event) -> dict[str, object]:
    return {"id": str(event.id), "thread_id": str(event.session.thread_id), "status": "running"}
