"""The triggers that queue what a writer's statement changed, made to fit the source table they find.

They run inside other people's transactions: they take no lock that a writer could wait for, and neither a value of
a row nor a column that is not what it was can make them fail. Each function below appends the signed sums of the
changed rows to `creditpulse.changes`, and rings the doorbell once (data/reign.py has its other half).
"""

from __future__ import annotations

from collections.abc import Mapping

from data.constants import DOORBELL_CHANNEL, DOORBELL_LOCK
from data.sources import Source

NIL = "'00000000-0000-0000-0000-000000000000'::uuid"
QUEUED_COLUMNS = (
    "thread_id, user_id, model, quarter, first_at, last_at, "
    "calls, prompt_tokens, completion_tokens, total_tokens, cost, spent"
)

COUNTED = {"usage_logs": ("usage", "u"), "credit_usage": ("purchase", "p")}  # table: its kind, and its letter

# A waiting leader holds the lock; a writer that cannot share it has to ring.
RING = f"""
    IF NOT pg_try_advisory_xact_lock_shared({DOORBELL_LOCK}) THEN
        PERFORM pg_notify('{DOORBELL_CHANNEL}', '');
    END IF;"""

# What a statement leaves that cannot be read as when the functions were made: R has everything counted again.
UNREADABLE = """
        RAISE LOG 'creditpulse cannot read a change of %.%: %', TG_TABLE_SCHEMA, TG_TABLE_NAME, SQLERRM
            USING HINT = 'A server of ours adapts to it, or `python app.py migrate`.';
        INSERT INTO creditpulse.changes (source) VALUES ('{mark}');{ring}
        RETURN NULL;"""
RECOUNT = UNREADABLE.format(mark="R", ring=RING)
TOUCHED = UNREADABLE.format(mark="t", ring=RING)

Columns = Mapping[str, str]  # a table's column names and their types


def identifier(columns: Columns, name: str) -> str:
    """A uuid column's value, or the nil UUID."""
    if name not in columns:
        return NIL
    return f"coalesce(r.{name}, {NIL})"


def number(columns: Columns, name: str) -> str:
    """A numeric column's value; NULL and NaN count as 0."""
    if name not in columns:
        return "0"
    if columns[name] in {"smallint", "integer", "bigint"}:
        return f"coalesce(r.{name}, 0)"
    # The sign makes the statement fail, rather than a row, where the column has become a text.
    return f"coalesce(nullif((+r.{name})::numeric, 'NaN'::numeric), 0)"


def signed(sign: int, figure: str) -> str:
    """The lowest number of an integer column has no positive counterpart there."""
    return figure if sign > 0 else f"-({figure})::numeric"


def time_of(columns: Columns) -> str:
    return "r.created_at" if "created_at" in columns else "NULL::timestamptz"


def model_of(columns: Columns) -> str:
    kind = columns.get("content")
    if kind not in {"json", "jsonb"}:
        return "''"
    # A json column, unlike jsonb, takes text that cannot be read out of it.
    model = "jsonb_extract_path_text(r.content, 'model')" if kind == "jsonb" else "creditpulse.model_in(r.content)"
    return f"coalesce(left({model}, 200), '')"


def usage_delta(columns: Columns, rows: str, sign: int) -> str:
    """The select that gives one signed delta for each row of `rows`."""
    at = time_of(columns) if sign > 0 else "NULL::timestamptz"
    cost = number(columns, "estimated_cost")
    return f"""
        SELECT {identifier(columns, "thread_id")} AS thread_id, {identifier(columns, "user_id")} AS user_id,
            {model_of(columns)} AS model, creditpulse.quarter_of({time_of(columns)}) AS quarter,
            {at} AS first_at, {at} AS last_at, {sign} AS calls,
            {signed(sign, number(columns, "total_prompt_tokens"))} AS prompt_tokens,
            {signed(sign, number(columns, "total_completion_tokens"))} AS completion_tokens,
            {signed(sign, number(columns, "total_tokens"))} AS total_tokens,
            {signed(sign, cost)} AS cost, {signed(sign, f"greatest({cost}, 0)")} AS spent
        FROM {rows} r"""


