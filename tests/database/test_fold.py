"""What the triggers queue and the fold counts, against plain SQL on the raw tables."""

from __future__ import annotations

import json
import threading
from decimal import Decimal

import psycopg
import pytest

from data.verify import differences
from tests.database.ledger import (
    ANNA,
    BORIS,
    FIRST,
    SECOND,
    Connection,
    account_cost,
    figure,
    fold,
    thread_cost,
    write_call,
)

EVERY = "ffffffff-ffff-ffff-ffff-ffffffffffff"
NIL = "00000000-0000-0000-0000-000000000000"
COST = "SELECT sum(cost) FROM creditpulse.{}"


def other(connection: Connection) -> Connection:
    return psycopg.connect(connection.info.dsn, autocommit=True)


@pytest.mark.parametrize("folded", [False, True])
def test_an_insert_counts_before_and_after_its_fold(connection: Connection, folded: bool) -> None:
    write_call(connection, "0.123456")
    if folded:
        assert fold(connection) == 1
    assert thread_cost(connection) == account_cost(connection, ANNA) == Decimal("0.123456")


def queue_age_seconds(connection: Connection) -> float:
    return float(figure(connection, "SELECT extract(epoch FROM creditpulse.queue_age())"))


def test_nothing_waits_in_an_empty_queue_however_long_ago_it_was_folded(connection: Connection) -> None:
    write_call(connection)
    fold(connection)
    connection.execute("UPDATE creditpulse.state SET folded_at = folded_at - interval '1 minute'")
    assert queue_age_seconds(connection) == 0


def test_a_change_waits_from_its_insert_on(connection: Connection) -> None:
    connection.execute("UPDATE creditpulse.state SET folded_at = folded_at - interval '1 hour'")
    write_call(connection)
    connection.execute("UPDATE creditpulse.changes SET queued_at = queued_at - interval '1 minute'")
    assert 60 <= queue_age_seconds(connection) < 120


def test_a_rolled_back_insert_is_never_counted(connection: Connection) -> None:
    with connection.transaction(force_rollback=True):
        write_call(connection)
    assert fold(connection) == 0
    assert thread_cost(connection) == 0


def test_a_transaction_open_across_folds_counts_once_it_commits(connection: Connection) -> None:
    with other(connection) as late:
        with late.transaction():
            write_call(late, "3")
            write_call(connection, "1")
            assert fold(connection) == 1
            write_call(connection, "1")
            assert fold(connection) == 1
            assert thread_cost(connection) == 2
        assert thread_cost(connection) == 5
        assert fold(connection) == 1
    assert thread_cost(connection) == 5
    assert differences(connection) == []


def test_rows_without_user_or_thread_count_for_all_accounts(connection: Connection) -> None:
    write_call(connection, "2", user=None, thread=None)
    fold(connection)
    assert account_cost(connection, NIL) == account_cost(connection, EVERY) == 2
    assert figure(connection, "SELECT count(*) FROM creditpulse.thread_totals") == 0


def test_a_thread_of_several_users_counts_for_each(connection: Connection) -> None:
    write_call(connection, "2", user=ANNA)
    write_call(connection, "3", user=BORIS)
    fold(connection)
    assert thread_cost(connection) == 5
    assert (account_cost(connection, ANNA), account_cost(connection, BORIS)) == (2, 3)


@pytest.mark.parametrize("folded_between", [False, True])
def test_rows_that_move_to_another_thread_leave_the_first(connection: Connection, folded_between: bool) -> None:
    write_call(connection, "2")
    if folded_between:
        fold(connection)
    connection.execute("UPDATE usage_logs SET thread_id = %s, user_id = %s", (SECOND, BORIS))
    assert (thread_cost(connection, FIRST), thread_cost(connection, SECOND)) == (0, 2)
    fold(connection)
    assert (thread_cost(connection, FIRST), thread_cost(connection, SECOND)) == (0, 2)
    assert (account_cost(connection, ANNA), account_cost(connection, BORIS)) == (0, 2)


