"""Another process than the server's: what the customer's agent platform writes, in SQL."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg

from tests.database import workload

TOTALS = """
    SELECT count(*), coalesce(sum(total_prompt_tokens), 0), coalesce(sum(total_completion_tokens), 0),
        coalesce(sum(total_tokens), 0), coalesce(sum(estimated_cost), 0)
    FROM usage_logs WHERE thread_id = %s
"""
MONTH = """
    SELECT coalesce(sum(total_tokens), 0), coalesce(sum(estimated_cost), 0) FROM usage_logs
    WHERE created_at >= date_trunc('month', now(), 'UTC') AND (%(account)s::uuid IS NULL OR user_id = %(account)s)
"""


class Customer:
    def __init__(self, url: str) -> None:
        self.url = url
        self.connection: psycopg.Connection[Any] = psycopg.connect(url, autocommit=True)

    def account(self, name: str | None = None) -> UUID:
        key = uuid4().hex
        return workload.add_user(self.connection, key, email=f"{key}@example.com", shown=name or f"Account {key[:8]}")

    def thread(self, account: UUID | None, title: str = "A thread") -> UUID:
        return workload.add_thread(self.connection, uuid4().hex, account, title=title)

    def call(self, thread: UUID, account: UUID | None, cost: str = "0.123456") -> None:
        workload.add_call(self.connection, thread, account, cost=cost)

    def start_agent(self, thread: UUID) -> None:
        workload.add_run(self.connection, thread)

    def stop_agents(self, thread: UUID | None = None) -> None:
        """Those of one thread, or all."""
        self.connection.execute(
            "UPDATE agent_runs SET status = 'completed', completed_at = now()"
            " WHERE status = 'running' AND (%(thread)s::uuid IS NULL OR thread_id = %(thread)s)",
            {"thread": thread},
        )

    def buy(self, account: UUID, dollars: str) -> None:
        self.connection.execute(
            "INSERT INTO credit_usage (user_id, amount_dollars) VALUES (%s, %s)", (account, dollars)
        )

    def totals(self, thread: UUID) -> tuple[int, int, int, int, Decimal]:
        """Calls, prompt, completion and all tokens, and dollars of a thread, as the raw table has them."""
        calls, prompt, completion, tokens, cost = self.row(TOTALS, (thread,))
        return calls, prompt, completion, tokens, cost

    def cost(self, thread: UUID) -> Decimal:
        return self.totals(thread)[4]

    def month(self, account: UUID | None = None) -> tuple[int, Decimal]:
        """Tokens and dollars of the calendar month in UTC: of an account, or of all."""
        tokens, cost = self.row(MONTH, {"account": account})
        return tokens, cost

    def row(self, query: str, values: Any = None) -> tuple[Any, ...]:
        found: tuple[Any, ...] | None = self.connection.execute(query.encode(), values).fetchone()
        assert found is not None
        return found

    def delete_thread(self, thread: UUID) -> None:
        with self.connection.transaction():
            self.connection.execute("DELETE FROM usage_logs WHERE thread_id = %s", (thread,))
            self.connection.execute("DELETE FROM threads WHERE thread_id = %s", (thread,))

    def close(self) -> None:
        """Leaves no agent running."""
        if not self.connection.closed:
            self.stop_agents()
            self.connection.close()