def purchase_delta(columns: Columns, rows: str, sign: int) -> str:
    return f"""
        SELECT {identifier(columns, "thread_id")} AS thread_id, {identifier(columns, "user_id")} AS user_id,
            '' AS model, creditpulse.quarter_of({time_of(columns)}) AS quarter,
            NULL::timestamptz AS first_at, NULL::timestamptz AS last_at, {sign} AS calls, 0 AS prompt_tokens,
            0 AS completion_tokens, 0 AS total_tokens, {signed(sign, number(columns, "amount_dollars"))} AS cost,
            0 AS spent
        FROM {rows} r"""


DELTAS = {"usage": usage_delta, "purchase": purchase_delta}


def grouped(delta: str) -> str:
    """Deltas summed over everything but the figures. Zero sums stay: the thread has changed all the same."""
    return f"""
        SELECT d.thread_id, d.user_id, d.model, d.quarter, min(d.first_at) AS first_at, max(d.last_at) AS last_at,
            sum(d.calls) AS calls, sum(d.prompt_tokens) AS prompt_tokens, sum(d.completion_tokens) AS completion_tokens,
            sum(d.total_tokens) AS total_tokens, sum(d.cost) AS cost, sum(d.spent) AS spent
        FROM ({delta}) d
        GROUP BY d.thread_id, d.user_id, d.model, d.quarter"""


def function(name: str, body: str) -> str:
    return f"""
CREATE OR REPLACE FUNCTION creditpulse.{name}() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $function$
BEGIN
{body}
    RETURN NULL;
END
$function$;"""


def trigger_functions(sources: Mapping[str, Source]) -> str:
    """The statements that make (or remake) the functions of every source table's triggers."""
    made = [
        counted_functions(kind, letter, sources[name].columns)
        for name, (kind, letter) in COUNTED.items()
        if name in sources
    ]
    if "agent_runs" in sources:
        made.append(touched_function("run", "r.thread_id", account_of_run(sources)))
    if "threads" in sources:
        account = "r.account_id" if sources["threads"].has_id("account_id") else "NULL::uuid"
        made.append(touched_function("thread", "r.thread_id", account))
    return "".join(made)


def account_of_run(sources: Mapping[str, Source]) -> str:
    threads = sources.get("threads")
    if threads is None or not threads.has_id("account_id"):
        return "NULL::uuid"
    return "(SELECT t.account_id FROM public.threads t WHERE t.thread_id = r.thread_id LIMIT 1)"


def guarded(body: str, unreadable: str = RECOUNT) -> str:
    """The body, which a statement that PostgreSQL cannot make sense of ends in a mark instead of an error.

    A block like this costs a writer next to nothing as long as it writes nothing.
    """
    return f"""
    BEGIN
        {body}
    EXCEPTION WHEN OTHERS THEN{unreadable}
    END;"""


def queue(source: str, delta: str) -> str:
    return f"""{guarded(f"PERFORM FROM ({delta}) d LIMIT 1;")}
    INSERT INTO creditpulse.changes (source, {QUEUED_COLUMNS})
    SELECT '{source}', g.* FROM ({grouped(delta)}) g;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;{RING}"""


def queue_rows(source: str, delta: str) -> str:
    """As `queue`, but a single row, which is what agents write, goes without grouping: a third less time."""
    return f"""{guarded(f"PERFORM FROM ({delta}) d OFFSET 1 LIMIT 1;")}
    IF FOUND THEN
        INSERT INTO creditpulse.changes (source, {QUEUED_COLUMNS})
        SELECT '{source}', g.* FROM ({grouped(delta)}) g;
    ELSE
        INSERT INTO creditpulse.changes (source, {QUEUED_COLUMNS})
        SELECT '{source}', d.* FROM ({delta}) d;
    END IF;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;{RING}"""