def ends(connection: Connection) -> tuple[object, ...]:
    """The hours of a thread's first and last call, and of its account's last."""
    row = connection.execute(
        """SELECT extract(hour FROM t.first_at AT TIME ZONE 'UTC')::int,
            extract(hour FROM t.last_at AT TIME ZONE 'UTC')::int, extract(hour FROM a.last_at AT TIME ZONE 'UTC')::int
        FROM creditpulse.thread_totals t, creditpulse.account_totals a WHERE t.thread_id = %s AND a.account_id = %s""",
        (FIRST, ANNA),
    ).fetchone()
    assert row is not None
    return row


def test_first_and_last_calls_move_when_calls_come_late_or_go(connection: Connection) -> None:
    for hour in (12, 13, 14):
        write_call(connection, at=f"2026-11-23 {hour}:00:00+00")
    fold(connection)
    assert ends(connection) == (12, 14, 14)
    write_call(connection, at="2026-11-23 11:00:00+00")
    fold(connection)
    assert ends(connection) == (11, 14, 14)
    connection.execute(
        "DELETE FROM usage_logs WHERE created_at NOT BETWEEN '2026-11-23 12:30+00' AND '2026-11-23 13:30+00'"
    )
    fold(connection)
    assert ends(connection) == (13, 13, 13)
    connection.execute("UPDATE usage_logs SET created_at = '2026-11-23 09:00:00+00'")
    fold(connection)
    assert ends(connection) == (9, 9, 9)
    assert differences(connection) == []


def test_the_last_call_without_a_user_moves_back_too(connection: Connection) -> None:
    write_call(connection, user=None, at="2026-11-23 12:00:00+00")
    write_call(connection, user=NIL, at="2026-11-23 13:00:00+00")
    write_call(connection, user=None, at="2026-11-23 14:00:00+00")
    fold(connection)
    for hour in (14, 13):
        connection.execute("DELETE FROM usage_logs WHERE created_at = %s", (f"2026-11-23 {hour}:00:00+00",))
        fold(connection)
        assert differences(connection) == []


def test_a_fold_does_not_wait_for_a_locked_table_to_find_the_last_call(connection: Connection) -> None:
    for hour in (12, 13):
        write_call(connection, at=f"2026-11-23 {hour}:00:00+00")
    fold(connection)
    connection.execute("DELETE FROM usage_logs WHERE created_at = '2026-11-23 13:00:00+00'")
    with other(connection) as holder, holder.transaction():
        holder.execute("LOCK TABLE usage_logs IN ACCESS EXCLUSIVE MODE")
        row = connection.execute("SELECT taken, complete FROM creditpulse.fold()").fetchone()
        assert row == (1, False)
        assert ends(connection) == (12, 13, 13)
    fold(connection)
    assert ends(connection) == (12, 12, 12)
    assert figure(connection, "SELECT count(*) FROM creditpulse.usage_rollup WHERE NOT isfinite(bucket)") == 0
    assert differences(connection) == []


def test_what_a_thread_spent_is_never_below_a_part_of_it(connection: Connection) -> None:
    connection.execute(
        "INSERT INTO usage_logs (thread_id, user_id, estimated_cost, created_at)"
        " SELECT %s, %s, cost, now() FROM unnest(ARRAY[5, -5, 2, 'NaN']::numeric[]) AS cost",
        (FIRST, ANNA),
    )
    spent = "SELECT sum(spent) FROM creditpulse.{} WHERE {} = %s"
    for _ in range(2):
        assert thread_cost(connection) == 2
        assert figure(connection, spent.format("exact_threads", "thread_id"), FIRST) == 7
        assert figure(connection, spent.format("exact_thread_users", "user_id"), ANNA) == 7
        assert figure(connection, spent.format("exact_accounts", "account_id"), ANNA) == 7
        fold(connection)
    connection.execute("UPDATE usage_logs SET estimated_cost = -estimated_cost")
    connection.execute("DELETE FROM usage_logs WHERE estimated_cost = 5")
    fold(connection)
    assert figure(connection, spent.format("thread_totals", "thread_id"), FIRST) == 0
    assert differences(connection) == []


def test_a_call_counts_in_its_hour(connection: Connection) -> None:
    for at in ("2026-11-23 12:00:00+00", "2026-11-23 12:59:59.999999+00", "2026-11-23 13:00:00+00"):
        write_call(connection, at=at)
    hours = """SELECT sum(calls) FROM creditpulse.exact_thread_hours WHERE thread_id = %s GROUP BY hour ORDER BY hour"""
    scope = """SELECT sum(calls) FROM creditpulse.exact_usage WHERE scope = %s AND grain = 2
        GROUP BY bucket ORDER BY bucket"""
    for _ in range(2):
        assert connection.execute(hours, (FIRST,)).fetchall() == [(2,), (1,)]
        for account in (ANNA, EVERY):
            assert connection.execute(scope.encode(), (account,)).fetchall() == [(2,), (1,)]
        fold(connection)


def test_the_sums_of_all_accounts_lie_apart_and_those_of_all_models_are_a_row_a_bucket(connection: Connection) -> None:
    for model in ("opus", "haiku"):
        connection.execute(
            "INSERT INTO usage_logs (user_id, estimated_cost, content, created_at)"
            " VALUES (%s, 1, jsonb_build_object('model', %s::text), '2026-11-23 12:00+00')",
            (ANNA, model),
        )
    fold(connection)
    tables = """SELECT scope::text, tableoid::regclass::text, count(*), sum(cost) FROM creditpulse.{}_rollup
        GROUP BY 1, 2 ORDER BY 1"""
    for kind, rows in (("usage", 2), ("total", 1)):
        assert connection.execute(tables.format(kind).encode()).fetchall() == [
            (ANNA, f"creditpulse.{kind}_rollup_accounts", 3 * rows, 6),
            (EVERY, f"creditpulse.{kind}_rollup_all", 3 * rows, 6),
        ]


def test_nan_counts_as_nothing_and_negative_and_late_rows_as_they_are(connection: Connection) -> None:
    write_call(connection, "NaN")
    write_call(connection, "-2.5")
    write_call(connection, "1", at="2019-01-01 00:00:00+00")
    fold(connection)
    assert thread_cost(connection) == Decimal("-1.5")


@pytest.mark.parametrize("at", ["-infinity", "infinity", "4713-01-01 00:00:00+00 BC", "294276-01-01 00:00:00+00"])
def test_a_time_outside_the_calendar_stops_no_writer(connection: Connection, at: str) -> None:
    write_call(connection, "2", at=at)
    fold(connection)
    assert thread_cost(connection) == 2
    assert differences(connection) == []


def test_a_model_name_is_cut_and_content_of_any_shape_accepted(connection: Connection) -> None:
    for content in ({"model": "m" * 500}, {"model": {"deep": 1}}, "text", [1], None):
        connection.execute(
            "INSERT INTO usage_logs (thread_id, estimated_cost, content) VALUES (%s, 1, %s)",
            (FIRST, json.dumps(content)),
        )
    fold(connection)
    assert thread_cost(connection) == 5
    assert figure(connection, "SELECT max(length(model)) FROM creditpulse.usage_rollup") == 200


def test_what_cannot_be_added_up_is_set_aside_and_stops_nobody(connection: Connection) -> None:
    connection.execute("ALTER TABLE usage_logs ALTER COLUMN estimated_cost TYPE numeric")
    write_call(connection, "1")
    write_call(connection, "Infinity")
    write_call(connection, "1" + "0" * 20)
    assert thread_cost(connection) == 1
    fold(connection)
    assert thread_cost(connection) == account_cost(connection, ANNA) == 1
    for view in ("exact_thread_hours", "exact_accounts", "exact_thread_users"):
        assert figure(connection, COST.format(view)) == 1
    assert figure(connection, "SELECT count(*) FROM creditpulse.quarantine WHERE reason <> ''") == 2