def counted_functions(kind: str, source: str, columns: Columns) -> str:
    """The functions of a table whose rows are summed: `kind` is usage or purchase, `source` its letter."""
    delta = DELTAS[kind]
    moved = f"{delta(columns, 'removed', -1)} UNION ALL {delta(columns, 'added', 1)}"
    # A reset marker, not a sum: the truncating transaction may see the table as it was long ago. The
    # exclusive lock orders it: what was queued before belongs to truncated rows, what comes after does not.
    emptied = f"""
    INSERT INTO creditpulse.changes (source) VALUES ('{source.upper()}');{RING}"""
    # One partition of several: the rest stays, so its sum is needed; where this transaction's snapshot may
    # be old, everything has to be counted again.
    summed = f"""EXECUTE format($partition$
            INSERT INTO creditpulse.changes (source, {QUEUED_COLUMNS})
            SELECT '{source}', g.* FROM ({grouped(delta(columns, "%1$I.%2$I", -1))}) g
        $partition$, TG_TABLE_SCHEMA, TG_TABLE_NAME);"""
    partition_emptied = f"""
    IF current_setting('transaction_isolation') = 'read committed' THEN{guarded(summed)}
    ELSE
        INSERT INTO creditpulse.changes (source) VALUES ('R');
    END IF;{RING}"""
    return "".join(
        (
            function(f"queue_{kind}_insert", queue_rows(source, delta(columns, "added", 1))),
            function(f"queue_{kind}_delete", queue_rows(source, delta(columns, "removed", -1))),
            function(f"queue_{kind}_update", queue(source, moved)),
            function(f"queue_{kind}_truncate", emptied),
            function(f"queue_{kind}_partition_truncate", partition_emptied),
        )
    )


def history_step(kind: str, source: str, columns: Columns, table: str, start: int, end: int) -> str:
    """The select that gives a table's rows from block `start` up to, not including, block `end`, as queued changes."""
    delta = DELTAS[kind](columns, table, 1)
    return f"""
        SELECT 0 AS id, pg_current_xact_id() AS xid, clock_timestamp() AS queued_at, '{source}'::"char" AS source, d.*
        FROM ({delta} WHERE r.ctid >= '({start},0)'::tid AND r.ctid < '({end},0)'::tid) d"""


def touched_function(name: str, thread: str, account: str) -> str:
    """For tables whose rows are not summed: says which thread, and whose, has changed."""
    rows = {"insert": "added", "delete": "removed"}
    bodies = {event: f"SELECT r.* FROM {rows[event]} r" for event in rows}
    touched = f"coalesce({thread}, {NIL}), coalesce({account}, {NIL})"
    bodies["update"] = "SELECT r.* FROM removed r UNION ALL SELECT r.* FROM added r"
    return "".join(
        function(f"queue_{name}_{event}", queue_touched(f"SELECT {touched} FROM ({body}) r"))
        for event, body in bodies.items()
    )


def queue_touched(ids: str) -> str:
    return f"""{guarded(f"PERFORM FROM ({ids}) d LIMIT 1;", TOUCHED)}
    INSERT INTO creditpulse.changes (source, thread_id, user_id)
    SELECT DISTINCT 't'::"char", d.* FROM ({ids}) d;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;{RING}"""


def statement_triggers(kind: str, table: str, *, part_of_whole: bool = False, truncate: bool = True) -> str:
    """Creates (or replaces) the statement-level triggers of one table; needs its lock."""
    events = {
        "insert": "REFERENCING NEW TABLE AS added",
        "update": "REFERENCING OLD TABLE AS removed NEW TABLE AS added",
        "delete": "REFERENCING OLD TABLE AS removed",
    }
    made = [
        f"CREATE OR REPLACE TRIGGER creditpulse_{kind}_{event} AFTER {event.upper()} ON {table} "
        f"{tables} FOR EACH STATEMENT EXECUTE FUNCTION creditpulse.queue_{kind}_{event}();"
        for event, tables in events.items()
    ]
    if truncate:
        called = f"queue_{kind}_partition_truncate" if part_of_whole else f"queue_{kind}_truncate"
        # Before, so that a partition's rows can still be summed.
        made.append(
            f"CREATE OR REPLACE TRIGGER creditpulse_{kind}_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION creditpulse.{called}();"
        )
    return "\n".join(made)