def test_sums_beyond_a_bigint_stop_no_writer(connection: Connection) -> None:
    connection.execute("ALTER TABLE usage_logs ALTER COLUMN total_tokens TYPE bigint")
    connection.execute(
        "INSERT INTO usage_logs (thread_id, total_tokens) SELECT %s, 9e18::bigint FROM generate_series(1, 5)", (FIRST,)
    )
    fold(connection)
    assert figure(connection, "SELECT count(*) FROM creditpulse.quarantine") == 1


def test_the_lowest_numbers_that_a_column_holds_can_be_deleted(connection: Connection) -> None:
    connection.execute("INSERT INTO usage_logs (thread_id, total_tokens) VALUES (%s, -2147483648)", (FIRST,))
    connection.execute("UPDATE usage_logs SET thread_id = %s", (SECOND,))
    connection.execute("DELETE FROM usage_logs")
    fold(connection)
    assert differences(connection) == []


def test_a_copy_of_many_rows_is_one_delta_for_each_group(connection: Connection) -> None:
    with (
        connection.cursor() as cursor,
        cursor.copy(
            "COPY usage_logs (thread_id, user_id, total_tokens, estimated_cost, created_at) FROM STDIN"
        ) as copy,
    ):
        for _ in range(10_000):
            copy.write_row((FIRST, ANNA, 1, "0.000001", "2026-11-23 12:00:00+00"))
    assert fold(connection) == 1
    assert thread_cost(connection) == Decimal("0.01")


def test_truncate_forgets_what_was_before_and_keeps_what_comes_after(connection: Connection) -> None:
    write_call(connection, "1")
    fold(connection)
    write_call(connection, "2")
    with connection.transaction():
        write_call(connection, "4")
        connection.execute("TRUNCATE usage_logs")
        write_call(connection, "8")
    assert thread_cost(connection) == 8
    write_call(connection, "16")
    for view in ("exact_threads", "exact_thread_hours", "exact_thread_users", "exact_accounts"):
        assert figure(connection, COST.format(view)) == 24
    fold(connection)
    assert thread_cost(connection) == 24
    assert differences(connection) == []


def test_truncate_from_an_old_snapshot_forgets_also_what_that_did_not_see(connection: Connection) -> None:
    write_call(connection, "1")
    with other(connection) as old:
        old.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        old.execute("SELECT count(*) FROM usage_logs")
        write_call(connection, "2")
        fold(connection)
        write_call(connection, "4")
        old.execute("TRUNCATE usage_logs")
        old.execute("COMMIT")
    assert thread_cost(connection) == 0
    fold(connection)
    assert differences(connection) == []


def test_a_truncated_purchase_table_leaves_usage_alone(connection: Connection) -> None:
    write_call(connection, "2")
    connection.execute("INSERT INTO credit_usage (user_id, amount_dollars) VALUES (%s, 5)", (ANNA,))
    fold(connection)
    connection.execute("TRUNCATE credit_usage")
    fold(connection)
    assert thread_cost(connection) == 2
    assert figure(connection, "SELECT coalesce(sum(cost), 0) FROM creditpulse.exact_purchases") == 0


def test_a_table_truncated_while_a_fold_runs_is_forgotten_by_the_next(connection: Connection) -> None:
    connection.execute("INSERT INTO credit_usage (user_id, amount_dollars) VALUES (%s, 5)", (ANNA,))
    write_call(connection, "1")
    fold(connection)
    connection.execute("TRUNCATE credit_usage")
    write_call(connection, "2")
    with other(connection) as folding, other(connection) as holder:
        with holder.transaction():
            # What the fold has to empty is held, so that it waits in the middle of its work.
            holder.execute("SELECT * FROM creditpulse.purchase_rollup FOR UPDATE")
            leader = threading.Thread(target=fold, args=(folding,))
            leader.start()
            wait_until_blocked(connection, folding.info.backend_pid)
            connection.execute("TRUNCATE usage_logs")
            write_call(connection, "4")
        leader.join()
    assert thread_cost(connection) == 4
    while fold(connection):
        assert thread_cost(connection) == 4
    assert differences(connection) == []


def wait_until_blocked(connection: Connection, pid: int) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if figure(connection, "SELECT cardinality(pg_blocking_pids(%s))", pid):
            return
        pause.wait(0.01)
    raise AssertionError("it never had to wait")


def test_a_long_queue_is_folded_in_batches_and_exact_between_them(connection: Connection) -> None:
    for _ in range(5):
        write_call(connection, "1")
    taken, complete = connection.execute("SELECT taken, complete FROM creditpulse.fold(2)").fetchone() or (0, True)
    assert (taken, complete, thread_cost(connection)) == (2, False, 5)
    assert fold(connection) == 3
    assert thread_cost(connection) == 5


def test_a_restored_server_that_counts_transactions_anew_loses_nothing(connection: Connection) -> None:
    connection.execute("UPDATE creditpulse.state SET low = '9000000000'")
    write_call(connection, "2")
    assert thread_cost(connection) == 2
    assert fold(connection) == 1


def test_a_restored_server_loses_nothing_once_it_has_counted_as_far_as_the_old_one(connection: Connection) -> None:
    write_call(connection, "1")
    fold(connection)
    connection.execute("UPDATE creditpulse.state SET low = (low::text::bigint + 3)::text::xid8")
    fold(connection)
    write_call(connection, "2")
    for _ in range(4):
        connection.execute("SELECT pg_current_xact_id()")
    assert thread_cost(connection) == 3


def test_a_fold_says_which_threads_and_accounts_changed(connection: Connection) -> None:
    connection.execute("LISTEN creditpulse_folded")
    write_call(connection, "2")
    fold(connection)
    (heard,) = connection.notifies(timeout=5, stop_after=1)
    assert json.loads(heard.payload) == {"version": 3, "part": 1, "parts": 1, "threads": [FIRST], "accounts": [ANNA]}


def test_a_fold_of_many_threads_fits_into_messages(connection: Connection) -> None:
    connection.execute("LISTEN creditpulse_folded")
    connection.execute(
        "INSERT INTO usage_logs (thread_id, total_tokens) SELECT gen_random_uuid(), 1 FROM generate_series(1, 950)"
    )
    fold(connection)
    heard = [json.loads(notice.payload) for notice in connection.notifies(timeout=5, stop_after=10)]
    assert [message["part"] for message in heard] == list(range(1, 11))
    assert len({thread for message in heard for thread in message["threads"]}) == 950


def test_a_fold_of_very_many_threads_says_that_all_changed(connection: Connection) -> None:
    connection.execute("LISTEN creditpulse_folded")
    connection.execute(
        "INSERT INTO usage_logs (thread_id, total_tokens) SELECT gen_random_uuid(), 1 FROM generate_series(1, 1001)"
    )
    fold(connection)
    (heard,) = connection.notifies(timeout=5, stop_after=1)
    assert json.loads(heard.payload)["all"] is True


def test_an_empty_fold_writes_nothing_and_tells_nobody(connection: Connection) -> None:
    before = connection.execute("TABLE creditpulse.state").fetchone()
    connection.execute("LISTEN creditpulse_folded")
    fold(connection)
    assert connection.execute("TABLE creditpulse.state").fetchone() == before
    assert list(connection.notifies(timeout=0)) == []


def test_an_agent_run_that_starts_or_ends_touches_its_thread_and_account(connection: Connection) -> None:
    connection.execute("INSERT INTO threads (thread_id, account_id) VALUES (%s, %s)", (FIRST, ANNA))
    fold(connection)
    connection.execute("LISTEN creditpulse_folded")
    connection.execute("INSERT INTO agent_runs (thread_id) VALUES (%s)", (FIRST,))
    fold(connection)
    (heard,) = connection.notifies(timeout=5, stop_after=1)
    message = json.loads(heard.payload)
    assert (message["threads"], message["accounts"]) == ([FIRST], [ANNA])
